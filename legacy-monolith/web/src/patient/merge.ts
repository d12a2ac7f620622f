/** Merges one patient record into another. The page sets one column; a trigger moves everything the patient has. */

import {
  type Answer,
  button,
  details,
  html,
  p,
  type PageContext,
  panel,
  redirect,
  SqlFailure,
  textBox,
  toInt32,
} from "../kit/index.ts";

export async function mergeForm(ctx: PageContext): Promise<Answer> {
  return mergePage(ctx, ctx.query("from"), ctx.query("to"), "");
}

export async function mergePatients(ctx: PageContext): Promise<Answer> {
  const fromText = ctx.field("txtFrom").trim();
  const toText = ctx.field("txtTo").trim();
  if (fromText === "" || toText === "") return mergePage(ctx, fromText, toText, "Both patient numbers are required.");
  const from = toInt32("txtFrom", fromText);
  const to = toInt32("txtTo", toText);
  if (from === to) return mergePage(ctx, fromText, toText, "A patient can not be merged into itself.");
  try {
    const merged = await ctx.db.first<{ Cnt: number }>(
      `UPDATE PATMST SET MrgToPat = @to, ModUsr = @usr, ModDt = @now
       WHERE PatNo = @from AND MrgToPat IS NULL AND DelYN <> 'Y'; SELECT @@ROWCOUNT AS Cnt`,
      { from: p.int(from), to: p.int(to), usr: p.char(8, ctx.user.usrId), now: p.datetime(ctx.now()) },
    );
    if (merged?.Cnt !== 1) return mergePage(ctx, fromText, toText, "Patient to be merged not found.");
  } catch (error) {
    if (!(error instanceof SqlFailure) || error.raised === undefined) throw error;
    return mergePage(ctx, fromText, toText, "Surviving patient not found or not active.");
  }
  return redirect(`/Patient/PatDetail.aspx?pid=${to}&msg=MERGED`);
}

async function mergePage(ctx: PageContext, from: string, to: string, error: string): Promise<Answer> {
  const boxes = details([
    ["Merge patient no.", textBox("txtFrom", from, { maxLength: 10, size: 12 })],
    ["into patient no.", textBox("txtTo", to, { maxLength: 10, size: 12 })],
  ]);
  const inner = panel("Merge duplicate patients", html`${boxes}${button("btnMerge", "Merge")}`);
  return ctx.page({
    title: "Merge Patients",
    error,
    body: ctx.form(inner, { action: "/Patient/PatMerge.aspx" }),
  });
}
