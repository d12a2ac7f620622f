/** What a service's change of one of its rows is in legacy terms: only the columns whose legacy value differs. */

import type { MappedTable } from "./define-table.ts";
import type { LegacyRow, TargetRow } from "./index.ts";
import { sameValue } from "./residue.ts";
import type { RowChange } from "./row-change.ts";

/**
 * @param before the row as the write found it, every mapped column; null for an insert. @param after null for a delete.
 * @returns undefined when legacy would see no difference. Columns that SQL Server issues are never among the changes.
 */
export function changeOf(table: MappedTable, before: TargetRow | null, after: TargetRow | null): RowChange | undefined {
  const old = before && table.toLegacy(before);
  const now = after && table.toLegacy(after);
  const settled = now ?? old ?? {};
  const key = pick(settled, table.legacyKey);
  const writable = Object.keys(table.legacyColumns).filter((name) => !table.legacyColumns[name]?.issued);
  if (!old || !now) {
    const columns = writable.filter((name) => !table.legacyKey.includes(name));
    return { table: table.legacyTable, key, old: old && pick(old, columns), new: now && pick(now, columns) };
  }
  const changed = writable.filter((name) => !sameValue(old[name], now[name]));
  if (changed.length === 0) return undefined;
  return { table: table.legacyTable, key, old: pick(old, changed), new: pick(now, changed) };
}

const pick = (row: LegacyRow, names: readonly string[]): LegacyRow =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]));
