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
    CREATE INDEX patient_fhir_middle ON patient (fhir.fold(middle_initial) COLLATE "C");
    CREATE INDEX patient_fhir_both ON patient (fhir.fold(given_name || ' ' || middle_initial) COLLATE "C");
    CREATE INDEX patient_fhir_suffix ON patient (fhir.fold(name_suffix) COLLATE "C") WHERE name_suffix IS NOT NULL;
    CREATE INDEX patient_fhir_maiden ON patient (fhir.fold(maiden_name) COLLATE "C") WHERE maiden_name IS NOT NULL;

    -- A provider's role: one each, at the site they belong to.
    CREATE VIEW fhir.practitioner_role AS
      SELECT s.*, t.name AS site_name, t.phone AS site_phone, c.short_text AS specialty_name
      FROM staff AS s
      LEFT JOIN site AS t ON t.site_code = s.site
      LEFT JOIN code AS c ON c.code_set = 'SPEC' AND c.code = s.specialty
      WHERE s.provider;

    -- People who answer for a patient: guarantors and portal proxies, who are patients themselves, and those named through FHIR.
    CREATE VIEW fhir.related_person AS
      SELECT 'guarantor-' || p.patient_no AS id, 'guarantor' AS kind, p.patient_no, p.home_site, p.restricted,
        g.patient_no AS person_no, g.family_name, g.given_name, g.middle_initial, g.home_phone, g.mobile_phone, g.birth_date, g.sex,
        NOT coalesce(g.deleted, false) AS active,
        p.version + g.version AS version, greatest(p.changed_at, g.changed_at) AS changed_at, p.modified_by, NULL::jsonb AS resource
      FROM patient AS p JOIN patient AS g ON g.patient_no = p.guarantor_no
      WHERE p.guarantor_no <> p.patient_no AND p.deleted IS NOT TRUE
      UNION ALL
      SELECT 'proxy-' || a.account_no, 'proxy', p.patient_no, p.home_site, p.restricted,
        g.patient_no, g.family_name, g.given_name, g.middle_initial, g.home_phone, g.mobile_phone, g.birth_date, g.sex,
        coalesce(a.active, false), p.version + g.version, greatest(p.changed_at, g.changed_at), p.modified_by, NULL
      FROM portal_account AS a
      JOIN patient AS p ON p.patient_no = a.proxy_for_no
      JOIN patient AS g ON g.patient_no = a.patient_no
      WHERE a.proxy_for_no <> a.patient_no AND p.deleted IS NOT TRUE
      UNION ALL
      SELECT d.id, 'document', p.patient_no, p.home_site, p.restricted,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, d.version, d.changed_at, d.changed_by, d.resource
      FROM fhir.document AS d
      LEFT JOIN patient AS p ON p.patient_no = substring(d.resource -> 'patient' ->> 'reference' FROM '^Patient/([1-9][0-9]{0,8})$')::int
      WHERE d.type = 'RelatedPerson';

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
    DROP VIEW fhir.related_person, fhir.practitioner_role;
    DROP INDEX patient_fhir_family, patient_fhir_given, patient_fhir_middle, patient_fhir_both, patient_fhir_suffix, patient_fhir_maiden;
    SELECT fhir.untrack('patient'), fhir.untrack('staff'), fhir.untrack('site');
    ALTER TABLE staff DROP COLUMN version, DROP COLUMN changed_at;
    ALTER TABLE site DROP COLUMN version, DROP COLUMN changed_at;
    DELETE FROM fhir.history;
  `);
}
