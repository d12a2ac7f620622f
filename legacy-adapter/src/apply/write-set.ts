/**
 * Mapped rows on their way to a service's tables: deletions first and from the last table to the first, then upserts from the
 * first to the last, so that references hold at every step. All of it happens in the caller's transaction.
 */

import type { LegacyRow } from "@banyan/service-kit/mapping";
import { lsnOfChange, raw } from "../capture/change-reader.ts";
import { type Lsn, type Position, positionOf } from "../capture/position.ts";
import { keyOf, legacyRow, type TablePlan } from "../table-plan.ts";
import type { Transaction } from "../target/service-database.ts";
import { MappingFailure } from "../target/target-errors.ts";
import type { PositionedRow, Statement, TargetTable } from "../target/target-table.ts";
import type { NetEffect } from "./net-effect.ts";

export type TableWrites = {
  readonly target: TargetTable;
  readonly upserts: readonly PositionedRow[];
  readonly deletes: readonly PositionedRow[];
};

/** Target of each mapped table, by legacy name, in the mapping's order. */
export type Targets = ReadonlyMap<string, TargetTable>;

/** @throws MappingFailure */
export function writesOf(effects: readonly NetEffect[], targets: Targets, era: number): readonly TableWrites[] {
  const positions = positionCache(era);
  return effects
    .filter(({ upserts, deletes }) => upserts.length + deletes.length > 0)
    .map(({ table, upserts, deletes }) => ({
      target: targetOf(targets, table),
      upserts: upserts.map((change) => {
        const row = legacyRow(table, change, raw.columns);
        return { row: mapped(table, () => table.mapping.toService(row)), position: positions(lsnOfChange(change)) };
      }),
      deletes: deletes.map((change) => {
        const key = keyOf(table, legacyRow(table, change, raw.columns));
        return { row: mapped(table, () => table.mapping.keyToService(key)), position: positions(lsnOfChange(change)) };
      }),
    }));
}

/** Changes of a transaction share one LSN: their positions are one object. */
function positionCache(era: number): (lsn: Lsn) => Position {
  let lastLsn: Lsn | undefined;
  let last: Position | undefined;
  return (lsn) => {
    if (last && lastLsn && Buffer.compare(lastLsn, lsn) === 0) return last;
    lastLsn = lsn;
    last = positionOf(era, lsn);
    return last;
  };
}

export function targetOf(targets: Targets, table: TablePlan): TargetTable {
  const target = targets.get(table.legacyTable);
  if (!target) throw new RangeError(`no target for ${table.legacyTable}`);
  return target;
}

/** @throws MappingFailure */
export function mapped<T>(table: TablePlan, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new MappingFailure(table.legacyTable, cause);
  }
}

export const mapRow = (table: TablePlan, row: LegacyRow, position: Position): PositionedRow => ({
  row: mapped(table, () => table.mapping.toService(row)),
  position,
});

/** @param how "copied" rows were read, not captured: they do not rise over a tombstone. @returns rows written or deleted */
export async function write(
  tx: Transaction,
  tables: readonly TableWrites[],
  how: "captured" | "copied" = "captured",
): Promise<number> {
  const statements: Statement[] = [
    ...tables.toReversed().flatMap(({ target, deletes }) => (deletes.length > 0 ? [target.delete(deletes)] : [])),
    ...tables.flatMap(({ target, upserts }) => {
      if (upserts.length === 0) return [];
      return [how === "captured" ? target.upsert(upserts) : target.copy(upserts)];
    }),
  ];
  let count = 0;
  for (const statement of statements) count += (await tx.query(statement)).rowCount ?? 0;
  return count;
}
