import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { book, type Clinic, type ClinicServer, soon, startClinicServer } from "./test-clinic.ts";

let server: ClinicServer;
let clinic: Clinic;
beforeAll(async () => {
  server = await startClinicServer();
}, 60_000);
afterAll(() => server.close());
beforeEach(async () => {
  clinic = await server.fresh();
});

/** A transaction that stays open for a while after its statement, so that two of them overlap whoever comes first. */
const held = (statement: string) => `BEGIN TRANSACTION; ${statement}; WAITFOR DELAY '00:00:00.300'; COMMIT TRANSACTION`;

const trimmed = (rows: readonly object[]) =>
  rows.map((row) => Object.values(row).map((value) => (typeof value === "string" ? value.trimEnd() : value)));

describe("TR_PATMST_U", () => {
  const names = async () =>
    trimmed(
      await clinic.sql(`SELECT 'A' AS t, PatNm, StatCd FROM tblAppointment UNION ALL SELECT 'E', PatNm, StatCd FROM ENCMST
        UNION ALL SELECT 'R', PatNm, StatCd FROM RXMST UNION ALL SELECT 'C', PatNm, StatCd FROM CLMHDR ORDER BY 1, 3`),
    );

  test("a new name reaches future appointments, open visits, active prescriptions and ready claims, and nothing else", async () => {
    await clinic.sql(book({}, { time: "1000", status: "CX" }));
    await clinic.sql(
      "INSERT INTO ENCMST (PatNo, PatNm, ProvID, LocCd, EncTyp, EncDt, StatCd, CrtUsr, ModUsr) VALUES (100001, 'OLD', 'P1', 'MAIN', 'AMB', '20250101', 'C', 'T', 'T')",
    );
    await clinic.sql(
      "INSERT INTO RXMST (PatNo, PatNm, ProvID, DrugCd, DrugNm, StartDt, StatCd, ModUsr) VALUES (100001, 'OLD', 'P1', 'X', 'X', '20250101', 'A', 'T'), (100001, 'OLD', 'P1', 'X', 'X', '20250101', 'D', 'T')",
    );
    await clinic.sql(
      "INSERT INTO CLMHDR (ClmNo, EncNo, PatNo, PatNm, PayCd, TotAmt, StatCd) VALUES ('C1', 5000001, 100001, 'OLD', 'X', 1, 'RD'), ('C2', 5000001, 100001, 'OLD', 'X', 1, 'SB')",
    );
    await clinic.sql("UPDATE PATMST SET LName = 'O''NEIL-PEÑA', MI = ' ', ModUsr = 'FDESK1' WHERE PatNo = 100001");
    expect(await names()).toEqual([
      ["A", "GARCÍA, INÉS M", "CX"],
      ["A", "O'NEIL-PEÑA, INÉS", "SC"],
      ["C", "O'NEIL-PEÑA, INÉS", "RD"],
      ["C", "OLD", "SB"],
      ["E", "OLD", "C"],
      ["E", "O'NEIL-PEÑA, INÉS", "O"],
      ["R", "O'NEIL-PEÑA, INÉS", "A"],
      ["R", "OLD", "D"],
    ]);
  });

  test("each changed column of each row is audited, and each changed patient queues one ADT^A08", async () => {
    await clinic.sql(
      "UPDATE PATMST SET City = 'HOLYOKE', GuarPat = 100002, DOB = '19700502', ModUsr = 'FDESK1' WHERE PatNo = 100001 OR City = 'X'",
    );
    await clinic.sql("UPDATE PATMST SET City = 'HOLYOKE', ModUsr = 'FDESK2'");
    expect(
      trimmed(
        await clinic.sql(
          "SELECT PatNo, UsrID, ActCd, ObjTyp, ObjKey, OldVal, NewVal, Cmt FROM AUDITLOG ORDER BY PatNo, Cmt",
        ),
      ),
    ).toEqual([
      [100001, "FDESK1", "UPDT", "PATMST", "100001", "", "HOLYOKE", "City"],
      [100001, "FDESK1", "UPDT", "PATMST", "100001", "1970-05-01 00:00:00.000", "1970-05-02 00:00:00.000", "DOB"],
      [100001, "FDESK1", "UPDT", "PATMST", "100001", null, "100002", "GuarPat"],
      [100002, "FDESK2", "UPDT", "PATMST", "100002", "", "HOLYOKE", "City"],
    ]);
    expect(
      trimmed(await clinic.sql("SELECT DirCd, MsgTyp, RefTyp, RefKey, StatCd FROM IFCMSG ORDER BY RefKey")),
    ).toEqual([
      ["O", "ADT^A08", "PAT", "100001", "Q"],
      ["O", "ADT^A08", "PAT", "100002", "Q"],
    ]);
  });

  test("a new phone reaches future appointments: the home number, or the mobile where there is none", async () => {
    await clinic.sql(book({}, { patient: 100_002, time: "1000" }));
    await clinic.sql("UPDATE PATMST SET CellPh = '4135559999'");
    await clinic.sql("UPDATE PATMST SET HmPhone = '4135558888' WHERE PatNo = 100001");
    expect(trimmed(await clinic.sql("SELECT PatNo, PatPhone FROM tblAppointment ORDER BY PatNo"))).toEqual([
      [100001, "4135558888"],
      [100002, "4135559999"],
    ]);
  });

  test("an update that changes nothing, or only derived columns, leaves no trace", async () => {
    await clinic.sql("UPDATE PATMST SET City = City, LName = LName");
    await clinic.sql("UPDATE PATMST SET AcctBal = 5, LastVst = '20260101', ModDt = GETDATE()");
    expect(await clinic.one("SELECT COUNT(*) FROM AUDITLOG")).toBe(0);
    expect(await clinic.one("SELECT COUNT(*) FROM IFCMSG")).toBe(0);
  });
});

