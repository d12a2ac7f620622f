/** Who may do what and when: tokens (hashed), approvals by other people, freeze windows. */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE TABLE tokens (
      name text PRIMARY KEY,
      role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
      hash text NOT NULL UNIQUE,
      created_by text NOT NULL,
      created_at timestamptz(3) NOT NULL,
      expires_at timestamptz(3),
      revoked_at timestamptz(3)
    );

    CREATE TABLE approvals (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      module text NOT NULL,
      stage jsonb NOT NULL,
      who text NOT NULL,
      role text NOT NULL,
      reason text NOT NULL,
      created_at timestamptz(3) NOT NULL,
      expires_at timestamptz(3) NOT NULL,
      withdrawn_at timestamptz(3),
      used_by_revision integer REFERENCES revisions (number)
    );
    CREATE INDEX approvals_by_module ON approvals (module, expires_at);

    CREATE TABLE freeze_windows (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      module text,
      starts_at timestamptz(3) NOT NULL,
      ends_at timestamptz(3) NOT NULL CHECK (ends_at > starts_at),
      reason text NOT NULL,
      created_by text NOT NULL,
      created_at timestamptz(3) NOT NULL,
      removed_at timestamptz(3)
    );
    CREATE INDEX freeze_windows_by_end ON freeze_windows (ends_at);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP TABLE freeze_windows, approvals, tokens;");
}
