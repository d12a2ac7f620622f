/**
 * tblAppointment triggers: no two bookings of one provider overlap, the copied names and the end time are kept, the daily
 * counts follow, and a completed visit becomes the patient's last visit.
 *
 * RPT_DAILY here: ApptCnt counts every appointment of a patient that is not deleted, in whatever status; NoShCnt and
 * CxlCnt those among them that are no-shows and cancelled. Blocked time (PatNo NULL) is not counted.
 */

import type { Knex } from "knex";

const startMinute = (row: string) =>
  `(CAST(LEFT(${row}.ApptTm, 2) AS int) * 60 + CAST(RIGHT(${row}.ApptTm, 2) AS int))`;
const takesTime = (row: string) => `${row}.DelYN <> 'Y' AND ${row}.StatCd NOT IN ('CX', 'NS')`;

/** Only a row that newly claims time is checked: a status change of a booked slot beside an overbooked one must pass. */
const claimsTime = `(d.ApptID IS NULL OR d.ProvID <> i.ProvID OR d.ApptDt <> i.ApptDt OR d.ApptTm <> i.ApptTm
      OR d.DurMin < i.DurMin OR d.OvrBkYN = 'Y' OR d.DelYN = 'Y' OR d.StatCd IN ('CX', 'NS'))`;

const counted = (
  row: string,
  sign: 1 | -1,
) => `SELECT ${row}.ApptDt AS RptDt, ${row}.LocCd, ${row}.ProvID, ${sign} AS Appts,
        CASE WHEN ${row}.StatCd = 'NS' THEN ${sign} ELSE 0 END AS NoShows,
        CASE WHEN ${row}.StatCd = 'CX' THEN ${sign} ELSE 0 END AS Cancels
      FROM ${row === "i" ? "inserted" : "deleted"} AS ${row} WHERE ${row}.PatNo IS NOT NULL AND ${row}.DelYN <> 'Y'`;

/**
 * The provider's USRMST row is locked before looking for an overlap: whoever books the same provider at the same moment
 * waits here, and then sees this booking. Without it, a server that reads by row versions lets both in.
 */
const appointmentWritten = `CREATE TRIGGER TR_APPT_IU ON tblAppointment AFTER INSERT, UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF NOT EXISTS (SELECT 1 FROM inserted) RETURN;

  IF UPDATE(ProvID) OR UPDATE(ApptDt) OR UPDATE(ApptTm) OR UPDATE(DurMin) OR UPDATE(StatCd) OR UPDATE(OvrBkYN) OR UPDATE(DelYN)
  BEGIN
    DECLARE @locked tinyint;
    SELECT @locked = u.FailCnt FROM USRMST AS u WITH (UPDLOCK) WHERE u.UsrID IN (SELECT i.ProvID FROM inserted AS i);

    IF EXISTS (SELECT 1 FROM inserted AS i
        LEFT JOIN deleted AS d ON d.ApptID = i.ApptID
        INNER JOIN tblAppointment AS a ON a.ProvID = i.ProvID AND a.ApptDt = i.ApptDt AND a.ApptID <> i.ApptID
      WHERE i.OvrBkYN <> 'Y' AND ${takesTime("i")} AND ${takesTime("a")}
      AND ${claimsTime}
      AND ${startMinute("i")} < ${startMinute("a")} + a.DurMin
      AND ${startMinute("a")} < ${startMinute("i")} + i.DurMin)
    BEGIN
      RAISERROR('SLOT TAKEN', 16, 1);
      ROLLBACK TRANSACTION;
      RETURN;
    END;
  END;

  UPDATE a SET
    ApptEnd = DATEADD(minute, ${startMinute("a")} + a.DurMin, a.ApptDt),
    ModDt = GETDATE(),
    PatNm = CASE WHEN p.PatNo IS NULL THEN a.PatNm
      ELSE p.LName + ', ' + p.FName + CASE WHEN p.MI <> ' ' THEN ' ' + p.MI ELSE '' END END,
    MRN = ISNULL(p.MRN, a.MRN),
    PatPhone = CASE WHEN p.PatNo IS NULL THEN a.PatPhone WHEN p.HmPhone <> '' THEN p.HmPhone ELSE p.CellPh END,
    ProvNm = ISNULL(u.UsrNm, a.ProvNm)
  FROM tblAppointment AS a
    INNER JOIN inserted AS i ON i.ApptID = a.ApptID
    LEFT JOIN PATMST AS p ON p.PatNo = a.PatNo
    LEFT JOIN USRMST AS u ON u.UsrID = a.ProvID;

  MERGE RPT_DAILY WITH (HOLDLOCK) AS t
  USING (SELECT x.RptDt, x.LocCd, x.ProvID, SUM(x.Appts) AS Appts, SUM(x.NoShows) AS NoShows, SUM(x.Cancels) AS Cancels
    FROM (${counted("i", 1)}
      UNION ALL
      ${counted("d", -1)}) AS x
    GROUP BY x.RptDt, x.LocCd, x.ProvID
    HAVING SUM(x.Appts) <> 0 OR SUM(x.NoShows) <> 0 OR SUM(x.Cancels) <> 0) AS s
  ON t.RptDt = s.RptDt AND t.LocCd = s.LocCd AND t.ProvID = s.ProvID
  WHEN MATCHED THEN UPDATE SET ApptCnt = t.ApptCnt + s.Appts, NoShCnt = t.NoShCnt + s.NoShows,
    CxlCnt = t.CxlCnt + s.Cancels, CalcDt = GETDATE()
  WHEN NOT MATCHED THEN INSERT (RptDt, LocCd, ProvID, ApptCnt, NoShCnt, CxlCnt)
    VALUES (s.RptDt, s.LocCd, s.ProvID, s.Appts, s.NoShows, s.Cancels);
END`;

const appointmentCompleted = `CREATE TRIGGER TR_APPT_CO ON tblAppointment AFTER INSERT, UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF NOT UPDATE(StatCd) RETURN;
  UPDATE p SET LastVst = x.ApptDt
  FROM PATMST AS p
    INNER JOIN (SELECT i.PatNo, MAX(i.ApptDt) AS ApptDt FROM inserted AS i LEFT JOIN deleted AS d ON d.ApptID = i.ApptID
      WHERE i.StatCd = 'CO' AND ISNULL(d.StatCd, '') <> 'CO' GROUP BY i.PatNo) AS x ON x.PatNo = p.PatNo;
END`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(appointmentWritten);
  await knex.raw(appointmentCompleted);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("DROP TRIGGER TR_APPT_CO");
  await knex.raw("DROP TRIGGER TR_APPT_IU");
}
