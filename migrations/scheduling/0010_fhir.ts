/**
 * FHIR's side of working hours (Schedule) and appointments: versions and history, and elements without a column. Versions are
 * now raised by what a reader can see, and no longer by every touch of the sync.
 */

import type { Knex } from "knex";

const technical = "source_position, legacy_residue";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    DROP TRIGGER raise_version ON working_hours;
    DROP TRIGGER raise_version ON appointments;
    SELECT fhir.track('working_hours', 'o.working_hours_id', '{${technical}}', '{${technical}}');
    SELECT fhir.track('appointments', 'o.appointment_id::text', '{${technical}, reminder_sent}', '{${technical}}');

    -- A provider's hours at one site, as one schedule. It changes with any of its rows.
    CREATE VIEW fhir.schedule AS
      SELECT h.provider_id, h.site_code, min(u.name) AS provider_name, min(s.name) AS site_name,
        min(h.valid_from) AS valid_from, nullif(max(coalesce(h.valid_to, 'infinity')), 'infinity') AS valid_to,
        bool_or(h.valid_to IS NULL OR h.valid_to >= current_date) AS active,
        array_agg(DISTINCT t.visit_type) FILTER (WHERE t.visit_type IS NOT NULL) AS visit_types,
        (extract(epoch FROM max(h.changed_at)) * 1000)::bigint AS version, max(h.changed_at) AS changed_at
      FROM working_hours AS h
      LEFT JOIN LATERAL unnest(h.visit_types) AS t (visit_type) ON true
      LEFT JOIN staff AS u ON u.user_id = h.provider_id COLLATE legacy_ci
      LEFT JOIN sites AS s ON s.site_code = h.site_code COLLATE legacy_ci
      GROUP BY h.provider_id, h.site_code;
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    DROP VIEW fhir.schedule;
    SELECT fhir.untrack('working_hours'), fhir.untrack('appointments');
    ALTER TABLE working_hours DROP COLUMN changed_at;
    ALTER TABLE appointments DROP COLUMN changed_at;
    CREATE TRIGGER raise_version BEFORE UPDATE ON working_hours FOR EACH ROW EXECUTE FUNCTION raise_version();
    CREATE TRIGGER raise_version BEFORE UPDATE ON appointments FOR EACH ROW EXECUTE FUNCTION raise_version();
    DELETE FROM fhir.history;
  `);
}
