/**
 * Walks a legacy table in the order of its key, a page at a time: `WHERE key > last ORDER BY key` with parameters of the
 * columns' own types, so that SQL Server seeks in the key's index and compares as the column's collation does.
 */

import type { LegacyColumnType, LegacyRow, LegacyValue } from "@banyan/service-kit/mapping";
import mssql from "mssql";
import type { TablePlan } from "../table-plan.ts";
import { type Parameter, parameter, type Parameters } from "./legacy-database.ts";
import { quoted } from "./source-column.ts";

/** T-SQL that holds a key's parameters, and their values. */
export type KeyCondition = { readonly sql: string; readonly parameters: Parameters };

/** Rows behind `key` in key order. */
export function afterKey(plan: TablePlan, alias: string, key: LegacyRow): KeyCondition {
  const columns = keyColumns(plan, alias, key, "k");
  const terms = columns.map((column, index) => {
    const equal = columns.slice(0, index).map((before) => `${before.column} = ${before.value}`);
    return `(${[...equal, `${column.column} > ${column.value}`].join(" AND ")})`;
  });
  const [first] = columns;
  const seek = columns.length > 1 && first ? `${first.column} >= ${first.value} AND ` : "";
  return { sql: `${seek}(${terms.join(" OR ")})`, parameters: parametersOf(columns) };
}

/** Rows with one of these keys. */
export function anyKey(plan: TablePlan, alias: string, keys: readonly LegacyRow[]): KeyCondition {
  const all = keys.map((key, index) => keyColumns(plan, alias, key, `q${index}_`));
  const terms = all.map((columns) => `(${columns.map(({ column, value }) => `${column} = ${value}`).join(" AND ")})`);
  return { sql: terms.join(" OR "), parameters: parametersOf(all.flat()) };
}

export const keyOrder = (plan: TablePlan, alias: string): string =>
  plan.mapping.legacyKey.map((name) => `${alias}.${quoted(name)}`).join(", ");

type KeyColumn = {
  readonly column: string;
  readonly value: string;
  readonly name: string;
  readonly parameter: Parameter;
};

function keyColumns(plan: TablePlan, alias: string, key: LegacyRow, prefix: string): readonly KeyColumn[] {
  return plan.mapping.legacyKey.map((name, index) => {
    const type = plan.mapping.legacyColumns[name]?.type ?? "int";
    const place = `@${prefix}${index}`;
    return {
      column: `${alias}.${quoted(name)}`,
      value: type === "datetime" ? `CONVERT(datetime, ${place}, 121)` : place,
      name: `${prefix}${index}`,
      parameter: keyParameter(type, key[name] ?? null),
    };
  });
}

const parametersOf = (columns: readonly KeyColumn[]): Parameters =>
  Object.fromEntries(columns.map(({ name, parameter: one }) => [name, one]));

function keyParameter(type: LegacyColumnType, value: LegacyValue): Parameter {
  const length = Number(/\((\d+)\)/.exec(type)?.[1] ?? 0);
  if (type.startsWith("char")) return { type: mssql.Char(length), value };
  if (type.startsWith("varchar")) return { type: mssql.VarChar(length), value };
  if (type.startsWith("nvarchar")) return { type: mssql.NVarChar(length), value };
  if (type === "uniqueidentifier") return { type: mssql.UniqueIdentifier(), value };
  if (type === "datetime") return parameter.ansi(value as string);
  return { type: mssql.Int(), value };
}
