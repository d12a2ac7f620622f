/** Row 35: a patient's prescriptions, active ones above, past ones below. */

import { audit, grid, type Html, html, link, openPatient, type Page, panel, usDate } from "../kit/index.ts";
import { patientPrescriptions, type Prescription, rxStatuses, sentStatuses } from "./prescription-record.ts";

export const rxListPage: Page = {
  path: "/Rx/RxList.aspx",
  module: "rx",
  kind: "html",
  access: ["NURS", "PHYS", "ADMN"],
  get: async (ctx) => {
    const opened = await openPatient(ctx);
    if (opened.kind === "answer") return opened.answer;
    const { PatNo: patNo } = opened.patient;
    const all = await patientPrescriptions(ctx.db, patNo);
    await audit(ctx.db, ctx, { act: "VIEW", obj: "RXMST", patNo });
    const active = all.filter((rx) => rx.StatCd === "A" || rx.StatCd === "H");
    const past = all.filter((rx) => rx.StatCd !== "A" && rx.StatCd !== "H");
    const enc = ctx.session.CurEncNo;
    const prescribe =
      enc !== undefined && ctx.user.role === "PHYS"
        ? html`<div class="links">${link(`/Rx/RxNew.aspx?enc=${enc}`, "New prescription")}</div>`
        : "";
    return ctx.page({
      title: "Prescriptions",
      body: html`${prescribe}${panel("Active", rxGrid("gvAct", active))}${panel("Past", rxGrid("gvPast", past))}`,
    });
  },
};

function rxGrid(id: string, rows: readonly Prescription[]): Html {
  return grid({
    id,
    columns: [
      { header: "Rx #" },
      { header: "Drug" },
      { header: "Sig" },
      { header: "Qty" },
      { header: "Refills" },
      { header: "Start" },
      { header: "End" },
      { header: "Prescriber" },
      { header: "Status" },
      { header: "Pharmacy" },
      { header: "" },
    ],
    rows: rows.map((rx) => [
      String(rx.RxNo),
      `${rx.DrugNm}${rx.StrTx === "" || rx.DrugNm.includes(rx.StrTx) ? "" : ` ${rx.StrTx}`}${rx.CtrlCl === "" ? "" : ` (C-${rx.CtrlCl})`}`,
      rx.SigTx,
      rx.QtyTx,
      `${rx.RefUsed} of ${rx.RefAuth}`,
      usDate(rx.StartDt),
      usDate(rx.EndDt),
      rx.ProvNm ?? rx.ProvID,
      rxStatuses[rx.StatCd] ?? rx.StatCd,
      `${rx.PhrmCd}${rx.PhrmCd === "" ? "" : " "}${rx.CtrlCl === "" ? (sentStatuses[rx.SentCd] ?? rx.SentCd) : "Paper"}`,
      rx.RefReqYN === "Y" ? link(`/Rx/RxRefill.aspx?rx=${rx.RxNo}`, "Refill request") : "",
    ]),
    empty: "None.",
  });
}
