import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as columns from "./columns.ts";
import { defineTable } from "./define-table.ts";
import type { LegacyRow, TargetRow } from "./index.ts";

const table = defineTable({
  legacyTable: "PET",
  legacyKey: ["PetNo", "SeenDt"],
  target: "pet",
  ownership: "owned",
  lanes: (row) => [`pet:${String(row["PetNo"])}`],
  columns: {
    PetNo: columns.int("pet_no", { issued: true }),
    SeenDt: columns.dayAndTime({ day: "seen_on", time: "seen_time" }),
    Nm: columns.text("name", "varchar(30)"),
    Init: columns.text("initial", "char(4)"),
    KindCd: columns.code("kind", "char(2)", { CA: "cat", DO: "dog" }),
    ChipYN: columns.flag("chipped"),
    BornDt: columns.day("born_on"),
    GoneDt: columns.day("gone_on", { absent: "end" }),
    SgnDt: columns.day("signed_on", { absent: "start" }),
    ModDt: columns.instant("modified_at"),
    Owed: columns.money("owed", { conflict: "legacy" }),
    Wt: columns.decimal("weight", 5, 2, { nullable: true }),
    FedTm: columns.clockTime("fed_at"),
    Own: columns.int("owner_no", { nullable: true }),
    Img: columns.bytes("picture", "image"),
    RowVer: columns.bytes("legacy_version", "rowversion", { issued: true }),
  },
});

const plain: LegacyRow = {
  PetNo: 7,
  SeenDt: "2026-03-08 02:30:00.003",
  Nm: "José",
  Init: "AB  ",
  KindCd: "CA",
  ChipYN: "Y",
  BornDt: "2020-02-29 00:00:00.000",
  GoneDt: "9999-12-31 00:00:00.000",
  SgnDt: "1900-01-01 00:00:00.000",
  ModDt: "2026-11-01 01:30:00.007",
  Owed: "-12.5000",
  Wt: "4.10",
  FedTm: "0730",
  Own: null,
  Img: null,
  RowVer: Buffer.from("00000000000007d1", "hex"),
};

const cp1252 = fc.constantFrom(..."aZ é'-€‚ž\u00a0\0\u{fffd}  ");
const reading = fc
  .integer({ min: Date.UTC(1753, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59, 997) })
  .map((ms) => new Date(ms - (ms % 10)).toISOString().slice(0, 23).replace("T", " "));
const date = fc.oneof(
  reading,
  fc.constantFrom(
    "1900-01-01 00:00:00.000",
    "9999-12-31 00:00:00.000",
    "9999-12-31 23:59:59.997",
    "2026-03-08 02:30:00.000",
  ),
);
const char = (length: number) =>
  fc.string({ unit: cp1252, maxLength: length }).map((text) => text.slice(0, length).padEnd(length));
const anyRow: fc.Arbitrary<LegacyRow> = fc.record({
  PetNo: fc.integer(),
  SeenDt: reading,
  Nm: fc.string({ unit: cp1252, maxLength: 30 }),
  Init: char(4),
  KindCd: fc.oneof(fc.constantFrom("CA", "ca", "DO", "  ", "X "), char(2)),
  ChipYN: fc.constantFrom("Y", "N", " ", "y", "\0"),
  BornDt: date,
  GoneDt: date,
  SgnDt: date,
  ModDt: date,
  Owed: fc.constantFrom("0.0000", "-922337203685477.5808", "12.5000"),
  Wt: fc.constantFrom(null, "0.00", "123.45"),
  FedTm: fc.oneof(fc.constantFrom("0000", "2359", "2400", "7:30"), char(4)),
  Own: fc.option(fc.integer()),
  Img: fc.option(fc.uint8Array()),
  RowVer: fc.uint8Array({ minLength: 8, maxLength: 8 }),
});

describe("a mapping built from columns", () => {
  it("gives back every legacy row it was given", () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        expect(table.toLegacy(table.toService(row))).toEqual(row);
      }),
      { numRuns: 500 },
    );
  });

  it("names with keyToService the row that toService makes", () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        const target = table.toService(row);
        expect(table.keyToService({ PetNo: row["PetNo"] ?? null, SeenDt: row["SeenDt"] ?? null })).toEqual(
          Object.fromEntries(table.targetKey.map((name) => [name, target[name]])),
        );
      }),
    );
  });

  it("makes only text and residue that PostgreSQL can store", () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        for (const value of Object.values(table.toService(row))) {
          if (typeof value === "string") expect(value.includes("\0") || value.includes(String.raw`\u0000`)).toBe(false);
        }
      }),
    );
  });

  it("reads padding, sentinels, codes, flags, wall time and money as the domain's values, without a residue", () => {
    expect(table.toService(plain)).toEqual({
      pet_no: 7,
      seen_on: "2026-03-08",
      seen_time: "02:30:00.003",
      name: "José",
      initial: "AB",
      kind: "cat",
      chipped: true,
      born_on: "2020-02-29",
      gone_on: null,
      signed_on: null,
      modified_at: "2026-11-01T06:30:00.007Z",
      owed: "-12.5000",
      weight: "4.10",
      fed_at: "07:30:00",
      owner_no: null,
      picture: null,
      legacy_version: plain["RowVer"],
      legacy_residue: null,
    });
  });

  it("keeps what the domain can not say only as long as the domain's value is unchanged", () => {
    const odd = table.toService({ ...plain, ChipYN: " ", KindCd: "ca" });
    expect(odd["legacy_residue"]).toBe('{"KindCd":"ca","ChipYN":" "}');
    const changed: TargetRow = { ...odd, chipped: true };
    expect(table.toLegacy(changed)).toMatchObject({ ChipYN: "Y", KindCd: "ca" });
    expect(table.toLegacy({ ...changed, chipped: false, kind: "dog" })).toMatchObject({ ChipYN: " ", KindCd: "DO" });
  });

  it("takes the residue as text or as a driver parsed it", () => {
    const odd = table.toService({ ...plain, Nm: "\0" });
    const parsed = JSON.parse(String(odd["legacy_residue"])) as never;
    expect(table.toLegacy({ ...odd, legacy_residue: parsed })["Nm"]).toBe("\0");
    expect(table.legacyValue("Nm", odd)).toBe("\0");
  });

  it("writes what PostgreSQL shortened as SQL Server holds it", () => {
    const row: TargetRow = { ...table.toService(plain), owed: "-12.5", weight: "4", seen_time: "02:30:00" };
    expect(table.toLegacy(row)).toMatchObject({ Owed: "-12.5000", Wt: "4.00", SeenDt: "2026-03-08 02:30:00.000" });
  });

  it("keeps a site's own code behind a prefix", () => {
    expect(table.toService({ ...plain, KindCd: "X " })["kind"]).toBe("local:X");
  });
});
