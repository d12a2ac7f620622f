/**
 * PATMST triggers: a changed name or phone is rewritten into the copies other modules keep, every change is audited and
 * told to the interfaces, and a merge moves everything a patient has to the surviving record.
 *
 * Left out of audit and ADT on purpose: AcctBal and LastVst (kept by other triggers; each charge would queue a message),
 * ModUsr/ModDt/RowVer (change with every write) and PhotoImg (SQL Server shows no image column in inserted/deleted).
 */

import type { Knex } from "knex";

type Audited = { readonly column: string; readonly kind: "text" | "date" | "number" };

const texts = (...columns: string[]): Audited[] => columns.map((column) => ({ column, kind: "text" }));
const dates = (...columns: string[]): Audited[] => columns.map((column) => ({ column, kind: "date" }));
const numbers = (...columns: string[]): Audited[] => columns.map((column) => ({ column, kind: "number" }));

const audited: readonly Audited[] = [
  ...texts("LName", "FName", "MI", "Suffix", "MaidNm"),
  ...dates("DOB"),
  ...texts("Sex", "SSN", "MarCd", "RaceCd", "EthCd", "LangCd", "Addr1", "Addr2", "City", "StCd", "Zip"),
  ...texts("HmPhone", "WkPhone", "CellPh", "Email"),
  ...numbers("GuarPat"),
  ...texts("PCPID", "HomeLoc"),
  ...dates("DeathDt"),
  ...texts("VIPYN", "RstrYN"),
  ...dates("HIPAADt"),
  ...texts("PortYN", "NoteTx"),
  ...numbers("MrgToPat"),
  ...texts("DelYN"),
];

const asText = { text: (value: string) => value, date: shownDate, number: shownNumber };

function shownDate(value: string): string {
  return `CONVERT(varchar(23), ${value}, 121)`;
}

function shownNumber(value: string): string {
  return `CAST(${value} AS varchar(11))`;
}

/** Only GuarPat and MrgToPat may be NULL; no patient has number 0. */
function differs({ column, kind }: Audited): string {
  return kind === "number" ? `ISNULL(i.${column}, 0) <> ISNULL(d.${column}, 0)` : `i.${column} <> d.${column}`;
}

const auditRow = (field: Audited): string => `
    SELECT i.ModUsr, i.PatNo, 'UPDT', 'PATMST', ${shownNumber("i.PatNo")},
      ${asText[field.kind](`d.${field.column}`)}, ${asText[field.kind](`i.${field.column}`)}, '${field.column}'
    FROM inserted AS i INNER JOIN deleted AS d ON d.PatNo = i.PatNo WHERE ${differs(field)}`;

const anyUpdated = audited.map(({ column }) => `UPDATE(${column})`).join(" OR ");

/** Patients whose name changed, with the name as the other tables keep it: LAST, FIRST MI. */
const renamed = `(SELECT i.PatNo, i.LName + ', ' + i.FName + CASE WHEN i.MI <> ' ' THEN ' ' + i.MI ELSE '' END AS PatNm
      FROM inserted AS i INNER JOIN deleted AS d ON d.PatNo = i.PatNo
      WHERE i.LName <> d.LName OR i.FName <> d.FName OR i.MI <> d.MI)`;

const phoneOf = (row: string) => `CASE WHEN ${row}.HmPhone <> '' THEN ${row}.HmPhone ELSE ${row}.CellPh END`;

/** Direct self-firing is off (RECURSIVE_TRIGGERS), but TR_PATMST_MRG's own update of PATMST does come through here. */
const patientUpdated = `CREATE TRIGGER TR_PATMST_U ON PATMST AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF NOT (${anyUpdated}) RETURN;
  IF NOT EXISTS (SELECT 1 FROM inserted AS i INNER JOIN deleted AS d ON d.PatNo = i.PatNo
    WHERE ${audited.map(differs).join(" OR ")}) RETURN;

  DECLARE @today datetime;
  SET @today = CONVERT(datetime, CONVERT(char(8), GETDATE(), 112), 112);

  IF EXISTS (SELECT 1 FROM ${renamed} AS n)
  BEGIN
    UPDATE a SET PatNm = n.PatNm FROM tblAppointment AS a INNER JOIN ${renamed} AS n ON n.PatNo = a.PatNo
    WHERE a.ApptDt >= @today AND a.StatCd IN ('SC', 'CF');
    UPDATE e SET PatNm = n.PatNm FROM ENCMST AS e INNER JOIN ${renamed} AS n ON n.PatNo = e.PatNo WHERE e.StatCd = 'O';
    UPDATE r SET PatNm = n.PatNm FROM RXMST AS r INNER JOIN ${renamed} AS n ON n.PatNo = r.PatNo WHERE r.StatCd = 'A';
    UPDATE c SET PatNm = n.PatNm FROM CLMHDR AS c INNER JOIN ${renamed} AS n ON n.PatNo = c.PatNo WHERE c.StatCd = 'RD';
  END;

  IF UPDATE(HmPhone) OR UPDATE(CellPh)
    UPDATE a SET PatPhone = ${phoneOf("i")}
    FROM tblAppointment AS a
      INNER JOIN inserted AS i ON i.PatNo = a.PatNo
      INNER JOIN deleted AS d ON d.PatNo = i.PatNo
    WHERE a.ApptDt >= @today AND a.StatCd IN ('SC', 'CF') AND ${phoneOf("i")} <> ${phoneOf("d")};

  INSERT INTO AUDITLOG (UsrID, PatNo, ActCd, ObjTyp, ObjKey, OldVal, NewVal, Cmt)${audited
    .map(auditRow)
    .join("\n    UNION ALL")};

  INSERT INTO IFCMSG (DirCd, MsgTyp, RefTyp, RefKey)
  SELECT 'O', 'ADT^A08', 'PAT', ${shownNumber("i.PatNo")}
  FROM inserted AS i INNER JOIN deleted AS d ON d.PatNo = i.PatNo
  WHERE ${audited.map(differs).join(" OR ")};
END`;

