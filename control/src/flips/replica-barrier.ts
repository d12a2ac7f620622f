/**
 * What a flip must hear from the proxy replicas, decided from their rows alone. A replica counts unless an operator evicted
 * it; one that is silent may still forward a write it took before, until its lease and the longest write are over.
 */

import type { ReplicaRow } from "../store/replicas.ts";
import { limits } from "../limits.ts";

export type Barrier = { readonly kind: "passed" } | { readonly kind: "waiting"; readonly replicas: readonly string[] };

const barrier = (waiting: readonly ReplicaRow[]): Barrier =>
  waiting.length === 0 ? { kind: "passed" } : { kind: "waiting", replicas: waiting.map((row) => row.id) };

const isSilent = (row: ReplicaRow, now: Date): boolean => row.lease_until <= now;

/** PREPARE: everybody lives, runs the head, and knows the next epoch. A silent replica is waited for, or evicted by name. */
export function prepared(
  rows: readonly ReplicaRow[],
  ask: { readonly module: string; readonly epoch: number; readonly head: number; readonly now: Date },
): Barrier {
  return barrier(
    rows.filter(
      (row) =>
        !row.evicted_at &&
        (isSilent(row, ask.now) || row.acknowledged !== ask.head || row.prepared[ask.module] !== ask.epoch),
    ),
  );
}

/** FENCE: every replica that can take a request holds the module's writes. */
export function fenced(rows: readonly ReplicaRow[], module: string, now: Date): Barrier {
  return barrier(rows.filter((row) => !row.evicted_at && !isSilent(row, now) && !row.fences.includes(module)));
}

/**
 * DRAIN: no write of the old epoch, or of one before it, is under way anywhere. The same heartbeat tells fence and count, so a
 * count of zero under the fence stays zero. A silent or evicted replica is waited out.
 * @param writeMsMax longest time-out of a write of the module, in milliseconds
 */
export function drained(
  rows: readonly ReplicaRow[],
  ask: { readonly module: string; readonly epoch: number; readonly now: Date; readonly writeMsMax: number },
): Barrier {
  return barrier(
    rows.filter((row) => {
      if (row.evicted_at || isSilent(row, ask.now)) {
        const since = Math.max(row.lease_until.getTime(), row.evicted_at?.getTime() ?? 0);
        return ask.now.getTime() < since + ask.writeMsMax + limits.drainMarginMs;
      }
      const epochs = Object.entries(row.in_flight[ask.module] ?? {});
      return (
        !row.fences.includes(ask.module) || epochs.some(([epoch, count]) => Number(epoch) <= ask.epoch && count > 0)
      );
    }),
  );
}
