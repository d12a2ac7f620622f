/** What the banner over a page shows of the current patient. */

import type { Knex } from "knex";

export type BannerPatient = {
  readonly mrn: string | null;
  readonly family_name: string | null;
  readonly given_name: string | null;
  readonly middle_initial: string | null;
  /** `YYYY-MM-DD` */
  readonly birth_date: string;
  readonly sex: string | null;
  readonly allergies: readonly string[];
  readonly legacy_residue: unknown;
};

/** A patient whose record is not deleted, with the active allergies in order of entry. */
export async function bannerPatient(db: Knex, patientId: number): Promise<BannerPatient | undefined> {
  const result: { rows: BannerPatient[] } = await db.raw(
    `SELECT p.mrn, p.family_name, p.given_name, p.middle_initial, p.birth_date, p.sex, p.legacy_residue,
       ARRAY(SELECT l.substance FROM allergies AS l
             WHERE l.patient_id = p.patient_id AND l.substance IS NOT NULL ORDER BY l.entry_id) AS allergies
     FROM patients AS p WHERE p.patient_id = ? AND NOT p.deleted`,
    [patientId],
  );
  return result.rows[0];
}
