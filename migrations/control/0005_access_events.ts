/**
 * The proxies' audit events: who asked for whose data, and which side answered. Append-only and chained by batch: a batch holds
 * the digest of its events and the hash of the batch before, so that an event changed, removed or added later is noticed.
 * (spool, segment) is the sender's own name of a batch: one that is sent twice is stored once.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE TABLE access_batches (
      seq bigint PRIMARY KEY CHECK (seq > 0),
      replica text NOT NULL,
      spool uuid NOT NULL,
      segment bigint NOT NULL,
      received_at timestamptz(3) NOT NULL,
      events integer NOT NULL CHECK (events >= 0),
      dropped bigint NOT NULL CHECK (dropped >= 0),
      digest text NOT NULL,
      previous_hash text NOT NULL,
      hash text NOT NULL,
      UNIQUE (spool, segment)
    );
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON access_batches FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER never_emptied BEFORE TRUNCATE ON access_batches FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    CREATE TABLE access_events (
      batch bigint NOT NULL REFERENCES access_batches (seq),
      line integer NOT NULL,
      at timestamptz(3) NOT NULL,
      request_id text NOT NULL,
      module text NOT NULL,
      rule text NOT NULL,
      effect text NOT NULL CHECK (effect IN ('read', 'write')),
      served_by text NOT NULL CHECK (served_by IN ('legacy', 'service', 'proxy')),
      status integer NOT NULL,
      reason text NOT NULL,
      failure text,
      revision integer NOT NULL,
      epoch integer NOT NULL,
      kind text NOT NULL,
      who text,
      role text,
      site text,
      session text,
      patient text,
      open_patient text,
      address text,
      PRIMARY KEY (batch, line)
    );
    CREATE INDEX access_events_by_patient ON access_events (patient, batch DESC) WHERE patient IS NOT NULL;
    CREATE INDEX access_events_by_who ON access_events (who, batch DESC) WHERE who IS NOT NULL;
    CREATE INDEX access_events_by_time ON access_events USING brin (at);
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON access_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER never_emptied BEFORE TRUNCATE ON access_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    CREATE TABLE access_head (
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      seq bigint NOT NULL,
      hash text NOT NULL
    );
    INSERT INTO access_head (seq, hash) VALUES (0, '');
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP TABLE access_head, access_events, access_batches;");
}
