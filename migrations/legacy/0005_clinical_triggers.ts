/**
 * Triggers of notes, laboratory results and prescriptions: the hidden writes of three clinical modules into billing, the
 * portal and the interface queue.
 *
 * Prices: CODETBL PROC.NumVal is in cents. Visit charge of a signed note by type: HP 99203, PROG 99213, DISC 99238,
 * PHON 99441, an addendum (ADDM) none; once an encounter and code. Laboratory charge: CODETBL LABTST.NumVal of the panel
 * names the PROC code; a panel without one is charged under its own code at 0, so that billing sees it.
 */

import type { Knex } from "knex";

const nextLine = "ISNULL((SELECT MAX(c.LnNo) FROM CHGMST AS c WHERE c.EncNo = e.EncNo), 0)";

/** Notes signed by this statement, one row an encounter and visit code. */
const signed = `(SELECT n.EncNo, n.ProcCd, MAX(n.SgndBy) AS SgndBy
    FROM (SELECT i.EncNo, i.SgndBy, CASE i.NotTyp WHEN 'HP' THEN '99203' WHEN 'PROG' THEN '99213' WHEN 'DISC' THEN '99238'
        WHEN 'PHON' THEN '99441' ELSE '' END AS ProcCd
      FROM inserted AS i INNER JOIN deleted AS d ON d.NoteID = i.NoteID WHERE i.SgndYN = 'Y' AND d.SgndYN <> 'Y') AS n
    WHERE n.ProcCd <> '' GROUP BY n.EncNo, n.ProcCd)`;

/** Everything a signature covers. PatNo is absent: a merge moves signed notes too. ModDt alone proves nothing. */
const sealed = [
  "EncNo",
  "NotTyp",
  "NoteDt",
  "AuthID",
  "AuthNm",
  "NoteTx",
  "SgndYN",
  "SgndDt",
  "SgndBy",
  "AddOfID",
  "SensCd",
  "TmplCd",
  "DelYN",
].map((column) => `UPDATE(${column})`);

const noteUpdated = `CREATE TRIGGER TR_NOTE_U ON CLINNOTE AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF (${sealed.join(" OR ")}) AND EXISTS (SELECT 1 FROM deleted AS d WHERE d.SgndYN = 'Y')
  BEGIN
    RAISERROR('NOTE IS SIGNED', 16, 1);
    ROLLBACK TRANSACTION;
    RETURN;
  END;
  IF NOT UPDATE(SgndYN) RETURN;
  IF NOT EXISTS (SELECT 1 FROM inserted AS i WHERE i.SgndYN = 'Y') RETURN;

  DECLARE @locked int;
  SELECT @locked = e.EncNo FROM ENCMST AS e WITH (UPDLOCK) WHERE e.EncNo IN (SELECT i.EncNo FROM inserted AS i);

  INSERT INTO CHGMST (EncNo, LnNo, PatNo, ProcCd, ProcDs, UnitAmt, ExtAmt, SvcDt, ProvID, CrtUsr)
  SELECT e.EncNo, ${nextLine} + ROW_NUMBER() OVER (PARTITION BY e.EncNo ORDER BY s.ProcCd), e.PatNo, s.ProcCd,
    ISNULL(p.LongDs, ''), ISNULL(CAST(p.NumVal AS money) / 100, 0), ISNULL(CAST(p.NumVal AS money) / 100, 0),
    e.EncDt, e.ProvID, s.SgndBy
  FROM ${signed} AS s
    INNER JOIN ENCMST AS e ON e.EncNo = s.EncNo
    LEFT JOIN CODETBL AS p ON p.CodeTyp = 'PROC' AND p.CodeVal = s.ProcCd
  WHERE NOT EXISTS (SELECT 1 FROM CHGMST AS c WHERE c.EncNo = s.EncNo AND c.ProcCd = s.ProcCd AND c.StatCd <> 'V');

  UPDATE e SET StatCd = 'C', ModUsr = x.SgndBy, ModDt = GETDATE()
  FROM ENCMST AS e
    INNER JOIN (SELECT i.EncNo, MAX(i.SgndBy) AS SgndBy FROM inserted AS i INNER JOIN deleted AS d ON d.NoteID = i.NoteID
      WHERE i.SgndYN = 'Y' AND d.SgndYN <> 'Y' GROUP BY i.EncNo) AS x ON x.EncNo = e.EncNo
  WHERE e.StatCd = 'O';
END`;

/** An order touched by this statement with at least one result, none of them preliminary. X = test cancelled. */
const complete = `o.OrdNo IN (SELECT i.OrdNo FROM inserted AS i)
    AND EXISTS (SELECT 1 FROM LABRES AS r WHERE r.OrdNo = o.OrdNo AND r.ResSt IN ('F', 'C'))
    AND NOT EXISTS (SELECT 1 FROM LABRES AS r WHERE r.OrdNo = o.OrdNo AND r.ResSt NOT IN ('F', 'C', 'X'))`;
