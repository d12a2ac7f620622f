/**
 * The audit trail of the control plane: append-only, each row holding the hash of the row before. `audit_head` holds the last
 * number and hash, so that rows cut off at the end are noticed too.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE TABLE audit (
      seq bigint PRIMARY KEY CHECK (seq > 0),
      at timestamptz(3) NOT NULL,
      who text NOT NULL,
      role text NOT NULL,
      via text NOT NULL,
      action text NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
      module text,
      revision integer,
      reason text,
      details jsonb NOT NULL,
      previous_hash text NOT NULL,
      hash text NOT NULL
    );
    CREATE INDEX audit_by_module ON audit (module, seq);
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    CREATE TABLE audit_head (
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      seq bigint NOT NULL,
      hash text NOT NULL
    );
    INSERT INTO audit_head (seq, hash) VALUES (0, '');
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP TABLE audit_head, audit;");
}
