/**
 * Schema `sync` of a service's database: what the legacy adapter must know about this copy, kept in the same database so
 * that it commits together with the rows it speaks of. The adapter's role writes it; the service may read it.
 *
 * A position is 12 bytes: the era (2 bytes, raised when the source was restored or the capture mode changed) and the commit
 * LSN (10 bytes), or in tracking mode the version as a number of 10 bytes. Positions compare as bytes.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE SCHEMA sync;

    -- The leader's fencing number, from its lease at the source. Every write of the adapter locks it for share; whoever takes
    -- over raises it, which waits for writes under way and refuses later ones.
    CREATE TABLE sync.fence (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      fence bigint NOT NULL
    );
    INSERT INTO sync.fence (fence) VALUES (0);

    -- Everything committed at the source up to here is in this database. Moved by compare-and-set.
    CREATE TABLE sync.cursor (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      mode text NOT NULL CHECK (mode IN ('cdc', 'tracking')),
      position bytea NOT NULL CHECK (octet_length(position) = 12),
      heartbeat bigint NOT NULL DEFAULT 0,
      heartbeat_at timestamptz(3),
      applied_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
    );

    -- One row a mapped legacy table. "copying": rows are being copied while changes already flow. "stopped": its changes are
    -- passed over until it is copied again.
    CREATE TABLE sync.table_state (
      legacy_table text PRIMARY KEY,
      state text NOT NULL CHECK (state IN ('copying', 'following', 'stopped')),
      copy_floor bytea NOT NULL,
      copy_after jsonb,
      copy_rows bigint NOT NULL DEFAULT 0,
      copy_total bigint,
      copy_started_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      copy_finished_at timestamptz(3),
      copy_proof bigint,
      stopped_at bytea,
      stopped_code text,
      stopped_message text,
      CHECK ((state = 'stopped') = (stopped_code IS NOT NULL))
    );

    -- A deleted row, so that a chunk of a copy that was read before the deletion cannot bring it back.
    CREATE TABLE sync.tombstone (
      target text NOT NULL,
      key jsonb NOT NULL,
      position bytea NOT NULL,
      PRIMARY KEY (target, key)
    );
    CREATE INDEX ON sync.tombstone (position);

    -- Source transactions that could not be applied ("failed") or wait behind one on the same lane ("waiting"), in the order
    -- of their positions. A row that a copy or repair could not write is a transaction of its own.
    CREATE TABLE sync.parked_transaction (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      position bytea NOT NULL,
      state text NOT NULL CHECK (state IN ('failed', 'waiting')),
      lanes text[] NOT NULL,
      code text,
      message text,
      tries integer NOT NULL DEFAULT 0,
      parked_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      tried_at timestamptz(3)
    );
    CREATE INDEX ON sync.parked_transaction (position, id);

    -- The legacy rows of a parked transaction as they were read, before mapping: the mapping may be what fails.
    CREATE TABLE sync.parked_change (
      parked_id bigint NOT NULL REFERENCES sync.parked_transaction ON DELETE CASCADE,
      seq integer NOT NULL,
      legacy_table text NOT NULL,
      operation smallint NOT NULL CHECK (operation BETWEEN 1 AND 4),
      legacy_row jsonb NOT NULL,
      PRIMARY KEY (parked_id, seq)
    );

    -- What was discarded, by whom and why, with its rows: a discarded change is never gone without a trace.
    CREATE TABLE sync.discarded (
      id bigint PRIMARY KEY,
      position bytea NOT NULL,
      lanes text[] NOT NULL,
      code text,
      message text,
      changes jsonb NOT NULL,
      parked_at timestamptz(3) NOT NULL,
      discarded_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      discarded_by text NOT NULL,
      reason text NOT NULL
    );

    -- One row a committed batch: each begins where the one before ended. Append-only; old rows are purged.
    CREATE TABLE sync.applied_window (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      fence bigint NOT NULL,
      after_position bytea NOT NULL,
      to_position bytea NOT NULL,
      transactions integer NOT NULL,
      changes integer NOT NULL,
      parked integer NOT NULL DEFAULT 0,
      applied_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
    );

    -- Pages of one huge source transaction, on their way to being applied as one. Lost by a crash, then read again.
    CREATE UNLOGGED TABLE sync.staged_change (
      target text NOT NULL,
      seq bigint NOT NULL,
      key jsonb NOT NULL,
      new_row jsonb,
      PRIMARY KEY (target, seq)
    );

    -- Markers of flips that came through the capture, inserted with the source transaction that carries them: proof that
    -- everything the legacy side committed before is in this database.
    CREATE TABLE sync.flip_marker (
      flip uuid PRIMARY KEY,
      at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
    );

    CREATE TABLE sync.reconciliation (
      id uuid PRIMARY KEY,
      requested_by text NOT NULL,
      repair boolean NOT NULL,
      state text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
      requested_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      started_at timestamptz(3),
      finished_at timestamptz(3),
      failure text
    );

    CREATE TABLE sync.reconciled_table (
      reconciliation_id uuid NOT NULL REFERENCES sync.reconciliation ON DELETE CASCADE,
      legacy_table text NOT NULL,
      source_rows bigint NOT NULL,
      target_rows bigint NOT NULL,
      in_flight integer NOT NULL,
      missing integer NOT NULL,
      extra integer NOT NULL,
      different integer NOT NULL,
      repaired integer NOT NULL,
      refused integer NOT NULL,
      duration_ms integer NOT NULL,
      PRIMARY KEY (reconciliation_id, legacy_table)
    );

    CREATE TABLE sync.difference (
      reconciliation_id uuid NOT NULL REFERENCES sync.reconciliation ON DELETE CASCADE,
      legacy_table text NOT NULL,
      key jsonb NOT NULL,
      kind text NOT NULL CHECK (kind IN ('in-flight', 'missing', 'extra', 'different')),
      columns text[] NOT NULL,
      repair text NOT NULL CHECK (repair IN ('none', 'done', 'refused')),
      PRIMARY KEY (reconciliation_id, legacy_table, key)
    );
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP SCHEMA sync CASCADE;");
}
