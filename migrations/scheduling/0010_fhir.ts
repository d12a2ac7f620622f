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
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    SELECT fhir.untrack('working_hours'), fhir.untrack('appointments');
    ALTER TABLE working_hours DROP COLUMN changed_at;
    ALTER TABLE appointments DROP COLUMN changed_at;
    CREATE TRIGGER raise_version BEFORE UPDATE ON working_hours FOR EACH ROW EXECUTE FUNCTION raise_version();
    CREATE TRIGGER raise_version BEFORE UPDATE ON appointments FOR EACH ROW EXECUTE FUNCTION raise_version();
    DELETE FROM fhir.history;
  `);
}
