import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { checkTables } from "../dataset-check.ts";
import { emptyTables } from "../dataset.ts";
import { amountOf } from "../money.ts";
import { hasValidCheckDigit, mrnOf } from "../mrn.ts";
import { staffPasswordHash } from "../passwords.ts";
import { minutesOf } from "../wall-clock.ts";
import { generateEhr } from "./index.ts";

const today = "2026-11-22";
const data = generateEhr({ seed: 1, today });
const { tables } = data;
const patients = new Set(tables.PATMST.map(({ PatNo }) => PatNo));
const encounters = new Map(tables.ENCMST.map((encounter) => [encounter.EncNo, encounter]));
const staff = new Set(tables.USRMST.map(({ UsrID }) => UsrID));

const digest = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");
const unique = (values: readonly string[]) => [...new Set(values)].sort();

describe("generator", () => {
  test("the same seed and day give the same data, another seed or day other data", () => {
    const again = digest(generateEhr({ seed: 1, today }));
    expect(again).toBe(digest(data));
    expect(digest(generateEhr({ seed: 2, today, patients: 40 }))).not.toBe(
      digest(generateEhr({ seed: 1, today, patients: 40 })),
    );
    expect(digest(generateEhr({ seed: 1, today: "2026-11-23", patients: 40 }))).not.toBe(
      digest(generateEhr({ seed: 1, today, patients: 40 })),
    );
  });

  test.each(["2026-11-22", "2026-11-24", "2025-03-08"])("every value fits its column on %s", (day) => {
    expect(checkTables(generateEhr({ seed: 5, today: day, patients: 120 }).tables)).toEqual([]);
  });

  test("a day that is none and an absurd number of patients are refused", () => {
    expect(() => generateEhr({ today: "11/22/2026" })).toThrow(expect.objectContaining({ code: "GENERATE_INVALID" }));
    expect(() => generateEhr({ today, patients: 0 })).toThrow(expect.objectContaining({ code: "GENERATE_INVALID" }));
  });

  test("all 22 tables hold something, and 300 patients have a chart", () => {
    expect(Object.keys(tables)).toEqual(Object.keys(emptyTables()));
    expect(Object.entries(tables).filter(([, rows]) => rows.length === 0)).toEqual([]);
    expect(tables.PATMST.filter(({ DelYN }) => DelYN !== "Y")).toHaveLength(300);
  });

  test("record numbers are unique and carry the right check digit", () => {
    expect(new Set(tables.PATMST.map(({ MRN }) => MRN)).size).toBe(tables.PATMST.length);
    for (const { PatNo, MRN } of tables.PATMST) {
      expect(MRN).toBe(mrnOf(PatNo));
      expect(hasValidCheckDigit(MRN)).toBe(true);
    }
  });

  test("names hold accents, apostrophes and hyphens", () => {
    const names = tables.PATMST.map(({ LName, FName }) => `${LName} ${FName}`).join(" ");
    for (const wanted of ["É", "Í", "Á", "Ú", "Ñ", "'", "-"]) expect(names).toContain(wanted);
    expect(
      tables.tblAppointment.filter(({ PatNo }) => PatNo !== null).every(({ PatNm }) => /^[^,]+, [^,]+$/.test(PatNm)),
    ).toBe(true);
  });
});

