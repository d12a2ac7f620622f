/**
 * A patient's record as this service speaks of it, under the names of its columns. Absence is null; dates are `YYYY-MM-DD`,
 * instants ISO 8601 in UTC, money decimal text. What the codes mean: `mapping/codes.ts`; a code that a site has added begins
 * with `local:`.
 */

export type Patient = {
  readonly patient_no: number;
  readonly mrn: string | null;
  readonly family_name: string | null;
  readonly given_name: string | null;
  readonly middle_initial: string | null;
  readonly name_suffix: string | null;
  readonly maiden_name: string | null;
  readonly birth_date: string | null;
  readonly sex: string | null;
  readonly ssn: string | null;
  readonly marital_status: string | null;
  readonly race: string | null;
  readonly ethnicity: string | null;
  /** ISO 639-1. */
  readonly language: string | null;
  readonly address_line: string | null;
  readonly address_line_2: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly postal_code: string | null;
  readonly home_phone: string | null;
  readonly work_phone: string | null;
  readonly mobile_phone: string | null;
  readonly email: string | null;
  readonly guarantor_no: number | null;
  readonly primary_provider_id: string | null;
  readonly home_site: string | null;
  readonly died_on: string | null;
  readonly vip: boolean;
  readonly restricted: boolean;
  readonly privacy_notice_on: string | null;
  readonly portal_enabled: boolean;
  readonly account_balance: string;
  readonly last_visit_on: string | null;
  readonly note: string | null;
  readonly merged_into_no: number | null;
  readonly deleted: boolean;
  readonly created_by: string | null;
  readonly created_at: string | null;
  readonly modified_by: string | null;
  readonly modified_at: string | null;
  /** Row version of the legacy copy, null while the service's own last change has not come back from there. */
  readonly legacy_version: Buffer | null;
  readonly legacy_residue: unknown;
  /** Raised by every change but those of balance and last visit. */
  readonly version: string;
  readonly changed_at: string;
  /** Names the row in an edit form after a change of the service's own; null after one of legacy's. */
  readonly form_token: Buffer | null;
};

/** What a person who registers or edits a patient decides. */
export type PatientDetails = Pick<
  Patient,
  | "family_name"
  | "given_name"
  | "middle_initial"
  | "name_suffix"
  | "maiden_name"
  | "birth_date"
  | "sex"
  | "ssn"
  | "marital_status"
  | "race"
  | "ethnicity"
  | "language"
  | "address_line"
  | "address_line_2"
  | "city"
  | "state"
  | "postal_code"
  | "home_phone"
  | "work_phone"
  | "mobile_phone"
  | "email"
  | "guarantor_no"
  | "primary_provider_id"
  | "home_site"
  | "died_on"
  | "vip"
  | "restricted"
  | "note"
>;

/** A record that can be opened: neither deleted nor merged into another. */
export const isOpen = (patient: Pick<Patient, "deleted" | "merged_into_no">): boolean =>
  !patient.deleted && patient.merged_into_no === null;
