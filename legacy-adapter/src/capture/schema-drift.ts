/**
 * Whether the legacy tables still are what the mapping was written for. A new column is only worth a warning; a mapped column
 * that is gone or has another type stops its table, because its changes would no longer mean what the mapping takes them for.
 */

import type { LegacyDatabase } from "../source/legacy-database.ts";
import type { TablePlan } from "../table-plan.ts";

export type Drift = {
  readonly table: string;
  /** Why the table cannot be followed; empty when it can. */
  readonly breaking: readonly string[];
  /** Columns the mapping does not read. */
  readonly unmapped: readonly string[];
};

type ColumnRow = {
  table_name: string;
  column_name: string;
  type_name: string;
  max_length: number;
  precision: number;
  scale: number;
  object_id: number;
};

export type SourceSchema = {
  /** Column name to type as the mapping writes it, by table in lower case. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly objectIds: ReadonlyMap<number, string>;
};

export async function readSourceSchema(source: LegacyDatabase): Promise<SourceSchema> {
  const rows = await source.query<ColumnRow>(
    "read the legacy schema",
    `SELECT t.name AS table_name, t.object_id, c.name AS column_name, y.name AS type_name, c.max_length, c.precision, c.scale
     FROM sys.tables t JOIN sys.columns c ON c.object_id = t.object_id JOIN sys.types y ON y.user_type_id = c.user_type_id
     WHERE t.schema_id = SCHEMA_ID(N'dbo') ORDER BY t.name, c.column_id`,
  );
  const tables = new Map<string, Map<string, string>>();
  const objectIds = new Map<number, string>();
  for (const row of rows) {
    const columns = tables.get(row.table_name.toLowerCase()) ?? new Map<string, string>();
    tables.set(row.table_name.toLowerCase(), columns.set(row.column_name, typeText(row)));
    objectIds.set(row.object_id, row.table_name);
  }
  return { tables, objectIds };
}

function typeText({ type_name: name, max_length: length, precision, scale }: ColumnRow): string {
  switch (name) {
    case "char":
    case "varchar":
    case "binary":
    case "varbinary":
      return `${name}(${length < 0 ? "max" : length})`;
    case "nchar":
    case "nvarchar":
      return `${name}(${length < 0 ? "max" : length / 2})`;
    case "decimal":
    case "numeric":
      return `decimal(${precision},${scale})`;
    case "timestamp":
      return "rowversion";
    default:
      return name;
  }
}

export function driftOf({ mapping, legacyTable }: TablePlan, schema: SourceSchema): Drift {
  const columns = schema.tables.get(legacyTable.toLowerCase());
  if (!columns)
    return { table: legacyTable, breaking: [`the table dbo.${legacyTable} is gone or was renamed`], unmapped: [] };
  const breaking = Object.entries(mapping.legacyColumns).flatMap(([name, { type }]) => {
    const actual = columns.get(name);
    if (actual === undefined) return [`column ${name} is gone`];
    return actual === type ? [] : [`column ${name} is ${actual}, the mapping expects ${type}`];
  });
  const unmapped = [...columns.keys()].filter((name) => !(name in mapping.legacyColumns));
  return { table: legacyTable, breaking, unmapped };
}
