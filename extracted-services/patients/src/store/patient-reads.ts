/** Reads of patient records. Names are compared without regard to case, as the legacy collation does; see `legacy_ci`. */

import type { Knex } from "knex";
import { sexes } from "../../mapping/codes.ts";
import { patientTable } from "../../mapping/patient.ts";
import type { Patient } from "../domain/patient.ts";
import { alikeRowsMax } from "../limits.ts";
import { rows } from "./rows.ts";
import { beginsLike } from "./tsql-like.ts";

/** Every column of `Patient`; the photo is read where it is shown. */
const columns = [
  ...Object.keys(patientTable.targetColumns).filter((name) => name !== "photo"),
  "version",
  "changed_at",
  "form_token",
];
const patientColumns: string = columns.map((name) => `p.${name}`).join(", ");

const open = "p.deleted IS NOT TRUE AND p.merged_into_no IS NULL";

/** A record by its number, deleted and merged ones too. */
export async function findPatient(db: Knex, patientNo: number): Promise<Patient | undefined> {
  return (await rows<Patient>(db, `SELECT ${patientColumns} FROM patient AS p WHERE p.patient_no = ?`, [patientNo]))[0];
}

/** The record with its photo, locked until the transaction ends: what `saveRow` needs. */
export async function lockPatient(
  db: Knex.Transaction,
  patientNo: number,
): Promise<(Patient & { readonly photo: Buffer | null }) | undefined> {
  const statement = `SELECT ${patientColumns}, p.photo FROM patient AS p WHERE p.patient_no = ? FOR UPDATE`;
  return (await rows<Patient & { photo: Buffer | null }>(db, statement, [patientNo]))[0];
}

/** An open record by its number on the wrist band. */
export async function findByMrn(db: Knex, mrn: string): Promise<Patient | undefined> {
  const statement = `SELECT ${patientColumns} FROM patient AS p WHERE p.mrn_key = ? AND ${open}`;
  return (await rows<Patient>(db, statement, [compared(mrn)]))[0];
}

/** Undefined also for a deleted record. */
export async function findPhoto(db: Knex, patientNo: number): Promise<Buffer | undefined> {
  const statement = "SELECT photo FROM patient WHERE patient_no = ? AND deleted IS NOT TRUE";
  return (await rows<{ photo: Buffer | null }>(db, statement, [patientNo]))[0]?.photo ?? undefined;
}

/** Open records with just this name and birth date, oldest first. */
export function findAlike(
  db: Knex,
  wanted: { readonly family: string; readonly given: string; readonly birthDate: string },
): Promise<Patient[]> {
  const statement = `SELECT ${patientColumns} FROM patient AS p WHERE p.birth_date = ?
    AND rtrim(p.family_key) = ? AND rtrim(p.given_key) = ? AND ${open} ORDER BY p.patient_no LIMIT ${alikeRowsMax}`;
  return rows(db, statement, [wanted.birthDate, compared(wanted.family), compared(wanted.given)]);
}

/** As text is compared: blanks at the end and case do not count. */
const compared = (text: string): string => text.trimEnd().toLowerCase();

/** Sorts as the legacy column did, whose codes are letters: F, M, O, U. */
const sexOrder = `CASE p.sex ${Object.entries(sexes)
  .map(([code, sex]) => `WHEN '${sex}' THEN '${code}'`)
  .join(" ")} ELSE upper(replace(p.sex, 'local:', '')) END`;

const orders = {
  name: ["p.family_name", "p.given_name"],
  birthDate: ["p.birth_date"],
  mrn: ["p.mrn_key"],
  sex: [sexOrder],
  phone: ["p.home_phone"],
} as const;

export type PatientOrder = keyof typeof orders;

export type PatientCriteria = {
  /** Beginnings of names; the user's wild cards count. Empty: any. */
  readonly family: string;
  readonly given: string;
  readonly birthDate: string | undefined;
  readonly mrn: string;
};

export type PatientPage = {
  readonly order: PatientOrder;
  readonly descending: boolean;
  /** From 1; what lies outside is brought to the nearest page there is. */
  readonly page: number;
  readonly rowsMax: number;
};

export type PatientsFound = {
  readonly patients: readonly Patient[];
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  /** Nobody's name begins so; these sound alike. */
  readonly by: "name" | "sound";
};

