/** Where a service's database is in the source's history: `sync.cursor` and `sync.table_state`. */

import { AppError } from "@banyan/kernel";
import type { LegacyRow } from "@banyan/service-kit/mapping";
import type { Heartbeat } from "../capture/change-reader.ts";
import { eraOf, lsnOf, type Lsn, type Position, positionOf } from "../capture/position.ts";
import { fromJson, type LegacyRowJson, toJson } from "../target/legacy-row-json.ts";
import type { ServiceDatabase, Transaction } from "../target/service-database.ts";

export type CaptureMode = "cdc" | "tracking";

export type Cursor = {
  readonly mode: CaptureMode;
  readonly era: number;
  readonly lsn: Lsn;
  readonly heartbeat: number;
};

export async function readCursor(database: ServiceDatabase): Promise<Cursor | undefined> {
  const [row] = await database.query<{ mode: CaptureMode; position: Buffer; heartbeat: string }>(
    "read the cursor",
    "SELECT mode, position, heartbeat FROM sync.cursor",
  );
  return (
    row && { mode: row.mode, era: eraOf(row.position), lsn: lsnOf(row.position), heartbeat: Number(row.heartbeat) }
  );
}

export async function placeCursor(tx: Transaction, mode: CaptureMode, position: Position): Promise<void> {
  await tx.query(
    `INSERT INTO sync.cursor (mode, position) VALUES ($1, $2)
     ON CONFLICT (one) DO UPDATE SET mode = EXCLUDED.mode, position = EXCLUDED.position, applied_at = clock_timestamp()`,
    [mode, position],
  );
}

export type Advance = {
  readonly era: number;
  readonly after: Lsn;
  readonly until: Lsn;
  readonly fence: bigint;
  readonly transactions: number;
  readonly changes: number;
  readonly heartbeat: Heartbeat | undefined;
  readonly flipMarkers: readonly string[];
};

const advanceStatement = `WITH moved AS (
  UPDATE sync.cursor SET position = $2, heartbeat = greatest(heartbeat, coalesce($6, 0)), heartbeat_at = coalesce($7, heartbeat_at), applied_at = clock_timestamp()
  WHERE position = $1 RETURNING heartbeat
), noted AS (
  INSERT INTO sync.applied_window (fence, after_position, to_position, transactions, changes) SELECT $3, $1, $2, $4, $5 FROM moved RETURNING id
), marked AS (
  INSERT INTO sync.flip_marker (flip) SELECT unnest($8::uuid[]) FROM moved ON CONFLICT DO NOTHING
)
SELECT id, heartbeat FROM noted, moved`;

/**
 * Moves the cursor from `after` to `until` and notes the window; first statement of the transaction that applies it.
 * @returns the window's number. @throws AppError CURSOR_MOVED when the cursor is elsewhere
 */
export async function advance(tx: Transaction, step: Advance): Promise<string> {
  const { rows } = await tx.query<{ id: string }>({
    name: "advance",
    text: advanceStatement,
    values: [
      positionOf(step.era, step.after),
      positionOf(step.era, step.until),
      step.fence,
      step.transactions,
      step.changes,
      step.heartbeat?.beat ?? null,
      step.heartbeat?.at ?? null,
      step.flipMarkers,
    ],
  });
  if (rows[0]) return rows[0].id;
  throw new AppError({
    code: "CURSOR_MOVED",
    op: "apply a window",
    message: "the cursor is not where this adapter left it",
    hint: "It is read again and the sync goes on from there.",
    retryable: true,
  });
}

export type TableState = {
  readonly legacyTable: string;
  readonly state: "copying" | "following" | "stopped";
  readonly floor: Lsn;
  /** Legacy key of the last row copied; undefined before the first chunk. */
  readonly copyAfter: LegacyRow | undefined;
  readonly copyRows: number;
  readonly copyTotal: number | undefined;
  readonly copyStartedAt: string;
  readonly copyFinishedAt: string | undefined;
  /** Heartbeat that proves the copy: rows are all read, and it is whole once the stream has passed this. */
  readonly copyProof: number | undefined;
  readonly stopped: { readonly code: string; readonly message: string } | undefined;
};

