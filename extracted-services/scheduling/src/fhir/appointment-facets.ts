/** What an Appointment resource and the row both hold; see the kit's lens. The table of statuses stands in the mapping's terms. */

import {
  codeSystemOf,
  directoryCode,
  dropEmpty,
  type Facet,
  locationReference,
  practitionerReference,
  replaceIn,
  setOrDelete,
} from "@banyan/service-kit/fhir";
import { asStored } from "@banyan/service-kit/legacy";
import { instantToWall, wallToInstant } from "@banyan/service-kit/mapping";
import type { Appointment, AppointmentParticipant, CodeableConcept, Reference } from "fhir/r4.js";

export type AppointmentRow = {
  readonly appointment_id: number;
  readonly patient_id: number | null;
  readonly patient_name: string | null;
  readonly provider_id: string | null;
  readonly provider_name: string | null;
  readonly site_code: string | null;
  readonly starts_at: string | null;
  readonly ends_at: string | null;
  readonly visit_type: string | null;
  readonly status: string | null;
  readonly cancel_reason: string | null;
  readonly reason: string | null;
  readonly created_at: string | null;
  readonly modified_by: string | null;
  readonly deleted: boolean;
};

export type AppointmentFacet = Facet<Appointment, AppointmentRow>;

/** What an appointment says before its row speaks. */
export const blankAppointment: Appointment = { resourceType: "Appointment", status: "booked", participant: [] };

/** FHIR's word for each of ours; a status the clinic made up takes its time as a booked one does. */
const statusWords = {
  scheduled: "booked",
  confirmed: "booked",
  arrived: "arrived",
  roomed: "checked-in",
  completed: "fulfilled",
  "no-show": "noshow",
  cancelled: "cancelled",
} as const satisfies Readonly<Record<string, Appointment["status"]>>;

const participantOf = ({ participant }: Appointment, type: string): AppointmentParticipant | undefined =>
  participant.find(({ actor }) => actor?.reference?.startsWith(`${type}/`));

const idIn = (participant: AppointmentParticipant | undefined): string | undefined =>
  participant?.actor?.reference?.split("/")[1];

/** Booked and accepted by the patient is confirmed. */
function heldStatus(appointment: Appointment): string | null {
  if (appointment.status === "booked")
    return participantOf(appointment, "Patient")?.status === "accepted" ? "confirmed" : "scheduled";
  return Object.entries(statusWords).find(([, word]) => word === appointment.status)?.[0] ?? null;
}

const statusFacet: AppointmentFacet = {
  element: "Appointment.status",
  columns: ["status"],
  get: (appointment) => ({ status: heldStatus(appointment) }),
  put(appointment, { status }) {
    appointment.status = statusWords[status as keyof typeof statusWords] ?? "booked";
    const patient = participantOf(appointment, "Patient");
    if (patient && appointment.status === "booked")
      patient.status = status === "confirmed" ? "accepted" : "needs-action";
  },
  unheld: (appointment) =>
    heldStatus(appointment) === null ? "the calendar has no appointments of this status" : undefined,
};

/** The list of participants as a whole: each kind has one place in the row. */
function participantFacet<K extends "patient_id" | "provider_id" | "site_code">(
  column: K,
  type: string,
  how: {
    get(id: string): AppointmentRow[K] | undefined;
    reference(value: NonNullable<AppointmentRow[K]>, row: AppointmentRow): Reference;
  },
): AppointmentFacet {
  return {
    element: `Appointment.participant.actor(${type})`,
    columns: [column],
    get(appointment) {
      const id = idIn(participantOf(appointment, type));
      return { [column]: (id === undefined ? undefined : how.get(id)) ?? null };
    },
    put(appointment, row) {
      const old = participantOf(appointment, type);
      const value = row[column];
      const entry: AppointmentParticipant | undefined =
        value === null ? undefined : { status: "accepted", ...old, actor: how.reference(value, row) };
      replaceIn(appointment, "participant", old, entry);
      appointment.participant ??= [];
    },
  };
}

