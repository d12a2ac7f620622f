/** The current patient in the words of the page's banner. */

import type { PatientBanner } from "@banyan/service-kit/legacy";
import type { TargetRow } from "@banyan/service-kit/mapping";
import type { Knex } from "knex";
import { patients } from "../../mapping/reference-copies.ts";
import { bannerPatient } from "../store/banner.ts";
import { wallDay } from "./terms.ts";

export async function bannerOf(db: Knex, patientId: number): Promise<PatientBanner | undefined> {
  const patient = await bannerPatient(db, patientId);
  if (!patient) return undefined;
  const { allergies, ...row } = patient;
  const shown = (column: string): string => String(patients.legacyValue(column, row as TargetRow));
  return {
    MRN: shown("MRN").trimEnd(),
    LName: shown("LName"),
    FName: shown("FName"),
    MI: shown("MI"),
    DOB: wallDay(patient.birth_date),
    Sex: shown("Sex").trimEnd(),
    allergies,
  };
}