type TableRow = {
  legacy_table: string;
  state: TableState["state"];
  copy_floor: Buffer;
  copy_after: LegacyRowJson | null;
  copy_rows: string;
  copy_total: string | null;
  copy_started_at: string;
  copy_finished_at: string | null;
  copy_proof: string | null;
  stopped_code: string | null;
  stopped_message: string | null;
};

export async function readTableStates(database: ServiceDatabase): Promise<ReadonlyMap<string, TableState>> {
  const rows = await database.query<TableRow>("read the tables' states", "SELECT * FROM sync.table_state");
  return new Map(
    rows.map((row) => [
      row.legacy_table,
      {
        legacyTable: row.legacy_table,
        state: row.state,
        floor: lsnOf(row.copy_floor),
        copyAfter: row.copy_after ? fromJson(row.copy_after) : undefined,
        copyRows: Number(row.copy_rows),
        copyTotal: row.copy_total === null ? undefined : Number(row.copy_total),
        copyStartedAt: row.copy_started_at,
        copyFinishedAt: row.copy_finished_at ?? undefined,
        copyProof: row.copy_proof === null ? undefined : Number(row.copy_proof),
        stopped: row.stopped_code === null ? undefined : { code: row.stopped_code, message: row.stopped_message ?? "" },
      },
    ]),
  );
}

/** The tables are copied anew from `floor`: what changed up to there is in what will be read. */
export async function beginCopies(tx: Transaction, tables: readonly string[], floor: Position): Promise<void> {
  await tx.query(
    `INSERT INTO sync.table_state (legacy_table, state, copy_floor) SELECT unnest($1::text[]), 'copying', $2
     ON CONFLICT (legacy_table) DO UPDATE SET state = 'copying', copy_floor = EXCLUDED.copy_floor, copy_after = NULL, copy_rows = 0, copy_total = NULL,
       copy_started_at = clock_timestamp(), copy_finished_at = NULL, copy_proof = NULL, stopped_at = NULL, stopped_code = NULL, stopped_message = NULL`,
    [tables, floor],
  );
}

/** @returns whether the copy was where the caller left it and has been moved on */
export async function advanceCopy(
  tx: Transaction,
  table: string,
  step: {
    readonly from: LegacyRow | undefined;
    readonly to: LegacyRow;
    readonly rows: number;
    readonly total?: number | undefined;
  },
): Promise<boolean> {
  const moved = await tx.query(
    `UPDATE sync.table_state SET copy_after = $3, copy_rows = copy_rows + $4, copy_total = coalesce($5, copy_total)
     WHERE legacy_table = $1 AND state = 'copying' AND copy_after IS NOT DISTINCT FROM $2::jsonb`,
    [
      table,
      step.from ? JSON.stringify(toJson(step.from)) : null,
      JSON.stringify(toJson(step.to)),
      step.rows,
      step.total ?? null,
    ],
  );
  return moved.rowCount === 1;
}

export async function endCopyReading(tx: Transaction, table: string, proof: number): Promise<void> {
  await tx.query("UPDATE sync.table_state SET copy_proof = $2 WHERE legacy_table = $1 AND state = 'copying'", [
    table,
    proof,
  ]);
}

/** Copies whose proof the stream has passed are whole. @returns their tables */
export async function finishCopies(tx: Transaction, heartbeat: number): Promise<readonly string[]> {
  const { rows } = await tx.query<{ legacy_table: string }>(
    `UPDATE sync.table_state SET state = 'following', copy_finished_at = clock_timestamp()
     WHERE state = 'copying' AND copy_proof <= $1 RETURNING legacy_table`,
    [heartbeat],
  );
  return rows.map((row) => row.legacy_table);
}

export async function stopTable(
  tx: Transaction,
  table: string,
  at: Position,
  why: { readonly code: string; readonly message: string },
): Promise<void> {
  await tx.query(
    "UPDATE sync.table_state SET state = 'stopped', stopped_at = $2, stopped_code = $3, stopped_message = $4 WHERE legacy_table = $1",
    [table, at, why.code, why.message],
  );
}
