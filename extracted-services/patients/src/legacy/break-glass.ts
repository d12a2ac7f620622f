/**
 * Emergency access to a restricted record: a reason, an audit event, and the patient is open for the rest of the session. The
 * session is the legacy one: the answer tells the proxy, and the patient is open on pages of either side.
 */

import { type Answer, button, details, hidden, html, panel, redirect, textBox } from "@banyan/service-kit/legacy";
import type { PatientsContext } from "./context.ts";
import { openRecord, subjectOf } from "./open-record.ts";

export async function breakGlassForm(ctx: PatientsContext): Promise<Answer> {
  const opened = await openRecord(ctx, { action: "patient.break-glass-form", breakGlass: false });
  if (opened.kind === "answer") return opened.answer;
  return breakGlassPage(ctx, opened.patient.record.patient_no, "");
}

export async function breakGlass(ctx: PatientsContext): Promise<Answer> {
  const opened = await openRecord(ctx, { action: "patient.break-glass-form", breakGlass: false });
  if (opened.kind === "answer") return opened.answer;
  const { record } = opened.patient;
  const reason = ctx.field("txtReason").trim();
  if (reason === "") return breakGlassPage(ctx, record.patient_no, "A reason is required.");
  await ctx.authorise({ action: "patient.break-glass", patient: subjectOf(record), query: `reason=${reason}` });
  ctx.session.BtgPat = record.patient_no;
  return redirect(returnUrl(ctx) || `/Patient/Chart.aspx?pid=${record.patient_no}`);
}

/** From the query, or as the form carried it; only if it stays on this server. */
function returnUrl(ctx: PatientsContext): string {
  const url = ctx.field("hdnReturnUrl") || ctx.query("ReturnUrl");
  return /^\/(?![/\\])/.test(url) ? url : "";
}

function breakGlassPage(ctx: PatientsContext, patientNo: number, error: string): Promise<Answer> {
  const inner = html`${hidden("hdnReturnUrl", returnUrl(ctx))}
<p>This record is restricted. Access in an emergency is recorded and reviewed.</p>
${details([["Reason", textBox("txtReason", ctx.field("txtReason"), { maxLength: 100, size: 60 })]])}
${button("btnBreak", "Open Record")} <a href="/Default.aspx">Cancel</a>`;
  const form = ctx.form(panel("Restricted record", inner), { action: `/Patient/BreakGlass.aspx?pid=${patientNo}` });
  return ctx.page({ title: "Break the Glass", error, body: form });
}
