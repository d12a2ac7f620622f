/**
 * What comparing legacy and new answers has found. Counters are exact, by minute, and never made of samples. Signatures hold
 * paths and classes, never values. Samples hold the two answers themselves, encrypted with a key of their own that is wrapped
 * by the key of the deployment, and end at a time. `shadow_pending` are differences that are being read again.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE TABLE shadow_counts (
      minute timestamptz(0) NOT NULL,
      module text NOT NULL,
      rule text NOT NULL,
      outcome text NOT NULL,
      amount bigint NOT NULL,
      PRIMARY KEY (minute, module, rule, outcome)
    );

    CREATE TABLE shadow_signatures (
      id text PRIMARY KEY,
      module text NOT NULL,
      rule text NOT NULL,
      channel text NOT NULL,
      path text NOT NULL,
      kind text NOT NULL,
      transform text NOT NULL,
      first_seen timestamptz(3) NOT NULL,
      last_seen timestamptz(3) NOT NULL,
      seen bigint NOT NULL DEFAULT 0,
      confirmed bigint NOT NULL DEFAULT 0,
      transient bigint NOT NULL DEFAULT 0,
      unstable bigint NOT NULL DEFAULT 0,
      last_confirmed timestamptz(3)
    );
    CREATE INDEX shadow_signatures_by_module ON shadow_signatures (module, last_seen DESC);

    CREATE TABLE shadow_samples (
      id uuid PRIMARY KEY,
      observation text NOT NULL UNIQUE,
      module text NOT NULL,
      rule text NOT NULL,
      taken_at timestamptz(3) NOT NULL,
      expires_at timestamptz(3) NOT NULL,
      wrapped_key bytea NOT NULL,
      sealed bytea NOT NULL
    );
    CREATE INDEX shadow_samples_by_end ON shadow_samples (expires_at);

    CREATE TABLE shadow_sample_signatures (
      signature text NOT NULL REFERENCES shadow_signatures (id) ON DELETE CASCADE,
      slot text NOT NULL,
      sample uuid NOT NULL REFERENCES shadow_samples (id) ON DELETE CASCADE,
      PRIMARY KEY (signature, slot)
    );
    CREATE INDEX shadow_sample_signatures_by_sample ON shadow_sample_signatures (sample);

    CREATE TABLE shadow_pending (
      observation text PRIMARY KEY,
      module text NOT NULL,
      rule text NOT NULL,
      minute timestamptz(0) NOT NULL,
      signatures jsonb NOT NULL,
      at timestamptz(3) NOT NULL
    );

    CREATE TABLE shadow_self_tests (
      minute timestamptz(0) NOT NULL,
      module text NOT NULL,
      mutation text NOT NULL,
      injected bigint NOT NULL,
      missed bigint NOT NULL,
      PRIMARY KEY (minute, module, mutation)
    );
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(
    "DROP TABLE shadow_self_tests, shadow_pending, shadow_sample_signatures, shadow_samples, shadow_signatures, shadow_counts;",
  );
}
