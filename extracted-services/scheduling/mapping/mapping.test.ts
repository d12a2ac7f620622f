import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readConfig } from "@banyan/kernel";
import { type Dataset, generateEhr, importSynthea, type TableName } from "@banyan/legacy-data";
import { anyLegacyRow, asLegacyRow, mappingFaults } from "@banyan/service-kit/conformance";
import type { LegacyRow, TargetRow } from "@banyan/service-kit/mapping";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appointments } from "./appointments.ts";
import { schedulingMapping } from "./index.ts";
import { allergies } from "./reference-copies.ts";
import { workingHours } from "./working-hours.ts";

/** Codes the legacy screens write and some they do not, so that properties meet them and not only noise. */
const usual = {
  StatCd: ["SC", "CF", "CX", "co", "ZZ", "A"],
  SrcCd: ["F", "P", "x"],
  LstTyp: ["A", "P"],
  ApptTm: ["0130", "0230", "2359", "2400", "9:00"],
  StartTm: ["0800", "2560", "8am"],
  EndTm: ["1700", "2400", "2401"],
};

describe("the laws of every table", () => {
  test.each(schedulingMapping.tables.map((table) => [table.legacyTable, table] as const))(
    "%s: any row finds room, is named by its key, and comes back as it was",
    (_name, table) => {
      fc.assert(
        fc.property(anyLegacyRow(table, usual), (row) => {
          expect(mappingFaults(table, row)).toEqual([]);
        }),
      );
    },
  );

  test("two schedules with different keys are never one", () => {
    const text = fc.constantFrom("A", "a|", "A|", "%7C", "");
    const key = fc.record({
      ProvID: text.map((one) => one.padEnd(8)),
      LocCd: text.map((one) => one.padEnd(4)),
      DOW: fc.integer({ min: 0, max: 12 }),
      StartTm: fc.constantFrom("0800", "8   ", "|   "),
      EffDt: fc.constantFrom("1900-01-01 00:00:00.000", "2026-01-05 00:00:00.000", "2026-01-05 02:30:00.003"),
    });
    fc.assert(
      fc.property(key, key, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(workingHours.keyToService(one)).not.toEqual(workingHours.keyToService(other));
      }),
    );
  });
});

function checkDataset({ tables }: Dataset): void {
  for (const table of schedulingMapping.tables) {
    const rows = tables[table.legacyTable as TableName];
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(mappingFaults(table, asLegacyRow(table, row))).toEqual([]);
  }
}

describe("the laws on whole clinics", () => {
  const generated = generateEhr({ today: "2026-11-22", patients: 60 });

  test("hold for every generated row", () => checkDataset(generated));

  test("need no more than odd blanks beside the domain's own columns", () => {
    const kept = generated.tables.tblAppointment
      .map((row) => appointments.toService(asLegacyRow(appointments, row)).legacy_residue)
      .flatMap((residue) => (typeof residue === "string" ? Object.entries(JSON.parse(residue) as LegacyRow) : []));
    expect(new Set(kept.map(([column, value]) => `${column} ${JSON.stringify(value)}`))).toEqual(
      new Set(['RmndYN " "']),
    );
  });

  const shared = readConfig().BANYAN_SHARED_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");
  const folder = resolve(shared, "synthea-native-27");
  test("hold for every row of the public Synthea export", async (context) => {
    if (!existsSync(folder)) context.skip("needs data outside the repository: ../shared/data");
    checkDataset(await importSynthea({ dir: folder, today: "2026-11-22" }));
  });
});

/** As the row comes back from PostgreSQL: jsonb parsed. */
const stored = (row: TargetRow): TargetRow => ({
  ...row,
  legacy_residue: typeof row.legacy_residue === "string" ? JSON.parse(row.legacy_residue) : null,
});

const booking: LegacyRow = {
  ApptID: 41,
  PatNo: 100001,
  PatNm: "PEÑA, JOSÉ",
  MRN: "0001000017",
  PatPhone: "          ",
  ProvID: "AREYES  ",
  ProvNm: "REYES, ANA",
  LocCd: "MAIN",
  ApptDt: "2026-11-01 00:00:00.000",
  ApptTm: "0130",
  DurMin: 30,
  ApTypCd: "FOLL",
  StatCd: "SC",
  RsnTx: "",
  OvrBkYN: " ",
  CxRsnCd: "  ",
  ChkInTm: null,
  EncNo: null,
  RmndYN: " ",
  SrcCd: "F",
  CrtUsr: "FDESK1  ",
  CrtDt: "2026-10-01 09:00:00.003",
  ModUsr: "FDESK1  ",
  ModDt: "2026-11-01 01:30:00.000",
  DelYN: "N",
};

describe("an appointment", () => {
  test("is read as values of the domain: codes by meaning, absence as null, instants in UTC", () => {
    expect(appointments.toService(booking)).toMatchObject({
      appointment_id: 41,
      patient_phone: null,
      provider_id: "AREYES",
      local_date: "2026-11-01",
      local_time: "01:30:00",
      status: "scheduled",
      reason: null,
      overbooked: false,
      cancel_reason: null,
      booked_through: "desk",
    });
  });

  test("at half past one of the night the clocks go back takes the later of the two, as the old application does", () => {
    expect(appointments.toService(booking)).toMatchObject({
      starts_at: "2026-11-01T06:30:00.000Z",
      ends_at: "2026-11-01T07:00:00.000Z",
      modified_at: "2026-11-01T06:30:00.000Z",
    });
  });

  test("in the hour that spring skips keeps the time that was written down", () => {
    const row = { ...booking, ApptDt: "2026-03-08 00:00:00.000", ApptTm: "0230" };
    expect(appointments.toService(row)).toMatchObject({
      local_time: "02:30:00",
      starts_at: "2026-03-08T07:30:00.000Z",
    });
    expect(appointments.toLegacy(appointments.toService(row))).toEqual(row);
  });

  test("without a patient is blocked time", () => {
    const row = { ...booking, PatNo: null, PatNm: "STAFF MEETING", MRN: "          ", ApTypCd: "BLCK" };
    expect(appointments.toService(row)).toMatchObject({ patient_id: null, patient_name: "STAFF MEETING" });
    expect(appointments.toLegacy(appointments.toService(row))).toEqual(row);
  });

  test("whose status the service changes keeps its odd blanks and no more", () => {
    const target = { ...stored(appointments.toService(booking)), status: "cancelled", reminder_sent: true };
    expect(appointments.toLegacy(target)).toEqual({ ...booking, StatCd: "CX", RmndYN: "Y" });
  });

  test("names who decides when both sides changed a column", () => {
    const policy = Object.entries(appointments.legacyColumns).map(([name, column]) => [name, column.conflict]);
    expect(Object.fromEntries(policy)).toMatchObject({
      EncNo: "legacy",
      StatCd: "legacy",
      PatNm: "legacy",
      ApptTm: undefined,
      ApTypCd: "newer",
    });
  });
});

describe("the clinical list", () => {
  const entry = { ListID: 1, PatNo: 100001, LstTyp: "A", ItemDs: "Penicillin", StatCd: "A", DelYN: "N" };

  test("leaves active allergies and nothing of problems, resolved or deleted entries", () => {
    const substance = (change: LegacyRow) => allergies.toService({ ...entry, ...change }).substance;
    expect(substance({})).toBe("Penicillin");
    expect([substance({ LstTyp: "P" }), substance({ StatCd: "R" }), substance({ DelYN: "Y" })]).toEqual([
      null,
      null,
      null,
    ]);
    expect(substance({ DelYN: " " })).toBe("Penicillin");
  });
});
