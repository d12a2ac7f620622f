/**
 * What a write must know of a provider's calendar, in one call: whether somebody else has the time, and the names that the row
 * copies. A booking is one of the busiest writes of a clinic; as a function this is one round trip with a plan kept by the
 * session, in place of three.
 */

import type { Knex } from "knex";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    -- Whoever claims time waits here for others who claim time of the same provider, until they commit; the look into the
    -- calendar then sees what they did (VOLATILE: each statement has a snapshot of its own). Minutes of one day on the clinic's
    -- clock are compared, as the desks see it: on the night the clocks go back nobody is booked into the same hour twice.
    CREATE FUNCTION look_into_calendar(
      claims boolean, own_id integer, of_provider text, on_day date, start_minute integer, end_minute integer, for_patient integer,
      OUT taken boolean, OUT patient_known boolean, OUT patient_name text, OUT patient_mrn text, OUT patient_phone text,
      OUT provider_known boolean, OUT provider_name text
    ) LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
      taken := false;
      IF claims THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('calendar ' || upper(of_provider), 0));
        taken := EXISTS (
          SELECT 1 FROM appointments AS a
          WHERE a.provider_id = of_provider AND a.local_date = on_day AND a.appointment_id <> own_id AND NOT a.deleted
            AND a.status IS DISTINCT FROM 'cancelled' AND a.status IS DISTINCT FROM 'no-show'
            AND extract(epoch FROM a.local_time) / 60 < end_minute
            AND extract(epoch FROM a.local_time) / 60 + a.duration_minutes > start_minute);
      END IF;
      SELECT coalesce(p.family_name, '') || ', ' || coalesce(p.given_name, '') || coalesce(' ' || p.middle_initial, ''),
        p.mrn, coalesce(p.home_phone, p.mobile_phone)
        INTO patient_name, patient_mrn, patient_phone FROM patients AS p WHERE p.patient_id = for_patient;
      patient_known := FOUND;
      SELECT u.name INTO provider_name FROM staff AS u WHERE u.user_id COLLATE legacy_ci = of_provider;
      provider_known := FOUND;
    END $$;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw("DROP FUNCTION look_into_calendar;");
}