describe("TR_PATMST_MRG", () => {
  test("everything moves to the survivor, signed notes too; a clashing policy stays behind, deleted; the balance is recomputed", async () => {
    await clinic.sql(book({}));
    await clinic.sql(
      "INSERT INTO CLINNOTE (EncNo, PatNo, NotTyp, NoteDt, AuthID, NoteTx, SgndYN) VALUES (5000001, 100001, 'PROG', GETDATE(), 'P1', 'x', 'Y')",
    );
    await clinic.sql(
      "INSERT INTO CHGMST (EncNo, LnNo, PatNo, ProcCd, UnitAmt, ExtAmt, SvcDt, ProvID, CrtUsr) VALUES (5000001, 1, 100001, '99213', 118.75, 118.75, '20260302', 'P1', 'T')",
    );
    await clinic.sql(
      "INSERT INTO PMTTRN (PatNo, EncNo, TrnTyp, Amt, TrnDt, PostUsr) VALUES (100001, 5000001, 'CP', -20, GETDATE(), 'T')",
    );
    await clinic.sql(
      "INSERT INTO PATINS (PatNo, InsSeq, EffDt, PayCd, PolNo) VALUES (100001, 1, '20250101', 'AETNA', 'A'), (100002, 1, '20250101', 'BCBS', 'B'), (100001, 2, '20250101', 'MCAID', 'C')",
    );
    await clinic.sql("UPDATE PATMST SET MrgToPat = 100002, ModUsr = 'ADMIN' WHERE PatNo = 100001");

    for (const table of ["tblAppointment", "ENCMST", "CLINNOTE", "CHGMST", "PMTTRN"]) {
      expect([table, await clinic.one(`SELECT MIN(PatNo) FROM ${table}`)]).toEqual([table, 100_002]);
    }
    expect(await clinic.one("SELECT PatNm FROM tblAppointment")).toBe("SMITH, JOHN");
    expect(trimmed(await clinic.sql("SELECT PatNo, InsSeq, PolNo, DelYN FROM PATINS ORDER BY PatNo, InsSeq"))).toEqual([
      [100001, 1, "A", "Y"],
      [100002, 1, "B", "N"],
      [100002, 2, "C", "N"],
    ]);
    expect(trimmed(await clinic.sql("SELECT PatNo, DelYN, MrgToPat, AcctBal FROM PATMST ORDER BY PatNo"))).toEqual([
      [100001, "Y", 100002, 0],
      [100002, "N", null, 98.75],
    ]);
  });

  test("two records merged into one in a single statement do not clash with each other", async () => {
    await clinic.sql(
      "INSERT INTO PATMST (MRN, LName, FName, DOB, CrtUsr, ModUsr) VALUES ('0001000033', 'SMITH', 'J', '19600101', 'T', 'T')",
    );
    await clinic.sql(
      "INSERT INTO PATINS (PatNo, InsSeq, EffDt, PayCd, PolNo) VALUES (100001, 1, '20250101', 'AETNA', 'A'), (100003, 1, '20250101', 'BCBS', 'B')",
    );
    await clinic.sql("UPDATE PATMST SET MrgToPat = 100002 WHERE PatNo IN (100001, 100003)");
    expect(trimmed(await clinic.sql("SELECT PatNo, PolNo, DelYN FROM PATINS ORDER BY PolNo"))).toEqual([
      [100002, "A", "N"],
      [100003, "B", "Y"],
    ]);
  });

  test.each([
    ["a patient who is not there", "999999"],
    ["the same patient", "PatNo"],
  ])("a merge into %s is refused and leaves everything as it was", async (_, target) => {
    await expect(clinic.sql(`UPDATE PATMST SET MrgToPat = ${target} WHERE PatNo = 100001`)).rejects.toThrow(
      /BAD MERGE TARGET|ended in the trigger/,
    );
    expect(await clinic.one("SELECT COUNT(*) FROM PATMST WHERE MrgToPat IS NOT NULL")).toBe(0);
  });
});

