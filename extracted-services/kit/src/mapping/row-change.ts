/**
 * What a service tells the legacy side of one of its writes: the rows it changed, in legacy terms, before and after. Stored in
 * `kit.outbox.changes` as JSON; bytes, which JSON lacks, as `{"$bytes": base64}`.
 */

import type { LegacyRow, LegacyValue } from "./index.ts";

export type RowChange = {
  /** Table of schema dbo. */
  readonly table: string;
  /** The columns of its primary key. */
  readonly key: LegacyRow;
  /** Values of the changed columns as the write found them: the agreed base. Null for an insert. */
  readonly old: LegacyRow | null;
  /** Values of the same columns afterwards. Null for a delete. */
  readonly new: LegacyRow | null;
};

type Encoded = string | number | boolean | null | { readonly $bytes: string };
type EncodedRow = Readonly<Record<string, Encoded>> | null;
/** As it lies in the outbox. */
export type EncodedChange = Readonly<{ table: string; key: EncodedRow; old: EncodedRow; new: EncodedRow }>;

export function encodeChange(change: RowChange): EncodedChange {
  return { table: change.table, key: row(change.key), old: row(change.old), new: row(change.new) };
}

export function decodeChange(change: EncodedChange): RowChange {
  return { table: change.table, key: back(change.key) ?? {}, old: back(change.old), new: back(change.new) };
}

function row(from: LegacyRow | null): EncodedRow {
  return from && Object.fromEntries(Object.entries(from).map(([name, value]) => [name, encode(value)]));
}

function encode(value: LegacyValue): Encoded {
  return value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString("base64") } : value;
}

function back(from: EncodedRow): LegacyRow | null {
  return from && Object.fromEntries(Object.entries(from).map(([name, value]) => [name, decode(value)]));
}

function decode(value: Encoded): LegacyValue {
  return value !== null && typeof value === "object" ? Buffer.from(value.$bytes, "base64") : value;
}
