/**
 * What many changes of one table come to: the last image of each key, or its deletion. Changes arrive in the source's order,
 * so the last one of a key wins. Only keys are decoded here; images that were overtaken are never mapped.
 */

import { raw } from "../capture/change-reader.ts";
import type { RawRow } from "../source/legacy-database.ts";
import type { TablePlan } from "../table-plan.ts";

export type NetEffect = {
  readonly table: TablePlan;
  /** Raw changes of operation 2 or 4, one a key. */
  readonly upserts: readonly RawRow[];
  /** Raw changes of operation 1, one a key. */
  readonly deletes: readonly RawRow[];
};

export function netEffect(table: TablePlan, changes: Iterable<RawRow>): NetEffect {
  const last = new Map<string | number, RawRow>();
  for (const change of changes) {
    if (change[raw.operation] !== 3) last.set(keyText(table, change), change);
  }
  const upserts: RawRow[] = [];
  const deletes: RawRow[] = [];
  for (const change of last.values()) (change[raw.operation] === 1 ? deletes : upserts).push(change);
  return { table, upserts, deletes };
}

/** One text a key; the commonest, one integer column, stays a number. */
function keyText(table: TablePlan, change: RawRow): string | number {
  const [only, ...more] = table.keyIndexes;
  if (more.length === 0) {
    const value = change[raw.columns + (only ?? 0)];
    return typeof value === "number" ? value : part(value);
  }
  return table.keyIndexes.map((index) => part(change[raw.columns + index])).join("\u0000");
}

function part(value: unknown): string {
  if (value instanceof Date) return String(value.getTime());
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return String(value);
}
