/**
 * The domain's rows in the terms of the old screens, and what was typed there in terms of the domain. Both go through the
 * published mapping, so a page shows just what the legacy page shows, odd codes and flags included.
 */

import { asStored } from "@banyan/service-kit/legacy";
import type { LegacyRow, LegacyValue, MappedTable, TargetRow } from "@banyan/service-kit/mapping";

export type LegacyTerms = {
  /** Text, a char column without its padding. */
  readonly text: (column: string) => string;
  /** Wall date (see the web forms' wall time); null when there is none. "No date" is 1900-01-01 or 9999-12-31, as in legacy. */
  readonly date: (column: string) => Date | null;
};

/** @param row columns that are not asked for may be left out; `legacy_residue` may not */
export function inLegacyTerms(table: MappedTable, row: object): LegacyTerms {
  return {
    text(column) {
      const value = table.legacyValue(column, row as TargetRow);
      if (value === null) return "";
      return isPadded(table, column) ? String(value).trimEnd() : String(value);
    },
    date(column) {
      const value = table.legacyValue(column, row as TargetRow);
      return typeof value === "string" ? new Date(`${value.replace(" ", "T")}Z`) : null;
    },
  };
}

/** Dates as they are typed are wall dates. */
export type Typed = string | Date | null;

/** @param typed by legacy column. @returns the target row of `base` with these values instead. */
export function fromLegacyTerms(
  table: MappedTable,
  base: LegacyRow,
  typed: Readonly<Record<string, Typed>>,
): TargetRow {
  const values = Object.entries(typed).map(([column, value]) => [column, legacyValue(table, column, value)]);
  return table.toService({ ...base, ...Object.fromEntries(values) });
}

function legacyValue(table: MappedTable, column: string, value: Typed): LegacyValue {
  if (value === null) return null;
  if (value instanceof Date) return value.toISOString().slice(0, 23).replace("T", " ");
  const length = Number(/\((\d+)\)/.exec(table.legacyColumns[column]?.type ?? "")?.[1] ?? value.length);
  const stored = asStored(value, length);
  return isPadded(table, column) ? stored.padEnd(length) : stored;
}

const isPadded = (table: MappedTable, column: string): boolean =>
  table.legacyColumns[column]?.type.startsWith("char") ?? false;
