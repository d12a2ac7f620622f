/** The two-way mapping of the patients service, read by the legacy adapter. */

import type { MappedTable, ServiceMapping } from "@banyan/service-kit/mapping";
import {
  appointmentTable,
  encounterTable,
  labOrderTable,
  labResultTable,
  listEntryTable,
  prescriptionTable,
  vitalSignsTable,
} from "./chart.ts";
import { coverageTable } from "./coverage.ts";
import { codeTable, portalAccountTable, siteTable, staffTable } from "./directory.ts";
import { patientTable } from "./patient.ts";

/** Referenced tables first. */
export const patientTables: readonly MappedTable[] = [
  codeTable,
  siteTable,
  staffTable,
  patientTable,
  coverageTable,
  portalAccountTable,
  listEntryTable,
  encounterTable,
  vitalSignsTable,
  appointmentTable,
  labOrderTable,
  labResultTable,
  prescriptionTable,
];

export const patientsMapping: ServiceMapping = { service: "patients", module: "patient", tables: patientTables };