describe("references", () => {
  test("every patient number exists", () => {
    const lists = Object.entries(tables).filter(([name]) => name !== "PATMST");
    const missing = lists.flatMap(([name, rows]) =>
      (rows as readonly object[])
        .filter((row) => "PatNo" in row && row.PatNo !== null && !patients.has(Number(row.PatNo)))
        .map(() => name),
    );
    expect(missing).toEqual([]);
    expect(tables.PATMST.filter(({ GuarPat }) => GuarPat !== null && !patients.has(GuarPat))).toEqual([]);
  });

  test("a deleted or merged record has no rows but a policy that clashed", () => {
    const gone = new Set(tables.PATMST.filter(({ DelYN }) => DelYN === "Y").map(({ PatNo }) => PatNo));
    expect(gone.size).toBeGreaterThan(3);
    expect(tables.ENCMST.some(({ PatNo }) => gone.has(PatNo))).toBe(false);
    expect(tables.PATINS.filter(({ PatNo }) => gone.has(PatNo)).every(({ DelYN }) => DelYN === "Y")).toBe(true);
    for (const { MrgToPat } of tables.PATMST) if (MrgToPat !== null) expect(gone.has(MrgToPat)).toBe(false);
  });

  test("encounters, appointments, notes, vitals, orders, charges and claims point at each other rightly", () => {
    for (const { EncNo, PatNo } of [...tables.CLINNOTE, ...tables.VITALS, ...tables.CHGMST, ...tables.CLMHDR]) {
      expect(encounters.get(EncNo)?.PatNo).toBe(PatNo);
    }
    for (const appointment of tables.tblAppointment) {
      if (appointment.EncNo !== null) expect(encounters.get(appointment.EncNo)?.ApptID).toBe(appointment.ApptID);
    }
    const orders = new Map(tables.LABORD.map((order) => [order.OrdNo, order]));
    for (const result of tables.LABRES) expect(orders.get(result.OrdNo)?.PatNo).toBe(result.PatNo);
    const payments = new Map(tables.PMTTRN.map((payment) => [payment.TrnID, payment]));
    const reversals = tables.PMTTRN.filter(({ RevOfID }) => RevOfID !== null);
    expect(reversals.length).toBeGreaterThan(0);
    for (const reversal of reversals) {
      expect(amountOf(payments.get(reversal.RevOfID ?? 0)?.Amt ?? "0")).toBe(-amountOf(reversal.Amt));
    }
    const notes = new Map(tables.CLINNOTE.map((note) => [note.NoteID, note]));
    for (const { AddOfID, EncNo } of tables.CLINNOTE)
      if (AddOfID !== null) expect(notes.get(AddOfID)?.EncNo).toBe(EncNo);
  });

  test("every code in use is in CODETBL, every user in USRMST", () => {
    const codes = new Set(tables.CODETBL.map(({ CodeTyp, CodeVal }) => `${CodeTyp} ${CodeVal}`));
    const used = [
      ...tables.tblAppointment.flatMap((row) => [`APTYPE ${row.ApTypCd}`, `APSTAT ${row.StatCd}`]),
      ...tables.ENCMST.map((row) => `ENCTYP ${row.EncTyp}`),
      ...tables.ENCMST.filter((row) => row.Dx1 !== "").map((row) => `DX ${row.Dx1}`),
      ...tables.CHGMST.map((row) => `PROC ${row.ProcCd}`),
      ...tables.RXMST.map((row) => `DRUG ${row.DrugCd}`),
      ...tables.LABRES.map((row) => `LABTST ${row.TestCd}`),
      ...tables.LABORD.map((row) => `LABTST ${row.PanelCd}`),
      ...tables.PATINS.map((row) => `PAYER ${row.PayCd}`),
      ...tables.PMTTRN.map((row) => `PMTTYP ${row.TrnTyp}`),
      ...tables.CLINNOTE.map((row) => `NOTTYP ${row.NotTyp}`),
      ...tables.USRMST.map((row) => `ROLE ${row.RoleCd}`),
    ];
    expect(unique(used).filter((code) => !codes.has(code))).toEqual([]);
    expect(tables.ENCMST.filter(({ ProvID }) => !staff.has(ProvID))).toEqual([]);
    expect(tables.PROVSCHED.filter(({ ProvID }) => !staff.has(ProvID))).toEqual([]);
  });

  test("sequence counters stand above every number issued", () => {
    const last = (name: string) =>
      tables.CODETBL.find(({ CodeTyp, CodeVal }) => CodeTyp === "SEQ" && CodeVal === name)?.NumVal;
    expect(last("LABORD")).toBeGreaterThanOrEqual(
      Math.max(...tables.LABORD.map(({ OrdNo }) => Number(OrdNo.slice(7)))),
    );
    expect(last("CLAIM")).toBeGreaterThanOrEqual(Math.max(...tables.CLMHDR.map(({ ClmNo }) => Number(ClmNo.slice(1)))));
    for (const { OrdNo } of tables.LABORD) expect(OrdNo).toMatch(/^L\d{6}\d{5}$/);
    for (const { ClmNo } of tables.CLMHDR) expect(ClmNo).toMatch(/^C\d{9}$/);
  });
});