describe("TR_APPT_IU", () => {
  test("the end, the names and the phone are filled in", async () => {
    await clinic.sql(book({ time: "0945", minutes: 45 }));
    const [row] = await clinic.sql(
      "SELECT PatNm, MRN, PatPhone, ProvNm, CONVERT(char(16), ApptEnd, 120) AS e FROM tblAppointment",
    );
    const day = `${soon.slice(0, 4)}-${soon.slice(4, 6)}-${soon.slice(6)}`;
    expect(row).toEqual({
      PatNm: "GARCÍA, INÉS M",
      MRN: "0001000017",
      PatPhone: "4135550001",
      ProvNm: "REYES, ANA",
      e: `${day} 10:30`,
    });
  });

  test("blocked time keeps its label and is not counted", async () => {
    await clinic.sql(
      `INSERT INTO tblAppointment (PatNm, ProvID, LocCd, ApptDt, ApptTm, ApTypCd, CrtUsr, ModUsr) VALUES ('LUNCH', 'P1', 'MAIN', '${soon}', '1200', 'BLCK', 'T', 'T')`,
    );
    expect(await clinic.one("SELECT PatNm FROM tblAppointment")).toBe("LUNCH");
    expect(await clinic.one("SELECT COUNT(*) FROM RPT_DAILY")).toBe(0);
  });

  const taken = /SLOT TAKEN|ended in the trigger/;

  test("an overlap with the same provider is refused, whoever the patient is; touching, another provider, or overbooking is not", async () => {
    await clinic.sql(book({ time: "0900", minutes: 30 }));
    await expect(clinic.sql(book({ time: "0915", patient: 100_002 }))).rejects.toThrow(taken);
    await expect(clinic.sql(book({ time: "0845" }))).rejects.toThrow(taken);
    await clinic.sql(book({ time: "0930" }, { time: "0830" }, { time: "0900", provider: "P2" }));
    await clinic.sql(book({ time: "0910", overbook: "Y", patient: 100_002 }));
    expect(await clinic.one("SELECT COUNT(*) FROM tblAppointment")).toBe(5);
  });

  test("two overlapping rows of one statement are refused together", async () => {
    await expect(clinic.sql(book({ time: "0900" }, { time: "0920", patient: 100_002 }))).rejects.toThrow(taken);
    expect(await clinic.one("SELECT COUNT(*) FROM tblAppointment")).toBe(0);
    expect(await clinic.one("SELECT COUNT(*) FROM RPT_DAILY")).toBe(0);
  });

  test("a refusal inside a transaction rolls all of it back", async () => {
    await clinic.sql(book({}));
    const batch = `BEGIN TRANSACTION; UPDATE PATMST SET City = 'X' WHERE PatNo = 100002; ${book({ patient: 100_002 })}; COMMIT`;
    await expect(clinic.sql(batch)).rejects.toThrow(taken);
    expect(await clinic.one("SELECT City FROM PATMST WHERE PatNo = 100002")).toBe("");
  });

  test("a cancelled slot is free again, and cannot be taken back once it is gone", async () => {
    await clinic.sql(book({}));
    await clinic.sql("UPDATE tblAppointment SET StatCd = 'CX' WHERE ApptID = 1");
    await clinic.sql(book({ patient: 100_002 }));
    await expect(clinic.sql("UPDATE tblAppointment SET StatCd = 'SC' WHERE ApptID = 1")).rejects.toThrow(taken);
    await expect(
      clinic.sql("UPDATE tblAppointment SET ApptTm = '0915', StatCd = 'SC' WHERE ApptID = 1"),
    ).rejects.toThrow(taken);
  });

  test("a booked patient beside an overbooked one can still be checked in", async () => {
    await clinic.sql(book({}));
    await clinic.sql(book({ patient: 100_002, overbook: "Y" }));
    await clinic.sql("UPDATE tblAppointment SET StatCd = 'CI'");
    expect(await clinic.one("SELECT COUNT(*) FROM tblAppointment WHERE StatCd = 'CI'")).toBe(2);
  });

  test("two sessions cannot both take the last slot", async () => {
    const other = await clinic.another();
    const attempts = await Promise.allSettled([
      clinic.sql(held(book({}))),
      other.sql(held(book({ patient: 100_002 }))),
    ]);
    expect(attempts.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await clinic.one("SELECT COUNT(*) FROM tblAppointment")).toBe(1);
  });

  test("daily counts follow bookings, cancellations, no-shows and moves", async () => {
    const counts = async () =>
      trimmed(await clinic.sql("SELECT LocCd, ProvID, ApptCnt, NoShCnt, CxlCnt FROM RPT_DAILY ORDER BY ProvID"));
    await clinic.sql(book({ time: "0900" }, { time: "1000" }, { time: "1100" }));
    expect(await counts()).toEqual([["MAIN", "P1", 3, 0, 0]]);
    await clinic.sql(
      "UPDATE tblAppointment SET StatCd = CASE ApptTm WHEN '0900' THEN 'CX' WHEN '1000' THEN 'NS' ELSE StatCd END",
    );
    expect(await counts()).toEqual([["MAIN", "P1", 3, 1, 1]]);
    await clinic.sql("UPDATE tblAppointment SET ProvID = 'P2' WHERE ApptTm = '1100'");
    expect(await counts()).toEqual([
      ["MAIN", "P1", 2, 1, 1],
      ["MAIN", "P2", 1, 0, 0],
    ]);
  });
});

