/** Row 45: three exports as CSV in windows-1252. Errors are text with status 200, as with every export of the old system. */

import {
  addDays,
  compactDate,
  csv1252,
  hhmm,
  moneyText,
  p,
  type Page,
  type PageContext,
  parseUsDate,
  text,
  usDate,
  wallMidnight,
} from "../kit/index.ts";
import { exportRowsMax } from "../limits.ts";
import { type AgedCharge, ageBalance, fromUnits, toUnits } from "./account-aging.ts";

export const exportPage: Page = {
  path: "/Reports/Export.ashx",
  module: "report",
  kind: "ashx",
  access: ["BILL", "RPTS", "ADMN"],
  get: async (ctx) => {
    const report = reports[ctx.query("rpt").trim().toUpperCase()];
    if (!report) return text("ERROR: Unknown report\r\n");
    const range = readRange(ctx);
    if (!range) return text("ERROR: Invalid date\r\n");
    return csv1252(await report(ctx, range), `rpt_${compactDate(ctx.now())}.csv`);
  },
};

/** Whole local days, both included. */
type Range = { readonly from: Date; readonly to: Date };
type Report = (ctx: PageContext, range: Range) => Promise<string[][]>;

/** Days a report covers when only its end is given. */
const defaultDays = 30;

function readRange(ctx: PageContext): Range | undefined {
  const read = (name: string, fallback: Date): Date | undefined => {
    const typed = ctx.query(name).trim();
    return typed === "" ? fallback : parseUsDate(typed);
  };
  const to = read("to", wallMidnight(ctx.now()));
  const from = to && read("from", addDays(to, -defaultDays));
  return from && to && from <= to ? { from, to } : undefined;
}

const between = ({ from, to }: Range) => ({ from: p.datetime(from), until: p.datetime(addDays(to, 1)) });

/** Balances of patients with a charge in the range, aged on its last day. */
const receivables: Report = async (ctx, range) => {
  const patients = await ctx.db.query<{ PatNo: number; MRN: string; LName: string; FName: string; AcctBal: string }>(
    `SELECT TOP (${exportRowsMax}) m.PatNo, m.MRN, m.LName, m.FName, ${moneyText("m.AcctBal")} FROM PATMST m
     WHERE m.AcctBal > 0 AND m.DelYN <> 'Y'
       AND EXISTS (SELECT * FROM CHGMST c WHERE c.PatNo = m.PatNo AND c.SvcDt >= @from AND c.SvcDt < @until)
     ORDER BY m.PatNo`,
    between(range),
  );
  const charges = await ctx.db.query<{ PatNo: number; SvcDt: Date; ExtAmt: string }>(
    `SELECT c.PatNo, c.SvcDt, ${moneyText("c.ExtAmt")} FROM CHGMST c INNER JOIN PATMST m ON m.PatNo = c.PatNo
     WHERE m.AcctBal > 0 AND c.StatCd <> 'V' AND c.SvcDt < @until ORDER BY c.PatNo, c.SvcDt DESC, c.EncNo, c.LnNo`,
    { until: p.datetime(addDays(range.to, 1)) },
  );
  const byPatient = new Map<number, AgedCharge[]>();
  for (const { PatNo, SvcDt, ExtAmt } of charges) {
    const list = byPatient.get(PatNo) ?? [];
    list.push({ day: SvcDt, amount: toUnits(ExtAmt) });
    byPatient.set(PatNo, list);
  }
  const rows = patients.map((patient) => {
    const balance = toUnits(patient.AcctBal);
    const aged = ageBalance(balance, byPatient.get(patient.PatNo) ?? [], range.to);
    const amounts = [balance, aged.current, aged.days31, aged.days61, aged.over90].map(fromUnits);
    return [String(patient.PatNo), patient.MRN, `${patient.LName}, ${patient.FName}`].concat(amounts);
  });
  return [["PatNo", "MRN", "Name", "Balance", "0-30", "31-60", "61-90", "Over 90"], ...rows];
};

/** Without ORDER BY, as it always was. */
const noShows: Report = async (ctx, range) => {
  const rows = await ctx.db.query<{
    ApptDt: Date;
    ApptTm: string;
    ProvID: string;
    ProvNm: string;
    MRN: string;
    PatNm: string;
    PatPhone: string;
    RsnTx: string;
  }>(
    `SELECT TOP (${exportRowsMax}) ApptDt, ApptTm, ProvID, ProvNm, MRN, PatNm, PatPhone, RsnTx FROM tblAppointment
     WHERE StatCd = 'NS' AND PatNo IS NOT NULL AND DelYN <> 'Y' AND ApptDt >= @from AND ApptDt < @until`,
    between(range),
  );
  return [
    ["Date", "Time", "ProvID", "Provider", "MRN", "Patient", "Phone", "Reason"],
    ...rows.map((row) => [
      usDate(row.ApptDt),
      row.ApptTm,
      row.ProvID,
      row.ProvNm,
      row.MRN,
      row.PatNm,
      row.PatPhone,
      row.RsnTx,
    ]),
  ];
};

/** Turn-around of final orders, from order to last report. */
const labTurnaround: Report = async (ctx, range) => {
  const rows = await ctx.db.query<{
    OrdNo: string;
    PanelCd: string;
    PanelDs: string;
    ProvID: string;
    OrdDt: Date;
    CollDt: Date | null;
    RptDt: Date;
  }>(
    `SELECT TOP (${exportRowsMax}) o.OrdNo, o.PanelCd, o.PanelDs, o.ProvID, o.OrdDt, o.CollDt, r.RptDt
     FROM LABORD o INNER JOIN (SELECT OrdNo, MAX(RptDt) AS RptDt FROM LABRES GROUP BY OrdNo) r ON r.OrdNo = o.OrdNo
     WHERE o.StatCd IN ('FI', 'CO') AND o.OrdDt >= @from AND o.OrdDt < @until ORDER BY o.OrdDt, o.OrdNo`,
    between(range),
  );
  const moment = (wall: Date | null): string => (wall ? `${usDate(wall)} ${hhmm(wall)}` : "");
  return [
    ["OrdNo", "Panel", "Description", "ProvID", "Ordered", "Collected", "Reported", "Hours"],
    ...rows.map((row) => [
      row.OrdNo,
      row.PanelCd,
      row.PanelDs,
      row.ProvID,
      moment(row.OrdDt),
      moment(row.CollDt),
      moment(row.RptDt),
      ((row.RptDt.getTime() - row.OrdDt.getTime()) / 3_600_000).toFixed(1),
    ]),
  ];
};

const reports: Readonly<Record<string, Report | undefined>> = Object.assign(Object.create(null) as object, {
  AR: receivables,
  NOSHOW: noShows,
  LABTAT: labTurnaround,
});