describe("scheduling", () => {
  test("no two active appointments of a provider overlap, overbooked ones aside", () => {
    const active = tables.tblAppointment.filter(
      ({ StatCd, OvrBkYN }) => !["CX", "NS"].includes(StatCd) && OvrBkYN !== "Y",
    );
    for (const list of Map.groupBy(active, ({ ProvID, ApptDt }) => `${ProvID} ${ApptDt}`).values()) {
      const sorted = list.toSorted((a, b) => a.ApptTm.localeCompare(b.ApptTm));
      for (const [index, next] of sorted.entries()) {
        const before = sorted[index - 1];
        if (before) expect(minutesOf(before.ApptTm) + before.DurMin).toBeLessThanOrEqual(minutesOf(next.ApptTm));
      }
    }
  });

  test("all statuses occur, on any weekday there are patients today, and six weeks ahead are booked", () => {
    expect(unique(tables.tblAppointment.map(({ StatCd }) => StatCd))).toEqual([
      "CF",
      "CI",
      "CO",
      "CX",
      "NS",
      "RM",
      "SC",
    ]);
    for (const day of ["2026-11-21", "2026-11-22", "2026-11-23"]) {
      const rows = generateEhr({ today: day, patients: 100 }).tables.tblAppointment;
      const thatDay = rows.filter(({ ApptDt, PatNo }) => ApptDt.startsWith(day) && PatNo !== null);
      expect(unique(thatDay.map(({ StatCd }) => StatCd))).toEqual(expect.arrayContaining(["CI", "CO", "RM"]));
    }
    expect(tables.tblAppointment.filter(({ ApptDt }) => ApptDt > "2026-12-20").length).toBeGreaterThan(10);
    expect(tables.tblAppointment.some(({ OvrBkYN }) => OvrBkYN === "Y")).toBe(true);
    expect(tables.tblAppointment.some(({ PatNo, ApTypCd }) => PatNo === null && ApTypCd === "BLCK")).toBe(true);
  });

  test("the dead have no visits afterwards", () => {
    const dead = new Map(
      tables.PATMST.filter(({ DeathDt }) => !DeathDt.startsWith("9999")).map((row) => [row.PatNo, row.DeathDt]),
    );
    expect(dead.size).toBeGreaterThan(0);
    const late = tables.tblAppointment.filter(
      ({ PatNo, ApptDt }) => PatNo !== null && ApptDt > (dead.get(PatNo) ?? "9999"),
    );
    expect(late).toEqual([]);
  });

  test("an encounter falls into each autumn hour that came twice", () => {
    const twice = tables.ENCMST.filter(({ EncDt }) => / 01:\d\d:/.test(EncDt)).map(({ EncDt }) => EncDt.slice(0, 10));
    expect(twice).toEqual(expect.arrayContaining(["2025-11-02", "2026-11-01"]));
  });
});

describe("money", () => {
  test("balances, encounter totals and claim totals add up", () => {
    for (const patient of tables.PATMST) {
      const charges = tables.CHGMST.filter(({ PatNo, StatCd }) => PatNo === patient.PatNo && StatCd !== "V");
      const payments = tables.PMTTRN.filter(({ PatNo }) => PatNo === patient.PatNo);
      const total = [...charges.map(({ ExtAmt }) => ExtAmt), ...payments.map(({ Amt }) => Amt)].reduce(
        (sum, text) => sum + amountOf(text),
        0,
      );
      expect(amountOf(patient.AcctBal)).toBe(total);
    }
    for (const { Units, UnitAmt, ExtAmt } of tables.CHGMST) {
      expect(amountOf(ExtAmt)).toBe((amountOf(UnitAmt) * Number(Units.replace(".", ""))) / 10);
    }
    for (const claim of tables.CLMHDR) {
      const paid = tables.PMTTRN.filter(({ ClmNo, TrnTyp }) => ClmNo === claim.ClmNo && TrnTyp === "IP");
      expect(amountOf(claim.PaidAmt)).toBe(-paid.reduce((sum, { Amt }) => sum + amountOf(Amt), 0) + 0);
      const answered =
        amountOf(claim.PaidAmt) + amountOf(claim.PtResp) >= amountOf(claim.AlwAmt) && claim.AlwAmt !== "0.0000";
      expect([claim.ClmNo, ["PD", "CL"].includes(claim.StatCd)]).toEqual([claim.ClmNo, answered]);
    }
  });

  test("daily counts agree with the rows they count", () => {
    const sum = (column: "ApptCnt" | "EncCnt" | "RxCnt" | "LabCnt") =>
      tables.RPT_DAILY.reduce((total, row) => total + row[column], 0);
    const money = (column: "ChgAmt" | "PmtAmt") =>
      tables.RPT_DAILY.reduce((total, row) => total + amountOf(row[column]), 0);
    expect(sum("ApptCnt")).toBe(tables.tblAppointment.filter(({ PatNo }) => PatNo !== null).length);
    expect(sum("EncCnt")).toBe(tables.ENCMST.filter(({ EncDt, StatCd }) => EncDt < today && StatCd !== "X").length);
    expect(money("PmtAmt")).toBe(tables.PMTTRN.reduce((total, { Amt }) => total + amountOf(Amt), 0));
    expect(money("ChgAmt")).toBe(
      tables.CHGMST.reduce((total, { ExtAmt, StatCd }) => total + (StatCd === "V" ? 0 : amountOf(ExtAmt)), 0),
    );
  });

  test("every claim and payment status of the legacy system occurs", () => {
    expect(unique(tables.CLMHDR.map(({ StatCd }) => StatCd))).toEqual(["AC", "CL", "DN", "PD", "RD", "SB", "VD"]);
    expect(unique(tables.PMTTRN.map(({ TrnTyp }) => TrnTyp))).toEqual(expect.arrayContaining(["AD", "CP", "IP", "PP"]));
  });
});

