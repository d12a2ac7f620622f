/**
 * The module's own data: when providers work, and what their time is given to.
 *
 * What was agreed with a patient is a day and a time on the clinic's clock, so these are kept; the instants beside them are
 * what that reading means in the clinic's zone (clients that think in instants, overlap with other calendars). The service
 * writes both together. A row whose legacy form has no readable day or time has NULL here and its text in legacy_residue:
 * it is shown where the legacy system shows it, and takes nobody's time.
 *
 * The legacy system allows overlaps (overbooking, two sides booking at once), so no exclusion constraint: the service's
 * write path decides under a lock of the provider.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    CREATE TABLE working_hours (
      working_hours_id text PRIMARY KEY,
      provider_id text COLLATE legacy_ci NOT NULL,
      site_code text COLLATE legacy_ci NOT NULL,
      -- ISO 8601: 1 = Monday … 7 = Sunday.
      weekday smallint,
      start_time time(0),
      end_time time(0),
      slot_minutes smallint NOT NULL,
      -- Empty: every type of visit.
      visit_types text[] NOT NULL,
      valid_from date,
      -- Last day, included. NULL: until further notice.
      valid_to date,
      version integer NOT NULL DEFAULT 1,
      legacy_residue jsonb,
      source_position bytea
    );
    CREATE INDEX working_hours_by_provider ON working_hours (provider_id);
    CREATE INDEX working_hours_by_site ON working_hours (site_code, weekday);

    CREATE TABLE appointments (
      appointment_id integer PRIMARY KEY,
      -- NULL: the provider's time is blocked.
      patient_id integer,
      -- As they were when the appointment was last written: names on old appointments do not follow a later change.
      patient_name text,
      patient_mrn text,
      patient_phone text,
      provider_name text,
      provider_id text COLLATE legacy_ci NOT NULL,
      site_code text COLLATE legacy_ci NOT NULL,
      local_date date,
      local_time time(0),
      duration_minutes smallint NOT NULL,
      starts_at timestamptz(3),
      ends_at timestamptz(3),
      visit_type text,
      -- scheduled confirmed arrived roomed completed no-show cancelled, or local:code
      status text,
      cancel_reason text,
      reason text,
      overbooked boolean NOT NULL,
      reminder_sent boolean NOT NULL,
      checked_in_at timestamptz(3),
      encounter_id integer,
      -- desk portal interface, or local:code
      booked_through text,
      created_by text,
      created_at timestamptz(3),
      modified_by text,
      modified_at timestamptz(3),
      deleted boolean NOT NULL,
      version integer NOT NULL DEFAULT 1,
      legacy_residue jsonb,
      source_position bytea
    );
    CREATE INDEX appointments_by_provider ON appointments (provider_id, local_date, local_time);
    CREATE INDEX appointments_by_site ON appointments (site_code, local_date);
    CREATE INDEX appointments_by_patient ON appointments (patient_id, starts_at);
    CREATE INDEX appointments_by_start ON appointments (starts_at);

    CREATE FUNCTION raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.version := OLD.version + 1;
      RETURN NEW;
    END $$;
    CREATE TRIGGER raise_version BEFORE UPDATE ON working_hours FOR EACH ROW EXECUTE FUNCTION raise_version();
    CREATE TRIGGER raise_version BEFORE UPDATE ON appointments FOR EACH ROW EXECUTE FUNCTION raise_version();
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP TABLE appointments, working_hours; DROP FUNCTION raise_version;");
}
