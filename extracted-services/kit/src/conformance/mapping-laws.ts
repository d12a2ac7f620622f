/**
 * The laws of a mapping, for the tests of every service: rows that SQL Server can hold, whatever the legacy application would
 * write, and what must hold for each of them. Nothing here knows a table; column types say all that is needed.
 */

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { Knex } from "knex";
import type { LegacyColumnType, LegacyRow, LegacyValue, TableMapping, TargetRow } from "../mapping/index.ts";

/** Letters of code page 1252 with what gives trouble: accents, typographic marks, unassigned bytes, NUL, no-break space. */
const letter = fc.constantFrom(..."aZ09 é'-|%,€‚ž\u00a0\u0081\0  ");
const reading = fc
  .integer({ min: Date.UTC(1753, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59, 990) })
  .map((ms) => new Date(ms - (ms % 10)).toISOString().slice(0, 23).replace("T", " "));

/** Ticks of 1/300 s, midnights, "no date" of both kinds, the repeated and the skipped hour, the last moment there is. */
const datetime = fc.oneof(
  reading,
  reading.map((text) => `${text.slice(0, 20)}${text.endsWith("0") ? "003" : "007"}`),
  reading.map((text) => `${text.slice(0, 10)} 00:00:00.000`),
  fc.constantFrom(
    "1900-01-01 00:00:00.000",
    "9999-12-31 00:00:00.000",
    "9999-12-31 23:59:59.997",
    "2026-11-01 01:30:00.007",
    "2026-03-08 02:30:00.003",
  ),
);

const money = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((units) => decimalText(units, 4));

function decimalText(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Any value a column of a type can hold, but NULL. @param usual values for char columns that have a meaning. */
function valueOf(type: LegacyColumnType, usual: readonly string[]): fc.Arbitrary<LegacyValue> {
  const [length = 0, scale = 0] = [...type.matchAll(/\d+/g)].map(Number);
  if (/^n?varchar|text$/.test(type)) return fc.string({ unit: letter, maxLength: length || 400 });
  if (type.startsWith("char")) {
    return fc
      .oneof(fc.constantFrom("Y", "N", "y", "", ...usual), fc.string({ unit: letter, maxLength: length }))
      .map((text) => text.slice(0, length).padEnd(length));
  }
  if (type.startsWith("decimal")) {
    return fc
      .bigInt({ min: -(10n ** BigInt(length)) + 1n, max: 10n ** BigInt(length) - 1n })
      .map((n) => decimalText(n, scale));
  }
  if (type === "money") return money;
  if (type === "datetime") return datetime;
  if (type === "bit") return fc.boolean();
  if (type === "tinyint") return fc.integer({ min: 0, max: 255 });
  if (type === "smallint") return fc.integer({ min: -32_768, max: 32_767 });
  if (type === "int") return fc.integer();
  if (type === "uniqueidentifier") return fc.uuid().map((text) => text.toUpperCase());
  if (type === "rowversion") return fc.uint8Array({ minLength: 8, maxLength: 8 });
  return fc.uint8Array({ maxLength: length || 400 });
}

/** Rows of a table. A column whose absent value is NULL is taken to be nullable. @param usual values by char column. */
export function anyLegacyRow(
  table: TableMapping,
  usual: Readonly<Record<string, readonly string[]>> = {},
): fc.Arbitrary<LegacyRow> {
  const absent = table.toLegacy?.({}) ?? {};
  const columns = Object.entries(table.legacyColumns).map(([name, { type }]) => {
    const value = valueOf(type, usual[name] ?? []);
    const isNullable = absent[name] === null && !table.legacyKey.includes(name) && type !== "rowversion";
    return [name, isNullable ? fc.option(value) : value] as const;
  });
  return fc.record(Object.fromEntries(columns));
}

/** A row of the data generator as the adapter reads it: padded, with milliseconds; a rowversion it leaves out is 1. */
export function asLegacyRow(table: TableMapping, row: Readonly<Record<string, unknown>>): LegacyRow {
  const entries = Object.entries(table.legacyColumns).map(([name, { type }]): [string, LegacyValue] => {
    if (type === "rowversion") return [name, Buffer.from("0000000000000001", "hex")];
    const value = row[name] as LegacyValue;
    if (typeof value !== "string") return [name, value];
    if (type === "datetime") return [name, `${value}.000`];
    return [name, type.startsWith("char") ? value.padEnd(Number(type.slice(5, -1))) : value];
  });
  return Object.fromEntries(entries);
}

/**
 * What is wrong with the mapping of one row; empty when every law holds. @param asStored the target row as it came back from
 * the service's database; default: as `toService` made it, its residue parsed.
 */
export function mappingFaults(table: TableMapping, row: LegacyRow, asStored?: TargetRow): readonly string[] {
  const made = table.toService(row);
  const target = asStored ?? parsedResidue(made);
  const key = table.keyToService(Object.fromEntries(table.legacyKey.map((name) => [name, row[name] ?? null])));
  const faults: string[] = [];
  if (!isDeepStrictEqual(Object.keys(made).toSorted(), Object.keys(table.targetColumns).toSorted())) {
    faults.push("the row has other columns than targetColumns");
  }
  for (const name of table.targetKey) {
    if (made[name] === null) faults.push(`key column ${name} is null`);
    if (!isDeepStrictEqual(key[name], made[name])) faults.push(`keyToService names another ${name}`);
  }
  for (const [name, value] of Object.entries(made)) {
    if (typeof value === "string" && (value.includes("\0") || !value.isWellFormed()))
      faults.push(`${name} cannot be stored`);
  }
  const back = table.toLegacy?.(target);
  if (back) {
    for (const [name, value] of Object.entries(row)) {
      if (!same(back[name] ?? null, value)) faults.push(`${name} does not come back`);
    }
  }
  if (table.lanes(row).length === 0) faults.push("the row is in no lane");
  return faults;
}

const parsedResidue = (row: TargetRow): TargetRow => {
  const residue = row["legacy_residue"];
  return typeof residue === "string" ? { ...row, legacy_residue: JSON.parse(residue) as never } : row;
};

const same = (left: LegacyValue, right: LegacyValue): boolean =>
  left instanceof Uint8Array && right instanceof Uint8Array
    ? Buffer.from(left).equals(Buffer.from(right))
    : left === right;

/** Writes rows into the service's own table, as the sync does, and reads the mapped columns back. The table is emptied first. */
export async function storeAndRead(db: Knex, table: TableMapping, row: LegacyRow): Promise<TargetRow> {
  await db(table.target).delete();
  await db(table.target).insert(table.toService(row));
  const stored: TargetRow | undefined = await db(table.target).first(Object.keys(table.targetColumns));
  return stored ?? {};
}
