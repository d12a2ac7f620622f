import { describe, expect, it } from "vitest";
import { changeOf } from "./change-of.ts";
import * as columns from "./columns.ts";
import { defineTable } from "./define-table.ts";

const table = defineTable({
  legacyTable: "PET",
  legacyKey: ["PetNo"],
  target: "pet",
  ownership: "owned",
  lanes: () => ["pet:1"],
  columns: {
    PetNo: columns.int("pet_no", { issued: true }),
    Nm: columns.text("name", "char(4)"),
    ChipYN: columns.flag("chipped"),
    RowVer: columns.bytes("legacy_version", "rowversion", { issued: true }),
  },
});
const rex = { pet_no: 7, name: "Rex", chipped: false, legacy_version: null, legacy_residue: '{"ChipYN":" "}' };

describe("the change of a row in legacy terms", () => {
  it("holds the columns that differ, before and after, padded as legacy has them", () => {
    expect(changeOf(table, rex, { ...rex, name: "Max" })).toEqual({
      table: "PET",
      key: { PetNo: 7 },
      old: { Nm: "Rex " },
      new: { Nm: "Max " },
    });
  });

  it("compares with what legacy holds, the odd blank included", () => {
    expect(changeOf(table, rex, { ...rex, chipped: true })).toMatchObject({
      old: { ChipYN: " " },
      new: { ChipYN: "Y" },
    });
  });

  it("is none when legacy would see no difference or only what it issues itself", () => {
    expect(changeOf(table, rex, { ...rex, legacy_version: Buffer.alloc(8) })).toBeUndefined();
  });

  it("of a new or a removed row holds every column that can be written, and the key", () => {
    expect(changeOf(table, null, rex)).toEqual({
      table: "PET",
      key: { PetNo: 7 },
      old: null,
      new: { Nm: "Rex ", ChipYN: " " },
    });
    expect(changeOf(table, rex, null)).toMatchObject({ key: { PetNo: 7 }, new: null });
  });
});
