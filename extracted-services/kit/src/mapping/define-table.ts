/**
 * Builds a table's mapping from its columns, so that a service's mapping reads as a list of what each legacy column means.
 * The round trip law holds by construction: `toService` compares what its columns would write back with what it was given and
 * puts the rest into `legacy_residue`.
 */

import type { ColumnMapping } from "./columns.ts";
import type { LegacyRow, LegacyValue, TableMapping, TargetRow, TargetType, TargetValue } from "./index.ts";
import { decodeResidue, encodeResidue, sameValue } from "./residue.ts";

/** Columns every mapped table has beside those of its own: what the domain's columns do not say of the legacy row. */
const residueColumn = "legacy_residue";

type TableDefinition = Pick<TableMapping, "legacyTable" | "legacyKey" | "target" | "ownership" | "lanes"> & {
  /** In the table's order. */
  readonly columns: Readonly<Record<string, ColumnMapping>>;
};

export type MappedTable = TableMapping & {
  readonly toLegacy: (row: TargetRow) => LegacyRow;
  /** One column in legacy terms, for a page that shows it as the legacy page did. @throws RangeError for an unknown column. */
  readonly legacyValue: (column: string, row: TargetRow) => LegacyValue;
};

export function defineTable(definition: TableDefinition): MappedTable {
  const { columns, legacyKey, ...rest } = definition;
  const entries = Object.entries(columns);
  const keys = legacyKey.map((name): [string, ColumnMapping] => [name, columnNamed(columns, name)]);
  const targetColumns: Record<string, TargetType> = {};
  for (const [, column] of entries) Object.assign(targetColumns, column.targets);
  targetColumns[residueColumn] = "jsonb";

  const legacyValue = (name: string, row: TargetRow): LegacyValue =>
    writeColumn(columnNamed(columns, name), name, row, residueOf(row));

  return {
    ...rest,
    legacyKey,
    legacyColumns: Object.fromEntries(entries.map(([name, column]) => [name, column.legacy])),
    targetKey: keys.flatMap(([, column]) => Object.keys(column.targets)),
    targetColumns,
    toService: (row) => readRow(entries, row),
    keyToService: (key) => {
      const target: Record<string, TargetValue> = {};
      for (const [name, column] of keys) column.readInto(target, key[name] ?? null);
      return target;
    },
    toLegacy: (row) => {
      const residue = residueOf(row);
      return Object.fromEntries(entries.map(([name, column]) => [name, writeColumn(column, name, row, residue)]));
    },
    legacyValue,
  };
}

type Residue = Readonly<Record<string, LegacyValue>>;

const residueOf = (row: TargetRow): Residue | undefined =>
  row[residueColumn] == null ? undefined : decodeResidue(row[residueColumn]);

function readRow(entries: readonly (readonly [string, ColumnMapping])[], row: LegacyRow): TargetRow {
  const target: Record<string, TargetValue> = {};
  const residue: Record<string, LegacyValue> = {};
  for (const [name, column] of entries) {
    const value = row[name] ?? null;
    column.readInto(target, value);
    if (!sameValue(column.write(target), value)) residue[name] = value;
  }
  target[residueColumn] = encodeResidue(residue);
  return target;
}

/** The kept value as long as it still reads as what the row says now, else the canonical one. */
function writeColumn(column: ColumnMapping, name: string, row: TargetRow, residue: Residue | undefined): LegacyValue {
  if (residue && Object.hasOwn(residue, name)) {
    const kept = residue[name] ?? null;
    const reading: Record<string, TargetValue> = {};
    column.readInto(reading, kept);
    if (Object.entries(reading).every(([target, value]) => sameValue(value, row[target] ?? null))) return kept;
  }
  return column.write(row);
}

function columnNamed(columns: Readonly<Record<string, ColumnMapping>>, name: string): ColumnMapping {
  const column = columns[name];
  if (!column) throw new RangeError(`the mapping has no column ${name}`);
  return column;
}
