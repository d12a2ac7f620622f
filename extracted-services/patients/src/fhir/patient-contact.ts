/** Address, telephones and e-mail of a patient. The record holds one address and one number of each kind. */

import { dropEmpty, type Facet, replaceIn, setOrDelete } from "@banyan/service-kit/fhir";
import type { Address, ContactPoint, Patient as PatientResource } from "fhir/r4.js";
import type { Patient } from "../domain/patient.ts";
import { firstOf, heldText, unheldText } from "./held-text.ts";

type PatientFacet = Facet<PatientResource, Patient>;

/** Where the patient lives now: no old, temporary or billing address, and none that has ended. */
function currentAddress({ address = [] }: PatientResource): Address | undefined {
  const now = address.filter(({ use, period }) => !["old", "temp", "billing"].includes(use ?? "") && !period?.end);
  return now.find(({ use }) => use === "home") ?? now[0];
}

/** Two letters of a state and nine characters of a code; anything else stays with the resource alone. */
function heldAddress(address: Address | undefined) {
  const state = heldText(address?.state);
  const code = heldText(address?.postalCode?.replaceAll(/[^A-Za-z0-9]/g, ""));
  return {
    address_line: heldText(address?.line?.[0]),
    address_line_2: heldText(address?.line?.[1]),
    city: heldText(address?.city),
    state: state !== null && /^[A-Z]{2}$/.test(state) ? state : null,
    postal_code: code !== null && code.length <= 9 ? code : null,
  };
}

export const addressFacet: PatientFacet = {
  element: "Patient.address",
  columns: ["address_line", "address_line_2", "city", "state", "postal_code"],
  get: (patient) => heldAddress(currentAddress(patient)),
  put(patient, row) {
    const address: Address = currentAddress(patient) ?? {};
    const held = heldAddress(address);
    const lines = [
      held.address_line === row.address_line ? address.line?.[0] : row.address_line,
      held.address_line_2 === row.address_line_2 ? address.line?.[1] : row.address_line_2,
    ];
    // Printed over lines that say something else, a text would lie.
    delete address.text;
    address.line = lines.filter((line) => line !== null && line !== undefined);
    if (held.city !== row.city) setOrDelete(address, "city", row.city);
    if (held.state !== row.state) setOrDelete(address, "state", row.state);
    if (held.postal_code !== row.postal_code) setOrDelete(address, "postalCode", zipOf(row.postal_code));
    dropEmpty(address);
    const says = address.line ?? address.city ?? address.state ?? address.postalCode;
    replaceIn(patient, "address", currentAddress(patient), says === undefined ? undefined : address);
  },
  unheld(patient) {
    const { line = [], city } = currentAddress(patient) ?? {};
    return firstOf(
      unheldText(line[0], 40, "an address line"),
      unheldText(line[1], 40, "an address line"),
      unheldText(city, 25, "a city"),
    );
  },
};

/** ZIP+4 is written with its hyphen. */
export const zipOf = (code: string | null): string | null => code?.replace(/^(\d{5})(\d{4})$/, "$1-$2") ?? null;

type PhoneColumn = "home_phone" | "work_phone" | "mobile_phone";

/** A telephone of no stated use counts as the one at home. */
function phoneEntry({ telecom = [] }: PatientResource, use: "home" | "work" | "mobile"): ContactPoint | undefined {
  const phones = telecom.filter(({ system, period }) => system === "phone" && !period?.end);
  return phones.find((phone) => phone.use === use) ?? (use === "home" ? phones.find((phone) => !phone.use) : undefined);
}

/** Ten digits of the North American plan; a number of another stays with the resource alone. */
function heldPhone(value: string | undefined): string | null {
  const digits = (value ?? "").replaceAll(/[^\d+]/g, "").replace(/^\+?1(?=\d{10}$)/, "");
  return /^\d{10}$/.test(digits) ? digits : null;
}

export const phoneText = (digits: string): string => digits.replace(/^(\d{3})(\d{3})(\d{4})$/, "$1-$2-$3");

const phoneFacet = (column: PhoneColumn, use: "home" | "work" | "mobile"): PatientFacet => ({
  element: `Patient.telecom.where(system='phone' and use='${use}')`,
  columns: [column],
  get: (patient) => ({ [column]: heldPhone(phoneEntry(patient, use)?.value) }),
  put(patient, row) {
    const old = phoneEntry(patient, use);
    const digits = row[column];
    replaceIn(
      patient,
      "telecom",
      old,
      digits === null ? undefined : { use, ...old, system: "phone", value: phoneText(digits) },
    );
  },
});

const emailEntry = ({ telecom = [] }: PatientResource): ContactPoint | undefined =>
  telecom.find(({ system, period }) => system === "email" && !period?.end);

const emailFacet: PatientFacet = {
  element: "Patient.telecom.where(system='email')",
  columns: ["email"],
  get: (patient) => ({ email: emailEntry(patient)?.value?.trim() || null }),
  put(patient, { email }) {
    const old = emailEntry(patient);
    replaceIn(patient, "telecom", old, email === null ? undefined : { ...old, system: "email", value: email });
  },
  unheld: (patient) => unheldText(emailEntry(patient)?.value, 60, "an e-mail address"),
};

export const telecomFacets: readonly PatientFacet[] = [
  phoneFacet("home_phone", "home"),
  phoneFacet("work_phone", "work"),
  phoneFacet("mobile_phone", "mobile"),
  emailFacet,
];