const newlyComplete = `${complete} AND o.StatCd NOT IN ('FI', 'CO', 'CX')`;

/**
 * The portal is told once an order, however often its results are written again. Releasing an order after it is final
 * (LABORD.RelPtYN) does not come through here: a page that releases writes the order's LABRES.ResSt again to itself.
 */
const resultWritten = `CREATE TRIGGER TR_LABRES_IU ON LABRES AFTER INSERT, UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF NOT UPDATE(ResSt) RETURN;
  IF NOT EXISTS (SELECT 1 FROM inserted) RETURN;

  DECLARE @locked int;
  SELECT @locked = e.EncNo FROM ENCMST AS e WITH (UPDLOCK)
  WHERE e.EncNo IN (SELECT o.EncNo FROM LABORD AS o WHERE o.OrdNo IN (SELECT i.OrdNo FROM inserted AS i));

  INSERT INTO CHGMST (EncNo, LnNo, PatNo, ProcCd, ProcDs, UnitAmt, ExtAmt, SvcDt, ProvID, CrtUsr)
  SELECT e.EncNo, ${nextLine} + ROW_NUMBER() OVER (PARTITION BY e.EncNo ORDER BY o.OrdNo), o.PatNo,
    ISNULL(p.CodeVal, o.PanelCd), o.PanelDs, ISNULL(CAST(p.NumVal AS money) / 100, 0),
    ISNULL(CAST(p.NumVal AS money) / 100, 0), ISNULL(o.CollDt, o.OrdDt), o.ProvID, 'LABIFC'
  FROM LABORD AS o
    INNER JOIN ENCMST AS e ON e.EncNo = o.EncNo
    LEFT JOIN CODETBL AS l ON l.CodeTyp = 'LABTST' AND l.CodeVal = o.PanelCd
    LEFT JOIN CODETBL AS p ON p.CodeTyp = 'PROC' AND p.CodeVal = CAST(l.NumVal AS varchar(11))
  WHERE ${newlyComplete};

  INSERT INTO PORTAL_MSG (ThreadId, PatNo, FromType, FromId, ToId, MsgType, Subject, RefKey)
  SELECT NEWID(), o.PatNo, 'S', 'LAB', CAST(o.PatNo AS varchar(11)), 'RSLT', 'New test result: ' + o.PanelDs, o.OrdNo
  FROM LABORD AS o
  WHERE ${complete} AND o.RelPtYN = 'Y'
    AND NOT EXISTS (SELECT 1 FROM PORTAL_MSG AS m WHERE m.MsgType = 'RSLT' AND m.RefKey = o.OrdNo);

  UPDATE o SET StatCd = 'FI', ModDt = GETDATE() FROM LABORD AS o WHERE ${newlyComplete};

  UPDATE o SET StatCd = 'CO', RevYN = 'N', ModDt = GETDATE()
  FROM LABORD AS o
  WHERE o.OrdNo IN (SELECT i.OrdNo FROM inserted AS i
      LEFT JOIN deleted AS d ON d.OrdNo = i.OrdNo AND d.TestCd = i.TestCd AND d.SeqNo = i.SeqNo
    WHERE i.ResSt = 'C' AND (d.OrdNo IS NULL OR d.ResSt <> 'C' OR d.ResVal <> i.ResVal));
END`;

/** A controlled substance (CtrlCl 2..5) goes on paper: no message, SentCd stays N. */
const prescriptionWritten = `CREATE TRIGGER TR_RX_I ON RXMST AFTER INSERT AS
BEGIN
  SET NOCOUNT ON;
  IF NOT EXISTS (SELECT 1 FROM inserted AS i WHERE i.CtrlCl = ' ' AND i.PhrmCd <> '') RETURN;
  INSERT INTO IFCMSG (DirCd, MsgTyp, RefTyp, RefKey)
  SELECT 'O', 'NEWRX', 'RX', CAST(i.RxNo AS varchar(11)) FROM inserted AS i WHERE i.CtrlCl = ' ' AND i.PhrmCd <> '';
  UPDATE r SET SentCd = 'Q' FROM RXMST AS r INNER JOIN inserted AS i ON i.RxNo = r.RxNo
  WHERE i.CtrlCl = ' ' AND i.PhrmCd <> '';
END`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(noteUpdated);
  await knex.raw(resultWritten);
  await knex.raw(prescriptionWritten);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("DROP TRIGGER TR_RX_I");
  await knex.raw("DROP TRIGGER TR_LABRES_IU");
  await knex.raw("DROP TRIGGER TR_NOTE_U");
}
