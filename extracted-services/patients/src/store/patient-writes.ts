/**
 * What changes a patient's record. Both are called inside a write of the kit: the caller has asked the policy, and what legacy
 * must learn is named by `saveRow`.
 */

import type { WriteTransaction } from "@banyan/service-kit";
import { type LegacyRow, roundToDatetime, saveRow, type TargetRow } from "@banyan/service-kit/mapping";
import { patientTable } from "../../mapping/patient.ts";
import { mrnOf } from "../domain/mrn.ts";
import type { Patient, PatientDetails } from "../domain/patient.ts";

/** Name of the block of numbers that legacy has set aside for this service. */
const numberBlock = patientTable.legacyTable;

export type Author = {
  /** User id, at most eight characters. */
  readonly by: string;
  readonly at: Date;
};

/** A locked record as `lockPatient` gives it. */
export type LockedPatient = Patient & { readonly photo: Buffer | null };

/** @param details what shall be so; what is left out stays */
export async function changePatient(
  tx: WriteTransaction,
  before: LockedPatient,
  details: Partial<PatientDetails>,
  author: Author,
): Promise<void> {
  await saveRow<LockedPatient>(tx, patientTable, before, {
    ...details,
    modified_by: author.by,
    modified_at: stored(author.at),
  });
}

/** @returns the new patient's number. @throws RefusedError ids-exhausted; AppError MRN_FULL */
export async function registerPatient(
  tx: WriteTransaction,
  details: Partial<PatientDetails>,
  author: Author,
): Promise<number> {
  const patientNo = await tx.nextId(numberBlock);
  const at = stored(author.at);
  await saveRow(tx, patientTable, null, {
    ...blankRecord,
    ...details,
    patient_no: patientNo,
    mrn: mrnOf(patientNo),
    created_by: author.by,
    created_at: at,
    modified_by: author.by,
    modified_at: at,
  });
  return patientNo;
}

/** What a record says of which nothing was said: the legacy columns' defaults. */
const blankRecord = {
  ...patientTable.toService(patientTable.toLegacy({})),
  sex: "unknown",
  marital_status: "unknown",
  race: "unknown",
  ethnicity: "unknown",
  language: "en",
  home_site: "MAIN",
};

/** The record as legacy holds it, or will once it has learnt of the last change. */
export const toLegacyRow = (patient: LockedPatient): LegacyRow =>
  patientTable.toLegacy(patient as unknown as TargetRow);

/** As the legacy column holds it too. */
const stored = (at: Date): string => new Date(roundToDatetime(at.getTime())).toISOString();

/** Whether a token of an edit form names the record as it is now. @param token hexadecimal digits */
export function isCurrent(patient: Patient, token: string): boolean {
  const wanted = token.toLowerCase();
  return [patient.legacy_version, patient.form_token].some((known) => known?.toString("hex") === wanted);
}

/** What an edit form carries: legacy's own row version while it names the record, so that the form posts to either side. */
export function editToken(patient: Patient): string {
  return (patient.legacy_version ?? patient.form_token)?.toString("hex").toUpperCase() ?? "";
}
