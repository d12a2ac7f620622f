/**
 * What the pages, the interfaces and the loader of the legacy EHR say to their server, with what it answers over the seed.
 * The statements are the pages' own; their parameters are declared in front. The answers follow from the documented
 * semantics cited: nothing here was copied from what the simulator gave.
 * One entry a statement; the list is long because the application is.
 */

import type { Expected } from "./conformance-case.ts";

export type EhrStatement = Expected & {
  readonly page: string;
  readonly declare?: string;
  readonly sql: string;
  readonly source: string;
};

const money = (column: string) => `CONVERT(varchar(24), CAST(${column} AS decimal(19,4)))`;
const now = "@now datetime = '2026-01-10 09:00'";
const midnight = (day: string) => `${day} 00:00:00.000`;
/** Collation, padding and order are what a plain SELECT of these pages leans on. */
const plain = "SELECT; char and varchar; ORDER BY Clause";

export const ehrStatements: readonly EhrStatement[] = [
  {
    page: "load/loader.ts",
    sql: "SELECT LongDs FROM CODETBL WHERE CodeTyp = 'SYSPRM' AND CodeVal = 'LOADED'",
    sets: [[["generated"]]],
    source: plain,
  },
  {
    page: "load/loader.ts",
    sql: "SELECT MIN(EncNo) AS low, MAX(EncNo) AS high FROM ENCMST",
    names: ["low", "high"],
    sets: [[[5000001, 5000002]]],
    source: "MAX",
  },
  {
    page: "kit/codes.ts",
    declare: "@typ char(6) = 'SEX'",
    sql: "SELECT CodeVal, ShortDs FROM CODETBL WHERE CodeTyp = @typ AND ActvYN = 'Y' ORDER BY SortOrd, CodeVal",
    types: ["char(18)", "varchar(30)"],
    sets: [
      [
        ["F                 ", "Female"],
        ["M                 ", "Male"],
      ],
    ],
    source: plain,
  },
  {
    page: "kit/codes.ts (a code without its padding, in another case)",
    declare: "@typ varchar(6) = 'dx', @val varchar(18) = 'e11.9'",
    sql: "SELECT ShortDs, LongDs, NumVal, Flag1 FROM CODETBL WHERE CodeTyp = @typ AND CodeVal = @val",
    sets: [[["T2DM", "Type 2 diabetes", null, "N"]]],
    source: plain,
  },
  {
    page: "kit/sequence.ts",
    declare: "@name varchar(18) = 'MRN'",
    sql: "UPDATE CODETBL SET NumVal = NumVal + 1 OUTPUT inserted.NumVal WHERE CodeTyp = 'SEQ' AND CodeVal = @name",
    sets: [[[42]]],
    source: "OUTPUT Clause",
  },
  {
    page: "kit/audit.ts",
    declare: `${now}, @usr char(8) = 'DESK'`,
    sql: "INSERT INTO AUDITLOG (AudDt, UsrID, PatNo, ActCd, ObjTyp, ObjKey, IPAddr, OldVal, NewVal, Cmt) VALUES (@now, @usr, 100001, 'VIEW', 'PATMST', '100001', '', NULL, NULL, NULL); SELECT UsrID, ObjTyp, OldVal FROM AUDITLOG WHERE AudID = SCOPE_IDENTITY()",
    sets: [[["DESK    ", "PATMST  ", null]]],
    source: "SCOPE_IDENTITY",
  },
  {
    page: "shell/login.ts",
    declare: "@usr varchar(20) = 'drwho'",
    sql: "SELECT UsrID, UsrNm, PwdHash, RoleCd, ProvYN, LocCd, LockYN FROM USRMST WHERE UsrID = @usr AND ActvYN = 'Y'",
    sets: [[["DRWHO   ", "WHO, DOC", `x${" ".repeat(31)}`, "PHYS", "Y", "MAIN", "N"]]],
    source: plain,
  },
  {
    page: "shell/login.ts (failed)",
    declare: "@usr char(8) = 'DESK', @max int = 1",
    sql: "UPDATE USRMST SET FailCnt = FailCnt + 1, LockYN = CASE WHEN FailCnt + 1 >= @max THEN 'Y' ELSE LockYN END WHERE UsrID = @usr AND FailCnt < 255; SELECT FailCnt, LockYN FROM USRMST WHERE UsrID = @usr",
    sets: [[[1, "Y"]]],
    source: "UPDATE",
  },
  {
    page: "shell/dashboard.ts (notes)",
    declare: "@usr char(8) = 'DRWHO'",
    sql: "SELECT TOP (50) n.NoteID, n.EncNo, e.PatNm, n.NoteDt, n.NotTyp FROM CLINNOTE AS n INNER JOIN ENCMST AS e ON e.EncNo = n.EncNo WHERE n.AuthID = @usr AND n.SgndYN <> 'Y' AND n.DelYN <> 'Y' ORDER BY n.NoteDt, n.NoteID",
    sets: [[[1, 5000001, "SMITH, ANN Q", "2026-01-05 10:10:00.000", "PROG"]]],
    source: "TOP",
  },
  {
    page: "shell/dashboard.ts (messages)",
    declare: "@usr varchar(20) = 'DRWHO', @since datetime = '2026-01-01'",
    sql: "SELECT COUNT(*) AS Cnt FROM PORTAL_MSG WHERE FromType = 'P' AND IsRead = 0 AND IsDeleted = 0 AND (ToId = @usr OR ToId = '') AND SentOn >= @since",
    sets: [[[1]]],
    source: "COUNT",
  },
  {
    page: "patient/search.ts (by sound)",
    declare: "@sx varchar(30) = 'smith'",
    sql: "SELECT PatNo, LName FROM PATMST WHERE SndxLN = SOUNDEX(@sx) AND DelYN <> 'Y' AND MrgToPat IS NULL ORDER BY LName, FName, PatNo OFFSET 0 ROWS FETCH NEXT 25 ROWS ONLY",
    sets: [
      [
        [100001, "SMITH"],
        [100002, "SMYTHE"],
      ],
    ],
    source: "SOUNDEX",
  },
  {
    page: "patient/search.ts (by prefix)",
    declare: "@ln varchar(31) = 'sm%'",
    sql: "SELECT COUNT(*) AS Cnt FROM PATMST WHERE LName LIKE @ln AND DelYN <> 'Y'",
    sets: [[[2]]],
    source: "LIKE",
  },
  {
    page: "patient/patient-xml.ts",
    declare: "@mrn varchar(20) = '0001000017'",
    sql: "SELECT PatNo, MI, DOB, HmPhone FROM PATMST WHERE MRN = @mrn AND DelYN <> 'Y' AND MrgToPat IS NULL",
    types: ["int", "char(1)", "datetime", "char(10)"],
    sets: [[[100001, "Q", midnight("1970-01-01"), "2125550101"]]],
    source: plain,
  },
  {
    page: "patient/detail.ts",
    declare: "@pid int = 100001",
    sql: `SELECT m.LName, m.DeathDt, ${money("m.AcctBal")} AS AcctBal, u.UsrNm AS PcpNm, m.LastVst FROM PATMST AS m LEFT JOIN USRMST AS u ON u.UsrID = m.PCPID WHERE m.PatNo = @pid`,
    names: ["LName", "DeathDt", "AcctBal", "PcpNm", "LastVst"],
    sets: [[["SMITH", midnight("9999-12-31"), "95.0000", null, null]]],
    source: "money and smallmoney",
  },
  {
    page: "patient/edit.ts (somebody else was first)",
    declare: "@pid int = 100001, @ts binary(8) = 0x0000000000000000",
    sql: "UPDATE PATMST SET FName = 'ANNE' WHERE PatNo = @pid AND RowVer = @ts; SELECT @@ROWCOUNT AS Cnt",
    sets: [[[0]]],
    source: "rowversion",
  },
  {
    page: "patient/edit.ts (renamed everywhere)",
    declare: "@pid int = 100001",
    sql: "DECLARE @ts binary(8) = (SELECT RowVer FROM PATMST WHERE PatNo = @pid) UPDATE PATMST SET LName = 'JONES', ModUsr = 'DESK' WHERE PatNo = @pid AND RowVer = @ts; SELECT @@ROWCOUNT AS Cnt; SELECT a.PatNm, e.PatNm, r.PatNm, c.PatNm FROM tblAppointment a, ENCMST e, RXMST r, CLMHDR c WHERE a.ApptID = 1 AND e.EncNo = 5000001 AND r.RxNo = 700001; SELECT OldVal, NewVal, Cmt FROM AUDITLOG WHERE ActCd = 'UPDT'",
    sets: [[[1]], [["JONES, ANN Q", "JONES, ANN Q", "JONES, ANN Q", "JONES, ANN Q"]], [["SMITH", "JONES", "LName"]]],
    source: "CREATE TRIGGER",
  },
  {
    page: "patient/new.ts",
    declare: `${now}, @mrn char(10) = '0001000041'`,
    sql: "INSERT INTO PATMST (MRN, LName, FName, DOB, CrtUsr, CrtDt, ModUsr, ModDt) VALUES (@mrn, 'NEW', 'PAT', '2000-02-29', 'DESK', @now, 'DESK', @now); SELECT CAST(SCOPE_IDENTITY() AS int) - 100000, MI + '|', Sex, LangCd, DeathDt, SndxLN FROM PATMST WHERE PatNo = SCOPE_IDENTITY()",
    sets: [[[4, " |", "U", "EN", midnight("9999-12-31"), "N000"]]],
    source: "INSERT",
  },
  {
    page: "patient/new.ts (the record number is taken)",
    declare: "@mrn char(10) = '0001000017'",
    sql: "INSERT INTO PATMST (MRN, LName, FName, DOB, CrtUsr, ModUsr) VALUES (@mrn, 'NEW', 'PAT', '2000-02-29', 'DESK', 'DESK')",
    errors: [2601],
    source: "CREATE INDEX",
  },
  {
    page: "patient/new.ts (duplicate check)",
    declare: "@ln varchar(30) = 'smith', @fn varchar(20) = 'ANN ', @dob datetime = '19700101'",
    sql: "SELECT TOP (25) PatNo FROM PATMST WHERE LName = @ln AND FName = @fn AND DOB = @dob AND DelYN <> 'Y' AND MrgToPat IS NULL ORDER BY PatNo",
    sets: [[[100001]]],
    source: plain,
  },
  {
    page: "patient/merge.ts",
    declare: `@from int = 100001, @to int = 100002, ${now}`,
    sql: "UPDATE PATMST SET MrgToPat = @to, ModUsr = 'DESK', ModDt = @now WHERE PatNo = @from AND MrgToPat IS NULL AND DelYN <> 'Y'; SELECT @@ROWCOUNT AS Cnt; SELECT DelYN FROM PATMST WHERE PatNo = @from; SELECT DISTINCT PatNo FROM (SELECT PatNo FROM ENCMST UNION ALL SELECT PatNo FROM RXMST UNION ALL SELECT PatNo FROM CHGMST UNION ALL SELECT PatNo FROM PATINS UNION ALL SELECT PatNo FROM LABRES) x",
    sets: [[[1]], [["Y"]], [[100002]]],
    source: "CREATE TRIGGER",
  },
  {
    page: "patient/insurance.ts (same policy)",
    declare: "@pid int = 100001, @copay varchar(24) = '25.00', @eff datetime = '2020-01-01'",
    sql: "SELECT DelYN, CASE WHEN DelYN <> 'Y' AND PayCd = 'BCBS' AND CopayAmt = CONVERT(money, @copay) THEN 1 ELSE 0 END AS Same FROM PATINS WHERE PatNo = @pid AND InsSeq = 1 AND EffDt = @eff",
    sets: [[["N", 1]]],
    source: "CASE",
  },
  {
    page: "patient/insurance.ts",
    declare: "@pid int = 100001, @eff datetime = '2026-01-01', @before datetime = '2025-12-31'",
    sql: "UPDATE PATINS SET TermDt = @before WHERE PatNo = @pid AND InsSeq = 1 AND DelYN <> 'Y' AND EffDt < @eff AND TermDt >= @eff; INSERT INTO PATINS (PatNo, InsSeq, EffDt, TermDt, PayCd, PlanNm, PolNo, GrpNo, SubNm, RelCd, CopayAmt) VALUES (@pid, 1, @eff, '9999-12-31', 'AETNA', '', 'P9', '', '', 'S', CONVERT(money, '30')); SELECT PayCd, TermDt FROM PATINS WHERE PatNo = @pid AND InsSeq = 1 ORDER BY EffDt",
    sets: [
      [
        ["BCBS  ", midnight("2025-12-31")],
        ["AETNA ", midnight("9999-12-31")],
      ],
    ],
    source: "UPDATE",
  },
  {
    page: "patient/chart-sections.ts (vitals)",
    declare: "@pid int = 100001",
    sql: "SELECT TOP (1) TakenDt, HtIn, WtLb, TempF, BPSys, BMI FROM VITALS WHERE PatNo = @pid ORDER BY TakenDt DESC, EncNo DESC",
    types: ["datetime", "decimal(5,2)", "decimal(6,2)", "decimal(4,1)", "smallint", "decimal(5,1)"],
    sets: [[["2026-01-05 10:05:00.000", 65, 150, 98.6, null, 25]]],
    source: "Specify Computed Columns in a Table",
  },
  {
    page: "patient/chart-sections.ts (labs)",
    declare: "@pid int = 100001",
    sql: "SELECT TOP (10) o.OrdNo, o.StatCd, (SELECT COUNT(*) FROM LABRES AS r WHERE r.OrdNo = o.OrdNo AND r.AbnFlg <> '' AND r.AbnFlg <> 'N') AS Abn FROM LABORD AS o WHERE o.PatNo = @pid ORDER BY o.OrdDt DESC, o.OrdNo DESC",
    sets: [[["L26010500001", "OR", 1]]],
    source: "Subqueries",
  },
  {
    page: "patient/chart-sections.ts (prescriptions)",
    declare: "@pid int = 100001",
    sql: "SELECT RxNo, DrugNm, StrTx FROM RXMST WHERE PatNo = @pid AND StatCd = 'A' ORDER BY StartDt DESC, RxNo DESC",
    sets: [[[700001, "Metformin 500 MG", ""]]],
    source: plain,
  },
  {
    page: "clin/encounter-save.ts (signed: the visit is charged and closed)",
    declare: `@nid int = 1, ${now}, @usr char(8) = 'DRWHO'`,
    sql: `UPDATE CLINNOTE SET SgndYN = 'Y', SgndDt = @now, SgndBy = @usr, ModDt = @now WHERE NoteID = @nid AND SgndYN <> 'Y'; SELECT @@ROWCOUNT AS Cnt; SELECT StatCd FROM ENCMST WHERE EncNo = 5000001; SELECT LnNo, ${money("ExtAmt")} FROM CHGMST WHERE EncNo = 5000001 ORDER BY LnNo`,
    sets: [[[1]], [["C"]], [[1, "120.0000"]]],
    source: "CREATE TRIGGER",
  },
  {
    page: "clin/encounter-save.ts (a signed note)",
    declare: "@nid int = 1",
    sql: "UPDATE CLINNOTE SET SgndYN = 'Y' WHERE NoteID = @nid; UPDATE CLINNOTE SET NoteTx = 'changed' WHERE NoteID = @nid",
    errors: [50000, 3609],
    source: "ROLLBACK TRANSACTION",
  },
  {
    page: "clin/encounter-save.ts (text is kept whole)",
    declare: "@text varchar(max) = REPLICATE(CAST('é' AS varchar(max)), 20000)",
    sql: "INSERT INTO CLINNOTE (EncNo, PatNo, NotTyp, NoteDt, AuthID, AuthNm, NoteTx, SensCd) VALUES (5000002, 100002, 'HP', '2026-01-06', 'DRWHO', 'WHO, DOC', @text, 'N'); SELECT DATALENGTH(NoteTx) FROM CLINNOTE WHERE NoteID = SCOPE_IDENTITY()",
    sets: [[[20000]]],
    source: "ntext, text, and image",
  },
  {
    page: "clin/encounter-save.ts",
    declare: "@enc int = 5000002",
    sql: "UPDATE ENCMST SET RsnTx = 'cough', Dx1 = 'J06.9', Dx2 = '', ModUsr = 'DRWHO' WHERE EncNo = @enc; SELECT Dx1, Dx2 FROM ENCMST WHERE EncNo = @enc",
    sets: [[[`J06.9${" ".repeat(13)}`, " ".repeat(18)]]],
    source: "char and varchar",
  },
  {
    page: "clin/problem-list.ts",
    declare: `@id int = 1, @pat int = 100001, ${now}`,
    sql: "UPDATE PATLIST SET StatCd = 'R', EndDt = @now WHERE ListID = @id AND PatNo = @pat AND StatCd <> 'E' AND DelYN <> 'Y'; INSERT INTO PATLIST (PatNo, LstTyp, ItemCd, ItemDs, OnsetDt, ReactDs, SevCd, EncNo, EntUsr, EntDt) VALUES (@pat, 'A', '', 'Latex', NULL, '', ' ', NULL, 'DRWHO', @now); SELECT ItemDs, StatCd FROM PATLIST WHERE PatNo = @pat AND LstTyp = 'A' ORDER BY StatCd, ItemDs, ListID",
    sets: [
      [
        ["Latex", "A"],
        ["Penicillin", "R"],
      ],
    ],
    source: plain,
  },
  {
    page: "clin/vitals.ts",
    declare:
      "@enc int = 5000001, @taken datetime = '2026-01-05 10:05', @ht decimal(5,2) = 70, @wt decimal(6,2) = 180.5",
    sql: "UPDATE VITALS SET HtIn = @ht, WtLb = @wt, PainSc = 3 WHERE EncNo = @enc AND TakenDt = @taken; INSERT INTO VITALS (EncNo, TakenDt, PatNo, EntUsr) VALUES (@enc, '2026-01-05 11:00', 100001, 'DRWHO'); SELECT CONVERT(varchar(10), BMI), PainSc FROM VITALS WHERE EncNo = @enc ORDER BY TakenDt DESC",
    sets: [
      [
        [null, null],
        ["25.9", 3],
      ],
    ],
    source: "Specify Computed Columns in a Table",
  },
  {
    page: "lab/lab-order.ts",
    declare: `${now}`,
    sql: "INSERT INTO LABORD (OrdNo, PatNo, EncNo, ProvID, PanelCd, PanelDs, OrdDt, PriCd, DxCd, FastYN, ModDt) VALUES ('L26011000002', 100002, 5000002, 'DRWHO', 'CBC', 'Blood count', @now, 'S', '', 'N', @now); INSERT INTO IFCMSG (DirCd, MsgTyp, RefTyp, RefKey, MsgTx, CrtDt) VALUES ('O', 'ORM^O01', 'LAB', 'L26011000002', 'MSH|x', @now); SELECT o.StatCd, o.LabCd, i.StatCd, i.TryCnt FROM LABORD o INNER JOIN IFCMSG i ON i.RefKey = o.OrdNo",
    sets: [[["OR", "INHS", "Q", 0]]],
    source: "INSERT",
  },
  {
    page: "lab/result-writer.ts (final: charged, closed)",
    declare: `${now}`,
    sql: `UPDATE LABORD SET AccnNo = CASE WHEN 'A1' = '' THEN AccnNo ELSE 'A1' END, CollDt = ISNULL(NULL, CollDt), StatCd = CASE WHEN StatCd IN ('OR', 'SN') AND 1 = 1 THEN 'PR' ELSE StatCd END, ModDt = @now WHERE OrdNo = 'L26010500001'; UPDATE LABRES SET ResVal = '98', AbnFlg = '', ResSt = 'F', RptDt = @now WHERE OrdNo = 'L26010500001' AND TestCd = 'GLU' AND SeqNo = 1; SELECT StatCd, AccnNo FROM LABORD WHERE OrdNo = 'L26010500001'; SELECT LnNo, ProcCd, ${money("ExtAmt")}, CrtUsr FROM CHGMST WHERE EncNo = 5000001 ORDER BY LnNo`,
    sets: [
      [["FI", "A1"]],
      [
        [1, `99213${" ".repeat(13)}`, "120.0000", "DESK    "],
        [2, `80053${" ".repeat(13)}`, "40.0000", "LABIFC  "],
      ],
    ],
    source: "CREATE TRIGGER",
  },
  {
    page: "lab/result-writer.ts (several rows)",
    sql: "INSERT INTO LABRES (OrdNo, TestCd, SeqNo, PatNo, TestDs, ResVal, ResUnt, RefRng, AbnFlg, ResSt) VALUES ('L26010500001', 'NA', 1, 100001, 'Sodium', '140', 'mmol/L', '', '', 'P'), ('L26010500001', 'K', 1, 100001, 'Potassium', '4.1', 'mmol/L', '', '', 'P'); SELECT TestCd, ResVal FROM LABRES WHERE OrdNo = 'L26010500001' ORDER BY TestCd, SeqNo",
    sets: [
      [
        ["GLU       ", "160"],
        ["K         ", "4.1"],
        ["NA        ", "140"],
      ],
    ],
    source: "Table Value Constructor",
  },
  {
    page: "lab/result-writer.ts (locked order)",
    declare: "@ord varchar(12) = 'L26010500001'",
    sql: "SELECT o.PatNo, o.StatCd, m.MRN FROM LABORD AS o WITH (UPDLOCK) LEFT JOIN PATMST AS m ON m.PatNo = o.PatNo WHERE o.OrdNo = @ord",
    sets: [[[100001, "OR", "0001000017"]]],
    source: "Table Hints",
  },
  {
    page: "rx/rx-new.ts (sent to the pharmacy)",
    declare: `${now}`,
    sql: "INSERT INTO RXMST (PatNo, PatNm, ProvID, DrugCd, DrugNm, RefAuth, CtrlCl, StartDt, PhrmCd, RxDt, ModUsr) VALUES (100001, 'SMITH, ANN Q', 'DRWHO', '1', 'Lisinopril', 1, ' ', @now, 'CVS0001', @now, 'DRWHO'), (100001, 'SMITH, ANN Q', 'DRWHO', '2', 'Oxycodone', 0, '2', @now, 'CVS0001', @now, 'DRWHO'); SELECT DrugNm, SentCd FROM RXMST WHERE DrugCd IN ('1', '2') ORDER BY DrugNm; SELECT COUNT(*) FROM IFCMSG WHERE MsgTyp = 'NEWRX'",
    sets: [
      [
        ["Lisinopril", "Q"],
        ["Oxycodone", "N"],
      ],
      [[1]],
    ],
    source: "CREATE TRIGGER",
  },
  {
    page: "rx/rx-status.ts",
    declare: `@rx int = 700001, @key varchar(20) = '700001', ${now}`,
    sql: "SELECT RefUsed, RefAuth FROM RXMST WITH (UPDLOCK) WHERE RxNo = @rx; SELECT TOP (1) MsgID FROM IFCMSG WHERE DirCd = 'I' AND MsgTyp = 'RXSTAT' AND RefKey = @key AND MsgTx LIKE 'D|%'; UPDATE RXMST SET SentCd = 'A', RefUsed = RefUsed + 1, ModUsr = 'RXNET', ModDt = @now WHERE RxNo = @rx; UPDATE IFCMSG SET StatCd = 'A', AckDt = @now, ErrTx = '' WHERE DirCd = 'O' AND MsgTyp = 'NEWRX' AND RefKey = @key AND StatCd IN ('Q', 'S'); SELECT @@ROWCOUNT; SELECT RefUsed FROM RXMST WHERE RxNo = @rx",
    sets: [[[0, 3]], [[1]], [[0]], [[1]]],
    source: "LIKE",
  },
  {
    page: "billing/charge-entry.ts",
    declare: `@enc int = 5000001, @units decimal(5,1) = 2, @amt varchar(24) = '10.05', ${now}`,
    sql: `INSERT INTO CHGMST (EncNo, LnNo, PatNo, ProcCd, Units, UnitAmt, ExtAmt, SvcDt, ProvID, CrtUsr) SELECT @enc, ISNULL(MAX(LnNo), 0) + 1, 100001, '36415', @units, CONVERT(money, @amt), @units * CONVERT(money, @amt), @now, 'DRWHO', 'DESK' FROM CHGMST WHERE EncNo = @enc; SELECT ${money("ChgTot")} FROM ENCMST WHERE EncNo = @enc; SELECT ${money("AcctBal")} FROM PATMST WHERE PatNo = 100001; UPDATE CHGMST SET StatCd = 'V' WHERE EncNo = @enc AND LnNo = 1 AND StatCd = 'N'; SELECT ${money("ChgTot")} FROM ENCMST WHERE EncNo = @enc`,
    sets: [[["140.1000"]], [["115.1000"]], [["20.1000"]]],
    source: "money and smallmoney",
  },
  {
    page: "billing/billing-service.ts",
    declare: `@enc int = 5000001, @clm char(10) = 'C000000002', @tot varchar(24) = '120.0000', ${now}`,
    sql: "INSERT INTO CLMHDR (ClmNo, EncNo, PatNo, PatNm, InsSeq, PayCd, PolNo, TotAmt, EDIBat, ModDt) VALUES (@clm, @enc, 100001, 'SMITH, ANN Q', 1, 'BCBS', 'P1', CONVERT(money, @tot), '', @now); UPDATE CHGMST SET ClmNo = @clm, StatCd = 'B' WHERE EncNo = @enc AND StatCd = 'N' AND ClmNo = ''; SELECT @@ROWCOUNT; UPDATE ENCMST SET BillYN = 'Y', ModUsr = 'DESK', ModDt = @now WHERE EncNo = @enc; SELECT COUNT(*) FROM CHGMST WHERE EncNo = @enc AND StatCd = 'N' AND ClmNo = ''",
    sets: [[[1]], [[0]]],
    source: "= (String comparison or assignment)",
  },
  {
    page: "billing/claim-record.ts",
    declare: "@bat varchar(8) = 'B0000001'",
    sql: `SELECT TOP (500) c.ClmNo, ${money("c.TotAmt")} AS TotAmt, m.LName, u.UsrNm, k.LongDs AS PayerNm FROM CLMHDR AS c LEFT JOIN PATMST AS m ON m.PatNo = c.PatNo LEFT JOIN ENCMST AS e ON e.EncNo = c.EncNo LEFT JOIN USRMST AS u ON u.UsrID = e.ProvID LEFT JOIN CODETBL AS k ON k.CodeTyp = 'PAYER' AND k.CodeVal = c.PayCd WHERE c.EDIBat = @bat AND c.StatCd <> 'VD' ORDER BY c.ClmNo`,
    sets: [[["C000000001", "120.0000", "SMITH", "WHO, DOC", "Blue Cross"]]],
    source: "FROM clause plus JOIN, APPLY, PIVOT",
  },
  {
    page: "billing/post-payment.ts (paid in full: closed)",
    declare: `@pat int = 100001, @clm char(10) = 'C000000001', @amt varchar(24) = '-120.00', ${now}`,
    sql: `SELECT PatNo FROM PATMST WITH (UPDLOCK) WHERE PatNo = @pat; SELECT TOP (1) TrnID FROM PMTTRN WHERE PatNo = @pat AND BatNo = 'T1'; INSERT INTO PMTTRN (PatNo, ClmNo, EncNo, TrnTyp, Amt, TrnDt, PostDt, ChkNo, CCLast4, BatNo, PostUsr, Cmt) VALUES (@pat, @clm, 5000001, 'IP', CONVERT(money, @amt), @now, @now, '', '', 'T2', 'DESK', ''); SELECT StatCd, ${money("PaidAmt")} FROM CLMHDR WHERE ClmNo = @clm; SELECT ${money("AcctBal")} FROM PATMST WHERE PatNo = @pat`,
    sets: [[[100001]], [[1]], [["CL", "120.0000"]], [["-25.0000"]]],
    source: "CREATE TRIGGER",
  },
  {
    page: "billing/ledger.ts",
    declare: "@pat int = 100001, @day datetime = '2026-01-05'",
    sql: `SELECT InsSeq, PayCd, ${money("CopayAmt")} FROM PATINS WHERE PatNo = @pat AND DelYN <> 'Y' AND EffDt <= @day AND TermDt >= @day ORDER BY InsSeq, EffDt DESC`,
    types: ["tinyint", "char(6)", "varchar(24)"],
    sets: [
      [
        [1, "BCBS  ", "25.0000"],
        [2, "AETNA ", "0.0000"],
      ],
    ],
    source: "CAST and CONVERT",
  },
  {
    page: "sched/service.ts (booked)",
    declare: `@dt datetime = '2030-01-07', @tm char(4) = '0945', ${now}`,
    sql: "INSERT INTO tblAppointment (PatNo, PatNm, ProvID, LocCd, ApptDt, ApptTm, DurMin, ApTypCd, RsnTx, OvrBkYN, CrtUsr, CrtDt, ModUsr, ModDt) VALUES (100002, '', 'DRWHO', 'MAIN', @dt, @tm, 15, 'FOLL', '', 'N', 'DESK', @now, 'DESK', @now); SELECT PatNm, MRN, ProvNm, ApptEnd, StatCd FROM tblAppointment WHERE ApptID = SCOPE_IDENTITY(); SELECT ApptCnt, NoShCnt FROM RPT_DAILY WHERE RptDt = @dt",
    sets: [[["SMYTHE, BOB", "0001000025", "WHO, DOC", "2030-01-07 10:00:00.000", "SC"]], [[3, 1]]],
    source: "CREATE TRIGGER",
  },
  {
    page: "sched/service.ts (the slot is taken)",
    declare: `@dt datetime = '2030-01-07', @tm char(4) = '0905'`,
    sql: "INSERT INTO tblAppointment (PatNo, PatNm, ProvID, LocCd, ApptDt, ApptTm, DurMin, ApTypCd, CrtUsr, ModUsr) VALUES (100002, '', 'DRWHO', 'MAIN', @dt, @tm, 15, 'FOLL', 'DESK', 'DESK')",
    errors: [50000, 3609],
    source: "ROLLBACK TRANSACTION",
  },
  {
    page: "sched/slots.ts",
    declare: "@prov varchar(8) = 'DRWHO', @from datetime = '2030-01-07', @to datetime = '2030-01-07'",
    sql: "SELECT ApptDt, ApptTm, DurMin FROM tblAppointment WHERE ProvID = @prov AND ApptDt >= @from AND ApptDt <= @to AND DelYN <> 'Y' AND StatCd NOT IN ('CX', 'NS') ORDER BY ApptTm; SELECT LocCd, DOW, StartTm, EndTm, SlotMin, ApTyLst FROM PROVSCHED WHERE ProvID = @prov AND ('' = '' OR LocCd = '') AND EffDt <= @to AND TermDt >= @from ORDER BY DOW, StartTm, LocCd",
    sets: [
      [
        [midnight("2030-01-07"), "0900", 15],
        [midnight("2030-01-07"), "1100", 15],
      ],
      [["MAIN", 2, "0900", "1200", 15, "FOLL,NEWP"]],
    ],
    source: plain,
  },
  {
    page: "sched/check-in.ts",
    declare: `@aid int = 1, @amt varchar(24) = '25', ${now}`,
    sql: `INSERT INTO ENCMST (PatNo, PatNm, ApptID, ProvID, LocCd, EncTyp, EncDt, RsnTx, CrtUsr, CrtDt, ModUsr, ModDt) VALUES (100001, 'SMITH, ANN Q', @aid, 'DRWHO', 'MAIN', 'AMB', @now, '', 'DESK', @now, 'DESK', @now); DECLARE @enc int = SCOPE_IDENTITY(); UPDATE tblAppointment SET StatCd = 'CI', ChkInTm = @now, EncNo = @enc, ModUsr = 'DESK', ModDt = @now WHERE ApptID = @aid; INSERT INTO PMTTRN (PatNo, EncNo, TrnTyp, Amt, TrnDt, PostDt, BatNo, PostUsr, Cmt) VALUES (100001, @enc, 'CP', -CONVERT(money, @amt), @now, @now, '', 'DESK', 'COPAY AT CHECK-IN'); SELECT StatCd, EncNo - @enc FROM tblAppointment WHERE ApptID = @aid; SELECT ${money("AcctBal")} FROM PATMST WHERE PatNo = 100001`,
    sets: [[["CI", 0]], [["70.0000"]]],
    source: "SCOPE_IDENTITY",
  },
  {
    page: "sched/cancel.ts",
    declare: "@aid int = 3",
    sql: "DELETE FROM tblAppointment WHERE ApptID = @aid AND PatNo IS NULL; SELECT @@ROWCOUNT; UPDATE tblAppointment SET StatCd = 'CX', CxRsnCd = 'PT', ModUsr = 'DESK' WHERE ApptID = 1; SELECT ApptCnt, NoShCnt, CxlCnt FROM RPT_DAILY WHERE RptDt = '2030-01-07'",
    sets: [[[1]], [[2, 1, 1]]],
    source: "DELETE",
  },
  {
    page: "sched/feed.ts",
    declare: "@prov varchar(8) = 'drwho', @from datetime = '2030-01-01', @to datetime = '2030-01-31'",
    sql: "SELECT a.ApptID, a.PatNm, l.LocNm FROM tblAppointment AS a LEFT JOIN CLINLOC AS l ON l.LocCd = a.LocCd WHERE a.ProvID = @prov AND a.ApptDt >= @from AND a.ApptDt <= @to AND a.DelYN <> 'Y' AND a.StatCd NOT IN ('CX', 'NS') ORDER BY a.ApptDt, a.ApptTm, a.ApptID",
    sets: [
      [
        [1, "SMITH, ANN Q", "Main Clinic"],
        [3, "", "Main Clinic"],
      ],
    ],
    source: plain,
  },
  {
    page: "portal/login.ts",
    declare: "@name nvarchar(50) = N'ANN'",
    sql: "SELECT PortalUserId, PatNo, LoginName, PwdHash, Salt, ProxyForPatNo FROM PORTAL_USER WHERE LoginName = @name AND IsActive = 1",
    types: ["int", "int", "nvarchar(50)", "varbinary(20)", "uniqueidentifier", "int"],
    sets: [[[1, 100001, "ann", "0x0102", "6F9619FF-8B86-D011-B42D-00C04FC964FF", null]]],
    source: "Collation and Unicode support",
  },
  {
    page: "portal/login.ts",
    declare: now,
    sql: "UPDATE PORTAL_USER SET LastLogin = @now WHERE PortalUserId = 1; SELECT LastLogin FROM PORTAL_USER",
    sets: [[["2026-01-10 09:00:00.000"]]],
    source: "UPDATE",
  },
  {
    page: "portal/messages.ts",
    declare: `@pat int = 100001, ${now}`,
    sql: "UPDATE PORTAL_MSG SET IsRead = 1 WHERE MsgType = 'RXRF' AND RefKey = '700001' AND FromType = 'P' AND IsRead = 0; INSERT INTO PORTAL_MSG (ThreadId, PatNo, FromType, FromId, ToId, MsgType, Subject, Body, RefKey, SentOn) VALUES (NEWID(), @pat, 'P', '1', '', 'GENQ', N'Häufig', N'Ω≈ç', '', @now); SELECT TOP (200) Subject, Body, IsRead FROM PORTAL_MSG WHERE PatNo = @pat AND IsDeleted = 0 ORDER BY SentOn DESC, MsgId",
    sets: [
      [
        ["Häufig", "Ω≈ç", false],
        ["Refill", "Please, señor", true],
      ],
    ],
    source: "nchar and nvarchar",
  },
  {
    page: "portal/appointment-request.ts",
    declare: now,
    sql: "SELECT u.UsrID FROM USRMST u WHERE u.ProvYN = 'Y' AND u.ActvYN = 'Y' AND EXISTS (SELECT * FROM PROVSCHED s WHERE s.ProvID = u.UsrID AND s.TermDt >= @now) ORDER BY u.UsrNm",
    sets: [[["DRWHO   "]]],
    source: "EXISTS",
  },
  {
    page: "reports/export.ts (what is owed)",
    declare: "@from datetime = '2026-01-01', @until datetime = '2026-02-01'",
    sql: `SELECT TOP (5000) m.PatNo, m.MRN, ${money("m.AcctBal")} FROM PATMST m WHERE m.AcctBal > 0 AND m.DelYN <> 'Y' AND EXISTS (SELECT * FROM CHGMST c WHERE c.PatNo = m.PatNo AND c.SvcDt >= @from AND c.SvcDt < @until) ORDER BY m.PatNo`,
    sets: [[[100001, "0001000017", "95.0000"]]],
    source: "EXISTS",
  },
  {
    page: "reports/export.ts (turnaround)",
    declare: "@from datetime = '2026-01-01', @until datetime = '2026-02-01'",
    sql: "SELECT o.OrdNo, DATEDIFF(hour, o.OrdDt, r.RptDt) FROM LABORD o INNER JOIN (SELECT OrdNo, MAX(RptDt) AS RptDt FROM LABRES GROUP BY OrdNo) r ON r.OrdNo = o.OrdNo WHERE o.OrdDt >= @from AND o.OrdDt < @until ORDER BY o.OrdDt, o.OrdNo",
    sets: [[["L26010500001", 0]]],
    source: "DATEDIFF",
  },
  {
    page: "reports/daily-production.ts",
    declare: "@day datetime = '2026-01-05', @loc char(4) = ''",
    sql: `SELECT r.LocCd, r.ProvID, u.UsrNm AS ProvNm, r.ApptCnt, ${money("r.ChgAmt")} AS ChgAmt, ${money("r.PmtAmt")} AS PmtAmt FROM RPT_DAILY r LEFT JOIN USRMST u ON u.UsrID = r.ProvID WHERE r.RptDt = @day AND (@loc = '' OR r.LocCd = @loc) ORDER BY r.LocCd, r.ProvID`,
    sets: [[["MAIN", "DRWHO   ", "WHO, DOC", 0, "120.0000", "-25.0000"]]],
    source: "OR",
  },
  {
    page: "reports/nightly.ts",
    declare: `@day datetime = '2026-01-05', ${now}`,
    sql: `DELETE FROM IFCMSG WHERE CrtDt < '2000-01-01'; UPDATE RPT_DAILY SET ApptCnt = 0, EncCnt = 0, ChgAmt = 0, PmtAmt = 0, CalcDt = @now WHERE RptDt = @day;
    MERGE RPT_DAILY WITH (HOLDLOCK) AS t USING (SELECT x.LocCd, x.ProvID, SUM(x.Enc) AS Enc, SUM(x.Chg) AS Chg FROM (
      SELECT e.LocCd AS LocCd, e.ProvID AS ProvID, 1 AS Enc, CAST(0 AS money) AS Chg FROM ENCMST AS e WHERE e.EncDt >= @day AND e.EncDt < DATEADD(day, 1, @day) AND e.StatCd <> 'X'
      UNION ALL SELECT ISNULL(e.LocCd, ''), c.ProvID, 0, c.ExtAmt FROM CHGMST AS c LEFT JOIN ENCMST AS e ON e.EncNo = c.EncNo WHERE c.SvcDt >= @day AND c.SvcDt < DATEADD(day, 1, @day) AND c.StatCd <> 'V') AS x GROUP BY x.LocCd, x.ProvID) AS s
    ON t.RptDt = @day AND t.LocCd = s.LocCd AND t.ProvID = s.ProvID WHEN MATCHED THEN UPDATE SET EncCnt = s.Enc, ChgAmt = s.Chg, CalcDt = @now
    WHEN NOT MATCHED THEN INSERT (RptDt, LocCd, ProvID, EncCnt, ChgAmt, CalcDt) VALUES (@day, s.LocCd, s.ProvID, s.Enc, s.Chg, @now);
    SELECT LocCd, EncCnt, ${money("ChgAmt")}, CalcDt FROM RPT_DAILY WHERE RptDt = @day`,
    sets: [[["MAIN", 1, "120.0000", "2026-01-10 09:00:00.000"]]],
    source: "MERGE",
  },
  {
    page: "patient/demographics.ts",
    sql: "SELECT LocCd, LocNm FROM CLINLOC WHERE ActvYN = 'Y' ORDER BY LocNm, LocCd",
    types: ["char(4)", "varchar(50)"],
    sets: [
      [
        ["EAST", "East Clinic"],
        ["MAIN", "Main Clinic"],
      ],
    ],
    source: plain,
  },
];