const patientFacet = participantFacet("patient_id", "Patient", {
  get: (id) => (/^[1-9]\d{0,8}$/.test(id) ? Number(id) : undefined),
  reference: (id, { patient_name: display }) => ({ reference: `Patient/${id}`, ...(display ? { display } : {}) }),
});
const providerFacet = participantFacet("provider_id", "Practitioner", {
  get: directoryCode,
  reference: (id, { provider_name: display }) => ({ ...practitionerReference(id), ...(display ? { display } : {}) }),
});
const siteFacet = participantFacet("site_code", "Location", { get: directoryCode, reference: locationReference });

const isoOf = (text: string | null | undefined): string | null => (text ? new Date(text).toISOString() : null);

const timeFacet: AppointmentFacet = {
  element: "Appointment.start",
  columns: ["starts_at", "ends_at"],
  get: ({ start, end }) => ({ starts_at: isoOf(start), ends_at: isoOf(end) }),
  put(appointment, { starts_at, ends_at }) {
    setOrDelete(appointment, "start", isoOf(starts_at));
    setOrDelete(appointment, "end", isoOf(ends_at));
    if (appointment.minutesDuration !== undefined && starts_at && ends_at)
      appointment.minutesDuration = (Date.parse(ends_at) - Date.parse(starts_at)) / 60_000;
  },
  unheld({ start, end }) {
    if (!start || !end) return "the calendar needs start and end";
    const minutes = (Date.parse(end) - Date.parse(start)) / 60_000;
    if (!Number.isInteger(minutes) || minutes < 1 || minutes > 24 * 60)
      return "an appointment takes whole minutes, at most a day";
    const wall = instantToWall(new Date(start).toISOString());
    if (!wall.endsWith(":00.000")) return "an appointment begins at a whole minute";
    return wallToInstant(wall) === isoOf(start)
      ? undefined
      : "the calendar cannot tell this time from the same reading an hour later, when clocks are set back";
  },
};

const codeIn = (concept: CodeableConcept | undefined, system: string): string | null =>
  concept?.coding?.find((coding) => coding.system === system)?.code ?? null;

/** Codings of other systems stay beside ours. */
function withCode(concept: CodeableConcept | undefined, system: string, code: string | null): CodeableConcept | null {
  const others = (concept?.coding ?? []).filter((coding) => coding.system !== system);
  const coding = code === null ? others : [...others, { system, code }];
  const merged: CodeableConcept = { ...concept, coding };
  dropEmpty(merged);
  return Object.keys(merged).length === 0 ? null : merged;
}

const visitTypes = codeSystemOf("APTYPE");
const cancelReasons = codeSystemOf("CXRSN");

const typeFacet: AppointmentFacet = {
  element: "Appointment.appointmentType",
  columns: ["visit_type"],
  get: ({ appointmentType }) => ({ visit_type: codeIn(appointmentType, visitTypes) }),
  put: (appointment, { visit_type }) =>
    setOrDelete(appointment, "appointmentType", withCode(appointment.appointmentType, visitTypes, visit_type)),
};

const cancelFacet: AppointmentFacet = {
  element: "Appointment.cancelationReason",
  columns: ["cancel_reason"],
  get: ({ cancelationReason }) => ({ cancel_reason: codeIn(cancelationReason, cancelReasons) }),
  put: (appointment, { cancel_reason }) =>
    setOrDelete(
      appointment,
      "cancelationReason",
      withCode(appointment.cancelationReason, cancelReasons, cancel_reason),
    ),
};

const reasonFacet: AppointmentFacet = {
  element: "Appointment.description",
  columns: ["reason"],
  get: ({ description }) => ({ reason: description?.trim() || null }),
  put: (appointment, { reason }) => setOrDelete(appointment, "description", reason),
  unheld: ({ description = "" }) =>
    asStored(description.trim(), 100) === description.trim()
      ? undefined
      : "the calendar holds a description of at most 100 characters of Windows-1252",
};

export const appointmentFacets: readonly AppointmentFacet[] = [
  patientFacet,
  providerFacet,
  siteFacet,
  statusFacet,
  timeFacet,
  typeFacet,
  cancelFacet,
  reasonFacet,
];
