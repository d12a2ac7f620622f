/** Changes grouped by the source transaction they belong to, and the lanes each one joins. */

import type { Change, Operation } from "../capture/change.ts";
import { lsnOfChange, raw, type TableChanges } from "../capture/change-reader.ts";
import { type Position, positionOf } from "../capture/position.ts";
import { legacyRow } from "../table-plan.ts";
import { mapped } from "./write-set.ts";

export type SourceTransaction = {
  readonly position: Position;
  /** In the order of their commands. */
  readonly changes: readonly Change[];
};

/** In commit order. */
export function sourceTransactions(tables: readonly TableChanges[], era: number): readonly SourceTransaction[] {
  const found = new Map<string, Change[]>();
  for (const { table, rows } of tables) {
    for (const row of rows) {
      const lsn = lsnOfChange(row);
      const change: Change = {
        table,
        lsn,
        command: row[raw.command] as number,
        operation: row[raw.operation] as Operation,
        row: legacyRow(table, row, raw.columns),
      };
      const key = Buffer.from(lsn).toString("hex");
      const known = found.get(key);
      if (known) known.push(change);
      else found.set(key, [change]);
    }
  }
  return [...found.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, changes]) => ({
      position: positionOf(era, changes[0]?.lsn ?? Buffer.alloc(10)),
      // Sorting is stable: changes of one table keep the order they were read in.
      changes: changes.toSorted((a, b) => a.command - b.command),
    }));
}

/** Lanes of all its rows, before and after: a row that moves from one aggregate to another joins both. @throws MappingFailure */
export function lanesOf(changes: readonly Change[]): readonly string[] {
  const lanes = new Set<string>();
  for (const { table, row } of changes) {
    for (const lane of mapped(table, () => table.mapping.lanes(row))) lanes.add(lane);
  }
  return [...lanes];
}
