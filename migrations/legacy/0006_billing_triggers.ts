/**
 * CHGMST and PMTTRN triggers: they keep PATMST.AcctBal, ENCMST.ChgTot, CLMHDR and the money of RPT_DAILY.
 *
 * AcctBal = sum of ExtAmt of the charges that are not void + sum of Amt of all PMTTRN rows (payments and adjustments are
 * negative). RPT_DAILY.ChgAmt: by service day, site of the encounter, provider of the charge. RPT_DAILY.PmtAmt: sum of
 * Amt of every row (so mostly negative), by posting day, site and provider of the encounter (of the claim's, when the row
 * names only a claim); without either the patient's HomeLoc and no provider.
 */

import type { Knex } from "knex";

const day = (moment: string) => `CONVERT(datetime, CONVERT(char(8), ${moment}, 112), 112)`;
const bothSides = (column: string) =>
  `SELECT i.${column} FROM inserted AS i UNION SELECT d.${column} FROM deleted AS d`;

/**
 * Rows are locked before they are summed up: a sum taken while another session adds a charge would miss it for ever on a
 * server that reads by row versions. Always the encounter first, then the patient.
 */
const chargeWritten = `CREATE TRIGGER TR_CHG_IUD ON CHGMST AFTER INSERT, UPDATE, DELETE AS
BEGIN
  SET NOCOUNT ON;
  IF NOT EXISTS (SELECT 1 FROM inserted) AND NOT EXISTS (SELECT * FROM deleted) RETURN;
  IF EXISTS (SELECT 1 FROM inserted) AND NOT (UPDATE(EncNo) OR UPDATE(PatNo) OR UPDATE(Units) OR UPDATE(UnitAmt)
    OR UPDATE(ExtAmt) OR UPDATE(StatCd) OR UPDATE(SvcDt) OR UPDATE(ProvID)) RETURN;

  UPDATE c SET ExtAmt = c.Units * c.UnitAmt
  FROM CHGMST AS c INNER JOIN inserted AS i ON i.EncNo = c.EncNo AND i.LnNo = c.LnNo
  WHERE c.ExtAmt <> CAST(c.Units * c.UnitAmt AS money);

  DECLARE @locked int;
  SELECT @locked = e.EncNo FROM ENCMST AS e WITH (UPDLOCK) WHERE e.EncNo IN (${bothSides("EncNo")});
  UPDATE e SET ChgTot = x.Total
  FROM ENCMST AS e INNER JOIN (SELECT n.EncNo,
      ISNULL((SELECT SUM(c.ExtAmt) FROM CHGMST AS c WHERE c.EncNo = n.EncNo AND c.StatCd <> 'V'), 0) AS Total
    FROM (${bothSides("EncNo")}) AS n) AS x ON x.EncNo = e.EncNo
  WHERE e.ChgTot <> x.Total;

  SELECT @locked = p.PatNo FROM PATMST AS p WITH (UPDLOCK) WHERE p.PatNo IN (${bothSides("PatNo")});
  UPDATE p SET AcctBal = x.Balance
  FROM PATMST AS p INNER JOIN (SELECT n.PatNo,
      ISNULL((SELECT SUM(c.ExtAmt) FROM CHGMST AS c WHERE c.PatNo = n.PatNo AND c.StatCd <> 'V'), 0)
      + ISNULL((SELECT SUM(t.Amt) FROM PMTTRN AS t WHERE t.PatNo = n.PatNo), 0) AS Balance
    FROM (${bothSides("PatNo")}) AS n) AS x ON x.PatNo = p.PatNo
  WHERE p.AcctBal <> x.Balance;

  MERGE RPT_DAILY WITH (HOLDLOCK) AS t
  USING (SELECT x.RptDt, ISNULL(e.LocCd, '') AS LocCd, x.ProvID, SUM(x.Amt) AS Amt
    FROM (SELECT ${day("i.SvcDt")} AS RptDt, i.EncNo, i.ProvID, CAST(i.Units * i.UnitAmt AS money) AS Amt
      FROM inserted AS i WHERE i.StatCd <> 'V'
      UNION ALL
      SELECT ${day("d.SvcDt")} AS RptDt, d.EncNo, d.ProvID, -d.ExtAmt AS Amt FROM deleted AS d WHERE d.StatCd <> 'V') AS x
      LEFT JOIN ENCMST AS e ON e.EncNo = x.EncNo
    GROUP BY x.RptDt, ISNULL(e.LocCd, ''), x.ProvID
    HAVING SUM(x.Amt) <> 0) AS s
  ON t.RptDt = s.RptDt AND t.LocCd = s.LocCd AND t.ProvID = s.ProvID
  WHEN MATCHED THEN UPDATE SET ChgAmt = t.ChgAmt + s.Amt, CalcDt = GETDATE()
  WHEN NOT MATCHED THEN INSERT (RptDt, LocCd, ProvID, ChgAmt) VALUES (s.RptDt, s.LocCd, s.ProvID, s.Amt);
END`;