describe("TR_APPT_CO", () => {
  test("a completed visit becomes the last visit of each patient, an unchanged or cancelled one does not", async () => {
    await clinic.sql(
      book({ day: "20260105" }, { day: "20260210", time: "1000" }, { day: "20260301", time: "1100", patient: 100_002 }),
    );
    await clinic.sql("UPDATE tblAppointment SET StatCd = CASE WHEN PatNo = 100001 THEN 'CO' ELSE 'NS' END");
    const last = async () =>
      trimmed(await clinic.sql("SELECT PatNo, CONVERT(char(8), LastVst, 112) AS d FROM PATMST ORDER BY PatNo"));
    expect(await last()).toEqual([
      [100001, "20260210"],
      [100002, null],
    ]);
    await clinic.sql("UPDATE PATMST SET LastVst = NULL");
    await clinic.sql("UPDATE tblAppointment SET RsnTx = 'x'");
    await clinic.sql("UPDATE tblAppointment SET StatCd = StatCd");
    expect(await clinic.one("SELECT COUNT(*) FROM PATMST WHERE LastVst IS NOT NULL")).toBe(0);
  });
});

describe("TR_NOTE_U", () => {
  const write = (type = "PROG") =>
    clinic.sql(
      `INSERT INTO CLINNOTE (EncNo, PatNo, NotTyp, NoteDt, AuthID, NoteTx) VALUES (5000001, 100001, '${type}', GETDATE(), 'P1', 'text')`,
    );
  const sign = (where = "1 = 1") =>
    clinic.sql(`UPDATE CLINNOTE SET SgndYN = 'Y', SgndBy = 'P1', SgndDt = GETDATE() WHERE ${where}`);

  test("signing charges the visit at the price in cents and closes the encounter", async () => {
    await write();
    await sign();
    expect(
      trimmed(await clinic.sql("SELECT EncNo, LnNo, PatNo, ProcCd, UnitAmt, ExtAmt, ProvID, CrtUsr FROM CHGMST")),
    ).toEqual([[5000001, 1, 100001, "99213", 118.75, 118.75, "P1", "P1"]]);
    expect(trimmed(await clinic.sql("SELECT StatCd, ChgTot FROM ENCMST"))).toEqual([["C", 118.75]]);
    expect(await clinic.one("SELECT AcctBal FROM PATMST WHERE PatNo = 100001")).toBe(118.75);
  });

  test("two notes signed in one statement charge each code once; an addendum is free", async () => {
    await write("HP");
    await write("PROG");
    await write("PROG");
    await write("ADDM");
    await sign();
    expect(trimmed(await clinic.sql("SELECT LnNo, ProcCd FROM CHGMST ORDER BY LnNo"))).toEqual([
      [1, "99203"],
      [2, "99213"],
    ]);
  });

  test("a signed note refuses a change of its text or signature, whole statement and all", async () => {
    await write();
    await write();
    await sign("NoteID = 1");
    const refused = /NOTE IS SIGNED|ended in the trigger/;
    await expect(clinic.sql("UPDATE CLINNOTE SET NoteTx = 'changed'")).rejects.toThrow(refused);
    await expect(clinic.sql("UPDATE CLINNOTE SET SgndYN = 'N' WHERE NoteID = 1")).rejects.toThrow(refused);
    await clinic.sql("UPDATE CLINNOTE SET NoteTx = 'changed' WHERE NoteID = 2");
    expect(
      trimmed(await clinic.sql("SELECT CAST(NoteTx AS varchar(20)) AS t, SgndYN FROM CLINNOTE ORDER BY NoteID")),
    ).toEqual([
      ["text", "Y"],
      ["changed", "N"],
    ]);
  });
});

