/**
 * Ids of directory resources (who works here, and where), made of legacy codes. Every service refers by them; the patients
 * service serves them. FHIR ids have letters, digits, `-` and `.` only, so a code with anything else is written in hexadecimal.
 */

import type { Reference } from "fhir/r4.js";

/** Medical record numbers of this practice, on the wrist band and in every module. */
export const mrnSystem = "urn:ehrprod:mrn";

const practiceId = "practice";

export const directoryId = (code: string): string =>
  /^[A-Za-z0-9.]{1,32}$/.test(code) ? code : `x-${Buffer.from(code, "utf8").toString("hex")}`;

/** @returns undefined for an id that no code has. */
export function directoryCode(id: string): string | undefined {
  if (/^[A-Za-z0-9.]{1,32}$/.test(id)) return id;
  if (!/^x-([0-9a-f]{2}){1,31}$/.test(id)) return undefined;
  const code = Buffer.from(id.slice(2), "hex").toString("utf8");
  return directoryId(code) === id ? code : undefined;
}

export const practitionerReference = (user: string): Reference => ({ reference: `Practitioner/${directoryId(user)}` });
export const locationReference = (site: string): Reference => ({ reference: `Location/${directoryId(site)}` });
/** The practice as an organisation: one a database, made by the migration, open to correction by an administrator. */
export const practiceReference: Reference = { reference: `Organization/${practiceId}` };

/** `directoryId` in SQL. @param column expression of type text */
export const directoryIdSql = (column: string): string =>
  `CASE WHEN ${column} ~ '^[A-Za-z0-9.]{1,32}$' THEN ${column} ELSE 'x-' || encode(convert_to(${column}, 'UTF8'), 'hex') END`;

/** Ids by which the legacy system knows its users. */
export const userSystem = "urn:ehrprod:user";
/** A code list of the legacy system as a FHIR code system: `urn:ehrprod:code:spec`. */
export const codeSystemOf = (codeSet: string): string => `urn:ehrprod:code:${codeSet.toLowerCase()}`;