/** What a claim is expected to bring; before the payer has answered (AlwAmt 0) that is the billed total. */
const expected = "CASE WHEN c.AlwAmt = 0 THEN c.TotAmt ELSE c.AlwAmt END";

/**
 * PaidAmt counts the insurer's payments (IP) only; the patient's part is PtResp. Once both reach what was allowed the
 * claim is PD, or CL when everything received on it (insurer and patient) reaches it, so that nothing is open.
 */
const paymentPosted = `CREATE TRIGGER TR_PMT_I ON PMTTRN AFTER INSERT AS
BEGIN
  SET NOCOUNT ON;
  IF NOT EXISTS (SELECT 1 FROM inserted) RETURN;

  UPDATE p SET AcctBal = p.AcctBal + x.Amt
  FROM PATMST AS p INNER JOIN (SELECT i.PatNo, SUM(i.Amt) AS Amt FROM inserted AS i GROUP BY i.PatNo) AS x ON x.PatNo = p.PatNo;

  IF EXISTS (SELECT 1 FROM inserted AS i WHERE i.ClmNo <> '')
  BEGIN
    UPDATE c SET PaidAmt = c.PaidAmt - x.Amt, ModDt = GETDATE()
    FROM CLMHDR AS c INNER JOIN (SELECT i.ClmNo, SUM(i.Amt) AS Amt FROM inserted AS i
      WHERE i.ClmNo <> '' AND i.TrnTyp = 'IP' GROUP BY i.ClmNo) AS x ON x.ClmNo = c.ClmNo;

    UPDATE c SET StatCd = CASE WHEN -x.Received >= ${expected} THEN 'CL' ELSE 'PD' END,
      RspDt = ISNULL(c.RspDt, GETDATE()), ModDt = GETDATE()
    FROM CLMHDR AS c INNER JOIN (SELECT t.ClmNo, SUM(CASE WHEN t.TrnTyp = 'AD' THEN 0 ELSE t.Amt END) AS Received
      FROM PMTTRN AS t WHERE t.ClmNo IN (SELECT i.ClmNo FROM inserted AS i WHERE i.ClmNo <> '') GROUP BY t.ClmNo) AS x
      ON x.ClmNo = c.ClmNo
    WHERE c.StatCd NOT IN ('VD', 'DN', 'CL') AND c.PaidAmt + c.PtResp >= ${expected};
  END;

  MERGE RPT_DAILY WITH (HOLDLOCK) AS t
  USING (SELECT x.RptDt, x.LocCd, x.ProvID, SUM(x.Amt) AS Amt
    FROM (SELECT ${day("i.PostDt")} AS RptDt, COALESCE(e.LocCd, p.HomeLoc, '') AS LocCd, ISNULL(e.ProvID, '') AS ProvID, i.Amt
      FROM inserted AS i
        LEFT JOIN CLMHDR AS c ON c.ClmNo = i.ClmNo
        LEFT JOIN ENCMST AS e ON e.EncNo = ISNULL(i.EncNo, c.EncNo)
        LEFT JOIN PATMST AS p ON p.PatNo = i.PatNo) AS x
    GROUP BY x.RptDt, x.LocCd, x.ProvID
    HAVING SUM(x.Amt) <> 0) AS s
  ON t.RptDt = s.RptDt AND t.LocCd = s.LocCd AND t.ProvID = s.ProvID
  WHEN MATCHED THEN UPDATE SET PmtAmt = t.PmtAmt + s.Amt, CalcDt = GETDATE()
  WHEN NOT MATCHED THEN INSERT (RptDt, LocCd, ProvID, PmtAmt) VALUES (s.RptDt, s.LocCd, s.ProvID, s.Amt);
END`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(chargeWritten);
  await knex.raw(paymentPosted);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("DROP TRIGGER TR_PMT_I");
  await knex.raw("DROP TRIGGER TR_CHG_IUD");
}
