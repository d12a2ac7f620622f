/** Parked transactions in the service's database: see migrations/service-kit/0002_sync.ts. One SQL operation a function. */

import type { Change, Operation } from "../capture/change.ts";
import { lsnOf, type Position } from "../capture/position.ts";
import type { TablePlan } from "../table-plan.ts";
import { fromJson, type LegacyRowJson, toJson } from "../target/legacy-row-json.ts";
import type { ServiceDatabase, Transaction } from "../target/service-database.ts";

export type ParkedState = "failed" | "waiting";

export type ParkedTransaction = {
  readonly id: string;
  readonly position: Position;
  readonly state: ParkedState;
  readonly lanes: readonly string[];
  readonly changes: readonly Change[];
};

export type Parking = {
  readonly position: Position;
  readonly state: ParkedState;
  readonly lanes: readonly string[];
  readonly changes: readonly Change[];
  readonly why?: { readonly code: string; readonly message: string };
};

export async function park(tx: Transaction, { position, state, lanes, changes, why }: Parking): Promise<void> {
  const inserted = await tx.query<{ id: string }>(
    `INSERT INTO sync.parked_transaction (position, state, lanes, code, message, tries, tried_at)
     VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $6 > 0 THEN clock_timestamp() END) RETURNING id`,
    [position, state, lanes, why?.code ?? null, why?.message ?? null, state === "failed" ? 1 : 0],
  );
  await tx.query(
    `INSERT INTO sync.parked_change (parked_id, seq, legacy_table, operation, legacy_row)
     SELECT $1, u.* FROM unnest($2::int[], $3::text[], $4::smallint[], $5::jsonb[]) u`,
    [
      inserted.rows[0]?.id,
      changes.map((_, index) => index),
      changes.map(({ table }) => table.legacyTable),
      changes.map(({ operation }) => operation),
      changes.map(({ row }) => JSON.stringify(toJson(row))),
    ],
  );
}

export type ParkedCounts = {
  readonly transactions: number;
  readonly changes: number;
  readonly oldestAt: string | null;
};

export async function countParked(database: ServiceDatabase): Promise<ParkedCounts> {
  const rows = await database.query<{ transactions: string; changes: string; oldest: string | null }>(
    "count parked transactions",
    `SELECT (SELECT count(*) FROM sync.parked_transaction) AS transactions, (SELECT count(*) FROM sync.parked_change) AS changes,
       (SELECT min(parked_at) FROM sync.parked_transaction) AS oldest`,
  );
  const row = rows[0];
  return { transactions: Number(row?.transactions), changes: Number(row?.changes), oldestAt: row?.oldest ?? null };
}

/** Lanes on which something is parked. */
export async function blockedLanes(database: ServiceDatabase): Promise<Set<string>> {
  const rows = await database.query<{ lane: string }>(
    "read parked lanes",
    "SELECT DISTINCT unnest(lanes) AS lane FROM sync.parked_transaction",
  );
  return new Set(rows.map(({ lane }) => lane));
}

type Row = {
  id: string;
  position: Buffer;
  state: ParkedState;
  lanes: string[];
  legacy_table: string;
  operation: Operation;
  legacy_row: LegacyRowJson;
};

/** In their order. Changes of a table that is no longer mapped are left out: nobody wants them any more. */
export async function loadParked(
  tx: Transaction,
  plans: ReadonlyMap<string, TablePlan>,
): Promise<readonly ParkedTransaction[]> {
  const { rows } = await tx.query<Row>(
    `SELECT p.id, p.position, p.state, p.lanes, c.legacy_table, c.operation, c.legacy_row
     FROM sync.parked_transaction p JOIN sync.parked_change c ON c.parked_id = p.id ORDER BY p.position, p.id, c.seq`,
  );
  const found = new Map<string, Omit<ParkedTransaction, "changes"> & { changes: Change[] }>();
  for (const { id, position, state, lanes, legacy_table, operation, legacy_row } of rows) {
    const parked = found.get(id) ?? { id, position, state, lanes, changes: new Array<Change>() };
    found.set(id, parked);
    const table = plans.get(legacy_table);
    const command = parked.changes.length;
    if (table) parked.changes.push({ table, lsn: lsnOf(position), command, operation, row: fromJson(legacy_row) });
  }
  return [...found.values()];
}

export async function removeParked(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx.query("DELETE FROM sync.parked_transaction WHERE id = ANY($1::bigint[])", [ids]);
}

export async function markFailed(tx: Transaction, id: string, why: { code: string; message: string }): Promise<void> {
  await tx.query(
    "UPDATE sync.parked_transaction SET state = 'failed', code = $2, message = $3, tries = tries + 1, tried_at = clock_timestamp() WHERE id = $1",
    [id, why.code, why.message],
  );
}

export async function markWaiting(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx.query(
    "UPDATE sync.parked_transaction SET state = 'waiting' WHERE id = ANY($1::bigint[]) AND state <> 'waiting'",
    [ids],
  );
}

/** Takes transactions out and keeps them, with their rows, in `sync.discarded`. @returns how many there were */
export async function discardParked(
  tx: Transaction,
  where: { readonly ids?: readonly string[]; readonly tables?: readonly string[]; readonly until?: Position },
  by: { readonly who: string; readonly reason: string },
): Promise<number> {
  const discarded = await tx.query(
    `WITH chosen AS (
       SELECT p.* FROM sync.parked_transaction p WHERE ($1::bigint[] IS NULL OR p.id = ANY($1))
         AND ($2::bytea IS NULL OR p.position <= $2)
         AND ($3::text[] IS NULL OR NOT EXISTS (SELECT FROM sync.parked_change c WHERE c.parked_id = p.id AND c.legacy_table <> ALL($3)))
     ), kept AS (
       INSERT INTO sync.discarded (id, position, lanes, code, message, changes, parked_at, discarded_by, reason)
       SELECT p.id, p.position, p.lanes, p.code, p.message, (SELECT jsonb_agg(to_jsonb(c) - 'parked_id' ORDER BY c.seq) FROM sync.parked_change c WHERE c.parked_id = p.id),
         p.parked_at, $4, $5 FROM chosen p
     )
     DELETE FROM sync.parked_transaction WHERE id IN (SELECT id FROM chosen)`,
    [where.ids ?? null, where.until ?? null, where.tables ?? null, by.who, by.reason],
  );
  return discarded.rowCount ?? 0;
}
