/**
 * One run of reconcile over a service: asked for in `sync.reconciliation`, done by the leader, its findings kept in the
 * service's own database. A run that was cut short by a kill begins again from the start.
 */

import { randomUUID } from "node:crypto";
import { AppError, type Clock } from "@banyan/kernel";
import { decodeChange, type EncodedChange } from "@banyan/service-kit/mapping";
import { type Lsn, type Position, positionOf } from "../capture/position.ts";
import { limits } from "../limits.ts";
import type { Heartbeats } from "../source/heartbeats.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import type { ServiceStream } from "../stream/service-stream.ts";
import type { ServiceDatabase, Transaction } from "../target/service-database.ts";
import { pendingKey, type ReconcileContext, reconcileTable, type TableFindings } from "./table-reconcile.ts";

export type ReconcileRequest = { readonly requestedBy: string; readonly repair: boolean };

/** @returns the run's id */
export async function requestReconcile(database: ServiceDatabase, request: ReconcileRequest): Promise<string> {
  const id = randomUUID();
  await database.query(
    "ask for a reconcile",
    "INSERT INTO sync.reconciliation (id, requested_by, repair, state) VALUES ($1, $2, $3, 'queued')",
    [id, request.requestedBy, request.repair],
  );
  return id;
}

/** Runs that were asked for and not ended, oldest first. */
export async function openReconciles(database: ServiceDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ id: string }>(
    "read open reconciles",
    "SELECT id FROM sync.reconciliation WHERE state IN ('queued', 'running') ORDER BY requested_at",
  );
  return rows.map(({ id }) => id);
}

export type ReconcileOptions = {
  readonly source: LegacyDatabase;
  readonly database: ServiceDatabase;
  readonly stream: ServiceStream;
  readonly heartbeats: Heartbeats;
  readonly fence: bigint;
  readonly clock: Clock;
  readonly isStopping: () => boolean;
};

/** @throws AppError RECONCILE_BEHIND, and as reading and writing do; the run is left open and begins again */
export async function runReconcile(options: ReconcileOptions, id: string): Promise<void> {
  const { database, fence, stream } = options;
  const [run] = await database.query<{ repair: boolean; state: string; module_open: boolean }>(
    "read a reconcile",
    `SELECT r.repair, r.state, EXISTS (SELECT FROM kit.module_owner WHERE module = $2 AND state = 'open') AS module_open
     FROM sync.reconciliation r WHERE r.id = $1`,
    [id, stream.mapping.module],
  );
  if (!run || run.state === "done" || run.state === "failed") return;
  if (run.repair && run.module_open) return finish(options, id, ownedHere);
  await database.fenced("begin a reconcile", fence, async (tx) => {
    await tx.query(
      "UPDATE sync.reconciliation SET state = 'running', started_at = coalesce(started_at, clock_timestamp()) WHERE id = $1",
      [id],
    );
    await tx.query("DELETE FROM sync.reconciled_table WHERE reconciliation_id = $1", [id]);
    await tx.query("DELETE FROM sync.difference WHERE reconciliation_id = $1", [id]);
  });
  const context = await contextOf(options, run.repair);
  for (const plan of stream.plans) {
    const target = stream.targets.get(plan.legacyTable);
    if (!target || stream.tables.get(plan.legacyTable)?.state !== "following") continue;
    const startedMs = options.clock.monotonicMs();
    const found = await reconcileTable(context, plan, target);
    const ms = Math.round(options.clock.monotonicMs() - startedMs);
    await database.fenced("keep what a reconcile found", fence, (tx) => keep(tx, id, found, ms));
  }
  await finish(options, id, undefined);
}

const ownedHere =
  "the service owns the module: what differs was written here, and repairing from the legacy side would undo it";

async function finish({ database, fence }: ReconcileOptions, id: string, failure: string | undefined): Promise<void> {
  await database.fenced("end a reconcile", fence, async (tx) => {
    await tx.query(
      "UPDATE sync.reconciliation SET state = $2, failure = $3, finished_at = clock_timestamp() WHERE id = $1",
      [id, failure === undefined ? "done" : "failed", failure ?? null],
    );
    await tx.query(
      `DELETE FROM sync.reconciliation WHERE id IN (SELECT id FROM sync.reconciliation WHERE finished_at IS NOT NULL ORDER BY finished_at DESC OFFSET $1)`,
      [limits.reconcilesKept],
    );
  });
}

async function contextOf(options: ReconcileOptions, repair: boolean): Promise<ReconcileContext> {
  const { source, database, stream, fence } = options;
  return {
    source,
    database,
    fence,
    repair,
    caughtUp: () => caughtUp(options),
    blocked: () => stream.blocked,
    pending: () => pendingKeys(database, stream.mapping.module),
  };
}

