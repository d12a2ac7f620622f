import { openServiceDatabase } from "@banyan/service-kit";
import { startTestServices, type TestDatabase, type TestServices } from "@banyan/service-kit/test-service";
import type { Knex } from "knex";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { seedClinic } from "../test-clinic.ts";
import { findPatient, searchPatients, typeAhead } from "./patient-reads.ts";
import { editToken, isCurrent } from "./patient-writes.ts";

let services: TestServices;
let database: TestDatabase;
let db: Knex;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services?.stop());
beforeEach(async () => {
  database = await services.database("patients");
  await seedClinic(database);
  db = openServiceDatabase(database.url, "patients");
  return () => db.destroy();
});

const pid = 100001;
const change = (columns: Readonly<Record<string, unknown>>): Promise<number> =>
  db("patient").where({ patient_no: pid }).update(columns);
const record = async () => (await findPatient(db, pid)) ?? expect.fail("no such patient");
const rowVersion = (number: number): Buffer => Buffer.from(number.toString(16).padStart(16, "0"), "hex");

describe("the version that an edit form carries", () => {
  test("is legacy's own while legacy's row is the newest", async () => {
    await change({ legacy_version: rowVersion(2001), family_name: "ROE" });
    const patient = await record();
    expect(editToken(patient)).toBe("00000000000007D1");
    expect(isCurrent(patient, "00000000000007d1")).toBe(true);
    expect(isCurrent(patient, "00000000000007D0")).toBe(false);
  });

  test("is the service's after its own change, and legacy's older one names the record no more", async () => {
    await change({ legacy_version: rowVersion(2001), family_name: "ROE" });
    await change({ family_name: "DOE" });
    const patient = await record();
    expect(editToken(patient)).toMatch(/^80/);
    expect(isCurrent(patient, "00000000000007D1")).toBe(false);
  });

  test("is either once legacy has the service's change, and neither once somebody changed the record there", async () => {
    await change({ family_name: "DOE" });
    const own = editToken(await record());
    await change({ legacy_version: rowVersion(2002), source_position: Buffer.alloc(12) });
    const settled = await record();
    expect(editToken(settled)).toBe("00000000000007D2");
    expect(isCurrent(settled, own)).toBe(true);
    await change({ legacy_version: rowVersion(2003), account_balance: "12.5" });
    const later = await record();
    expect([isCurrent(later, own), isCurrent(later, "00000000000007D2"), isCurrent(later, "00000000000007D3")]).toEqual(
      [false, false, true],
    );
  });

  test("is never that of a legacy row for a record the service has just made", async () => {
    await db("patient").insert({ patient_no: 7, family_name: "NEW" });
    const made = (await findPatient(db, 7)) ?? expect.fail("not made");
    expect(isCurrent(made, editToken(made))).toBe(true);
    expect(editToken(made)).toMatch(/^80/);
  });
});

describe("the version of a record", () => {
  test("rises with what a reader sees of it, and not with its balance or its place in the stream", async () => {
    const before = await record();
    await change({
      account_balance: "99.0000",
      last_visit_on: "2026-11-20",
      source_position: Buffer.alloc(12),
      legacy_residue: "{}",
    });
    expect((await record()).version).toBe(before.version);
    await change({ mobile_phone: "6175550199" });
    const after = await record();
    expect(Number(after.version)).toBe(Number(before.version) + 1);
    expect(after.changed_at > before.changed_at).toBe(true);
  });
});

describe("names that sound alike", () => {
  test.each([
    ["Robert", "R163"],
    ["Rupert", "R163"],
    ["Ashcraft", "A261"],
    ["Tymczak", "T522"],
    ["Pfister", "P236"],
    ["Honeyman", "H555"],
    ["O'BRIEN", "O000"],
    ["SMITH-JONES", "S530"],
    ["Núñez", "N000"],
    ["Élan", "0000"],
    ["", "0000"],
    ["a", "A000"],
  ])("%s is %s, as SQL Server has it from level 110 on", async (name, sound) => {
    const answer: { rows: { sound: string }[] } = await db.raw("SELECT tsql_soundex(?) AS sound", [name]);
    expect(answer.rows[0]?.sound).toBe(sound);
  });
});

describe("a search", () => {
  const anybody = { given: "", birthDate: undefined, mrn: "" };
  const byName = { order: "name", descending: false, page: 1, rowsMax: 25 } as const;

  test("leaves deleted and merged records out", async () => {
    await change({ family_name: "QQONE" });
    expect((await searchPatients(db, { ...anybody, family: "qqo" }, byName)).total).toBe(1);
    await change({ merged_into_no: 100002 });
    expect((await searchPatients(db, { ...anybody, family: "qqo" }, byName)).total).toBe(0);
    await change({ merged_into_no: null, deleted: true });
    expect(await typeAhead(db, "qqo", 5)).toEqual([]);
  });

  test("answers a page too far with the last one", async () => {
    const last = await searchPatients(db, { ...anybody, family: "%" }, { ...byName, page: 999, rowsMax: 10 });
    expect([last.page, last.patients.length]).toEqual([last.pages, last.total - 10 * (last.pages - 1)]);
  });

  test("finds the beginning of a name, a number and a sound through an index", async () => {
    await db.raw("SET enable_seqscan = off");
    const plan = async (condition: string): Promise<string> =>
      JSON.stringify((await db.raw<{ rows: unknown[] }>(`EXPLAIN SELECT * FROM patient WHERE ${condition}`)).rows);
    expect(await plan("family_key LIKE 'smi%'")).toContain("patient_name");
    expect(await plan("mrn_key = '0001000017'")).toContain("patient_mrn");
    expect(await plan("family_sound = 'S530'")).toContain("patient_sound");
  });
});
