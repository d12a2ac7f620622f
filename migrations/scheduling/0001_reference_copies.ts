/**
 * What scheduling reads of other modules: copies kept by the sync, never written by the service, and no wider than what its
 * pages and resources show. Text that the legacy system compares without regard to case (collation
 * SQL_Latin1_General_CP1_CI_AS) is compared and sorted so here: legacy_ci. Keys compare byte by byte, so that a key that changed
 * its case is another key to the sync. No constraint that the legacy tables lack: any row they can hold must find room.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE COLLATION legacy_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

    CREATE TABLE patients (
      patient_id integer PRIMARY KEY,
      mrn text,
      family_name text,
      given_name text,
      middle_initial text,
      birth_date date,
      -- male female unknown, or local:code
      sex text,
      home_phone text,
      mobile_phone text,
      restricted boolean NOT NULL,
      merged_into integer,
      deleted boolean NOT NULL,
      legacy_residue jsonb,
      source_position bytea
    );

    -- The banner over every page names the current patient's allergies. Other entries of the legacy list come as rows
    -- without a substance: nothing of them is kept.
    CREATE TABLE allergies (
      entry_id integer PRIMARY KEY,
      patient_id integer NOT NULL,
      substance text,
      legacy_residue jsonb,
      source_position bytea
    );
    CREATE INDEX allergies_by_patient ON allergies (patient_id, entry_id) WHERE substance IS NOT NULL;

    CREATE TABLE staff (
      user_id text PRIMARY KEY,
      name text COLLATE legacy_ci,
      role text,
      provider boolean NOT NULL,
      npi text,
      specialty text,
      site_code text COLLATE legacy_ci,
      active boolean NOT NULL,
      legacy_residue jsonb,
      source_position bytea
    );
    CREATE INDEX staff_as_compared ON staff (user_id COLLATE legacy_ci);

    CREATE TABLE sites (
      site_code text PRIMARY KEY,
      name text COLLATE legacy_ci,
      street text,
      city text,
      state text,
      postal_code text,
      phone text,
      active boolean NOT NULL,
      legacy_residue jsonb,
      source_position bytea
    );

    CREATE TABLE codes (
      code_set text NOT NULL,
      code text NOT NULL,
      display text,
      number integer,
      sort_order smallint NOT NULL,
      active boolean NOT NULL,
      legacy_residue jsonb,
      source_position bytea,
      PRIMARY KEY (code_set, code)
    );
    CREATE INDEX codes_as_compared ON codes (code_set, code COLLATE legacy_ci);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP TABLE codes, sites, staff, allergies, patients; DROP COLLATION legacy_ci;");
}