/** Open records by the beginning of their names; when there is none, by the sound of the last name. */
export async function searchPatients(db: Knex, criteria: PatientCriteria, wanted: PatientPage): Promise<PatientsFound> {
  const exact = await pageOf(db, conditions(criteria, "name"), wanted);
  if (exact.total > 0 || criteria.family === "") return { ...exact, by: "name" };
  return { ...(await pageOf(db, conditions(criteria, "sound"), wanted)), by: "sound" };
}

type Where = { readonly text: string; readonly bindings: readonly string[] };

function conditions(criteria: PatientCriteria, by: "name" | "sound"): Where {
  const parts = [open];
  const bindings: string[] = [];
  const add = (part: string, binding: string): void => {
    parts.push(part);
    bindings.push(binding);
  };
  const begins = (column: string, typed: string): void => {
    const { operator, operand } = beginsLike(typed);
    add(`p.${column} ${operator} ?`, operand);
  };
  if (criteria.family !== "" && by === "name") begins("family_key", criteria.family.slice(0, 30));
  if (criteria.family !== "" && by === "sound") add("p.family_sound = tsql_soundex(?)", criteria.family.slice(0, 30));
  if (criteria.given !== "") begins("given_key", criteria.given.slice(0, 20));
  if (criteria.birthDate !== undefined) add("p.birth_date = ?", criteria.birthDate);
  if (criteria.mrn !== "") add("p.mrn_key = ?", compared(criteria.mrn));
  return { text: parts.join(" AND "), bindings };
}

/** One statement when the page exists; a page too far is counted and asked for again. */
async function pageOf(db: Knex, where: Where, wanted: PatientPage): Promise<Omit<PatientsFound, "by">> {
  const asked = Math.max(wanted.page, 1);
  const found = await readPage(db, where, { ...wanted, page: asked });
  const total = Number(found[0]?.total ?? (asked === 1 ? 0 : await count(db, where)));
  const pages = Math.max(1, Math.ceil(total / wanted.rowsMax));
  const page = Math.min(asked, pages);
  const patients = page === asked ? found : await readPage(db, where, { ...wanted, page });
  return { patients, total, page, pages };
}

function readPage(db: Knex, where: Where, wanted: PatientPage): Promise<(Patient & { total: string })[]> {
  // SQL Server sorts NULL, here the absence of a value, lowest.
  const direction = wanted.descending ? "DESC NULLS LAST" : "NULLS FIRST";
  const order = orders[wanted.order].map((column) => `${column} ${direction}`).join(", ");
  const offset = Math.min((wanted.page - 1) * wanted.rowsMax, Number.MAX_SAFE_INTEGER);
  return rows(
    db,
    `SELECT ${patientColumns}, count(*) OVER () AS total FROM patient AS p WHERE ${where.text}
     ORDER BY ${order}, p.patient_no LIMIT ${wanted.rowsMax} OFFSET ${offset}`,
    where.bindings,
  );
}

async function count(db: Knex, where: Where): Promise<string> {
  const found = await rows<{ total: string }>(
    db,
    `SELECT count(*) AS total FROM patient AS p WHERE ${where.text}`,
    where.bindings,
  );
  return found[0]?.total ?? "0";
}

/** Open records for a type-ahead: digits are an MRN's beginning; `SMITH, JO` both names' beginnings; all else a last name's. */
export function typeAhead(db: Knex, prefix: string, rowsMax: number): Promise<Patient[]> {
  const parts: string[] = [];
  const bindings: string[] = [];
  const begins = (column: string, typed: string): void => {
    const { operator, operand } = beginsLike(typed);
    parts.push(`p.${column} ${operator} ?`);
    bindings.push(operand);
  };
  if (/^\d+$/.test(prefix)) {
    begins("mrn_key", prefix.slice(0, 10));
  } else {
    const [last = "", first] = prefix.split(",").map((part) => part.trim());
    begins("family_key", last.slice(0, 30));
    if (first) begins("given_key", first.slice(0, 20));
  }
  return rows(
    db,
    `SELECT ${patientColumns} FROM patient AS p WHERE ${parts.join(" AND ")} AND ${open}
     ORDER BY p.family_name NULLS FIRST, p.given_name NULLS FIRST, p.patient_no LIMIT ${rowsMax}`,
    bindings,
  );
}
