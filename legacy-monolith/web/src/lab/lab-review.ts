/** Row 32: a physician has seen the results, and perhaps lets the patient see them too. */

import { html, openPatient, p, type Page, type PageContext, redirect } from "../kit/index.ts";
import { findOrder, isReviewable, type LabOrder } from "./lab-record.ts";

export const labReviewPage: Page = {
  path: "/Lab/LabReview.aspx",
  module: "lab",
  kind: "html",
  access: ["PHYS"],
  post: async (ctx) => {
    const order = await findOrder(ctx.db, ctx.query("ord").trim());
    const refused = (error: string) => ctx.page({ title: "Lab Review", body: html``, error });
    if (!order) return refused("Order not found.");
    const opened = await openPatient(ctx, { pid: order.PatNo });
    if (opened.kind === "answer") return opened.answer;
    if (!isReviewable(order)) return refused("No results to review.");
    const release = ctx.hasField("chkRelease");
    await review(ctx, order, release);
    return redirect(`/Lab/LabResults.aspx?ord=${order.OrdNo}&msg=${release ? "RELEASED" : "REVIEWED"}`);
  },
};

async function review(ctx: PageContext, order: LabOrder, release: boolean): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await tx.execute(
      "UPDATE LABORD SET RevYN = 'Y', RevUsr = @usr, RevDt = @now, RelPtYN = @rel, ModDt = @now WHERE OrdNo = @ord",
      {
        usr: p.char(8, ctx.user.usrId),
        now: p.datetime(ctx.now()),
        rel: p.char(1, release ? "Y" : "N"),
        ord: p.char(12, order.OrdNo),
      },
    );
    // TR_LABRES_IU tells the portal of a released final order; it hears of the release only when a result is written.
    if (release) {
      await tx.execute("UPDATE LABRES SET ResSt = ResSt WHERE OrdNo = @ord", { ord: p.char(12, order.OrdNo) });
    }
  });
}
