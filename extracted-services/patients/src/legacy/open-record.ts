/** Opens the patient a page is about, and what the banner of every page shows. */

import { type OpenPatient, openPatient, type PatientBanner, type ServicePatient } from "@banyan/service-kit/legacy";
import type { Knex } from "knex";
import { patientTable } from "../../mapping/patient.ts";
import type { Patient } from "../domain/patient.ts";
import { allergiesOf } from "../store/face-sheet.ts";
import { findPatient } from "../store/patient-reads.ts";
import type { PatientsContext } from "./context.ts";
import { inLegacyTerms } from "./terms.ts";

type Opened = ServicePatient & { readonly record: Patient };

/** @param options.breakGlass false: also for a restricted record that was not opened by break-glass */
export function openRecord(
  ctx: PatientsContext,
  options: { readonly action: string; readonly breakGlass?: false },
): Promise<OpenPatient<Opened>> {
  return openPatient(ctx, async (pid) => opened(await findPatient(ctx.store, pid)), options);
}

const opened = (record: Patient | undefined): Opened | undefined =>
  record && {
    record,
    RstrYN: record.restricted ? "Y" : "N",
    DelYN: record.deleted ? "Y" : "N",
    MrgToPat: record.merged_into_no,
    site: record.home_site ?? "",
  };

/** What the policy must know of a record. */
export const subjectOf = ({ patient_no: id, home_site: site, restricted }: Patient) => ({
  id,
  site: site ?? "",
  restricted,
});

export async function findBanner(db: Knex, patientNo: number): Promise<PatientBanner | undefined> {
  const [record, allergies] = await Promise.all([findPatient(db, patientNo), allergiesOf(db, patientNo)]);
  if (!record || record.deleted) return undefined;
  const { text, date } = inLegacyTerms(patientTable, record);
  return {
    MRN: text("MRN"),
    LName: text("LName"),
    FName: text("FName"),
    MI: text("MI"),
    DOB: date("DOB") ?? new Date(0),
    Sex: text("Sex"),
    allergies,
  };
}
