/**
 * Applies source transactions one range at a time inside the caller's transaction, so that what cannot be applied is found
 * and parked and the rest goes through:
 *
 *   1. a transaction on a lane where something is parked waits behind it, and its lanes are closed, too
 *   2. the rest of the range is tried as one, below a savepoint
 *   3. a range that fails is halved; a single transaction that fails is parked whole
 */

import type { Change } from "../capture/change.ts";
import { keyOf } from "../table-plan.ts";
import type { Transaction } from "../target/service-database.ts";
import { describeRowFailure, MappingFailure, targetTrouble } from "../target/target-errors.ts";
import { park } from "./parked-store.ts";
import { lanesOf, type SourceTransaction } from "./source-transaction.ts";
import { mapped, mapRow, targetOf, type TableWrites, type Targets, write } from "./write-set.ts";

export type CarefulOptions = {
  readonly targets: Targets;
  /** Lanes that are closed; those of what is parked are added. */
  readonly blocked: Set<string>;
  readonly how: "captured" | "copied";
};

export type CarefulOutcome = { applied: number; waiting: number; failed: number };

export async function applyCarefully(
  tx: Transaction,
  transactions: readonly SourceTransaction[],
  options: CarefulOptions,
): Promise<CarefulOutcome> {
  const outcome: CarefulOutcome = { applied: 0, waiting: 0, failed: 0 };
  await applyRange(tx, transactions, options, outcome);
  return outcome;
}

async function applyRange(
  tx: Transaction,
  transactions: readonly SourceTransaction[],
  options: CarefulOptions,
  outcome: CarefulOutcome,
): Promise<void> {
  const free: SourceTransaction[] = [];
  for (const transaction of transactions) {
    const lanes = lanesOrAll(transaction);
    if (!lanes.some((lane) => options.blocked.has(lane))) {
      free.push(transaction);
      continue;
    }
    for (const lane of lanes) options.blocked.add(lane);
    await park(tx, { ...transaction, lanes, state: "waiting" });
    outcome.waiting += 1;
  }
  const [first] = free;
  if (!first) return;
  const failure = await attempt(tx, free, options);
  if (failure === undefined) {
    outcome.applied += free.length;
  } else if (free.length === 1) {
    const lanes = lanesOrAll(first);
    for (const lane of lanes) options.blocked.add(lane);
    await park(tx, { ...first, lanes, state: "failed", why: describeRowFailure(failure) });
    outcome.failed += 1;
  } else {
    const middle = Math.ceil(free.length / 2);
    await applyRange(tx, free.slice(0, middle), options, outcome);
    await applyRange(tx, free.slice(middle), options, outcome);
  }
}

/** A mapping that cannot even name a row's lanes: the row's own key is its lane. */
function lanesOrAll({ changes }: SourceTransaction): readonly string[] {
  try {
    return lanesOf(changes);
  } catch (error) {
    if (!(error instanceof MappingFailure)) throw error;
    return [...new Set(changes.map((change) => keyLane(change)))];
  }
}

const keyLane = ({ table, row }: Change): string =>
  `${table.legacyTable}:${table.mapping.legacyKey.map((name) => String(row[name])).join(":")}`;

/** @returns the row's failure; undefined when all was applied. @throws whatever is not a row's fault */
export async function attempt(
  tx: Transaction,
  transactions: readonly Pick<SourceTransaction, "position" | "changes">[],
  { targets, how }: Pick<CarefulOptions, "targets" | "how">,
): Promise<unknown> {
  try {
    const writes = writesOfTransactions(transactions, targets);
    await tx.query("SAVEPOINT attempt");
    await write(tx, writes, how);
    // Deferred constraints speak now, not at COMMIT, when nobody could tell which transaction broke them.
    await tx.query("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; RELEASE SAVEPOINT attempt");
    return undefined;
  } catch (error) {
    if (error instanceof MappingFailure) return error;
    if (targetTrouble(error) !== "row") throw error;
    await tx.query("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt; SET CONSTRAINTS ALL DEFERRED");
    return error;
  }
}

type Last = { readonly change: Change; readonly position: SourceTransaction["position"] };

/** Net effect of decoded changes; positions are those of their transactions. @throws MappingFailure */
function writesOfTransactions(
  transactions: readonly Pick<SourceTransaction, "position" | "changes">[],
  targets: Targets,
): readonly TableWrites[] {
  const tables = new Map<string, Map<string, Last>>();
  for (const { position, changes } of transactions) {
    for (const change of changes) {
      if (change.operation === 3) continue;
      const { legacyTable } = change.table;
      const keys = tables.get(legacyTable) ?? new Map<string, Last>();
      tables.set(legacyTable, keys.set(keyLane(change), { change, position }));
    }
  }
  return [...targets.keys()].flatMap((legacyTable) => {
    const last = [...(tables.get(legacyTable)?.values() ?? [])];
    const [any] = last;
    if (!any) return [];
    const { table } = any.change;
    const kept = last.filter(({ change }) => change.operation !== 1);
    const gone = last.filter(({ change }) => change.operation === 1);
    return [
      {
        target: targetOf(targets, table),
        upserts: kept.map(({ change, position }) => mapRow(table, change.row, position)),
        deletes: gone.map(({ change, position }) => ({
          row: mapped(table, () => table.mapping.keyToService(keyOf(table, change.row))),
          position,
        })),
      },
    ];
  });
}
