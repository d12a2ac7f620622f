/**
 * Which patient a page is about: `pid` of the query, else the session's current one. A restricted patient (RstrYN) leads to
 * the break-glass page first. Opening a patient makes it the session's current one, as the old pages did on every read.
 */

import { redirect } from "./answers.ts";
import { html, urlEncode } from "./html.ts";
import type { Answer, PageContext } from "./page.ts";

/** What opening a patient has to know of the record, under the names of the old pages. */
export type OpenablePatient = {
  readonly RstrYN: string;
  readonly DelYN: string;
  /** Number of the record this one was merged into. */
  readonly MrgToPat: number | null;
};

export type OpenPatient<Patient> =
  | { readonly kind: "patient"; readonly patient: Patient }
  /** Send this instead: break-glass redirect, or a page that says why there is no patient. */
  | { readonly kind: "answer"; readonly answer: Answer };

export type OpenPatientOptions<Patient = OpenablePatient> = {
  /**
   * Asked in place of the break-glass check for a record that is there, before it becomes the current one; an answer is sent
   * instead of the page.
   */
  readonly admit?: (patient: Patient, pid: number) => Promise<Answer | undefined>;
  /** false leaves the RstrYN check out. */
  readonly breakGlass?: boolean;
  /** Overrides query and session. */
  readonly pid?: number;
};

/** @param find gives the record of a patient number, deleted and merged ones too. */
export async function openPatient<Patient extends OpenablePatient>(
  ctx: PageContext,
  find: (pid: number) => Promise<Patient | undefined>,
  options: OpenPatientOptions<Patient> = {},
): Promise<OpenPatient<Patient>> {
  const pid = options.pid ?? ctx.queryInt("pid") ?? ctx.session.CurPatNo;
  if (pid === undefined) return { kind: "answer", answer: await refusal(ctx, "No patient selected.") };
  const patient = await find(pid);
  if (!patient) return { kind: "answer", answer: await refusal(ctx, "Patient not found.") };
  if (patient.MrgToPat !== null) {
    return { kind: "answer", answer: await refusal(ctx, `Patient was merged into ${patient.MrgToPat}.`) };
  }
  if (patient.DelYN === "Y") return { kind: "answer", answer: await refusal(ctx, "Patient record is deleted.") };
  const instead = options.admit
    ? await options.admit(patient, pid)
    : options.breakGlass !== false && patient.RstrYN === "Y" && ctx.session.BtgPat !== pid
      ? breakGlass(pid, ctx.rawUrl)
      : undefined;
  if (instead) return { kind: "answer", answer: instead };
  ctx.setCurrent(pid);
  return { kind: "patient", patient };
}

/** Where a user is sent who wants a restricted record. @param rawUrl of the page, to come back to */
export function breakGlass(pid: number, rawUrl: string): Answer {
  return redirect(`/Patient/BreakGlass.aspx?pid=${pid}&ReturnUrl=${urlEncode(rawUrl)}`);
}

function refusal(ctx: PageContext, error: string): Promise<Answer> {
  return ctx.page({
    title: "Patient",
    error,
    body: html`<p><a href="/Patient/PatSearch.aspx">Patient search</a></p>`,
  });
}