/** Merges of this statement: who goes into whom. */
const merged = `(SELECT i.PatNo AS FromPat, i.MrgToPat AS ToPat FROM inserted AS i INNER JOIN deleted AS d ON d.PatNo = i.PatNo
      WHERE i.MrgToPat IS NOT NULL AND ISNULL(d.MrgToPat, 0) <> i.MrgToPat)`;

/** All child tables but PATINS, whose key may clash. Their triggers fire too and let a change of PatNo alone pass. */
const repointed = [
  "PATLIST",
  "tblAppointment",
  "ENCMST",
  "VITALS",
  "CLINNOTE",
  "LABORD",
  "LABRES",
  "RXMST",
  "CHGMST",
  "CLMHDR",
  "PMTTRN",
  "PORTAL_USER",
  "PORTAL_MSG",
].map((table) => `UPDATE c SET PatNo = m.ToPat FROM ${table} AS c INNER JOIN ${merged} AS m ON m.FromPat = c.PatNo;`);

/**
 * A policy of the merged patient moves unless the survivor has one under the same key, or another patient merged in the
 * same statement (the lowest PatNo wins) does; what stays behind is flagged deleted. A target that is absent, deleted,
 * merged itself or the same patient is refused, so that nothing is moved out of sight.
 */
const patientMerged = `CREATE TRIGGER TR_PATMST_MRG ON PATMST AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF NOT UPDATE(MrgToPat) RETURN;
  IF NOT EXISTS (SELECT 1 FROM ${merged} AS m) RETURN;

  IF EXISTS (SELECT 1 FROM ${merged} AS m LEFT JOIN PATMST AS t ON t.PatNo = m.ToPat
    WHERE t.PatNo IS NULL OR t.PatNo = m.FromPat OR t.MrgToPat IS NOT NULL OR t.DelYN = 'Y')
  BEGIN
    RAISERROR('BAD MERGE TARGET', 16, 1);
    ROLLBACK TRANSACTION;
    RETURN;
  END;

  UPDATE p SET DelYN = 'Y'
  FROM PATINS AS p INNER JOIN ${merged} AS m ON m.FromPat = p.PatNo
  WHERE EXISTS (SELECT 1 FROM PATINS AS s WHERE s.PatNo = m.ToPat AND s.InsSeq = p.InsSeq AND s.EffDt = p.EffDt)
    OR EXISTS (SELECT 1 FROM PATINS AS o INNER JOIN ${merged} AS n ON n.FromPat = o.PatNo
      WHERE n.ToPat = m.ToPat AND n.FromPat < m.FromPat AND o.InsSeq = p.InsSeq AND o.EffDt = p.EffDt);
  UPDATE p SET PatNo = m.ToPat
  FROM PATINS AS p INNER JOIN ${merged} AS m ON m.FromPat = p.PatNo
  WHERE NOT EXISTS (SELECT 1 FROM PATINS AS s WHERE s.PatNo = m.ToPat AND s.InsSeq = p.InsSeq AND s.EffDt = p.EffDt)
    AND NOT EXISTS (SELECT 1 FROM PATINS AS o INNER JOIN ${merged} AS n ON n.FromPat = o.PatNo
      WHERE n.ToPat = m.ToPat AND n.FromPat < m.FromPat AND o.InsSeq = p.InsSeq AND o.EffDt = p.EffDt);

  ${repointed.join("\n  ")}

  UPDATE p SET AcctBal =
    ISNULL((SELECT SUM(c.ExtAmt) FROM CHGMST AS c WHERE c.PatNo = p.PatNo AND c.StatCd <> 'V'), 0)
    + ISNULL((SELECT SUM(t.Amt) FROM PMTTRN AS t WHERE t.PatNo = p.PatNo), 0)
  FROM PATMST AS p
  WHERE p.PatNo IN (SELECT m.FromPat FROM ${merged} AS m UNION ALL SELECT m.ToPat FROM ${merged} AS m);
  UPDATE p SET DelYN = 'Y' FROM PATMST AS p INNER JOIN ${merged} AS m ON m.FromPat = p.PatNo;
END`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(patientUpdated);
  await knex.raw(patientMerged);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("DROP TRIGGER TR_PATMST_MRG");
  await knex.raw("DROP TRIGGER TR_PATMST_U");
}