describe("TR_LABRES_IU", () => {
  const order = (release = "N", number = "L26030200001") =>
    clinic.sql(
      `INSERT INTO LABORD (OrdNo, PatNo, EncNo, ProvID, PanelCd, PanelDs, OrdDt, StatCd, RelPtYN, RevYN) VALUES ('${number}', 100001, 5000001, 'P1', 'CMP', 'Metabolic panel', '20260302', 'SN', '${release}', 'N')`,
    );
  const result = (...rows: readonly [test: string, state: string][]) =>
    clinic.sql(
      `INSERT INTO LABRES (OrdNo, TestCd, SeqNo, PatNo, TestDs, ResVal, ResSt) VALUES ${rows.map(([code, state], index) => `('L26030200001', '${code}', ${index + 1}, 100001, '${code}', '1', '${state}')`).join(", ")}`,
    );

  test("the order is final, and charged once, when its last result is", async () => {
    await order();
    await result(["GLU", "F"], ["NA", "P"]);
    expect(await clinic.one("SELECT StatCd FROM LABORD")).toBe("SN");
    expect(await clinic.one("SELECT COUNT(*) FROM CHGMST")).toBe(0);
    await clinic.sql("UPDATE LABRES SET ResSt = 'F' WHERE TestCd = 'NA'");
    await clinic.sql("UPDATE LABRES SET ResSt = 'F'");
    expect(await clinic.one("SELECT StatCd FROM LABORD")).toBe("FI");
    expect(trimmed(await clinic.sql("SELECT LnNo, ProcCd, ProcDs, ExtAmt FROM CHGMST"))).toEqual([
      [1, "80053", "Metabolic panel", 54.8],
    ]);
    expect(await clinic.one("SELECT COUNT(*) FROM PORTAL_MSG")).toBe(0);
  });

  test("a released order tells the portal once, also when it is released after it was final", async () => {
    await order("N");
    await result(["GLU", "F"]);
    await clinic.sql("UPDATE LABORD SET RelPtYN = 'Y'");
    expect(await clinic.one("SELECT COUNT(*) FROM PORTAL_MSG")).toBe(0);
    await clinic.sql("UPDATE LABRES SET ResSt = ResSt");
    await clinic.sql("UPDATE LABRES SET ResSt = ResSt");
    expect(trimmed(await clinic.sql("SELECT PatNo, MsgType, FromType, Subject, RefKey FROM PORTAL_MSG"))).toEqual([
      [100001, "RSLT", "S", "New test result: Metabolic panel", "L26030200001"],
    ]);
  });

  test("a corrected result makes the order corrected and asks for a new review", async () => {
    await order();
    await result(["GLU", "F"]);
    await clinic.sql("UPDATE LABORD SET RevYN = 'Y'");
    await clinic.sql("UPDATE LABRES SET ResVal = '2', ResSt = 'C'");
    expect(trimmed(await clinic.sql("SELECT StatCd, RevYN FROM LABORD"))).toEqual([["CO", "N"]]);
    await clinic.sql("UPDATE LABORD SET RevYN = 'Y'");
    await clinic.sql("UPDATE LABRES SET ResSt = ResSt");
    expect(await clinic.one("SELECT RevYN FROM LABORD")).toBe("Y");
    expect(await clinic.one("SELECT COUNT(*) FROM CHGMST")).toBe(1);
  });

  test("results of two orders in one statement give two charges with their own line numbers", async () => {
    await order();
    await order("N", "L26030200002");
    await clinic.sql(
      "INSERT INTO LABRES (OrdNo, TestCd, SeqNo, PatNo, TestDs, ResSt) VALUES ('L26030200001', 'GLU', 1, 100001, 'G', 'F'), ('L26030200002', 'GLU', 1, 100001, 'G', 'F')",
    );
    expect(trimmed(await clinic.sql("SELECT LnNo FROM CHGMST ORDER BY LnNo"))).toEqual([[1], [2]]);
  });
});

