import { expect, test } from "vitest";
import { row } from "../schema.ts";
import { bulkTable } from "./bulk.ts";

test("a wall-clock time goes as the UTC fields of a Date, money as a number that arrives whole, NULL as null", () => {
  const encounter = row("CHGMST", {
    EncNo: 5_000_001,
    LnNo: 1,
    PatNo: 100_001,
    ProcCd: "99213",
    Units: "2.5",
    UnitAmt: "4.3500",
    ExtAmt: "10.8750",
    SvcDt: "2026-11-01 01:30:00",
    ProvID: "AREYES",
    CrtUsr: "AREYES",
    CrtDt: "2026-11-01 02:00:00",
  });
  const bulk = bulkTable("CHGMST", [encounter]);
  const value = (name: string) =>
    (bulk.rows[0] as unknown as unknown[])[bulk.columns.findIndex((column) => column.name === name)];
  expect(value("SvcDt")).toEqual(new Date("2026-11-01T01:30:00Z"));
  expect(Math.trunc(Number(value("UnitAmt")) * 10_000)).toBe(43_500);
  expect(value("Units")).toBe(2.5);
  expect(bulk.columns.map(({ name }) => name)).toContain("LnNo");
});

test("identity columns are sent: the server keeps their values", () => {
  expect(bulkTable("PATMST", []).columns[0]?.name).toBe("PatNo");
});
