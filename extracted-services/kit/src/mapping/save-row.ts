/**
 * The one way a service changes a row of a mapped table: only the columns that differ are written, and what legacy must learn
 * is named in the same breath, so that neither can be forgotten.
 */

import type { Knex } from "knex";
import { changeOf } from "./change-of.ts";
import type { MappedTable } from "./define-table.ts";
import type { TargetRow } from "./index.ts";
import { sameValue } from "./residue.ts";
import type { RowChange } from "./row-change.ts";

type Saving = { readonly db: Knex; changed(change: RowChange): void };

/**
 * @param before the row as it is locked in this transaction, every mapped column; null inserts. @param after what it shall
 * be: all mapped columns when inserting, else those that may differ. @returns whether anything was written
 */
export async function saveRow<Row extends object>(
  tx: Saving,
  table: MappedTable,
  before: Row | null,
  after: Partial<Row>,
): Promise<boolean> {
  const now = { ...before, ...after } as TargetRow;
  if (before === null) {
    await tx.db(table.target).insert(now);
  } else {
    const old = before as unknown as TargetRow;
    const columns = Object.keys(table.targetColumns).filter((name) => !sameValue(old[name] ?? null, now[name] ?? null));
    if (columns.length === 0) return false;
    await tx.db(table.target).where(pick(old, table.targetKey)).update(pick(now, columns));
  }
  const change = changeOf(table, before as TargetRow | null, now);
  if (change) tx.changed(change);
  return true;
}

const pick = (row: TargetRow, names: readonly string[]): TargetRow =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]));
