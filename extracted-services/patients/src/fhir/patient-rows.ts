/** The rows that are Patients, and the resource each makes. A deleted record is gone; a merged one points to the other. */

import { type Image, intKey, type Reading, render, type RowSource, usCore } from "@banyan/service-kit/fhir";
import type { Patient as PatientResource } from "fhir/r4.js";
import { patientTable } from "../../mapping/patient.ts";
import type { Patient } from "../domain/patient.ts";
import { decorate } from "./patient-decoration.ts";
import { patientFacets } from "./patient-facets.ts";
import { patientColumns, patientColumnsWhole } from "./patient-search.ts";

/** What a record says that nobody has sent through FHIR, before its columns speak. */
export const blankPatient: PatientResource = {
  resourceType: "Patient",
  meta: { profile: [usCore.patient.url] },
  active: true,
  gender: "unknown",
};

/** A record without values. */
export const emptyRow = Object.fromEntries(
  Object.keys(patientTable.targetColumns).map((name) => [name, null]),
) as unknown as Patient;

/** Without what the service puts on it; see patient-decoration.ts. */
export const renderPatient = (row: Patient, extra: PatientResource | undefined): PatientResource =>
  render(row, extra, blankPatient, patientFacets);

export const patientRows: RowSource<PatientResource> = {
  table: "patient",
  key: { column: "r.patient_no", type: "int", fromId: intKey },
  id: "r.patient_no::text",
  served: "(r.deleted IS NOT TRUE OR r.merged_into_no IS NOT NULL)",
  leftOut: ["photo", "source_position", "legacy_version", "legacy_residue", "form_token", "ssn"],
  search: patientColumns,
  whole: patientColumnsWhole,
  read: readPatient,
};

function readPatient(image: Image): Reading<PatientResource> {
  const row = image as unknown as Patient & { readonly fhir_extra: PatientResource | null };
  const gone = row.deleted && row.merged_into_no === null;
  return {
    resource: gone ? undefined : decorate(renderPatient(row, row.fhir_extra ?? undefined), row),
    changedBy: row.modified_by ?? undefined,
    subject: { id: row.patient_no, site: row.home_site ?? undefined, restricted: row.restricted },
  };
}
