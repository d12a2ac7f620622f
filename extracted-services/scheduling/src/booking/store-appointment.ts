/**
 * Writes an appointment's row, with what the legacy triggers did at every write: the names of patient and provider are copied
 * anew, the instants follow the day and time, the time of the change is stamped, and legacy is told in its own terms.
 */

import { changeOf, roundToDatetime, saveRow } from "@banyan/service-kit/mapping";
import type { WriteTransaction } from "@banyan/service-kit";
import { appointments, periodOf } from "../../mapping/appointments.ts";
import { type Appointment, claimsTime } from "../domain/appointment.ts";
import { appointmentRow } from "../store/appointments.ts";
import { isTaken, lockCalendar } from "./calendar.ts";

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
  if (!(await claim(tx, undefined, draft))) return { kind: "slot-taken" };
  const appointment = await derived(tx, { ...draft, id: await tx.nextId("tblAppointment") });
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
  if (!(await claim(tx, before, draft))) return { kind: "slot-taken" };
  const appointment = await derived(tx, draft);
  await saveRow(tx, appointments, appointmentRow(before), appointmentRow(appointment));
  return { kind: "stored", appointment: { ...appointment, version: before.version + 1 } };
}

/** Blocked time is the one thing that is ever deleted. */
export async function deleteAppointment(tx: WriteTransaction, before: Appointment): Promise<void> {
  await tx.db("appointments").where({ appointment_id: before.id }).delete();
  const change = changeOf(appointments, appointmentRow(before), null);
  if (change) tx.changed(change);
}

/** Gives false when the time the change needs is taken. */
async function claim(tx: WriteTransaction, before: Appointment | undefined, after: Appointment): Promise<boolean> {
  await lockCalendar(tx.db, after.provider);
  return !claimsTime(before, after) || !(await isTaken(tx.db, after));
}

type Copied = {
  readonly known: boolean;
  readonly name: string | null;
  readonly mrn: string | null;
  readonly phone: string | null;
  readonly providerKnown: boolean;
  readonly providerName: string | null;
};

/** With names, phone and instants as they are now. */
async function derived(tx: WriteTransaction, appointment: Appointment): Promise<Appointment> {
  const result: { rows: Copied[] } = await tx.db.raw(
    `SELECT p.patient_id IS NOT NULL AS "known",
       COALESCE(p.family_name, '') || ', ' || COALESCE(p.given_name, '') || COALESCE(' ' || p.middle_initial, '') AS "name",
       p.mrn AS "mrn", COALESCE(p.home_phone, p.mobile_phone) AS "phone",
       u.user_id IS NOT NULL AS "providerKnown", u.name AS "providerName"
     FROM (VALUES (?::int, ?::text)) AS v (patient, provider)
     LEFT JOIN patients AS p ON p.patient_id = v.patient
     LEFT JOIN staff AS u ON u.user_id COLLATE legacy_ci = v.provider`,
    [appointment.patientId, appointment.provider],
  );
  const copied = result.rows[0];
  const period = periodOf(appointment.day, appointment.time, appointment.minutes);
  return {
    ...appointment,
    startsAt: period.starts_at,
    endsAt: period.ends_at,
    ...(copied?.known ? { patientName: copied.name, patientMrn: copied.mrn, patientPhone: copied.phone } : {}),
    ...(copied?.providerKnown ? { providerName: copied.providerName } : {}),
  };
}

/** As SQL Server's datetime would hold it, so that both copies of the row are equal. */
const stampOf = (actor: Actor): string => new Date(roundToDatetime(actor.at.getTime())).toISOString();
