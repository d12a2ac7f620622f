/**
 * Revisions: rule files and stages, immutable and numbered. Rule sets are kept once each, by digest, because most revisions
 * move a stage and leave the rules alone. `revision_head` is the one row every change locks: it makes changes strictly
 * one after the other, also those of two control processes.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END $$;

    CREATE TABLE rule_sets (
      digest text PRIMARY KEY,
      files jsonb NOT NULL,
      created_at timestamptz(3) NOT NULL
    );

    CREATE TABLE revisions (
      number integer PRIMARY KEY CHECK (number > 0),
      based_on integer UNIQUE REFERENCES revisions (number),
      digest text NOT NULL REFERENCES rule_sets (digest),
      modules jsonb NOT NULL,
      kind text NOT NULL CHECK (kind IN ('seed', 'rules', 'stage', 'rollback', 'kill')),
      module text,
      who text NOT NULL,
      role text NOT NULL,
      reason text NOT NULL,
      forced boolean NOT NULL DEFAULT false,
      created_at timestamptz(3) NOT NULL,
      CHECK (based_on IS NULL AND number = 1 OR based_on = number - 1)
    );
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON revisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER never_emptied BEFORE TRUNCATE ON revisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON rule_sets FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER never_emptied BEFORE TRUNCATE ON rule_sets FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    CREATE TABLE revision_head (
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      number integer NOT NULL
    );
    INSERT INTO revision_head (number) VALUES (0);

    CREATE TABLE module_states (
      module text PRIMARY KEY,
      stage jsonb NOT NULL,
      epoch integer NOT NULL DEFAULT 0 CHECK (epoch >= 0),
      revision integer NOT NULL,
      who text NOT NULL,
      reason text NOT NULL,
      since timestamptz(3) NOT NULL
    );
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    DROP TABLE module_states, revision_head, revisions, rule_sets;
    DROP FUNCTION refuse_change();
  `);
}