describe("traps and special patients", () => {
  test("flags are sometimes blank, sentinels stand for no date in the upper-case tables", () => {
    expect(tables.PATMST.some(({ DelYN }) => DelYN === " ")).toBe(true);
    expect(tables.tblAppointment.some(({ RmndYN }) => RmndYN === " ")).toBe(true);
    expect(tables.PATMST.some(({ HIPAADt }) => HIPAADt.startsWith("1900-01-01"))).toBe(true);
    expect(tables.RXMST.some(({ EndDt }) => EndDt.startsWith("9999-12-31"))).toBe(true);
    expect(tables.tblAppointment.some(({ ChkInTm }) => ChkInTm === null)).toBe(true);
  });

  test("restricted, VIP, deceased and photographed patients exist; photos are JPEGs", () => {
    expect(tables.PATMST.filter(({ RstrYN }) => RstrYN === "Y").length).toBeGreaterThan(2);
    expect(tables.PATMST.filter(({ VIPYN }) => VIPYN === "Y").length).toBeGreaterThan(1);
    const photos = tables.PATMST.flatMap(({ PhotoImg }) => (PhotoImg === null ? [] : [PhotoImg]));
    expect(photos.length).toBeGreaterThan(5);
    for (const photo of photos) {
      expect(photo.subarray(0, 3).toString("hex")).toBe("ffd8ff");
      expect(photo.subarray(-2).toString("hex")).toBe("ffd9");
    }
  });

  test("notes are signed, unsigned and sensitive; bytes 0x80-0x9F of the code page occur", () => {
    expect(unique(tables.CLINNOTE.map(({ SensCd }) => SensCd))).toEqual(["N", "P", "R", "S"]);
    expect(tables.CLINNOTE.some(({ SgndYN }) => SgndYN !== "Y")).toBe(true);
    expect(tables.CLINNOTE.some(({ NoteTx }) => NoteTx?.includes("€") && NoteTx.includes("’"))).toBe(true);
  });

  test("labs wait for review and run abnormal; controlled drugs go on paper", () => {
    const waiting = tables.LABORD.filter(({ StatCd, RevYN }) => ["FI", "CO"].includes(StatCd) && RevYN !== "Y");
    expect(waiting.length).toBeGreaterThan(3);
    expect(unique(tables.LABRES.map(({ AbnFlg }) => AbnFlg))).toEqual(expect.arrayContaining(["", "H", "L", "HH"]));
    const controlled = tables.RXMST.filter(({ CtrlCl }) => CtrlCl !== " ");
    expect(controlled.length).toBeGreaterThan(5);
    expect(controlled.every(({ SentCd }) => SentCd === "N")).toBe(true);
  });

  test("every role can log in, and the portal has proxies", () => {
    expect(unique(data.logins.map(({ role }) => role))).toEqual([
      "ADMN",
      "BILL",
      "FDSK",
      "LABT",
      "NURS",
      "PHYS",
      "RPTS",
    ]);
    for (const { user, password } of data.logins) {
      expect(tables.USRMST.find(({ UsrID }) => UsrID === user)?.PwdHash).toBe(staffPasswordHash(password));
    }
    expect(tables.PORTAL_USER.filter(({ ProxyForPatNo }) => ProxyForPatNo !== null).length).toBeGreaterThan(2);
    expect(unique(tables.PORTAL_MSG.map(({ MsgType }) => MsgType))).toEqual(["APRQ", "BILL", "GENQ", "RSLT", "RXRF"]);
  });

  test("nothing in the interface queue is older than 90 days", () => {
    expect(tables.IFCMSG.every(({ CrtDt }) => CrtDt > "2026-08-24")).toBe(true);
    expect(unique(tables.IFCMSG.map(({ MsgTyp }) => MsgTyp))).toEqual(["ADT^A08", "NEWRX", "ORM^O01", "ORU^R01"]);
  });
});
