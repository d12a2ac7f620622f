/** Laboratory results a physician has released (LABORD.RelPtYN='Y'), and no others. */

import {
  type Answer,
  details,
  grid,
  html,
  link,
  p,
  type Page,
  type PageContext,
  panel,
  redirect,
  usDate,
  usDateTime,
} from "../kit/index.ts";
import { type PortalPatient, whoseRecord, withPortalPatient } from "./portal-patient.ts";

const path = "/Portal/MyResults.aspx";

export const myResultsPage: Page = {
  path,
  module: "portal",
  kind: "html",
  access: "portal",
  get: (ctx) => withPortalPatient(ctx, (patient) => show(ctx, patient)),
  post: (ctx) => withPortalPatient(ctx, () => Promise.resolve(redirect(path))),
};

type OrderRow = {
  readonly OrdNo: string;
  readonly PanelDs: string;
  readonly OrdDt: Date;
  readonly CollDt: Date | null;
  readonly StatCd: string;
  readonly ProvNm: string | null;
};

type ResultRow = {
  readonly TestDs: string;
  readonly ResVal: string;
  readonly ResUnt: string;
  readonly RefRng: string;
  readonly AbnFlg: string;
};

async function show(ctx: PageContext, patient: PortalPatient): Promise<Answer> {
  const orders = await ctx.db.query<OrderRow>(
    `SELECT TOP (100) o.OrdNo, o.PanelDs, o.OrdDt, o.CollDt, o.StatCd, u.UsrNm AS ProvNm FROM LABORD o
     LEFT JOIN USRMST u ON u.UsrID = o.ProvID
     WHERE o.PatNo = @pat AND o.RelPtYN = 'Y' AND o.StatCd IN ('PR', 'FI', 'CO') ORDER BY o.OrdDt DESC, o.OrdNo DESC`,
    { pat: p.int(patient.PatNo) },
  );
  const asked = ctx.query("ord").trim().toUpperCase();
  const order = asked === "" ? undefined : orders.find((one) => one.OrdNo.toUpperCase() === asked);
  const missing = asked !== "" && order === undefined;
  const body = html`${await whoseRecord(ctx, patient)}${order ? await orderPanel(ctx, order) : ""}${panel(
    "Released results",
    grid({
      id: "gvOrd",
      columns: [{ header: "Test" }, { header: "Date" }, { header: "Ordered by" }, { header: "Status" }],
      rows: orders.map((one) => [
        link(`${path}?ord=${one.OrdNo}`, one.PanelDs),
        usDate(one.CollDt ?? one.OrdDt),
        one.ProvNm ?? "",
        one.StatCd === "PR" ? "Partial" : one.StatCd === "CO" ? "Corrected" : "Final",
      ]),
      empty: "No results have been released to you.",
    }),
  )}`;
  return ctx.page({ title: "My Results", body, ...(missing ? { error: "Result not found." } : {}) });
}

async function orderPanel(ctx: PageContext, order: OrderRow) {
  const results = await ctx.db.query<ResultRow>(
    "SELECT TestDs, ResVal, ResUnt, RefRng, AbnFlg FROM LABRES WHERE OrdNo = @ord AND ResSt <> 'X' ORDER BY TestCd, SeqNo",
    { ord: p.char(12, order.OrdNo) },
  );
  return panel(
    order.PanelDs,
    html`${details([["Collected", usDateTime(order.CollDt)]])}${grid({
      id: "gvRes",
      columns: [
        { header: "Test" },
        { header: "Result" },
        { header: "Units" },
        { header: "Normal range" },
        { header: "" },
      ],
      rows: results.map((row) => [
        row.TestDs,
        row.AbnFlg === "" ? row.ResVal : html`<span class="abn" style="color:Red;">${row.ResVal}</span>`,
        row.ResUnt,
        row.RefRng,
        row.AbnFlg,
      ]),
      empty: "No results.",
    })}`,
  );
}
