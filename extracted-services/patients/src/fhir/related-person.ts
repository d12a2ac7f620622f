/**
 * RelatedPerson: who answers for a patient. Guarantors and portal proxies come from the legacy rows (they are patients themselves)
 * and are only read; others are made here, for a patient of this service.
 */

import type { WriteTransaction } from "@banyan/service-kit";
import {
  codeColumn,
  createSqlStore,
  currentVersion,
  documentWrites,
  FhirRefusal,
  type Image,
  intKey,
  parametersOf,
  type Reading,
  referenceColumn,
  type ResourceDefinition,
  type RowSource,
  textColumns,
  usCore,
} from "@banyan/service-kit/fhir";
import type { CodeableConcept, RelatedPerson } from "fhir/r4.js";
import { isOpen } from "../domain/patient.ts";
import { findPatient } from "../store/patient-reads.ts";
import { phoneText } from "./patient-contact.ts";

type PersonRow = {
  readonly kind: "guarantor" | "proxy" | "document";
  readonly patient_no: number | null;
  readonly home_site: string | null;
  readonly restricted: boolean | null;
  readonly family_name: string | null;
  readonly given_name: string | null;
  readonly middle_initial: string | null;
  readonly home_phone: string | null;
  readonly mobile_phone: string | null;
  readonly birth_date: string | null;
  readonly active: boolean | null;
  readonly modified_by: string | null;
  readonly resource: RelatedPerson | null;
};

const relationships: Readonly<Record<"guarantor" | "proxy", CodeableConcept>> = {
  guarantor: {
    coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-RoleClass", code: "GUAR" }],
    text: "guarantor",
  },
  proxy: {
    coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-RoleClass", code: "AGNT" }],
    text: "portal proxy",
  },
};

function readPerson(image: Image): Reading<RelatedPerson> {
  // An earlier version of a document comes as the document's own image.
  const row = { kind: "document", ...image } as unknown as PersonRow;
  const subject =
    row.patient_no == null
      ? {}
      : { subject: { id: row.patient_no, site: row.home_site ?? undefined, restricted: row.restricted ?? false } };
  const resource = row.kind === "document" ? (row.resource ?? undefined) : personOf(row, row.kind);
  return { resource: resource && labelled(resource, row), changedBy: row.modified_by ?? undefined, ...subject };
}

/** Whoever is named here shows whose chart it is: the label of a restricted one counts for them too. */
const labelled = (person: RelatedPerson, { restricted }: PersonRow): RelatedPerson =>
  restricted
    ? {
        ...person,
        meta: {
          ...person.meta,
          security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "R" }],
        },
      }
    : person;

function personOf(row: PersonRow, kind: "guarantor" | "proxy"): RelatedPerson {
  const given = [row.given_name, row.middle_initial].filter((one) => one !== null);
  const phones = [
    { use: "home" as const, digits: row.home_phone },
    { use: "mobile" as const, digits: row.mobile_phone },
  ];
  const telecom = phones.flatMap(({ use, digits }) =>
    digits === null ? [] : [{ system: "phone" as const, value: phoneText(digits), use }],
  );
  return {
    resourceType: "RelatedPerson",
    meta: { profile: [usCore.relatedPerson.url] },
    active: row.active ?? true,
    patient: { reference: `Patient/${row.patient_no}` },
    relationship: [relationships[kind]],
    name: [
      { ...(row.family_name === null ? {} : { family: row.family_name }), ...(given.length === 0 ? {} : { given }) },
    ],
    ...(telecom.length === 0 ? {} : { telecom }),
    ...(row.birth_date === null ? {} : { birthDate: row.birth_date }),
  };
}

const search = parametersOf("RelatedPerson", ["patient", "name"], {
  patient: { type: "reference", expression: "RelatedPerson.patient", targets: ["Patient"] },
  name: { type: "string", expression: "RelatedPerson.name" },
  identifier: { type: "token", expression: "RelatedPerson.identifier" },
  relationship: { type: "token", expression: "RelatedPerson.relationship" },
});

const rows: RowSource<RelatedPerson> = {
  table: "fhir.related_person",
  history: { source: "fhir.document", keyOf: (id) => `RelatedPerson/${id}` },
  key: { column: "r.id", type: "text", fromId: (id) => id },
  id: "r.id",
  served: "(r.kind <> 'document' OR r.resource IS NOT NULL)",
  leftOut: [],
  search: {
    patient: referenceColumn("r.patient_no", "Patient", intKey),
    name: textColumns("r.family_name", "r.given_name", "r.middle_initial", "(r.given_name || ' ' || r.middle_initial)"),
    relationship: codeColumn("r.kind", {
      system: "http://terminology.hl7.org/CodeSystem/v3-RoleClass",
      codes: { guarantor: "GUAR", proxy: "AGNT" },
    }),
    _security: codeColumn("CASE WHEN r.restricted THEN 'R' END", {
      system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    }),
  },
  whole: ["patient", "_security"],
  read: readPerson,
};

export const relatedPersonResource: ResourceDefinition<RelatedPerson> = {
  type: "RelatedPerson",
  profile: usCore.relatedPerson,
  interactions: ["read", "vread", "history-instance", "search-type", "create", "update"],
  search,
  sorts: ["_id", "_lastUpdated"],
  includes: ["patient"],
  patient: "patient",
  documentation:
    "Guarantors (guarantor-…) and portal proxies (proxy-…) of the legacy system are read only; others are created for a patient of this server.",
  open({ db }) {
    const options = { db, type: "RelatedPerson", rows, documents: false };
    const documents = documentWrites<RelatedPerson>(options, search);
    return {
      ...createSqlStore(options),
      async create(tx, resource, author) {
        await requirePatient(tx, resource);
        return documents.create(tx, unlabelled(resource), author);
      },
      async update(tx, change, author) {
        await requirePatient(tx, change.resource);
        const current = await currentVersion(options, tx.db, change.id);
        if (current && /^(guarantor|proxy)-/.test(change.id))
          throw new FhirRefusal("rule", [
            { text: "guarantors and proxies are kept in the patients' records", expression: "RelatedPerson" },
          ]);
        return documents.update(tx, { ...change, resource: unlabelled(change.resource) }, author);
      },
    };
  },
};

function unlabelled(person: RelatedPerson): RelatedPerson {
  const security = person.meta?.security?.filter(({ code }) => code !== "R") ?? [];
  const { security: _security, ...meta } = person.meta ?? {};
  return { ...person, meta: security.length === 0 ? meta : { ...meta, security } };
}

/** @throws FhirRefusal rule when the patient is none of this service's */
async function requirePatient(tx: WriteTransaction, { patient }: RelatedPerson): Promise<void> {
  const patientNo = intKey(/^Patient\/(\d+)$/.exec(patient.reference ?? "")?.[1] ?? "");
  const found = patientNo === undefined ? undefined : await findPatient(tx.db, patientNo);
  if (!found || !isOpen(found))
    throw new FhirRefusal("rule", [{ text: "there is no such patient here", expression: "RelatedPerson.patient" }]);
}
