/**
 * The proxy replicas control knows: lease, what they acknowledged, writes under way by module and epoch. And how often each
 * rule was asked, by the minute, for the dry run of a change: counts only, never a path with values or a query.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE TABLE replicas (
      id text PRIMARY KEY,
      build text NOT NULL,
      registered_at timestamptz(3) NOT NULL,
      started_at timestamptz(3),
      admin_url text,
      acknowledged integer NOT NULL DEFAULT 0,
      acknowledged_at timestamptz(3),
      refused_revision integer,
      refused_why text,
      heartbeat_at timestamptz(3),
      lease_until timestamptz(3) NOT NULL,
      fences jsonb NOT NULL DEFAULT '[]',
      in_flight jsonb NOT NULL DEFAULT '{}',
      held jsonb NOT NULL DEFAULT '{}',
      evicted_at timestamptz(3),
      evicted_by text,
      evicted_reason text
    );

    CREATE TABLE request_counts (
      minute timestamptz(0) NOT NULL,
      rule text NOT NULL,
      requests bigint NOT NULL CHECK (requests > 0),
      PRIMARY KEY (minute, rule)
    );
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP TABLE request_counts, replicas;");
}
