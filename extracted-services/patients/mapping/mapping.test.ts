import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readConfig } from "@banyan/kernel";
import { type Dataset, generateEhr, importSynthea, type TableName } from "@banyan/legacy-data";
import type { LegacyRow } from "@banyan/service-kit/mapping";
import { anyLegacyRow, asLegacyRow, mappingFaults } from "@banyan/service-kit/conformance";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as codes from "./codes.ts";
import { coverageTable } from "./coverage.ts";
import { patientTables } from "./index.ts";
import { patientTable } from "./patient.ts";

/** Codes the legacy screens write, so that properties meet them and not only noise. */
const usual = {
  Sex: Object.keys(codes.sexes),
  MarCd: Object.keys(codes.maritalStatuses),
  RaceCd: [...Object.keys(codes.races), "ZZ"],
  LangCd: ["EN", "es", "E", "1"],
  RelCd: Object.keys(codes.relationships),
  StatCd: ["A", "SC", "cf", "O", "FI"],
  ApptTm: ["0130", "2400", "9:00"],
};

describe("the laws of every table", () => {
  test.each(patientTables.map((table) => [table.legacyTable, table] as const))(
    "%s: any row finds room, is named by its key, and comes back as it was",
    (_name, table) => {
      fc.assert(
        fc.property(anyLegacyRow(table, usual), (row) => {
          expect(mappingFaults(table, row)).toEqual([]);
        }),
      );
    },
  );

  test("two policies with different keys are never one", () => {
    const key = fc.record({
      PatNo: fc.integer({ min: 1, max: 2 }),
      InsSeq: fc.integer({ min: 1, max: 2 }),
      EffDt: hours,
    });
    fc.assert(
      fc.property(key, key, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(coverageTable.keyToService(one)).not.toEqual(coverageTable.keyToService(other));
      }),
    );
  });
});

/** Around both nights on which the clock is changed. */
const hours = fc
  .tuple(
    fc.constantFrom("2026-03-08", "2026-11-01"),
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom("000", "003", "997"),
  )
  .map(([date, hour, ms]) => `${date} 0${hour}:00:00.${ms}`);

function checkDataset({ tables }: Dataset): void {
  for (const table of patientTables) {
    const rows = tables[table.legacyTable as TableName];
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(mappingFaults(table, asLegacyRow(table, row))).toEqual([]);
  }
}

describe("the laws on whole clinics", () => {
  const generated = generateEhr({ today: "2026-11-22", patients: 80 });

  test("hold for every generated row", () => checkDataset(generated));

  test("need no residue beyond blank flags: the domain says all else", () => {
    const kept = new Set<string>();
    for (const table of patientTables) {
      for (const row of generated.tables[table.legacyTable as TableName]) {
        const residue = table.toService(asLegacyRow(table, row))["legacy_residue"];
        if (typeof residue !== "string") continue;
        for (const [name, value] of Object.entries(JSON.parse(residue) as LegacyRow)) {
          kept.add(`${table.legacyTable}.${name} ${JSON.stringify(value)}`);
        }
      }
    }
    expect([...kept].filter((entry) => !entry.endsWith('YN " "'))).toEqual([]);
  });

  const folder = resolve(
    readConfig().BANYAN_SHARED_DATA ?? resolve(import.meta.dirname, "../../../../shared/data"),
    "synthea-native-27",
  );
  test("hold for every row of the public Synthea export", async (context) => {
    if (!existsSync(folder)) context.skip("needs data outside the repository: ../shared/data");
    checkDataset(await importSynthea({ dir: folder, today: "2026-11-22" }));
  });
});

const jose: LegacyRow = {
  ...patientTable.toLegacy({}),
  PatNo: 100001,
  MRN: "0001000017",
  LName: "PEÑA-O'NEIL",
  FName: "JOSÉ",
  MI: " ",
  Suffix: "JR  ",
  DOB: "1961-02-03 00:00:00.000",
  Sex: "M",
  MarCd: "P",
  RaceCd: "WH",
  EthCd: "H",
  LangCd: "ES",
  VIPYN: " ",
  AcctBal: "-12.5000",
  CrtUsr: "FDESK1  ",
  CrtDt: "2026-11-01 01:30:00.007",
  ModDt: "2026-07-01 09:00:00.000",
  RowVer: Buffer.from("00000000000007d1", "hex"),
};

describe("a patient", () => {
  test("is read as values of the domain: dates, codes by meaning, money, flags, absence as null", () => {
    expect(patientTable.toService(jose)).toMatchObject({
      patient_no: 100001,
      family_name: "PEÑA-O'NEIL",
      middle_initial: null,
      name_suffix: "JR",
      birth_date: "1961-02-03",
      sex: "male",
      marital_status: "separated",
      race: "2106-3",
      ethnicity: "2135-2",
      language: "es",
      died_on: null,
      privacy_notice_on: null,
      vip: false,
      account_balance: "-12.5000",
      created_at: "2026-11-01T06:30:00.007Z",
      modified_at: "2026-07-01T13:00:00.000Z",
      legacy_residue: '{"VIPYN":" "}',
    });
  });

  test("that the service changes is written back with the rest as legacy has it", () => {
    const target = { ...patientTable.toService(jose), family_name: "PEÑA", sex: "unknown", died_on: "2026-11-20" };
    expect(patientTable.toLegacy(target)).toEqual({
      ...jose,
      LName: "PEÑA",
      Sex: "U",
      DeathDt: "2026-11-20 00:00:00.000",
    });
  });

  test("names who decides when both sides changed a column; all else is for a person", () => {
    const policies = Object.entries(patientTable.legacyColumns).flatMap(([name, { conflict }]) =>
      conflict ? [[name, conflict]] : [],
    );
    expect(Object.fromEntries(policies)).toEqual({
      CellPh: "newer",
      Email: "newer",
      HIPAADt: "newer",
      PortYN: "newer",
      PhotoImg: "newer",
      ModUsr: "newer",
      ModDt: "newer",
      AcctBal: "legacy",
      LastVst: "legacy",
      MrgToPat: "legacy",
    });
  });
});

describe("what is not copied", () => {
  test("password hashes, DEA numbers, log-in names and secret questions are not even read", () => {
    const read = patientTables.flatMap((table) => Object.keys(table.legacyColumns));
    expect(read.filter((name) => /pwd|salt|secret|login|DEANo/i.test(name))).toEqual([]);
  });
});
