/** What a Patient resource and the patient's row both hold; see the kit's lens. Codes of race and the like: `patient-codes.ts`. */

import {
  directoryCode,
  dropEmpty,
  type Facet,
  practitionerReference,
  replaceIn,
  setOrDelete,
} from "@banyan/service-kit/fhir";
import type { HumanName, Patient as PatientResource } from "fhir/r4.js";
import type { Patient } from "../domain/patient.ts";
import { firstOf, heldText, unheldText } from "./held-text.ts";
import { addressFacet, telecomFacets } from "./patient-contact.ts";
import { ethnicityFacet, languageFacet, maritalFacet, raceFacet } from "./patient-codes.ts";

export type PatientFacet = Facet<PatientResource, Patient>;

/** The name a person goes by now; an ended, old or maiden one is not. */
function currentName({ name = [] }: PatientResource): HumanName | undefined {
  const now = name.filter(({ use, period }) => !["old", "maiden", "temp"].includes(use ?? "") && !period?.end);
  return now.find(({ use }) => use === "official") ?? now.find(({ use }) => use === "usual") ?? now[0];
}

/** A middle name is kept as its first letter, a suffix when it is short enough for the column. */
function heldName(name: HumanName | undefined) {
  const suffix = heldText(name?.suffix?.[0]?.replaceAll(".", ""));
  return {
    family_name: heldText(name?.family),
    given_name: heldText(name?.given?.[0]),
    middle_initial: heldText(name?.given?.[1]?.slice(0, 1)),
    name_suffix: suffix !== null && suffix.length <= 4 ? suffix : null,
  };
}

const nameFacet: PatientFacet = {
  element: "Patient.name",
  columns: ["family_name", "given_name", "middle_initial", "name_suffix"],
  get: (patient) => heldName(currentName(patient)),
  put(patient, row) {
    const name: HumanName = currentName(patient) ?? {};
    const held = heldName(name);
    if (held.family_name !== row.family_name) setOrDelete(name, "family", row.family_name);
    const [given, middle] = [
      held.given_name === row.given_name ? name.given?.[0] : row.given_name,
      held.middle_initial === row.middle_initial ? name.given?.[1] : row.middle_initial,
    ];
    name.given = [given, middle].filter((one) => one !== null && one !== undefined);
    if (held.name_suffix !== row.name_suffix) name.suffix = row.name_suffix === null ? [] : [row.name_suffix];
    dropEmpty(name);
    replaceIn(patient, "name", currentName(patient), name.family || name.given ? name : undefined);
  },
  unheld(patient) {
    const name = currentName(patient);
    return firstOf(
      heldText(name?.family) === null
        ? "the record needs a family name"
        : unheldText(name?.family, 30, "a family name"),
      heldText(name?.given?.[0]) === null
        ? "the record needs a given name"
        : unheldText(name?.given?.[0], 20, "a given name"),
    );
  },
};

const maidenFacet: PatientFacet = {
  element: "Patient.name.where(use='maiden')",
  columns: ["maiden_name"],
  get: ({ name }) => ({ maiden_name: heldText(name?.find(({ use }) => use === "maiden")?.family) }),
  put(patient, { maiden_name }) {
    const old = patient.name?.find(({ use }) => use === "maiden");
    replaceIn(patient, "name", old, maiden_name === null ? undefined : { ...old, use: "maiden", family: maiden_name });
  },
  unheld: ({ name }) => unheldText(name?.find(({ use }) => use === "maiden")?.family, 30, "a maiden name"),
};

const wholeDay = /^\d{4}-\d\d-\d\d/;

const birthDateFacet: PatientFacet = {
  element: "Patient.birthDate",
  columns: ["birth_date"],
  get: ({ birthDate }) => ({ birth_date: birthDate !== undefined && wholeDay.test(birthDate) ? birthDate : null }),
  put: (patient, { birth_date }) => setOrDelete(patient, "birthDate", birth_date),
  unheld: ({ birthDate }) =>
    birthDate !== undefined && wholeDay.test(birthDate) ? undefined : "the record needs a birth date with its day",
};

const genders = ["male", "female", "other", "unknown"] as const;

/** A code that the clinic made up is `unknown` to FHIR, and stays what it is until somebody says otherwise. */
const genderFacet: PatientFacet = {
  element: "Patient.gender",
  columns: ["sex"],
  get: ({ gender }) => ({ sex: gender ?? null }),
  put(patient, { sex }) {
    patient.gender = genders.find((gender) => gender === sex) ?? "unknown";
  },
};

const deathFacet: PatientFacet = {
  element: "Patient.deceased",
  columns: ["died_on"],
  get: ({ deceasedDateTime }) => ({
    died_on: deceasedDateTime && wholeDay.exec(deceasedDateTime) ? deceasedDateTime.slice(0, 10) : null,
  }),
  put(patient, { died_on }) {
    if (died_on !== null) delete patient.deceasedBoolean;
    setOrDelete(patient, "deceasedDateTime", died_on);
  },
  unheld: ({ deceasedBoolean, deceasedDateTime }) =>
    deceasedBoolean === true || (deceasedDateTime !== undefined && !wholeDay.test(deceasedDateTime))
      ? "the record needs the day of a death"
      : undefined,
};

/** The one general practitioner who works here. */
const practitionerFacet: PatientFacet = {
  element: "Patient.generalPractitioner",
  columns: ["primary_provider_id"],
  get: (patient) => ({ primary_provider_id: ownPractitioner(patient)?.code ?? null }),
  put(patient, { primary_provider_id }) {
    const own = ownPractitioner(patient)?.reference;
    replaceIn(
      patient,
      "generalPractitioner",
      own,
      primary_provider_id === null ? undefined : practitionerReference(primary_provider_id),
    );
  },
};

function ownPractitioner({ generalPractitioner = [] }: PatientResource) {
  for (const reference of generalPractitioner) {
    const id = /^Practitioner\/(.+)$/.exec(reference.reference ?? "")?.[1];
    const code = id === undefined ? undefined : directoryCode(id);
    if (code !== undefined && code.length <= 8) return { reference, code };
  }
  return undefined;
}

export const patientFacets: readonly PatientFacet[] = [
  nameFacet,
  maidenFacet,
  birthDateFacet,
  genderFacet,
  deathFacet,
  practitionerFacet,
  raceFacet,
  ethnicityFacet,
  maritalFacet,
  languageFacet,
  addressFacet,
  ...telecomFacets,
];
