/**
 * SMART v2 scopes each kind of caller has, as `context/Resource.cruds?param=value`. The policy decides besides: an access needs
 * both. Source of the first list: the scope table of this project's FHIR and HIPAA notes, which gives each role the least it
 * works with.
 */

import type { Principal, StaffRole } from "./principal.ts";

/** Who works where is no patient's datum: every member of staff may look it up. */
const directory = [
  "user/Practitioner.rs",
  "user/PractitionerRole.rs",
  "user/Organization.rs",
  "user/Location.rs",
] as const;

const frontDesk = [
  "user/Patient.crus",
  "user/RelatedPerson.crus",
  "user/Appointment.cruds",
  "user/Slot.rs",
  "user/Schedule.rs",
  "user/Coverage.crus",
] as const;

const ofRole: Readonly<Record<StaffRole, readonly string[]>> = {
  FDSK: frontDesk,
  NURS: [
    "user/Patient.rs",
    "user/Encounter.rus",
    "user/Observation.crus?category=vital-signs",
    "user/AllergyIntolerance.crus",
    "user/MedicationRequest.rs",
    "user/Appointment.rs",
  ],
  PHYS: [
    "user/Patient.rs",
    "user/Encounter.crus",
    "user/Condition.crus",
    "user/Observation.rs",
    "user/DocumentReference.crus",
    "user/ServiceRequest.crus",
    "user/DiagnosticReport.rs",
    "user/MedicationRequest.crus",
    "user/Coverage.rs",
  ],
  LABT: ["user/ServiceRequest.rus"],
  BILL: [
    "user/Coverage.crus",
    "user/Claim.crus",
    "user/ChargeItem.crus",
    "user/Account.rs",
    "user/Encounter.rs",
    "user/Patient.rs",
  ],
  RPTS: ["system/MeasureReport.rs", "system/Group.rs"],
  /** Administrators keep registration, schedules and the directory in order; they have no clinical scope of their own. */
  ADMN: [
    ...frontDesk,
    "user/Practitioner.crus",
    "user/PractitionerRole.crus",
    "user/Organization.crus",
    "user/Location.crus",
  ],
};

const portal = [
  "launch/patient",
  "openid",
  "fhirUser",
  "patient/*.rs",
  "patient/Appointment.cu",
  "patient/Communication.c",
] as const;

const partnerInterface = [
  "system/DiagnosticReport.cus",
  "system/Observation.cus?category=laboratory",
  "system/Specimen.cus",
  "system/Patient.rs",
] as const;

/** @returns scopes in the order of the tables above; none for a caller without identity. */
export function scopesOf(principal: Principal): readonly string[] {
  switch (principal.kind) {
    case "staff":
      return [...ofRole[principal.role], ...directory];
    case "portal":
      return portal;
    case "interface":
      return partnerInterface;
    case "anonymous":
      return [];
  }
}
