/**
 * FHIR's side of the tables its resources are read from: versions and history, elements without a column, indexes for its
 * searches, and the practice itself as an organisation, which the legacy system has no row for.
 */

import type { Knex } from "knex";

/** Written by the sync, and of no meaning to a reader. */
const technical = "source_position, legacy_residue";
/** Not computed yet when a row trigger looks at them, and of no use in an image. */
const generated = "mrn_key, family_key, given_key, family_sound";

export async function up(db: Knex): Promise<void> {
  await db.raw(`
    -- The table's own trigger, which comes first by its name, raises the version for every column a reader sees.
    SELECT fhir.track('patient', 'o.patient_no::text',
      '{${technical}, legacy_version, form_token, account_balance, last_visit_on, photo, ${generated}}',
      '{${technical}, legacy_version, form_token, photo, ${generated}}');
    SELECT fhir.track('staff', 'o.staff_id', '{${technical}}', '{${technical}}');
    SELECT fhir.track('site', 'o.site_code', '{${technical}}', '{${technical}}');

    CREATE INDEX patient_fhir_family ON patient (fhir.fold(family_name) COLLATE "C");
    CREATE INDEX patient_fhir_given ON patient (fhir.fold(given_name) COLLATE "C");
    CREATE INDEX patient_fhir_phone ON patient (home_phone);

    INSERT INTO fhir.document (type, id, resource) VALUES ('Organization', 'practice', '{
      "resourceType": "Organization", "active": true, "name": "The practice",
      "meta": { "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-organization"] },
      "type": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "prov" }] }]
    }');
    INSERT INTO fhir.term (type, id, parameter, folded, exact) VALUES ('Organization', 'practice', 'name', 'the practice', 'The practice');
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    DELETE FROM fhir.term WHERE type = 'Organization' AND id = 'practice';
    DELETE FROM fhir.document WHERE type = 'Organization' AND id = 'practice';
    DROP INDEX patient_fhir_family, patient_fhir_given, patient_fhir_phone;
    SELECT fhir.untrack('patient'), fhir.untrack('staff'), fhir.untrack('site');
    ALTER TABLE staff DROP COLUMN version, DROP COLUMN changed_at;
    ALTER TABLE site DROP COLUMN version, DROP COLUMN changed_at;
    DELETE FROM fhir.history;
  `);
}
