/** Emergency access to a restricted record: a reason, an audit row, and the patient is open for the rest of the session. */

import {
  type Answer,
  audit,
  button,
  details,
  hidden,
  html,
  openPatient,
  type PageContext,
  panel,
  redirect,
  textBox,
} from "../kit/index.ts";

export async function breakGlassForm(ctx: PageContext): Promise<Answer> {
  const opened = await openPatient(ctx, { breakGlass: false });
  if (opened.kind === "answer") return opened.answer;
  return breakGlassPage(ctx, opened.patient.PatNo, "");
}

export async function breakGlass(ctx: PageContext): Promise<Answer> {
  const opened = await openPatient(ctx, { breakGlass: false });
  if (opened.kind === "answer") return opened.answer;
  const { PatNo } = opened.patient;
  const reason = ctx.field("txtReason").trim();
  if (reason === "") return breakGlassPage(ctx, PatNo, "A reason is required.");
  ctx.session.BtgPat = PatNo;
  await audit(ctx.db, ctx, { act: "BGLS", obj: "PATMST", key: PatNo, patNo: PatNo, comment: reason });
  return redirect(returnUrl(ctx) || `/Patient/Chart.aspx?pid=${PatNo}`);
}

/** From the query, or as the form carried it; only if it stays on this server. */
function returnUrl(ctx: PageContext): string {
  const url = ctx.field("hdnReturnUrl") || ctx.query("ReturnUrl");
  return /^\/(?![/\\])/.test(url) ? url : "";
}

function breakGlassPage(ctx: PageContext, patNo: number, error: string): Promise<Answer> {
  const inner = html`${hidden("hdnReturnUrl", returnUrl(ctx))}
<p>This record is restricted. Access in an emergency is recorded and reviewed.</p>
${details([["Reason", textBox("txtReason", ctx.field("txtReason"), { maxLength: 100, size: 60 })]])}
${button("btnBreak", "Open Record")} <a href="/Default.aspx">Cancel</a>`;
  const form = ctx.form(panel("Restricted record", inner), { action: `/Patient/BreakGlass.aspx?pid=${patNo}` });
  return ctx.page({ title: "Break the Glass", error, body: form });
}
