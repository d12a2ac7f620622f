/** Reads of the copies of other modules' data: providers, sites, codes, patients. The sync keeps them. */

import type { Knex } from "knex";

export type Provider = { readonly id: string; readonly name: string };
export type Site = { readonly code: string; readonly name: string };
export type Code = { readonly code: string; readonly display: string };

/** All providers by name. @param options.activeOnly leaves out those who have left. */
export async function listProviders(db: Knex, options: { readonly activeOnly: boolean }): Promise<Provider[]> {
  const result: { rows: Provider[] } = await db.raw(
    `SELECT user_id AS "id", COALESCE(name, '') AS "name" FROM staff
     WHERE provider ${options.activeOnly ? "AND active" : ""} ORDER BY name NULLS FIRST, user_id COLLATE legacy_ci`,
  );
  return result.rows;
}

/** A provider's id as it is stored. */
export async function findProvider(
  db: Knex,
  id: string,
  options: { readonly activeOnly: boolean },
): Promise<string | undefined> {
  const result: { rows: { id: string }[] } = await db.raw(
    `SELECT user_id AS "id" FROM staff
     WHERE user_id COLLATE legacy_ci = ? AND provider ${options.activeOnly ? "AND active" : ""}`,
    [id],
  );
  return result.rows[0]?.id;
}

/** Sites in use, by name. */
export async function listSites(db: Knex): Promise<Site[]> {
  const result: { rows: Site[] } = await db.raw(
    `SELECT site_code AS "code", COALESCE(name, '') AS "name" FROM sites
     WHERE active ORDER BY name NULLS FIRST, site_code COLLATE legacy_ci`,
  );
  return result.rows;
}

/** Code sets this service reads: types of visits, statuses, reasons for cancelling. */
export type CodeSet = "APTYPE" | "APSTAT" | "CXRSN";

/** Codes in use, in the order of the screens. */
export async function listCodes(db: Knex, set: CodeSet): Promise<Code[]> {
  const result: { rows: Code[] } = await db.raw(
    `SELECT code, COALESCE(display, '') AS "display" FROM codes
     WHERE code_set = ? AND active ORDER BY sort_order, code COLLATE legacy_ci`,
    [set],
  );
  return result.rows;
}

/** A code, in use or not; `number` is what the set attaches to it (minutes of a visit). */
export async function findCode(
  db: Knex,
  set: CodeSet,
  code: string,
): Promise<{ readonly number: number | null } | undefined> {
  const result: { rows: { number: number | null }[] } = await db.raw(
    `SELECT "number" FROM codes WHERE code_set = ? AND code COLLATE legacy_ci = ?`,
    [set, code],
  );
  return result.rows[0];
}

/** Minutes a type of visit takes when nobody says otherwise. */
export async function visitMinutes(db: Knex, visitType: string): Promise<number> {
  const defaultMinutes = 15;
  return (await findCode(db, "APTYPE", visitType))?.number ?? defaultMinutes;
}

export type Parties = {
  /** The patient has a chart of their own: known, not deleted, not merged into another. */
  readonly patient: boolean;
  /** The provider's id as it is stored; null when there is no such provider. */
  readonly provider: string | null;
};

/** Who a booking is between. @param options.activeOnly a provider who has left does not count */
export async function findParties(
  db: Knex,
  named: { readonly patientId: number | null; readonly provider: string },
  options: { readonly activeOnly: boolean },
): Promise<Parties> {
  const result: { rows: Parties[] } = await db.raw(
    `SELECT EXISTS (SELECT 1 FROM patients WHERE patient_id = ? AND NOT deleted AND merged_into IS NULL) AS "patient",
       (SELECT user_id FROM staff WHERE user_id COLLATE legacy_ci = ? AND provider ${options.activeOnly ? "AND active" : ""}
        LIMIT 1) AS "provider"`,
    [named.patientId, named.provider],
  );
  return result.rows[0] ?? { patient: false, provider: null };
}

/** Whether a patient has a chart of their own. */
export async function isBookable(db: Knex, patientId: number): Promise<boolean> {
  return (await findParties(db, { patientId, provider: "" }, { activeOnly: true })).patient;
}
