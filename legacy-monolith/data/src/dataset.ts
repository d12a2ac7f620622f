/** A whole legacy database in memory: what the generator and the importer make and the loader writes. */

import { type Row, type TableName, tableNames } from "./schema.ts";

export type Tables = { [T in TableName]: Row<T>[] };

/** A log-in of the legacy web. Passwords are for demonstration; none is a secret. */
export type StaffLogin = {
  readonly user: string;
  readonly password: string;
  /** FDSK NURS PHYS LABT BILL RPTS ADMN */
  readonly role: string;
  readonly name: string;
  readonly site: string;
};

export type PortalLogin = { readonly user: string; readonly password: string; readonly patNo: number };

export type Dataset = {
  /** Where it comes from, for the load marker: `generated seed 1` or `synthea`. */
  readonly source: string;
  /** `YYYY-MM-DD`, the last day of history. */
  readonly today: string;
  readonly tables: Tables;
  readonly logins: readonly StaffLogin[];
  readonly portalLogins: readonly PortalLogin[];
  /** For a person: what was left out and why. No patient data. */
  readonly warnings: readonly string[];
};

export function emptyTables(): Tables {
  return Object.fromEntries(tableNames.map((name) => [name, []])) as unknown as Tables;
}

/** LAST, FIRST MI, as the copies in other tables keep it. */
export function patientName(patient: Pick<Row<"PATMST">, "LName" | "FName" | "MI">): string {
  return `${patient.LName}, ${patient.FName}${patient.MI.trim() === "" ? "" : ` ${patient.MI}`}`;
}
