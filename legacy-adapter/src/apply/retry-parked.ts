/**
 * Tries parked transactions again, in their order. One that fails closes its lanes for those behind it; every other lane goes
 * on. Before a failure counts, two more things are tried, because the net effect is what matters to the copy:
 *
 *   1. nothing of it is newer than what the table holds (a copy or repair overtook it): it is done
 *   2. it and the transactions that wait behind it, as one: a later correction of the row heals it without anybody's hand
 */

import type { TargetRow } from "@banyan/service-kit/mapping";
import type { Change } from "../capture/change.ts";
import { keyOf, type TablePlan } from "../table-plan.ts";
import type { ServiceDatabase, Transaction } from "../target/service-database.ts";
import { describeRowFailure } from "../target/target-errors.ts";
import { identifier } from "../target/target-table.ts";
import { attempt } from "./careful.ts";
import {
  discardParked,
  loadParked,
  markFailed,
  markWaiting,
  type ParkedTransaction,
  removeParked,
} from "./parked-store.ts";
import { targetOf, type Targets } from "./write-set.ts";

export type RetryOutcome = { readonly applied: number; readonly failed: number; readonly waiting: number };

export type RetryContext = {
  readonly database: ServiceDatabase;
  readonly fence: bigint;
  readonly targets: Targets;
  readonly plans: readonly TablePlan[];
};

/** @throws AppError FENCED, TARGET_AWAY, TARGET_REFUSED */
export async function retryParked(context: RetryContext): Promise<RetryOutcome> {
  const plans = new Map(context.plans.map((plan) => [plan.legacyTable, plan]));
  return context.database.fenced("retry parked transactions", context.fence, async (tx) => {
    const parked = [...(await loadParked(tx, plans))];
    const closed = new Set<string>();
    const done: string[] = [];
    const waiting: string[] = [];
    let failed = 0;
    while (parked.length > 0) {
      const one = parked.shift() as ParkedTransaction;
      if (one.lanes.some((lane) => closed.has(lane))) {
        waiting.push(one.id);
        close(closed, one);
        continue;
      }
      const outcome = await tryOne(tx, one, chainOf(one, parked, closed), context.targets);
      if (outcome.kind === "applied") {
        done.push(...outcome.ids);
        for (const id of outcome.ids.slice(1))
          parked.splice(
            parked.findIndex((other) => other.id === id),
            1,
          );
        continue;
      }
      await markFailed(tx, one.id, describeRowFailure(outcome.failure));
      close(closed, one);
      failed += 1;
    }
    await removeParked(tx, done);
    await markWaiting(tx, waiting);
    return { applied: done.length, failed, waiting: waiting.length };
  });
}

const close = (closed: Set<string>, { lanes }: ParkedTransaction): void => {
  for (const lane of lanes) closed.add(lane);
};

type Tried =
  | { readonly kind: "applied"; readonly ids: readonly string[] }
  | { readonly kind: "failed"; readonly failure: unknown };

async function tryOne(
  tx: Transaction,
  one: ParkedTransaction,
  chain: readonly ParkedTransaction[],
  targets: Targets,
): Promise<Tried> {
  // A copied row heeds tombstones; a captured one is in order by itself. Heeding them is right for both.
  const options = { targets, how: "copied" } as const;
  const failure = await attempt(tx, [one], options);
  if (failure === undefined || (await isOvertaken(tx, one, targets))) return { kind: "applied", ids: [one.id] };
  if (chain.length > 0 && (await attempt(tx, [one, ...chain], options)) === undefined)
    return { kind: "applied", ids: [one, ...chain].map(({ id }) => id) };
  return { kind: "failed", failure };
}

/** What waits behind it: on its lanes, on the lanes of those, and so on. Nothing when one of them waits for another, too. */
function chainOf(
  one: ParkedTransaction,
  behind: readonly ParkedTransaction[],
  closed: ReadonlySet<string>,
): readonly ParkedTransaction[] {
  const lanes = new Set(one.lanes);
  const chain = behind.filter((other) => {
    const waits = other.lanes.some((lane) => lanes.has(lane));
    if (waits) for (const lane of other.lanes) lanes.add(lane);
    return waits;
  });
  return chain.some((other) => other.lanes.some((lane) => closed.has(lane))) ? [] : chain;
}

/** Whether every row of it is in the table, or deleted, at a position as new or newer. */
async function isOvertaken(
  tx: Transaction,
  { changes, position }: ParkedTransaction,
  targets: Targets,
): Promise<boolean> {
  for (const change of changes) {
    const statement = overtakenStatement(change, targets);
    if (!statement) return false;
    const { rows } = await tx.query<{ overtaken: boolean }>(statement.text, [...statement.values, position]);
    if (rows[0]?.overtaken !== true) return false;
  }
  return true;
}

function overtakenStatement({ table, row }: Change, targets: Targets): { text: string; values: unknown[] } | undefined {
  const { mapping, name } = targetOf(targets, table);
  const key = keyOrNone(() => mapping.keyToService(keyOf(table, row)));
  if (!key) return undefined;
  const places = mapping.targetKey.map((column, index) => `$${index + 1}::${mapping.targetColumns[column] ?? "text"}`);
  const same = mapping.targetKey.map((column, index) => `t.${identifier(column)} = ${places[index]}`).join(" AND ");
  const position = `$${places.length + 1}`;
  return {
    text: `SELECT EXISTS (SELECT FROM ${name} t WHERE ${same} AND t.source_position >= ${position})
      OR EXISTS (SELECT FROM sync.tombstone s WHERE s.target = '${mapping.target}' AND s.key = jsonb_build_array(${places.join(", ")}) AND s.position >= ${position}) AS overtaken`,
    values: mapping.targetKey.map((column) => key[column] ?? null),
  };
}

/** A key that the mapping cannot read cannot be looked for: the row is not overtaken as far as anybody knows. */
function keyOrNone(map: () => TargetRow): TargetRow | undefined {
  try {
    return map();
  } catch {
    return undefined;
  }
}

/** Gives up parked transactions for good; their rows are kept in `sync.discarded`. @returns how many there were */
export async function discard(
  context: RetryContext,
  ids: readonly string[],
  by: { readonly who: string; readonly reason: string },
): Promise<number> {
  return context.database.fenced("discard parked transactions", context.fence, (tx) => discardParked(tx, { ids }, by));
}