/** @throws AppError RECONCILE_BEHIND */
async function caughtUp({ heartbeats, stream, clock, isStopping }: ReconcileOptions): Promise<Position> {
  const beat = await heartbeats.beat();
  const untilMs = clock.monotonicMs() + limits.reconcileCatchUpMsMax;
  while ((stream.cursor?.heartbeat ?? 0) < beat) {
    if (isStopping() || clock.monotonicMs() > untilMs)
      throw new AppError({
        code: "RECONCILE_BEHIND",
        op: "reconcile",
        message: "the stream did not catch up with what was read, so nothing can be said about it",
        hint: "`banyan sync` tells what holds it. The reconcile is begun again by itself.",
        retryable: true,
      });
    await stream.progress(limits.reconcileCatchUpMsMax);
  }
  const cursor = stream.cursor as { era: number; lsn: Lsn };
  return positionOf(cursor.era, cursor.lsn);
}

/** Rows the service changed and the source does not know yet. */
async function pendingKeys(database: ServiceDatabase, module: string): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ changes: EncodedChange[] }>(
    "read the outbox",
    "SELECT changes FROM kit.outbox WHERE module = $1",
    [module],
  );
  return new Set(
    rows.flatMap(({ changes }) => changes.map(decodeChange)).map(({ table, key }) => pendingKey(table, key)),
  );
}

async function keep(tx: Transaction, id: string, found: TableFindings, ms: number): Promise<void> {
  const { counts } = found;
  await tx.query(
    `INSERT INTO sync.reconciled_table (reconciliation_id, legacy_table, source_rows, target_rows, in_flight, missing, extra, different, repaired, refused, duration_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      id,
      found.table,
      found.sourceRows,
      found.targetRows,
      counts["in-flight"],
      counts.missing,
      counts.extra,
      counts.different,
      found.repaired,
      found.refused,
      ms,
    ],
  );
  await tx.query(
    `INSERT INTO sync.difference (reconciliation_id, legacy_table, key, kind, columns, repair)
     SELECT $1, $2, (d ->> 'key')::jsonb, d ->> 'kind', ARRAY(SELECT jsonb_array_elements_text(d -> 'columns')), d ->> 'repair'
     FROM jsonb_array_elements($3::jsonb) d ON CONFLICT DO NOTHING`,
    [id, found.table, JSON.stringify(found.differences)],
  );
}

export type ReconcileReport = {
  readonly id: string;
  readonly state: "queued" | "running" | "done" | "failed";
  readonly requestedBy: string;
  readonly repair: boolean;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly failure: string | null;
  readonly tables: readonly {
    readonly table: string;
    readonly sourceRows: number;
    readonly targetRows: number;
    readonly inFlight: number;
    readonly missing: number;
    readonly extra: number;
    readonly different: number;
    readonly repaired: number;
    readonly refused: number;
    readonly durationMs: number;
  }[];
  /** Keys may name patients. */
  readonly differences: readonly {
    readonly table: string;
    readonly key: readonly unknown[];
    readonly kind: string;
    readonly columns: readonly string[];
    readonly repair: string;
  }[];
};

const reportColumns = `r.id, r.state, r.requested_by AS "requestedBy", r.repair, r.requested_at AS "requestedAt", r.started_at AS "startedAt",
  r.finished_at AS "finishedAt", r.failure, coalesce((SELECT jsonb_agg(jsonb_build_object('table', legacy_table, 'sourceRows', source_rows, 'targetRows', target_rows,
    'inFlight', in_flight, 'missing', missing, 'extra', extra, 'different', different, 'repaired', repaired, 'refused', refused, 'durationMs', duration_ms) ORDER BY legacy_table)
    FROM sync.reconciled_table WHERE reconciliation_id = r.id), '[]') AS tables`;

/** The newest runs, without their differences. */
export async function listReconciles(database: ServiceDatabase, count: number): Promise<ReconcileReport[]> {
  return database.query<ReconcileReport>(
    "list reconciles",
    `SELECT ${reportColumns}, '[]'::jsonb AS differences FROM sync.reconciliation r ORDER BY r.requested_at DESC LIMIT $1`,
    [count],
  );
}

export async function readReconcile(database: ServiceDatabase, id: string): Promise<ReconcileReport | undefined> {
  const [report] = await database.query<ReconcileReport>(
    "read a reconcile",
    `SELECT ${reportColumns}, coalesce((SELECT jsonb_agg(jsonb_build_object('table', legacy_table, 'key', key, 'kind', kind, 'columns', columns, 'repair', repair)
       ORDER BY legacy_table, kind, key) FROM (SELECT * FROM sync.difference WHERE reconciliation_id = r.id LIMIT ${limits.listRowsMax}) d), '[]') AS differences
     FROM sync.reconciliation r WHERE r.id = $1`,
    [id],
  );
  return report;
}
