/** Race, ethnicity, marital status and language of a patient, between the record's words and FHIR's codings. */

import { type Facet, replaceIn, usCoreExtensions } from "@banyan/service-kit/fhir";
import type { CodeableConcept, Extension, Patient as PatientResource } from "fhir/r4.js";
import type { Patient } from "../domain/patient.ts";

type PatientFacet = Facet<PatientResource, Patient>;

/** CDC Race and Ethnicity. */
const cdc = "urn:oid:2.16.840.1.113883.6.238";
const otherRace = "2131-1";

const raceNames: Readonly<Record<string, string>> = {
  "1002-5": "American Indian or Alaska Native",
  "2028-9": "Asian",
  "2054-5": "Black or African American",
  "2076-8": "Native Hawaiian or Other Pacific Islander",
  "2106-3": "White",
  [otherRace]: "Other Race",
};
const ethnicityNames: Readonly<Record<string, string>> = {
  "2135-2": "Hispanic or Latino",
  "2186-5": "Not Hispanic or Latino",
};

const codesIn = (extension: Extension | undefined, slice: string): string[] =>
  (extension?.extension ?? []).filter(({ url }) => url === slice).flatMap(({ valueCoding }) => valueCoding?.code ?? []);

const extensionOf = ({ extension = [] }: PatientResource, url: string): Extension | undefined =>
  extension.find((one) => one.url === url);

/** The record has room for one race: several, or one that is none of OMB's, count as other. */
function heldRace(patient: PatientResource): string {
  const extension = extensionOf(patient, usCoreExtensions.race);
  const [first, ...more] = codesIn(extension, "ombCategory");
  if (more.length > 0) return otherRace;
  if (first !== undefined) return first in raceNames ? first : "unknown";
  return codesIn(extension, "detailed").length > 0 ? otherRace : "unknown";
}

export const raceFacet: PatientFacet = {
  element: "Patient.extension(race)",
  columns: ["race"],
  get: (patient) => ({ race: heldRace(patient) }),
  put: (patient, { race }) => putCategory(patient, usCoreExtensions.race, race, raceNames),
};

export const ethnicityFacet: PatientFacet = {
  element: "Patient.extension(ethnicity)",
  columns: ["ethnicity"],
  get(patient) {
    const [code = ""] = codesIn(extensionOf(patient, usCoreExtensions.ethnicity), "ombCategory");
    return { ethnicity: code in ethnicityNames ? code : "unknown" };
  },
  put: (patient, { ethnicity }) => putCategory(patient, usCoreExtensions.ethnicity, ethnicity, ethnicityNames),
};

function putCategory(
  patient: PatientResource,
  url: string,
  code: string | null,
  names: Readonly<Record<string, string>>,
): void {
  const display = names[code ?? ""];
  const category = code === otherRace ? "detailed" : "ombCategory";
  const parts: Extension[] = [
    { url: category, valueCoding: { system: cdc, code: code ?? "", display: display ?? "" } },
    { url: "text", valueString: display ?? "" },
  ];
  replaceIn(
    patient,
    "extension",
    extensionOf(patient, url),
    display === undefined ? undefined : { url, extension: parts },
  );
}

const maritalSystem = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
const maritalCodes = { single: "S", married: "M", divorced: "D", widowed: "W", separated: "L" } as const;
const maritalWords = Object.entries(maritalCodes);

export const maritalFacet: PatientFacet = {
  element: "Patient.maritalStatus",
  columns: ["marital_status"],
  get({ maritalStatus }) {
    const code = codeOf(maritalStatus, maritalSystem);
    return { marital_status: maritalWords.find(([, known]) => known === code)?.[0] ?? "unknown" };
  },
  put(patient, { marital_status }) {
    const found = maritalWords.find(([word]) => word === marital_status);
    if (found) patient.maritalStatus = { coding: [{ system: maritalSystem, code: found[1] }], text: found[0] };
    else delete patient.maritalStatus;
  },
};

const codeOf = (concept: CodeableConcept | undefined, system: string): string | undefined =>
  concept?.coding?.find((coding) => coding.system === system)?.code;

const languageSystem = "urn:ietf:bcp:47";

const preferredLanguage = ({ communication = [] }: PatientResource) =>
  communication.find(({ preferred }) => preferred) ?? communication[0];

/** Two letters; a dialect (`en-US`) counts as its language. */
export const languageFacet: PatientFacet = {
  element: "Patient.communication.language",
  columns: ["language"],
  get(patient) {
    const code = codeOf(preferredLanguage(patient)?.language, languageSystem) ?? "";
    return { language: /^[a-z]{2}(-|$)/.test(code) ? code.slice(0, 2) : null };
  },
  put(patient, { language }) {
    const old = preferredLanguage(patient);
    const known = language !== null && /^[a-z]{2}$/.test(language);
    const concept: CodeableConcept = { coding: [{ system: languageSystem, code: language ?? "" }] };
    replaceIn(patient, "communication", old, known ? { ...old, language: concept } : undefined);
  },
};
