/**
 * What the service itself puts on a Patient, whatever a client has sent: the medical record number it issued, the link of a record
 * that was merged into another, the label of a restricted chart. Taken off again before a resource is kept.
 */

import { dropEmpty, FhirRefusal, mrnSystem, restrictedCode } from "@banyan/service-kit/fhir";
import type { Coding, Identifier, Patient as PatientResource } from "fhir/r4.js";
import type { Patient } from "../domain/patient.ts";

const ssnSystem = "http://hl7.org/fhir/sid/us-ssn";
const confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

const mrnIdentifier = (value: string): Identifier => ({
  use: "usual",
  type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "MR" }] },
  system: mrnSystem,
  value,
});

type Decoration = Pick<Patient, "mrn" | "merged_into_no" | "restricted">;

export function decorate(patient: PatientResource, row: Decoration): PatientResource {
  const link =
    row.merged_into_no === null
      ? []
      : [{ other: { reference: `Patient/${row.merged_into_no}` }, type: "replaced-by" as const }];
  const label = row.restricted ? [{ system: confidentiality, code: restrictedCode, display: "restricted" }] : [];
  const decorated: PatientResource = {
    ...patient,
    identifier: [...(row.mrn === null ? [] : [mrnIdentifier(row.mrn)]), ...(patient.identifier ?? [])],
    link: [...(patient.link ?? []), ...link],
    meta: { ...patient.meta, security: [...(patient.meta?.security ?? []), ...label] },
    ...(row.merged_into_no === null ? {} : { active: false }),
  };
  dropEmpty(decorated.meta ?? {});
  dropEmpty(decorated);
  return decorated;
}

export type Undecorated = {
  readonly patient: PatientResource;
  /** Nine digits; undefined: nothing was said, what is there stays. */
  readonly ssn: string | undefined;
  /** The label was on it. Its absence takes no restriction away. */
  readonly restricted: boolean;
};

/** @param mrn of the record; undefined: there is none yet. @throws FhirRefusal rule for an MRN or a link that is not the record's */
export function undecorate(patient: PatientResource, mrn: string | null | undefined): Undecorated {
  const identifiers = patient.identifier ?? [];
  if (identifiers.some(({ system, value }) => system === mrnSystem && value !== mrn))
    throw refused("Patient.identifier", "medical record numbers are issued here and are not changed");
  if (patient.active === false)
    throw refused("Patient.active", "a record is made inactive by merging it, not through this interface");
  if (patient.link?.some(({ type }) => type === "replaced-by"))
    throw refused("Patient.link", "records are merged by an administrator, not through this interface");
  const kept: PatientResource = {
    ...patient,
    identifier: identifiers.filter(({ system }) => system !== mrnSystem && system !== ssnSystem),
    meta: { ...patient.meta, security: (patient.meta?.security ?? []).filter((label) => !isRestricted(label)) },
  };
  dropEmpty(kept.meta ?? {});
  if (Object.keys(kept.meta ?? {}).length === 0) delete kept.meta;
  dropEmpty(kept);
  return { patient: kept, ssn: ssnIn(identifiers), restricted: patient.meta?.security?.some(isRestricted) ?? false };
}

const isRestricted = ({ system, code }: Coding): boolean => system === confidentiality && code === restrictedCode;

function ssnIn(identifiers: readonly Identifier[]): string | undefined {
  const value = identifiers.find(({ system }) => system === ssnSystem)?.value;
  if (value === undefined) return undefined;
  const digits = value.replaceAll("-", "");
  if (/^\d{9}$/.test(digits)) return digits;
  throw refused("Patient.identifier", "a Social Security number has nine digits");
}

const refused = (expression: string, text: string): FhirRefusal => new FhirRefusal("rule", [{ text, expression }]);
