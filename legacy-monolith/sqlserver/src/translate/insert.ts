/** INSERT from VALUES, SELECT or nothing but defaults. */

import { notSupported, SqlError } from "../contract.ts";
import type { Statement, Target } from "../tsql/ast.ts";
import { checkCount, insertColumns, insertedText } from "./assignment.ts";
import type { Column, Table } from "./catalog.ts";
import { value } from "./expressions.ts";
import { changePlan } from "./output.ts";
import type { Plan } from "./plan.ts";
import { commonTables } from "./with-clause.ts";
import { translateQuery } from "./queries.ts";
import { Scope } from "./scope.ts";
import { lockOf, lockRanges, resolveTable, tableVariable } from "./sources.ts";
import { quote, type Translation, type Typed } from "./typed.ts";

type Insert = Extract<Statement, { kind: "insert" }>;

export function targetTable(target: Target, t: Translation): Table {
  if (target.kind === "variable") return tableVariable(target.name, t);
  const table = resolveTable(target.name, t);
  if (["sys", "information_schema"].includes(table.schema.toLowerCase())) {
    throw new SqlError(259, 16, "Ad hoc updates to system catalogs are not allowed.");
  }
  lockTarget(target.hints, table, t);
  return table;
}

/** A range held by a writer has to be locked before its rows are looked for. */
function lockTarget(hints: readonly string[], table: Table, t: Translation): void {
  if (hints.includes("tablockx") || hints.includes("tablock")) lockOf(["tablockx"], table, t);
  if ((hints.includes("holdlock") || hints.includes("serializable")) && table.objectId !== 0) lockRanges(table, t);
}

export function translateInsert(statement: Insert, t: Translation): Plan {
  const table = targetTable(statement.target, t);
  const scope = new Scope();
  const prefix = commonTables({ with: statement.with }, scope, t);
  const { source } = statement;
  const rows = source.kind === "values" ? source.rows : [];
  const columns =
    source.kind === "defaults"
      ? []
      : insertColumns(
          table,
          statement.columns,
          t,
          (i) => rows.length > 0 && rows.every((row) => row[i]?.kind === "default"),
        );
  const list = columns.length === 0 ? "" : ` (${columns.map((column) => quote(column.physical)).join(", ")})`;
  const text = `INSERT INTO ${table.sql}${list} ${sourceText(statement, table, columns, scope, t)}`;
  return changePlan(
    prefix,
    text,
    { kind: "insert", table, output: statement.output, scope: new Scope(), inserts: true, events: ["insert"] },
    t,
  );
}

function sourceText(statement: Insert, table: Table, columns: readonly Column[], scope: Scope, t: Translation): string {
  const { source } = statement;
  const listed = statement.columns !== undefined;
  switch (source.kind) {
    case "defaults":
      return "DEFAULT VALUES";
    case "execute":
      throw notSupported("INSERT … EXECUTE in this place");
    case "values":
      return `VALUES ${source.rows.map((row) => rowText(row, table, columns, listed, scope, t)).join(", ")}`;
    case "query": {
      const query = translateQuery(source.query, scope, t, {
        convert: (item: Typed, i: number): Typed => {
          const column = columns[i];
          return column ? { ...item, sql: insertedText(item, column, table) } : item;
        },
      });
      checkCount(listed, columns.length, query.columns.length, "select");
      if (query.assigns.length > 0)
        throw new SqlError(
          199,
          15,
          "An INSERT statement cannot contain a SELECT statement that assigns values to a variable.",
        );
      return query.sql;
    }
  }
}

type Row = Extract<Insert["source"], { kind: "values" }>["rows"][number];

function rowText(
  row: Row,
  table: Table,
  columns: readonly Column[],
  listed: boolean,
  scope: Scope,
  t: Translation,
): string {
  checkCount(listed, columns.length, row.length, "values");
  const cells = row.map((cell, i) => {
    if (cell.kind === "default") return "DEFAULT";
    return insertedText(value(cell, scope, t), columns[i] as Column, table);
  });
  return `(${cells.join(", ")})`;
}
