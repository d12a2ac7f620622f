/**
 * Opening a patient's chart from any clinical page: the patient must exist, and a restricted one must have been opened by
 * break-glass in this session. Every page that shows clinical data comes through here, so the rule stands once.
 */

import { redirect } from "../kit/answers.ts";
import { p, type Sql } from "../kit/database.ts";
import { html, urlEncode } from "../kit/html.ts";
import type { Answer, PageContext } from "../kit/page.ts";

export type ChartPatient = {
  readonly PatNo: number;
  readonly MRN: string;
  readonly LName: string;
  readonly FName: string;
  readonly MI: string;
  /** Wall date. */
  readonly DOB: Date;
  readonly Sex: string;
  readonly RstrYN: string;
};

export type Opened = { readonly patient: ChartPatient } | { readonly answer: Answer };

export function findPatient(sql: Sql, patNo: number): Promise<ChartPatient | undefined> {
  return sql.first<ChartPatient>(
    "SELECT PatNo, MRN, LName, FName, MI, DOB, Sex, RstrYN FROM PATMST WHERE PatNo = @pat AND DelYN <> 'Y'",
    { pat: p.int(patNo) },
  );
}

/** `LAST, FIRST MI` as it is copied into other tables' PatNm. */
export function patientName(patient: Pick<ChartPatient, "LName" | "FName" | "MI">): string {
  return `${patient.LName}, ${patient.FName} ${patient.MI}`.trim().toUpperCase();
}

/** Makes the patient (and visit) current and gives it back, or the answer to send instead: not found, or break-glass first. */
export async function openChart(ctx: PageContext, patNo: number | undefined, encNo?: number): Promise<Opened> {
  const patient = patNo === undefined ? undefined : await findPatient(ctx.db, patNo);
  if (!patient) {
    const error = patNo === undefined ? "No patient selected." : "Patient not found.";
    return { answer: await ctx.page({ title: "Patient Chart", body: html``, error }) };
  }
  if (needsBreakGlass(ctx, patient)) return { answer: breakGlass(ctx, patient.PatNo) };
  ctx.setCurrent(patient.PatNo, encNo);
  return { patient };
}

export function needsBreakGlass(ctx: PageContext, patient: Pick<ChartPatient, "PatNo" | "RstrYN">): boolean {
  return patient.RstrYN === "Y" && ctx.session.BtgPat !== patient.PatNo;
}

/** To the page that asks for a reason. Only a GET can be taken up again after it. */
export function breakGlass(ctx: PageContext, patNo: number): Answer {
  const back = ctx.method === "GET" ? `&ReturnUrl=${urlEncode(ctx.rawUrl)}` : "";
  return redirect(`/Patient/BreakGlass.aspx?pid=${patNo}${back}`);
}
