/** What patients can be searched by, and how the record's columns answer. */

import {
  type ColumnSearch,
  codeColumn,
  dayColumn,
  directoryCode,
  mrnSystem,
  nothing,
  parametersOf,
  raw,
  referenceColumn,
  sql,
  textColumns,
} from "@banyan/service-kit/fhir";

const genderSystem = "http://hl7.org/fhir/administrative-gender";
const individual = "http://hl7.org/fhir/SearchParameter/individual-";
const core = ["identifier", "name", "family", "given", "birthdate", "death-date", "gender", "gender-identity"];

/** Ten digits however they are written. */
const phoneDigits = (value: string): string => value.replaceAll(/\D/g, "").replace(/^1(?=\d{10}$)/, "");

export const patientSearch = parametersOf("Patient", core, {
  identifier: { type: "token", expression: "Patient.identifier" },
  name: { type: "string", expression: "Patient.name" },
  family: { type: "string", expression: "Patient.name.family" },
  given: { type: "string", expression: "Patient.name.given" },
  birthdate: { type: "date", expression: "Patient.birthDate", daysOnly: true },
  "death-date": { type: "date", expression: "Patient.deceased", daysOnly: true },
  gender: { type: "token", expression: "Patient.gender", system: genderSystem },
  "gender-identity": {
    type: "token",
    expression:
      "Patient.extension.where(url='http://hl7.org/fhir/us/core/StructureDefinition/us-core-genderIdentity').value",
  },
  phone: {
    type: "token",
    definition: `${individual}phone`,
    expression: "Patient.telecom.where(system='phone')",
    normalise: phoneDigits,
  },
  email: {
    type: "token",
    definition: `${individual}email`,
    expression: "Patient.telecom.where(system='email')",
    normalise: (value) => value.toLowerCase(),
  },
  address: { type: "string", definition: `${individual}address`, expression: "Patient.address" },
  "address-city": { type: "string", definition: `${individual}address-city`, expression: "Patient.address.city" },
  "address-state": { type: "string", definition: `${individual}address-state`, expression: "Patient.address.state" },
  "address-postalcode": {
    type: "string",
    definition: `${individual}address-postalcode`,
    expression: "Patient.address.postalCode",
  },
  "general-practitioner": {
    type: "reference",
    expression: "Patient.generalPractitioner",
    targets: ["Practitioner", "Organization", "PractitionerRole"],
  },
});

/** Medical record numbers compare without case; `mrn_key` is indexed. */
const identifierColumn: ColumnSearch = {
  present: raw("r.mrn IS NOT NULL"),
  match(value) {
    if (value.kind !== "token" || (value.system !== undefined && value.system !== mrnSystem)) return nothing;
    return value.code === undefined ? raw("r.mrn IS NOT NULL") : sql`r.mrn_key = ${value.code.toLowerCase()}`;
  },
};

const phoneColumns = { home: "r.home_phone", work: "r.work_phone", mobile: "r.mobile_phone" };

const phoneColumn: ColumnSearch = {
  present: raw("COALESCE(r.home_phone, r.work_phone, r.mobile_phone) IS NOT NULL"),
  match(value) {
    if (value.kind !== "token" || value.code === undefined) return nothing;
    const { system, code } = value;
    const columns = Object.entries(phoneColumns).filter(([use]) => system === undefined || system === use);
    if (columns.length === 0) return nothing;
    return sql`${code} IN (${raw(columns.map(([, column]) => column).join(", "))})`;
  },
};

/** Columns hold days of New York's calendar; a code of the clinic's own is `unknown`. */
const gender = codeColumn("CASE WHEN r.sex IN ('male', 'female', 'other') THEN r.sex ELSE 'unknown' END", {
  system: genderSystem,
});

const zip = "regexp_replace(r.postal_code, '^(\\d{5})(\\d{4})$', '\\1-\\2')";

export const patientColumns: Readonly<Record<string, ColumnSearch>> = {
  identifier: identifierColumn,
  name: textColumns(
    "r.family_name",
    "r.given_name",
    "r.middle_initial",
    "(r.given_name || ' ' || r.middle_initial)",
    "r.name_suffix",
    "r.maiden_name",
  ),
  family: textColumns("r.family_name", "r.maiden_name"),
  given: textColumns("r.given_name", "r.middle_initial"),
  birthdate: dayColumn("r.birth_date"),
  "death-date": dayColumn("r.died_on"),
  gender,
  phone: phoneColumn,
  email: codeColumn("lower(r.email)"),
  address: textColumns("r.address_line", "r.address_line_2", "r.city", "r.state", zip),
  "address-city": textColumns("r.city"),
  "address-state": textColumns("r.state"),
  "address-postalcode": textColumns(zip),
  "general-practitioner": referenceColumn("r.primary_provider_id", "Practitioner", directoryCode),
  _security: codeColumn("CASE WHEN r.restricted THEN 'R' END", {
    system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
  }),
};

/** The record is the only place these are in. */
export const patientColumnsWhole = ["birthdate", "death-date", "gender"];
