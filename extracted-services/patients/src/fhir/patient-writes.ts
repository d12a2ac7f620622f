/**
 * Creating and updating a patient through FHIR: the same record, rules and author as the old pages write, and beside it whatever of
 * the resource the record has no column for.
 */

import {
  type Author,
  type Change,
  changesBetween,
  columnsFrom,
  FhirRefusal,
  keepExtra,
  type NotChanged,
  requireHeld,
  type ResourceStore,
  type Version,
} from "@banyan/service-kit/fhir";
import type { WriteTransaction } from "@banyan/service-kit";
import type { Patient as PatientResource } from "fhir/r4.js";
import { patientTable } from "../../mapping/patient.ts";
import type { Patient, PatientDetails } from "../domain/patient.ts";
import { findAlike, lockPatient } from "../store/patient-reads.ts";
import { changePatient, registerPatient, type Author as RecordAuthor } from "../store/patient-writes.ts";
import { undecorate } from "./patient-decoration.ts";
import { patientFacets } from "./patient-facets.ts";
import { blankPatient, emptyRow, renderPatient } from "./patient-rows.ts";
import { patientSearch } from "./patient-search.ts";

type Reread = (tx: WriteTransaction, id: string) => Promise<Version<PatientResource>>;
type Writes = Required<Pick<ResourceStore<PatientResource>, "create" | "update">>;

/** @param reread the version as it is now inside the transaction */
export function patientWrites(reread: Reread): Writes {
  return {
    async create(tx, resource, author) {
      const { patient, ssn, restricted } = undecorate(resource, undefined);
      requireHeld(patient, patientFacets);
      const details = columnsFrom(patient, patientFacets) as Partial<PatientDetails>;
      if (!author.conditional) await requireNoTwin(tx, details);
      const patientNo = await registerPatient(
        tx,
        {
          ...details,
          ...(ssn === undefined ? {} : { ssn }),
          restricted,
          ...(author.site === undefined ? {} : { home_site: author.site }),
        },
        recordAuthor(author),
      );
      await keep(tx, patientNo, patient);
      return reread(tx, String(patientNo));
    },

    async update(tx, change, author) {
      const patientNo = Number(change.id);
      const before = await lockPatient(tx.db, patientNo);
      const refused = notChangeable(before, change);
      if (refused !== undefined || before === undefined) return refused ?? "absent";
      const { patient, ssn, restricted } = undecorate(change.resource, before.mrn);
      requireHeld(patient, patientFacets);
      const extra = await extraOf(tx, patientNo);
      const changed = changesBetween(renderPatient(before, extra), patient, patientFacets) as Partial<PatientDetails>;
      await changePatient(
        tx,
        before,
        { ...changed, ...(ssn === undefined ? {} : { ssn }), ...(restricted ? { restricted } : {}) },
        recordAuthor(author),
      );
      await keep(tx, patientNo, patient);
      return reread(tx, change.id);
    },
  };
}

/** The legacy column for who did it takes eight characters. */
const recordAuthor = ({ user, at }: Author): RecordAuthor => ({ by: user.slice(0, 8), at });

function notChangeable(
  before: (Patient & { readonly photo: Buffer | null }) | undefined,
  { expected }: Change<PatientResource>,
): NotChanged | undefined {
  if (!before) return "absent";
  if (before.merged_into_no !== null)
    throw new FhirRefusal("rule", [
      { text: "the record was merged into another; change that one", expression: "Patient.link" },
    ]);
  if (before.deleted) return "deleted";
  return Number(before.version) === expected ? undefined : "stale";
}

/**
 * The pages ask before they register a second person of one name and birth date. Here a client that has said itself what makes a
 * patient the same (If-None-Exist) is taken at its word; any other is refused.
 */
async function requireNoTwin(
  tx: WriteTransaction,
  { family_name, given_name, birth_date }: Partial<PatientDetails>,
): Promise<void> {
  const wanted = { family: family_name ?? "", given: given_name ?? "", birthDate: birth_date ?? "" };
  if ((await findAlike(tx.db, wanted)).length === 0) return;
  const text =
    "a patient of this name and birth date is registered; to register another, say in If-None-Exist what tells them apart";
  throw new FhirRefusal("rule", [{ text, expression: "Patient", code: "duplicate" }]);
}

async function extraOf(tx: WriteTransaction, patientNo: number): Promise<PatientResource | undefined> {
  const row = await tx
    .db<{ patient_no: number; fhir_extra: PatientResource | null }>("patient")
    .where({ patient_no: patientNo })
    .first("fhir_extra");
  return row?.fhir_extra ?? undefined;
}

async function keep(tx: WriteTransaction, patientNo: number, patient: PatientResource): Promise<void> {
  const row = await lockPatient(tx.db, patientNo);
  if (!row) throw new TypeError("a record that was just written is not there");
  await keepExtra<PatientResource, Patient>(
    tx,
    patient,
    {
      table: patientTable.target,
      where: { patient_no: patientNo },
      id: String(patientNo),
      facets: patientFacets,
      blank: blankPatient,
      parameters: patientSearch,
      row,
      empty: emptyRow,
    },
    { sameVersion: true },
  );
}
