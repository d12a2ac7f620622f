/**
 * Copies of other modules' rows, as narrow as what this service shows: no demographics beyond the banner of a page, no
 * password hash, of the clinical list nothing but active allergies.
 */

import { columns, defineTable, type LegacyRow, type TableMapping, type TargetValue } from "@banyan/service-kit/mapping";

const { code, day, flag, int, keyText, text } = columns;

export const patients = defineTable({
  legacyTable: "PATMST",
  legacyKey: ["PatNo"],
  target: "patients",
  ownership: "reference",
  lanes: (row) => [`patient:${String(row.PatNo)}`],
  columns: {
    PatNo: int("patient_id"),
    MRN: text("mrn", "char(10)"),
    LName: text("family_name", "varchar(30)"),
    FName: text("given_name", "varchar(20)"),
    MI: text("middle_initial", "char(1)"),
    DOB: day("birth_date"),
    Sex: code("sex", "char(1)", { M: "male", F: "female", U: "unknown" }),
    HmPhone: text("home_phone", "char(10)"),
    CellPh: text("mobile_phone", "char(10)"),
    RstrYN: flag("restricted"),
    MrgToPat: int("merged_into", { nullable: true }),
    DelYN: flag("deleted"),
  },
});

const allergyText = text("substance", "varchar(100)");

export const allergies: TableMapping = {
  legacyTable: "PATLIST",
  legacyKey: ["ListID"],
  legacyColumns: {
    ListID: { type: "int" },
    PatNo: { type: "int" },
    LstTyp: { type: "char(1)" },
    ItemDs: { type: "varchar(100)" },
    StatCd: { type: "char(1)" },
    DelYN: { type: "char(1)" },
  },
  target: "allergies",
  targetKey: ["entry_id"],
  targetColumns: { entry_id: "int", patient_id: "int", substance: "text", legacy_residue: "jsonb" },
  ownership: "reference",
  lanes: (row) => [`patient:${String(row.PatNo)}`],
  toService: (row) => {
    const target: Record<string, TargetValue> = {};
    allergyText.readInto(target, row.ItemDs ?? "");
    return {
      entry_id: Number(row.ListID),
      patient_id: Number(row.PatNo),
      substance: isActiveAllergy(row) ? (target.substance ?? "") : null,
      legacy_residue: null,
    };
  },
  keyToService: (key) => ({ entry_id: Number(key.ListID) }),
};

const isLetter = (row: LegacyRow, column: string, letter: string): boolean =>
  String(row[column]).toUpperCase() === letter;

const isActiveAllergy = (row: LegacyRow): boolean =>
  isLetter(row, "LstTyp", "A") && isLetter(row, "StatCd", "A") && !isLetter(row, "DelYN", "Y");

export const staff = defineTable({
  legacyTable: "USRMST",
  legacyKey: ["UsrID"],
  target: "staff",
  ownership: "reference",
  lanes: (row) => [`staff:${String(row.UsrID).trimEnd()}`],
  columns: {
    UsrID: keyText("user_id", "char(8)"),
    UsrNm: text("name", "varchar(40)"),
    RoleCd: text("role", "char(4)"),
    ProvYN: flag("provider"),
    NPI: text("npi", "char(10)"),
    SpecCd: text("specialty", "char(4)"),
    LocCd: keyText("site_code", "char(4)"),
    ActvYN: flag("active"),
  },
});

export const sites = defineTable({
  legacyTable: "CLINLOC",
  legacyKey: ["LocCd"],
  target: "sites",
  ownership: "reference",
  lanes: (row) => [`site:${String(row.LocCd).trimEnd()}`],
  columns: {
    LocCd: keyText("site_code", "char(4)"),
    LocNm: text("name", "varchar(50)"),
    Addr1: text("street", "varchar(40)"),
    City: text("city", "varchar(25)"),
    StCd: text("state", "char(2)"),
    Zip: text("postal_code", "char(9)"),
    Phone: text("phone", "char(10)"),
    ActvYN: flag("active"),
  },
});

export const codes = defineTable({
  legacyTable: "CODETBL",
  legacyKey: ["CodeTyp", "CodeVal"],
  target: "codes",
  ownership: "reference",
  lanes: (row) => [`code:${String(row.CodeTyp).trimEnd()}`],
  columns: {
    CodeTyp: keyText("code_set", "char(6)"),
    CodeVal: keyText("code", "char(18)"),
    ShortDs: text("display", "varchar(30)"),
    NumVal: int("number", { nullable: true }),
    SortOrd: int("sort_order", { type: "smallint" }),
    ActvYN: flag("active"),
  },
});
