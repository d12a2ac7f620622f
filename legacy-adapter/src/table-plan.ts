/** A mapped table with what the adapter works out of it once: how its columns are read, and where its key is. */

import type { LegacyRow, LegacyValue, ServiceMapping, TableMapping } from "@banyan/service-kit/mapping";
import { type SourceColumn, sourceColumn } from "./source/source-column.ts";
import type { RawRow } from "./source/legacy-database.ts";

export type TablePlan = {
  readonly mapping: TableMapping;
  readonly legacyTable: string;
  readonly columns: readonly SourceColumn[];
  readonly hasLargeColumn: boolean;
  /** Bytes a row takes in memory, large objects left out. */
  readonly rowBytes: number;
  /** Indexes of the legacy key's columns. */
  readonly keyIndexes: readonly number[];
  /** Source columns for a SELECT, separated by commas. */
  selectList(alias: string): string;
};

function tablePlan(mapping: TableMapping): TablePlan {
  const columns = Object.entries(mapping.legacyColumns).map(([name, { type }]) => sourceColumn(name, type));
  const keyIndexes = mapping.legacyKey.map((name) => columns.findIndex((column) => column.name === name));
  return {
    mapping,
    legacyTable: mapping.legacyTable,
    columns,
    hasLargeColumn: columns.some(({ isLarge }) => isLarge),
    rowBytes: columns.reduce((sum, { bytes }) => sum + bytes, 200),
    keyIndexes,
    selectList: (alias) => columns.map((column) => column.expression(alias)).join(", "),
  };
}

export const tablePlans = (mapping: ServiceMapping): readonly TablePlan[] => mapping.tables.map(tablePlan);

/** A legacy row of values read from index `offset` on. */
export function legacyRow(plan: TablePlan, values: RawRow, offset: number): LegacyRow {
  const row: Record<string, LegacyValue> = {};
  for (let index = 0; index < plan.columns.length; index += 1) {
    const column = plan.columns[index] as SourceColumn;
    row[column.name] = column.decode(values[offset + index]);
  }
  return row;
}

export function keyOf(plan: TablePlan, row: LegacyRow): LegacyRow {
  return Object.fromEntries(plan.mapping.legacyKey.map((name) => [name, row[name] ?? null]));
}

/** Bytes of the large values of a row as read. */
export function largeBytes(plan: TablePlan, values: RawRow, offset: number): number {
  if (!plan.hasLargeColumn) return 0;
  let bytes = 0;
  for (let index = 0; index < plan.columns.length; index += 1) {
    if (!plan.columns[index]?.isLarge) continue;
    const value = values[offset + index];
    if (typeof value === "string") bytes += value.length * 2;
    else if (value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}
