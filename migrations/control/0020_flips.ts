/**
 * The journal of fenced flips. One row a flip, moved from step to step by compare-and-set under the number of the process that
 * runs it (`runner_term`), so that a process that was taken for dead cannot write a late step; and one row for every step
 * that was reached, which is never changed. At most one flip of a module is open.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE TABLE flips (
      id uuid PRIMARY KEY,
      module text NOT NULL,
      service text NOT NULL,
      direction text NOT NULL CHECK (direction IN ('forward', 'reverse')),
      kind text NOT NULL CHECK (kind IN ('stage', 'rollback', 'kill')),
      from_stage jsonb NOT NULL,
      to_stage jsonb NOT NULL,
      epoch integer NOT NULL CHECK (epoch >= 0),
      who text NOT NULL,
      role text NOT NULL,
      via text NOT NULL,
      reason text NOT NULL,
      forced boolean NOT NULL DEFAULT false,
      step text NOT NULL,
      step_at timestamptz(3) NOT NULL DEFAULT now(),
      started_at timestamptz(3) NOT NULL DEFAULT now(),
      fenced_at timestamptz(3),
      ended_at timestamptz(3),
      outcome text CHECK (outcome IN ('committed', 'aborted')),
      why text,
      abort_asked text,
      revision integer,
      facts jsonb NOT NULL DEFAULT '{}',
      runner text,
      runner_term integer NOT NULL DEFAULT 0,
      runner_until timestamptz(3),
      CHECK ((ended_at IS NULL) = (outcome IS NULL))
    );
    CREATE UNIQUE INDEX one_open_flip_a_module ON flips (module) WHERE ended_at IS NULL;
    CREATE INDEX flips_by_start ON flips (started_at DESC);

    CREATE TABLE flip_steps (
      flip uuid NOT NULL REFERENCES flips (id),
      ordinal integer NOT NULL,
      step text NOT NULL,
      at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
      runner_term integer NOT NULL,
      details jsonb NOT NULL DEFAULT '{}',
      PRIMARY KEY (flip, ordinal)
    );
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON flip_steps FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER never_emptied BEFORE TRUNCATE ON flip_steps FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    ALTER TABLE replicas ADD COLUMN prepared jsonb NOT NULL DEFAULT '{}';
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP TABLE flip_steps, flips; ALTER TABLE replicas DROP COLUMN prepared;");
}
