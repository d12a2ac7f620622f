/**
 * Copies a legacy table while clinicians write to it and its changes are applied at the same time:
 *
 *   1. before each chunk the newest captured LSN is noted: the chunk's rows are at least as new as that
 *   2. a chunk is read in key order behind the last one; the next is read while this one is written
 *   3. a row is written unless the stream has written a newer one, or deleted it since; place and rows commit together
 *   4. rows that no chunk met and no change touched since the copy began are gone at the source, and are removed
 *   5. a heartbeat is written; when the stream has applied it, the copy is whole
 *
 * Killed at any point it goes on behind the last chunk that was committed.
 */

import type { LegacyRow } from "@banyan/service-kit/mapping";
import { applyCarefully } from "../apply/careful.ts";
import { advanceCopy, endCopyReading, type TableState } from "../apply/cursor.ts";
import { mapRow, targetOf, type Targets, write } from "../apply/write-set.ts";
import type { Change } from "../capture/change.ts";
import { later, type Lsn, type Position, positionOf } from "../capture/position.ts";
import { limits } from "../limits.ts";
import { afterKey, keyOrder } from "../source/key-paging.ts";
import { type LegacyDatabase, parameter, type RawRow } from "../source/legacy-database.ts";
import { quoted } from "../source/source-column.ts";
import { keyOf, largeBytes, legacyRow, type TablePlan } from "../table-plan.ts";
import type { ServiceDatabase, Transaction } from "../target/service-database.ts";
import { MappingFailure, targetTrouble } from "../target/target-errors.ts";
import type { ChunkSize } from "./chunk-size.ts";

export type CopyContext = {
  readonly source: LegacyDatabase;
  readonly database: ServiceDatabase;
  readonly targets: Targets;
  readonly fence: bigint;
  readonly era: number;
  readonly size: ChunkSize;
  /** Newest captured LSN. */
  readonly published: () => Lsn;
  /** Commits a heartbeat. */
  readonly beat: () => Promise<number>;
  readonly now: () => number;
  /** Whether to stop before the next chunk. */
  readonly isOver: () => boolean;
  readonly rest: (ms: number) => Promise<void>;
  readonly copied: (table: string, rows: number, readMs: number) => void;
};

/** "read": every row is read, the proof is under way. "paused": the slice is over. "restarted": another copy of the table began. */
export type CopyOutcome = { readonly kind: "read" | "paused" | "restarted"; readonly parked: number };

type Chunk = {
  readonly rows: readonly LegacyRow[];
  readonly position: Position;
  readonly isLast: boolean;
  readonly readMs: number;
};

export async function copyTable(context: CopyContext, plan: TablePlan, state: TableState): Promise<CopyOutcome> {
  let after = state.copyAfter;
  let parked = 0;
  let chunk = await readChunk(context, plan, state, after);
  const total = after === undefined ? await countRows(context.source, plan) : undefined;
  for (;;) {
    const last = chunk.rows.at(-1);
    if (!last) return { kind: await finish(context, plan, state), parked };
    const to = keyOf(plan, last);
    const next = chunk.isLast || context.isOver() ? undefined : readChunk(context, plan, state, to);
    // Awaited below; if writing fails, that failure is the one that counts.
    next?.catch(() => undefined);
    const written = await writeChunk(context, plan, chunk, { from: after, to, rows: chunk.rows.length, total });
    if (written === undefined) return { kind: "restarted", parked };
    parked += written;
    context.copied(plan.legacyTable, chunk.rows.length, chunk.readMs);
    after = to;
    if (chunk.isLast) return { kind: await finish(context, plan, state), parked };
    if (!next || context.isOver()) {
      await next;
      return { kind: "paused", parked };
    }
    chunk = await next;
    await context.rest(context.size.restMs);
  }
}

async function readChunk(
  context: CopyContext,
  plan: TablePlan,
  state: TableState,
  after: LegacyRow | undefined,
): Promise<Chunk> {
  const position = positionOf(context.era, later(state.floor, context.published()));
  const wanted = context.size.rows;
  const behind = after && afterKey(plan, "p", after);
  const text = `SELECT TOP (@n) ${plan.selectList("p")} FROM dbo.${quoted(plan.legacyTable)} p${behind ? ` WHERE ${behind.sql}` : ""} ORDER BY ${keyOrder(plan, "p")}`;
  const rows: LegacyRow[] = [];
  let bytes = 0;
  const startedMs = context.now();
  const take = (row: RawRow): boolean => {
    rows.push(legacyRow(plan, row, 0));
    bytes += plan.rowBytes + largeBytes(plan, row, 0);
    return bytes < limits.windowBytesMax / 2;
  };
  const ended = await context.source.read(
    "copy a table",
    text,
    { n: parameter.int(wanted), ...behind?.parameters },
    take,
  );
  const readMs = context.now() - startedMs;
  context.size.wasRead(readMs);
  return { rows, position, isLast: ended && rows.length < wanted, readMs };
}

async function countRows(source: LegacyDatabase, plan: TablePlan): Promise<number> {
  const rows = await source.query<{ n: string }>(
    "count a table's rows",
    `SELECT COUNT_BIG(*) AS n FROM dbo.${quoted(plan.legacyTable)}`,
  );
  return Number(rows[0]?.n ?? 0);
}

type Step = Parameters<typeof advanceCopy>[2];

/** @returns how many rows were parked; undefined when the copy was begun anew meanwhile */
async function writeChunk(
  context: CopyContext,
  plan: TablePlan,
  chunk: Chunk,
  step: Step,
): Promise<number | undefined> {
  const target = targetOf(context.targets, plan);
  const inOneTransaction = (work: (tx: Transaction) => Promise<number>): Promise<number | undefined> =>
    context.database.fenced("copy a chunk", context.fence, async (tx) =>
      (await advanceCopy(tx, plan.legacyTable, step)) ? work(tx) : undefined,
    );
  try {
    const upserts = chunk.rows.map((row) => mapRow(plan, row, chunk.position));
    return await inOneTransaction(async (tx) => {
      await write(tx, [{ target, upserts, deletes: [] }], "copied");
      return 0;
    });
  } catch (error) {
    if (!(error instanceof MappingFailure) && targetTrouble(error) !== "row") throw error;
  }
  return inOneTransaction((tx) => writeCarefully(tx, context, plan, chunk));
}

/** Each row is a transaction of its own: those that fail are parked, the rest is written. */
async function writeCarefully(tx: Transaction, context: CopyContext, plan: TablePlan, chunk: Chunk): Promise<number> {
  const transactions = chunk.rows.map((row) => {
    const change: Change = { table: plan, lsn: chunk.position.subarray(2), command: 1, operation: 2, row };
    return { position: chunk.position, changes: [change] };
  });
  // Nothing waits behind what is parked: a copied row holds all that was committed before it was read.
  const options = { targets: context.targets, blocked: new Set<string>(), how: "copied" } as const;
  const { failed, waiting } = await applyCarefully(tx, transactions, options);
  return failed + waiting;
}

async function finish(context: CopyContext, plan: TablePlan, state: TableState): Promise<"read"> {
  const proof = await context.beat();
  const { name } = targetOf(context.targets, plan);
  await context.database.fenced("end a copy", context.fence, async (tx) => {
    await tx.query(`SET LOCAL statement_timeout = ${limits.hugeStatementMsMax}`);
    await tx.query(`DELETE FROM ${name} WHERE source_position < $1`, [positionOf(context.era, state.floor)]);
    await endCopyReading(tx, plan.legacyTable, proof);
  });
  return "read";
}
