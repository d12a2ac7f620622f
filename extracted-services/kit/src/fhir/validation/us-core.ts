/**
 * The rules of US Core 6.1.0 for the types served, as its StructureDefinitions state them beyond FHIR's base. A test holds this
 * list against the published package. Bindings that are only extensible are not checked: any code may extend them.
 */

import type { Identifier } from "fhir/r4.js";
import { atMost, type Profile, type Rule, required } from "./profile.ts";

const structure = "http://hl7.org/fhir/us/core/StructureDefinition/";

export const usCoreExtensions = {
  race: `${structure}us-core-race`,
  ethnicity: `${structure}us-core-ethnicity`,
  birthSex: `${structure}us-core-birthsex`,
} as const;

export const npiSystem = "http://hl7.org/fhir/sid/us-npi";

/** Check digit of a National Provider Identifier: Luhn over the number with 80840 before it (45 CFR 162.406). */
function isNpi(value: string): boolean {
  if (!/^\d{10}$/.test(value)) return false;
  const sum = [...value].reduce((total, char, at) => {
    const digit = Number(char) * (at % 2 === 0 ? 2 : 1);
    return total + (digit > 9 ? digit - 9 : digit);
  }, 24);
  return sum % 10 === 0;
}

const identified = (
  type: string,
  key: string,
  system: string,
  what: string,
  fits: (value: string) => boolean,
): Rule => ({
  key,
  on: `${type}.identifier.where(system='${system}')`,
  holds: (identifier) => {
    const { value } = identifier as Identifier;
    return value === undefined || fits(value);
  },
  text: `an identifier of ${system} is ${what}`,
});

const npi = (type: string): Rule =>
  identified(type, "us-core-16, us-core-17", npiSystem, "ten digits with the right check digit", isNpi);

/** An address of an organisation or practitioner: `max` lines; city, state, code and country are single in FHIR itself. */
const fourLines = (type: string): Rule => atMost(4, `${type}.address`, "line");

function ombExtension(url: string, name: string, categoriesMax: number, codes: readonly string[]): Rule[] {
  const on = `Patient.extension.where(url='${url}')`;
  const part = (slice: string): string => `extension.where(url='${slice}')`;
  const allowed = codes.map((code) => `'${code}'`).join("|");
  return [
    { key: `${name} text 1..1`, on, holds: `${part("text")}.count() = 1`, text: `the ${name} extension has one text` },
    {
      key: `${name} ombCategory 0..${categoriesMax}`,
      on,
      holds: `${part("ombCategory")}.count() <= ${categoriesMax}`,
      text: `the ${name} extension has at most ${categoriesMax} OMB categories`,
    },
    {
      key: `omb-${name}-category`,
      on: `${on}.${part("ombCategory")}`,
      holds: `value.exists() and value.code.exists() and (value.code in (${allowed}))`,
      text: `the OMB category of ${name} is a code of its value set`,
    },
  ];
}

const once = (url: string, name: string): Rule => ({
  key: `Patient.extension:${name} 0..1`,
  on: "Patient",
  holds: `extension.where(url='${url}').count() <= 1`,
  text: `the ${name} extension is given once`,
});

const dataAbsent = "extension.where(url='http://hl7.org/fhir/StructureDefinition/data-absent-reason').exists()";

const patient: Profile = {
  url: `${structure}us-core-patient`,
  rules: [
    required("Patient", "identifier"),
    required("Patient.identifier", "system"),
    required("Patient.identifier", "value"),
    required("Patient", "name"),
    {
      key: "us-core-6",
      on: "Patient.name",
      holds: `(family.exists() or given.exists()) xor ${dataAbsent}`,
      text: "a name has a family or given name, or the reason it is absent",
    },
    required("Patient.telecom", "system"),
    required("Patient.telecom", "value"),
    required("Patient", "gender"),
    once(usCoreExtensions.race, "race"),
    once(usCoreExtensions.ethnicity, "ethnicity"),
    once(usCoreExtensions.birthSex, "birthsex"),
    once(`${structure}us-core-sex`, "sex"),
    ...ombExtension(usCoreExtensions.race, "race", 5, [
      "1002-5",
      "2028-9",
      "2054-5",
      "2076-8",
      "2106-3",
      "UNK",
      "ASKU",
    ]),
    ...ombExtension(usCoreExtensions.ethnicity, "ethnicity", 1, ["2135-2", "2186-5", "UNK", "ASKU"]),
    {
      key: "birthsex",
      on: `Patient.extension.where(url='${usCoreExtensions.birthSex}')`,
      holds: "value in ('F'|'M'|'OTH'|'UNK'|'ASKU')",
      text: "birth sex is a code of its value set",
    },
  ],
};

const relatedPerson: Profile = {
  url: `${structure}us-core-relatedperson`,
  rules: [
    required("RelatedPerson", "active"),
    {
      key: "us-core-14",
      on: "RelatedPerson",
      holds: "name.exists() or relationship.exists()",
      text: "a related person has a name or a relationship",
    },
  ],
};

const practitioner: Profile = {
  url: `${structure}us-core-practitioner`,
  rules: [
    required("Practitioner", "identifier"),
    required("Practitioner.identifier", "system"),
    required("Practitioner.identifier", "value"),
    npi("Practitioner"),
    required("Practitioner", "name"),
    required("Practitioner.name", "family"),
    fourLines("Practitioner"),
  ],
};

const practitionerRole: Profile = {
  url: `${structure}us-core-practitionerrole`,
  rules: [
    {
      key: "pd-1",
      on: "PractitionerRole",
      holds: "telecom.exists() or endpoint.exists()",
      text: "a role has a telecom or an end point",
    },
    {
      key: "us-core-13",
      on: "PractitionerRole",
      holds: "practitioner.exists() or organization.exists() or healthcareService.exists() or location.exists()",
      text: "a role names a practitioner, an organisation, a service or a location",
    },
    required("PractitionerRole.telecom", "system"),
    required("PractitionerRole.telecom", "value"),
  ],
};

const location: Profile = { url: `${structure}us-core-location`, rules: [required("Location", "name")] };

const organization: Profile = {
  url: `${structure}us-core-organization`,
  rules: [
    required("Organization", "active"),
    required("Organization", "name"),
    npi("Organization"),
    identified(
      "Organization",
      "us-core-18",
      "urn:oid:2.16.840.1.113883.4.7",
      "a CLIA number: two digits, D, seven digits",
      (value) => /^\d{2}D\d{7}$/.test(value),
    ),
    identified(
      "Organization",
      "us-core-19",
      "urn:oid:2.16.840.1.113883.6.300",
      "a NAIC number of five digits",
      (value) => /^\d{5}$/.test(value),
    ),
    fourLines("Organization"),
  ],
};

export const usCore = { patient, relatedPerson, practitioner, practitionerRole, location, organization } as const;
