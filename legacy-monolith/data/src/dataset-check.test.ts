import { expect, test } from "vitest";
import { checkTables } from "./dataset-check.ts";
import { emptyTables } from "./dataset.ts";
import { row } from "./schema.ts";

const site = (LocCd: string, LocNm = "Main") => row("CLINLOC", { LocCd, LocNm });

test("text that is too long or outside the code page is named by table, row and column, without the value", () => {
  const tables = emptyTables();
  tables.CLINLOC.push(site("MAIN"), site("EAST", "Ősi"), site("TOOLONG"));
  expect(checkTables(tables)).toEqual([
    { table: "CLINLOC", row: 1, column: "LocNm", reason: "a letter is outside windows-1252" },
    { table: "CLINLOC", row: 2, column: "LocCd", reason: "it is longer than 4 characters" },
  ]);
});

test("a key that differs in case and trailing blanks only occurs twice for SQL Server", () => {
  const tables = emptyTables();
  tables.CLINLOC.push(site("MAIN"), site("ma"), site("Main"), site("MA  "));
  expect(checkTables(tables).map(({ row }) => row)).toEqual([2, 3]);
});

test("numbers, amounts and dates out of range are found", () => {
  const tables = emptyTables();
  const vitals = { EncNo: 1, PatNo: 1, EntUsr: "NURSE1" };
  tables.VITALS.push(
    row("VITALS", { ...vitals, TakenDt: "2026-11-22 09:00:00", PainSc: 256, HtIn: "1000.00" }),
    row("VITALS", { ...vitals, TakenDt: "1700-01-01 00:00:00", WtLb: "12.345" }),
  );
  expect(checkTables(tables).map(({ column }) => column)).toEqual(["HtIn", "PainSc", "TakenDt", "WtLb"]);
});