describe("TR_RX_I", () => {
  test("only what is not controlled and has a pharmacy is queued", async () => {
    await clinic.sql(`INSERT INTO RXMST (PatNo, PatNm, ProvID, DrugCd, DrugNm, StartDt, CtrlCl, PhrmCd, ModUsr)
      VALUES (100001, 'X', 'P1', 'LISI10', 'Lisinopril', GETDATE(), ' ', 'CVS0142', 'P1'), (100001, 'X', 'P1', 'OXYC5', 'Oxycodone', GETDATE(), '2', 'CVS0142', 'P1'),
        (100001, 'X', 'P1', 'LISI10', 'Lisinopril', GETDATE(), ' ', '', 'P1')`);
    expect(trimmed(await clinic.sql("SELECT RxNo, SentCd FROM RXMST ORDER BY RxNo"))).toEqual([
      [700001, "Q"],
      [700002, "N"],
      [700003, "N"],
    ]);
    expect(trimmed(await clinic.sql("SELECT DirCd, MsgTyp, RefTyp, RefKey FROM IFCMSG"))).toEqual([
      ["O", "NEWRX", "RX", "700001"],
    ]);
  });
});

describe("TR_CHG_IUD", () => {
  const charge = (line: number, more = "1, 100", patient = 100_001) =>
    `INSERT INTO CHGMST (EncNo, LnNo, PatNo, ProcCd, Units, UnitAmt, ExtAmt, SvcDt, ProvID, CrtUsr) VALUES (5000001, ${line}, ${patient}, '99213', ${more}, 0, '20260302 10:00', 'P1', 'T')`;
  const totals = async () =>
    trimmed(
      await clinic.sql(
        "SELECT (SELECT ChgTot FROM ENCMST) AS e, (SELECT AcctBal FROM PATMST WHERE PatNo = 100001) AS p, (SELECT SUM(ChgAmt) FROM RPT_DAILY) AS r",
      ),
    )[0];

  test("the extended amount, the visit's total, the balance and the day's charges follow insert, change, void and delete", async () => {
    await clinic.sql(charge(1, "2.5, 10.01"));
    await clinic.sql(charge(2, "1, 4.35"));
    expect(trimmed(await clinic.sql("SELECT ExtAmt FROM CHGMST ORDER BY LnNo"))).toEqual([[25.025], [4.35]]);
    expect(await totals()).toEqual([29.375, 29.375, 29.375]);
    await clinic.sql("UPDATE CHGMST SET Units = 1 WHERE LnNo = 1");
    expect(await totals()).toEqual([14.36, 14.36, 14.36]);
    await clinic.sql("UPDATE CHGMST SET StatCd = 'V' WHERE LnNo = 2");
    expect(await totals()).toEqual([10.01, 10.01, 10.01]);
    await clinic.sql("DELETE FROM CHGMST");
    expect(await totals()).toEqual([0, 0, 0]);
    expect(trimmed(await clinic.sql("SELECT CONVERT(char(8), RptDt, 112) AS d, LocCd, ProvID FROM RPT_DAILY"))).toEqual(
      [["20260302", "MAIN", "P1"]],
    );
  });

  test("payments stay in the balance, and a charge moved to another patient leaves the first", async () => {
    await clinic.sql(
      "INSERT INTO PMTTRN (PatNo, TrnTyp, Amt, TrnDt, PostUsr) VALUES (100001, 'PP', -30, GETDATE(), 'T')",
    );
    await clinic.sql(charge(1));
    expect(await clinic.one("SELECT AcctBal FROM PATMST WHERE PatNo = 100001")).toBe(70);
    await clinic.sql("UPDATE CHGMST SET PatNo = 100002");
    expect(trimmed(await clinic.sql("SELECT AcctBal FROM PATMST ORDER BY PatNo"))).toEqual([[-30], [100]]);
  });

  test("billing a charge does not touch the patient: the row version stays", async () => {
    await clinic.sql(charge(1));
    const before = await clinic.one(
      "SELECT CONVERT(varchar(20), CAST(RowVer AS bigint)) FROM PATMST WHERE PatNo = 100001",
    );
    await clinic.sql("UPDATE CHGMST SET StatCd = 'B', ClmNo = 'C000000001'");
    expect(
      await clinic.one("SELECT CONVERT(varchar(20), CAST(RowVer AS bigint)) FROM PATMST WHERE PatNo = 100001"),
    ).toBe(before);
  });

  test("charges of two sessions at once are both in the balance", async () => {
    const other = await clinic.another();
    await Promise.all([clinic.sql(held(charge(1))), other.sql(held(charge(2)))]);
    expect(await totals()).toEqual([200, 200, 200]);
  });
});

