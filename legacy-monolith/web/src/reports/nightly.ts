/**
 * Row 45: the nightly run. It computes a day of RPT_DAILY anew from the tables of all modules, which mends what the triggers
 * let drift, and purges the interface queue of old messages.
 */

import { addDays, findCode, p, type Page, parseUsDate, type Sql, text, usDate, wallMidnight } from "../kit/index.ts";

export const runNightlyPage: Page = {
  path: "/Admin/RunNightly.ashx",
  module: "report",
  kind: "ashx",
  access: ["ADMN"],
  post: async (ctx) => {
    const asked = ctx.query("dt").trim();
    const day = asked === "" ? addDays(wallMidnight(ctx.now()), -1) : parseUsDate(asked);
    if (!day) return text("ERROR: Invalid date\r\n");
    const now = ctx.now();
    const rows = await ctx.db.transaction((tx) => recompute(tx, day, now));
    const queueDays = (await findCode(ctx.db, "SYSPRM", "IFCDAYS"))?.NumVal ?? queueDaysDefault;
    const purged = await ctx.db.execute("DELETE FROM IFCMSG WHERE CrtDt < @before", {
      before: p.datetime(addDays(wallMidnight(now), -queueDays)),
    });
    return text(`RPT_DAILY ${usDate(day)}: ${rows} row(s)\r\nIFCMSG purged: ${purged}\r\nOK\r\n`);
  },
};

/** Days a message stays in the queue when SYSPRM IFCDAYS does not say. */
const queueDaysDefault = 90;

const within = (column: string): string => `${column} >= @day AND ${column} < @next`;

/** Columns of each part: site, provider, appointments, no-shows, cancelled, visits, new patients, prescriptions, labs, charges, payments. */
const parts = [
  `SELECT a.LocCd AS LocCd, a.ProvID AS ProvID, 1 AS Appt, CASE WHEN a.StatCd = 'NS' THEN 1 ELSE 0 END AS NoSh,
     CASE WHEN a.StatCd = 'CX' THEN 1 ELSE 0 END AS Cxl, 0 AS Enc,
     CASE WHEN a.ApTypCd = 'NEWP' AND a.StatCd = 'CO' THEN 1 ELSE 0 END AS NewPt, 0 AS Rx, 0 AS Lab,
     CAST(0 AS money) AS Chg, CAST(0 AS money) AS Pmt
   FROM tblAppointment AS a WHERE ${within("a.ApptDt")} AND a.PatNo IS NOT NULL AND a.DelYN <> 'Y'`,
  `SELECT e.LocCd, e.ProvID, 0, 0, 0, 1, 0, 0, 0, CAST(0 AS money), CAST(0 AS money)
   FROM ENCMST AS e WHERE ${within("e.EncDt")} AND e.StatCd <> 'X'`,
  `SELECT COALESCE(e.LocCd, m.HomeLoc, ''), r.ProvID, 0, 0, 0, 0, 0, 1, 0, CAST(0 AS money), CAST(0 AS money)
   FROM RXMST AS r LEFT JOIN ENCMST AS e ON e.EncNo = r.EncNo LEFT JOIN PATMST AS m ON m.PatNo = r.PatNo
   WHERE ${within("r.RxDt")} AND r.StatCd <> 'E'`,
  `SELECT COALESCE(e.LocCd, m.HomeLoc, ''), o.ProvID, 0, 0, 0, 0, 0, 0, 1, CAST(0 AS money), CAST(0 AS money)
   FROM LABORD AS o LEFT JOIN ENCMST AS e ON e.EncNo = o.EncNo LEFT JOIN PATMST AS m ON m.PatNo = o.PatNo
   WHERE ${within("o.OrdDt")} AND o.StatCd <> 'CX'`,
  `SELECT ISNULL(e.LocCd, ''), c.ProvID, 0, 0, 0, 0, 0, 0, 0, c.ExtAmt, CAST(0 AS money)
   FROM CHGMST AS c LEFT JOIN ENCMST AS e ON e.EncNo = c.EncNo WHERE ${within("c.SvcDt")} AND c.StatCd <> 'V'`,
  `SELECT COALESCE(e.LocCd, m.HomeLoc, ''), ISNULL(e.ProvID, ''), 0, 0, 0, 0, 0, 0, 0, CAST(0 AS money), t.Amt
   FROM PMTTRN AS t LEFT JOIN CLMHDR AS h ON h.ClmNo = t.ClmNo LEFT JOIN ENCMST AS e ON e.EncNo = ISNULL(t.EncNo, h.EncNo)
     LEFT JOIN PATMST AS m ON m.PatNo = t.PatNo
   WHERE ${within("t.PostDt")}`,
];

/** @returns how many rows the day has now. */
async function recompute(tx: Sql, day: Date, now: Date): Promise<number> {
  const of = { day: p.datetime(day), next: p.datetime(addDays(day, 1)), now: p.datetime(now) };
  await tx.execute(
    `UPDATE RPT_DAILY SET ApptCnt = 0, NoShCnt = 0, CxlCnt = 0, EncCnt = 0, NewPtCnt = 0, RxCnt = 0, LabCnt = 0, ChgAmt = 0,
       PmtAmt = 0, CalcDt = @now WHERE RptDt = @day`,
    { day: of.day, now: of.now },
  );
  await tx.execute(
    `MERGE RPT_DAILY WITH (HOLDLOCK) AS t
     USING (SELECT x.LocCd, x.ProvID, SUM(x.Appt) AS Appt, SUM(x.NoSh) AS NoSh, SUM(x.Cxl) AS Cxl, SUM(x.Enc) AS Enc,
         SUM(x.NewPt) AS NewPt, SUM(x.Rx) AS Rx, SUM(x.Lab) AS Lab, SUM(x.Chg) AS Chg, SUM(x.Pmt) AS Pmt
       FROM (${parts.join("\nUNION ALL\n")}) AS x GROUP BY x.LocCd, x.ProvID) AS s
     ON t.RptDt = @day AND t.LocCd = s.LocCd AND t.ProvID = s.ProvID
     WHEN MATCHED THEN UPDATE SET ApptCnt = s.Appt, NoShCnt = s.NoSh, CxlCnt = s.Cxl, EncCnt = s.Enc, NewPtCnt = s.NewPt,
       RxCnt = s.Rx, LabCnt = s.Lab, ChgAmt = s.Chg, PmtAmt = s.Pmt, CalcDt = @now
     WHEN NOT MATCHED THEN INSERT (RptDt, LocCd, ProvID, ApptCnt, NoShCnt, CxlCnt, EncCnt, NewPtCnt, RxCnt, LabCnt, ChgAmt,
       PmtAmt, CalcDt)
       VALUES (@day, s.LocCd, s.ProvID, s.Appt, s.NoSh, s.Cxl, s.Enc, s.NewPt, s.Rx, s.Lab, s.Chg, s.Pmt, @now);`,
    of,
  );
  const count = await tx.first<{ Cnt: number }>("SELECT COUNT(*) AS Cnt FROM RPT_DAILY WHERE RptDt = @day", {
    day: of.day,
  });
  return count?.Cnt ?? 0;
}
