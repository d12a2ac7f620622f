/**
 * Writes an appointment's row, with what the legacy triggers did at every write: the names of patient and provider are copied
 * anew, the instants follow the day and time, the time of the change is stamped, and legacy is told in its own terms.
 */

import { changeOf, roundToDatetime, saveRow } from "@banyan/service-kit/mapping";
import type { WriteTransaction } from "@banyan/service-kit";
import { appointments, periodOf } from "../../mapping/appointments.ts";
import type { Appointment } from "../domain/appointment.ts";
import { appointmentRow } from "../store/appointments.ts";
import { type CalendarView, lookIntoCalendar } from "./calendar.ts";

/** Who changes something, and when. */
export type Actor = { readonly user: string; readonly at: Date };

export type StoreResult =
  | { readonly kind: "stored"; readonly appointment: Appointment }
  | { readonly kind: "slot-taken" };

/** Blocked time is called by its reason, as far as the legacy column for names takes it. */
const nameCharsMax = 60;

/** What the caller decides of a new appointment; the rest is filled in here. */
export type NewAppointment = Pick<
  Appointment,
  | "patientId"
  | "provider"
  | "site"
  | "day"
  | "time"
  | "minutes"
  | "visitType"
  | "reason"
  | "overbooked"
  | "bookedThrough"
  | "status"
>;

/** @throws RefusedError ids-exhausted */
export async function insertAppointment(
  tx: WriteTransaction,
  wanted: NewAppointment,
  actor: Actor,
): Promise<StoreResult> {
  const at = stampOf(actor);
  const draft: Appointment = {
    ...wanted,
    id: 0,
    patientName: wanted.patientId === null ? (wanted.reason?.slice(0, nameCharsMax) ?? null) : null,
    patientMrn: null,
    patientPhone: null,
    providerName: null,
    startsAt: null,
    endsAt: null,
    cancelReason: null,
    reminderSent: false,
    checkedInAt: null,
    encounterId: null,
    createdBy: actor.user,
    createdAt: at,
    modifiedBy: actor.user,
    modifiedAt: at,
    deleted: false,
    version: 1,
    legacyResidue: null,
  };
  const seen = await lookIntoCalendar(tx.db, undefined, draft);
  if (seen.taken) return { kind: "slot-taken" };
  const appointment = completed({ ...draft, id: await tx.nextId("tblAppointment") }, seen);
  await saveRow(tx, appointments, null, appointmentRow(appointment));
  return { kind: "stored", appointment };
}

export type Change = Partial<
  Pick<
    Appointment,
    "provider" | "site" | "day" | "time" | "minutes" | "visitType" | "status" | "cancelReason" | "reason" | "overbooked"
  >
>;

/** @param before as it was read under lock. */
export async function updateAppointment(
  tx: WriteTransaction,
  before: Appointment,
  change: Change,
  actor: Actor,
): Promise<StoreResult> {
  const draft: Appointment = { ...before, ...change, modifiedBy: actor.user, modifiedAt: stampOf(actor) };
  const seen = await lookIntoCalendar(tx.db, before, draft);
  if (seen.taken) return { kind: "slot-taken" };
  const appointment = completed(draft, seen);
  await saveRow(tx, appointments, appointmentRow(before), appointmentRow(appointment));
  return { kind: "stored", appointment: { ...appointment, version: before.version + 1 } };
}

/** Blocked time is the one thing that is ever deleted. */
export async function deleteAppointment(tx: WriteTransaction, before: Appointment): Promise<void> {
  await tx.db("appointments").where({ appointment_id: before.id }).delete();
  const change = changeOf(appointments, appointmentRow(before), null);
  if (change) tx.changed(change);
}

/** With instants, and with names and phone as they are now. */
function completed(appointment: Appointment, seen: CalendarView): Appointment {
  const { patientName, patientMrn, patientPhone, providerName } = seen;
  const period = periodOf(appointment.day, appointment.time, appointment.minutes);
  return {
    ...appointment,
    startsAt: period.starts_at,
    endsAt: period.ends_at,
    ...(seen.patientKnown ? { patientName, patientMrn, patientPhone } : {}),
    ...(seen.providerKnown ? { providerName } : {}),
  };
}

/** As SQL Server's datetime would hold it, so that both copies of the row are equal. */
const stampOf = (actor: Actor): string => new Date(roundToDatetime(actor.at.getTime())).toISOString();
