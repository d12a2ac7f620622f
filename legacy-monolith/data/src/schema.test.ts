import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { columnsOf, row, type SqlType, type TableName, tableNames, tables } from "./schema.ts";

const ddl = readFileSync(new URL("../../../migrations/legacy/0001_tables.ts", import.meta.url), "utf8");

/** Columns of a CREATE TABLE as `name type nullable`, without computed columns and the rowversion. */
function declared(table: string): string[] {
  const body = new RegExp(`CREATE TABLE ${table} \\(\\n([\\s\\S]*?)\\)\``).exec(ddl)?.[1] ?? "";
  return body
    .split("\n")
    .map((line) => /^\s+(\w+) (\w+(?:\([\d,]+\))?)(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, name, type]) => name !== "CONSTRAINT" && type !== "timestamp" && type !== "AS")
    .map(([, name, type, rest = ""]) => `${name} ${type} ${rest.includes("NOT NULL") ? "not null" : "null"}`);
}

function written(type: SqlType): string {
  if (type.kind === "decimal") return `decimal(${type.precision},${type.scale})`;
  return "length" in type ? `${type.kind}(${type.length})` : type.kind;
}

describe("row model", () => {
  test("there are 22 tables", () => {
    expect(tableNames).toHaveLength(22);
    expect(ddl.match(/CREATE TABLE (?=\w)/g)?.length).toBe(22);
  });

  test.each(tableNames)("%s has the columns of the migration, in order", (table: TableName) => {
    const model = columnsOf(table).map(
      ([name, { type, nullable }]) => `${name} ${written(type)} ${nullable ? "null" : "not null"}`,
    );
    expect(model).toEqual(declared(table));
    expect(model.length).toBeGreaterThan(3);
  });

  test.each(tableNames)("%s: identity and defaults agree with the migration", (table: TableName) => {
    const body = new RegExp(`CREATE TABLE ${table} \\(\\n([\\s\\S]*?)\\)\``).exec(ddl)?.[1] ?? "";
    const identity = /(\w+) int IDENTITY/.exec(body)?.[1];
    const definition = tables[table];
    expect("identity" in definition ? definition.identity : undefined).toBe(identity);
    for (const [name, { fallback }] of columnsOf(table)) {
      const text = new RegExp(`\\n?\\s+${name} .* DEFAULT ('[^']*'|\\d+)`).exec(body)?.[1]?.replaceAll("'", "");
      if (text === undefined || fallback === undefined) continue;
      const plain = typeof fallback === "boolean" ? String(Number(fallback)) : String(fallback);
      expect(`${name} ${plain.replace(/ 00:00:00$/, "").replace(/\.0000$/, "")}`).toBe(`${name} ${text}`);
    }
  });

  test("a row takes the defaults of its table", () => {
    const site = row("CLINLOC", { LocCd: "MAIN", LocNm: "Main" });
    expect(site).toMatchObject({ LocCd: "MAIN", TZCd: "EST", ActvYN: "Y", Addr1: "" });
  });
});
