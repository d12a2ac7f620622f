/** Row 45: the day's numbers by site and provider, as RPT_DAILY holds them (triggers keep some columns, the nightly run all). */

import {
  addDays,
  type Answer,
  dollars,
  grid,
  type Html,
  html,
  link,
  moneyText,
  p,
  type Page,
  type PageContext,
  parseUsDate,
  usDate,
  usDateTime,
  wallMidnight,
} from "../kit/index.ts";

const title = "Daily Production";

export const dailyProductionPage: Page = {
  path: "/Reports/DailyProd.aspx",
  module: "report",
  kind: "html",
  access: ["BILL", "RPTS", "ADMN"],
  get: (ctx) => {
    const asked = ctx.query("dt").trim();
    const day = asked === "" ? wallMidnight(ctx.now()) : parseUsDate(asked);
    return day ? show(ctx, day) : ctx.page({ title, body: html``, error: "Date must be MM/DD/YYYY." });
  },
};

const countColumns = ["ApptCnt", "NoShCnt", "CxlCnt", "EncCnt", "NewPtCnt", "RxCnt", "LabCnt"] as const;

type Row = Readonly<Record<(typeof countColumns)[number], number>> & {
  readonly LocCd: string;
  readonly ProvID: string;
  readonly ProvNm: string | null;
  readonly ChgAmt: string;
  readonly PmtAmt: string;
  readonly CalcDt: Date;
};

async function show(ctx: PageContext, day: Date): Promise<Answer> {
  const loc = ctx.query("loc").trim();
  const rows = await ctx.db.query<Row>(
    `SELECT r.LocCd, r.ProvID, u.UsrNm AS ProvNm, r.ApptCnt, r.NoShCnt, r.CxlCnt, r.EncCnt, r.NewPtCnt, r.RxCnt, r.LabCnt,
       ${moneyText("r.ChgAmt")}, ${moneyText("r.PmtAmt")}, r.CalcDt
     FROM RPT_DAILY r LEFT JOIN USRMST u ON u.UsrID = r.ProvID
     WHERE r.RptDt = @day AND (@loc = '' OR r.LocCd = @loc) ORDER BY r.LocCd, r.ProvID`,
    { day: p.datetime(day), loc: p.varchar(10, loc) },
  );
  const sites = await ctx.db.query<{ LocCd: string; LocNm: string }>("SELECT LocCd, LocNm FROM CLINLOC ORDER BY LocNm");
  const choices = sites.map((site) => ({ value: site.LocCd, text: site.LocNm }));
  // A GET form as on the old page: its fields are the query, so they carry no control prefix.
  const filter = html`<form method="get" action="/Reports/DailyProd.aspx">Date <input type="text" name="dt" size="10" value="${usDate(day)}" />
Location <select name="loc"><option value="">All</option>${choices.map(
    (one) =>
      html`<option value="${one.value}"${one.value === loc ? html` selected="selected"` : ""}>${one.text}</option>`,
  )}</select> <input type="submit" value="Show" class="btn" /></form>`;
  const body = html`${filter}${productionGrid(rows)}<p class="asof">As of ${usDateTime(ctx.now())}</p>${exportLinks(day)}`;
  return ctx.page({ title: `${title} ${usDate(day)}`, body });
}

function exportLinks(day: Date): Html {
  const range = `from=${usDate(addDays(day, -30))}&to=${usDate(day)}`;
  return html`<div class="links">Export of 30 days: ${link(`/Reports/Export.ashx?rpt=AR&${range}`, "Receivables")} |
${link(`/Reports/Export.ashx?rpt=NOSHOW&${range}`, "No-shows")} | ${link(`/Reports/Export.ashx?rpt=LABTAT&${range}`, "Lab turn-around")}</div>
`;
}

function productionGrid(rows: readonly Row[]): Html {
  const sum = (name: (typeof countColumns)[number]): string =>
    String(rows.reduce((total, row) => total + row[name], 0));
  const money = (name: "ChgAmt" | "PmtAmt"): string =>
    dollars(rows.reduce((total, row) => total + Number(row[name]), 0).toFixed(4));
  const lines = rows.map((row) => [
    row.LocCd,
    row.ProvNm ?? row.ProvID,
    ...countColumns.map((name) => String(row[name])),
    dollars(row.ChgAmt),
    dollars(row.PmtAmt),
  ]);
  const totals = [html`<b>Total</b>`, "", ...countColumns.map(sum), money("ChgAmt"), money("PmtAmt")];
  return grid({
    id: "gvProd",
    columns: [
      "Location",
      "Provider",
      "Appts",
      "No-shows",
      "Cancelled",
      "Visits",
      "New pts",
      "Rx",
      "Labs",
      "Charges",
      "Payments",
    ].map((header, index) => (index < 2 ? { header } : { header, align: "right" as const })),
    rows: rows.length === 0 ? [] : [...lines, totals],
    empty: "No activity on this day.",
  });
}