describe("TR_PMT_I", () => {
  const claim = (allowed: number, patientPart: number) =>
    clinic.sql(
      `INSERT INTO CLMHDR (ClmNo, EncNo, PatNo, PatNm, PayCd, TotAmt, AlwAmt, PtResp, StatCd) VALUES ('C000000001', 5000001, 100001, 'X', 'BCBS', 100, ${allowed}, ${patientPart}, 'AC')`,
    );
  const pay = (type: string, amount: number) =>
    clinic.sql(
      `INSERT INTO PMTTRN (PatNo, ClmNo, TrnTyp, Amt, TrnDt, PostDt, PostUsr) VALUES (100001, 'C000000001', '${type}', ${amount}, '20260310', '20260310 11:00', 'T')`,
    );
  const state = async () => trimmed(await clinic.sql("SELECT StatCd, PaidAmt FROM CLMHDR"))[0];

  test("the insurer's payments add up on the claim; it is paid when only the patient's part is open, closed when nothing is", async () => {
    await claim(80, 15);
    await pay("AD", -20);
    await pay("IP", -40);
    expect(await state()).toEqual(["AC", 40]);
    await pay("IP", -25);
    expect(await state()).toEqual(["PD", 65]);
    await pay("PP", -15);
    expect(await state()).toEqual(["CL", 65]);
    expect(await clinic.one("SELECT AcctBal FROM PATMST WHERE PatNo = 100001")).toBe(-100);
  });

  test("before the payer has answered the billed total counts", async () => {
    await claim(0, 0);
    await pay("IP", -99.99);
    expect(await state()).toEqual(["AC", 99.99]);
    await pay("IP", -0.01);
    expect(await state()).toEqual(["CL", 100]);
  });

  test("several payments of one statement count for their own patients, day, site and provider", async () => {
    await clinic.sql(`INSERT INTO PMTTRN (PatNo, EncNo, TrnTyp, Amt, TrnDt, PostDt, PostUsr)
      VALUES (100001, 5000001, 'CP', -20, GETDATE(), '20260302 08:00', 'T'), (100001, 5000001, 'PP', -5.5, GETDATE(), '20260302 23:59', 'T'), (100002, NULL, 'PP', -7, GETDATE(), '20260302', 'T')`);
    expect(trimmed(await clinic.sql("SELECT AcctBal FROM PATMST ORDER BY PatNo"))).toEqual([[-25.5], [-7]]);
    expect(
      trimmed(
        await clinic.sql(
          "SELECT CONVERT(char(8), RptDt, 112) AS d, LocCd, ProvID, PmtAmt FROM RPT_DAILY ORDER BY ProvID",
        ),
      ),
    ).toEqual([
      ["20260302", "MAIN", "", -7],
      ["20260302", "MAIN", "P1", -25.5],
    ]);
  });
});
