/** Row 30: a patient's orders, or one order with its results; whatever carries a flag is red. */

import {
  type Answer,
  audit,
  button,
  checkBox,
  details,
  grid,
  type Html,
  html,
  link,
  openPatient,
  type Page,
  type PageContext,
  panel,
  usDateTime,
} from "../kit/index.ts";
import {
  findOrder,
  isReviewable,
  type LabOrder,
  type LabResult,
  orderResults,
  orderStatuses,
  patientOrders,
  resultStatuses,
} from "./lab-record.ts";

const title = "Lab Results";

export const labResultsPage: Page = {
  path: "/Lab/LabResults.aspx",
  module: "lab",
  kind: "html",
  access: ["NURS", "PHYS", "LABT", "ADMN"],
  get: (ctx) => (ctx.query("ord").trim() === "" ? showPatient(ctx) : showOrder(ctx, ctx.query("ord").trim())),
};

async function showPatient(ctx: PageContext): Promise<Answer> {
  const opened = await openPatient(ctx);
  if (opened.kind === "answer") return opened.answer;
  const { PatNo: patNo } = opened.patient;
  const orders = await patientOrders(ctx.db, patNo);
  await audit(ctx.db, ctx, { act: "VIEW", obj: "LABORD", patNo });
  return ctx.page({ title, body: orderGrid(orders) });
}

async function showOrder(ctx: PageContext, ordNo: string): Promise<Answer> {
  const order = await findOrder(ctx.db, ordNo);
  if (!order) return ctx.page({ title, body: html``, error: "Order not found." });
  const opened = await openPatient(ctx, { pid: order.PatNo });
  if (opened.kind === "answer") return opened.answer;
  const results = await orderResults(ctx.db, order.OrdNo);
  await audit(ctx.db, ctx, { act: "VIEW", obj: "LABORD", key: order.OrdNo, patNo: order.PatNo });
  return ctx.page({ title, body: html`${orderPanel(order)}${resultGrid(results)}${reviewForm(ctx, order)}` });
}

function orderGrid(orders: readonly LabOrder[]): Html {
  return grid({
    id: "gvOrd",
    columns: [
      { header: "Order" },
      { header: "Test" },
      { header: "Ordered" },
      { header: "Provider" },
      { header: "Status" },
      { header: "Reviewed" },
    ],
    rows: orders.map((order) => [
      link(`/Lab/LabResults.aspx?ord=${order.OrdNo}`, order.OrdNo),
      order.PanelDs,
      usDateTime(order.OrdDt),
      order.ProvNm ?? order.ProvID,
      orderStatuses[order.StatCd] ?? order.StatCd,
      order.RevYN === "Y"
        ? `${order.RevUsr} ${usDateTime(order.RevDt)}`
        : isReviewable(order)
          ? html`<b>NOT REVIEWED</b>`
          : "",
    ]),
    empty: "No lab orders.",
  });
}

function orderPanel(order: LabOrder): Html {
  return panel(
    order.PanelDs,
    details([
      ["Order", order.OrdNo],
      ["Visit", order.EncNo === null ? "" : link(`/Clin/Encounter.aspx?enc=${order.EncNo}`, String(order.EncNo))],
      ["Provider", order.ProvNm ?? order.ProvID],
      ["Ordered", usDateTime(order.OrdDt)],
      ["Collected", usDateTime(order.CollDt)],
      ["Priority", order.PriCd === "S" ? "STAT" : "Routine"],
      ["Accession", order.AccnNo],
      ["Status", html`<span id="ctl00_cph_lblStat">${orderStatuses[order.StatCd] ?? order.StatCd}</span>`],
      ["Reviewed", order.RevYN === "Y" ? `${order.RevUsr} ${usDateTime(order.RevDt)}` : "No"],
      ["Released to patient", order.RelPtYN === "Y" ? "Yes" : "No"],
    ]),
  );
}

function resultGrid(results: readonly LabResult[]): Html {
  const shown = (result: LabResult): Html =>
    result.AbnFlg === ""
      ? html`${result.ResVal}`
      : html`<span class="abn" style="color:Red;font-weight:bold;">${result.ResVal}</span>`;
  return grid({
    id: "gvRes",
    columns: [
      { header: "Test" },
      { header: "Result", align: "right" },
      { header: "Flag", align: "center" },
      { header: "Units" },
      { header: "Range" },
      { header: "Status" },
      { header: "Observed" },
      { header: "Comment" },
    ],
    rows: results.map((result) => [
      result.TestDs,
      shown(result),
      result.AbnFlg === "" ? "" : html`<span style="color:Red;">${result.AbnFlg}</span>`,
      result.ResUnt,
      result.RefRng,
      resultStatuses[result.ResSt] ?? result.ResSt,
      usDateTime(result.ObsDt),
      result.ResCmt,
    ]),
    empty: "No results yet.",
  });
}

/** The form of LabReview.aspx, for those who may post it. */
function reviewForm(ctx: PageContext, order: LabOrder): Html | "" {
  if (ctx.user.role !== "PHYS" || !isReviewable(order)) return "";
  return ctx.form(
    html`<div class="btns">${checkBox("chkRelease", order.RelPtYN === "Y", "Release to patient portal")}
${button("btnReview", order.RevYN === "Y" ? "Review again" : "Mark as Reviewed")}</div>`,
    { action: `/Lab/LabReview.aspx?ord=${order.OrdNo}` },
  );
}
