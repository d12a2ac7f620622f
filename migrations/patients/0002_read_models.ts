/**
 * Copies of what other modules own and this service's pages, policy and directory read. Only the sync writes them. They hold
 * just the columns that are shown, and accept any row the legacy system can hold. Keys compare byte by byte, so that a key that
 * changed its case on the legacy side is another key to the sync; look-ups by a code use the collation of the comparison.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE TABLE code (
      code_set text, code text, short_text text, long_text text, sort_order smallint,
      active boolean, legacy_residue jsonb, source_position bytea,
      PRIMARY KEY (code_set, code)
    );

    CREATE TABLE site (
      site_code text PRIMARY KEY, name text COLLATE legacy_ci, address_line text, city text, state text,
      postal_code text, phone text, active boolean, legacy_residue jsonb, source_position bytea
    );

    CREATE TABLE staff (
      staff_id text PRIMARY KEY, name text COLLATE legacy_ci, role text, provider boolean, npi text,
      specialty text, site text, active boolean, legacy_residue jsonb, source_position bytea
    );
    CREATE INDEX staff_id_as_compared ON staff (staff_id COLLATE legacy_ci);
    CREATE INDEX staff_npi ON staff (npi);

    CREATE TABLE portal_account (
      account_no int PRIMARY KEY, patient_no int, proxy_for_no int, active boolean, legacy_residue jsonb, source_position bytea
    );
    CREATE INDEX portal_account_patient ON portal_account (patient_no);
    CREATE INDEX portal_account_proxy ON portal_account (proxy_for_no) WHERE proxy_for_no IS NOT NULL;

    CREATE TABLE list_entry (
      entry_no int PRIMARY KEY, patient_no int, kind text, code text, description text, onset_on date, reaction text,
      severity text, status text, deleted boolean, legacy_residue jsonb, source_position bytea
    );
    CREATE INDEX list_entry_patient ON list_entry (patient_no, kind);

    CREATE TABLE encounter (
      encounter_no int PRIMARY KEY, patient_no int, provider_id text, site text, class text, started_at timestamptz(3),
      reason text, status text, legacy_residue jsonb, source_position bytea
    );
    CREATE INDEX encounter_patient ON encounter (patient_no, started_at);

    CREATE TABLE vital_signs (
      encounter_no int, taken_on date, taken_time time(3), patient_no int, height_in numeric(5,2), weight_lb numeric(6,2),
      temperature_f numeric(4,1), systolic smallint, diastolic smallint, pulse smallint, respirations smallint,
      oxygen_saturation smallint, pain_score smallint, legacy_residue jsonb, source_position bytea,
      PRIMARY KEY (encounter_no, taken_on, taken_time)
    );
    CREATE INDEX vital_signs_patient ON vital_signs (patient_no, taken_on, taken_time);

    CREATE TABLE appointment (
      appointment_no int PRIMARY KEY, patient_no int, provider_id text, provider_name text, site text, held_on date,
      starts_at time(0), type text, status text, deleted boolean, legacy_residue jsonb, source_position bytea
    );
    CREATE INDEX appointment_patient ON appointment (patient_no, held_on);

    CREATE TABLE lab_order (
      order_no text PRIMARY KEY, patient_no int, panel_name text, ordered_at timestamptz(3), status text,
      legacy_residue jsonb, source_position bytea
    );
    CREATE INDEX lab_order_patient ON lab_order (patient_no, ordered_at);

    CREATE TABLE lab_result (
      order_no text, test_code text, sequence smallint, patient_no int, abnormal_flag text,
      legacy_residue jsonb, source_position bytea,
      PRIMARY KEY (order_no, test_code, sequence)
    );

    CREATE TABLE prescription (
      prescription_no int PRIMARY KEY, patient_no int, drug_name text, strength text, instructions text,
      started_at timestamptz(3), status text, legacy_residue jsonb, source_position bytea
    );
    CREATE INDEX prescription_patient ON prescription (patient_no, status);
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    DROP TABLE prescription, lab_result, lab_order, appointment, vital_signs, encounter, list_entry, portal_account, staff, site, code
  `);
}
