/** Patient: the record of this service as US Core 6.1.0 speaks of it. The Social Security number is taken but never given. */

import { createSqlStore, currentVersion, type ResourceDefinition, usCore } from "@banyan/service-kit/fhir";
import type { Patient } from "fhir/r4.js";
import { patientRows } from "./patient-rows.ts";
import { patientSearch } from "./patient-search.ts";
import { patientWrites } from "./patient-writes.ts";

export const patientResource: ResourceDefinition<Patient> = {
  type: "Patient",
  profile: usCore.patient,
  interactions: ["read", "vread", "history-instance", "search-type", "create", "update"],
  search: patientSearch,
  sorts: ["_id", "_lastUpdated"],
  includes: ["general-practitioner"],
  patient: "_id",
  documentation:
    "One record for all modules. Medical record numbers are issued by the server. Names and addresses are kept in upper case in the legacy record and given back as they were sent while both agree. A Social Security number may be sent as an identifier and is never given.",
  open({ db }) {
    const options = { db, type: "Patient", rows: patientRows, documents: false };
    const reread = async (tx: { readonly db: typeof db }, id: string) => {
      const version = await currentVersion(options, tx.db, id);
      if (!version) throw new TypeError("a record that was just written is not there");
      return version;
    };
    return { ...createSqlStore(options), ...patientWrites(reread) };
  },
};
