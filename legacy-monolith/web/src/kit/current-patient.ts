/**
 * Which patient a page is about: `pid` of the query, else the session's current one. A restricted patient (RstrYN) leads to
 * the break-glass page first. Opening a patient makes it the session's current one, as the old pages did on every read.
 */

import { redirect } from "./answers.ts";
import { p } from "./database.ts";
import { html, urlEncode } from "./html.ts";
import type { Answer, PageContext } from "./page.ts";

export type PatientHeader = {
  readonly PatNo: number;
  readonly MRN: string;
  readonly LName: string;
  readonly FName: string;
  readonly MI: string;
  readonly DOB: Date;
  readonly Sex: string;
  readonly RstrYN: string;
  readonly DelYN: string;
  readonly MrgToPat: number | null;
};

export type OpenPatient =
  | { readonly kind: "patient"; readonly patient: PatientHeader }
  /** Send this instead: break-glass redirect, or a page that says why there is no patient. */
  | { readonly kind: "answer"; readonly answer: Answer };

/** @param options.breakGlass false leaves the RstrYN check out. @param options.pid overrides query and session. */
export async function openPatient(
  ctx: PageContext,
  options: { breakGlass?: boolean; pid?: number } = {},
): Promise<OpenPatient> {
  const pid = options.pid ?? ctx.queryInt("pid") ?? ctx.session.CurPatNo;
  if (pid === undefined) return { kind: "answer", answer: await refusal(ctx, "No patient selected.") };
  const patient = await findPatient(ctx, pid);
  if (!patient) return { kind: "answer", answer: await refusal(ctx, "Patient not found.") };
  if (patient.MrgToPat !== null) {
    return { kind: "answer", answer: await refusal(ctx, `Patient was merged into ${patient.MrgToPat}.`) };
  }
  if (patient.DelYN === "Y") return { kind: "answer", answer: await refusal(ctx, "Patient record is deleted.") };
  if (options.breakGlass !== false && patient.RstrYN === "Y" && ctx.session.BtgPat !== pid) {
    return { kind: "answer", answer: redirect(breakGlassUrl(pid, ctx.rawUrl)) };
  }
  ctx.setCurrent(pid);
  return { kind: "patient", patient };
}

function breakGlassUrl(pid: number, returnUrl: string): string {
  return `/Patient/BreakGlass.aspx?pid=${pid}&ReturnUrl=${urlEncode(returnUrl)}`;
}

function findPatient(ctx: PageContext, pid: number): Promise<PatientHeader | undefined> {
  return ctx.db.first<PatientHeader>(
    "SELECT PatNo, MRN, LName, FName, MI, DOB, Sex, RstrYN, DelYN, MrgToPat FROM PATMST WHERE PatNo = @pid",
    { pid: p.int(pid) },
  );
}

function refusal(ctx: PageContext, error: string): Promise<Answer> {
  return ctx.page({
    title: "Patient",
    error,
    body: html`<p><a href="/Patient/PatSearch.aspx">Patient search</a></p>`,
  });
}
