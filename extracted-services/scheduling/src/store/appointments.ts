/** Reads of appointments. Text is compared as the legacy system compares it: without regard to case. */

import type { TargetRow } from "@banyan/service-kit/mapping";
import type { Knex } from "knex";
import type { Appointment } from "../domain/appointment.ts";
import type { TakenTime } from "../domain/free-slots.ts";
import { selectList } from "./select-list.ts";

const appointmentColumns = {
  id: "appointment_id",
  patientId: "patient_id",
  patientName: "patient_name",
  patientMrn: "patient_mrn",
  patientPhone: "patient_phone",
  providerName: "provider_name",
  provider: "provider_id",
  site: "site_code",
  day: "local_date",
  time: "local_time",
  startsAt: "starts_at",
  endsAt: "ends_at",
  minutes: "duration_minutes",
  visitType: "visit_type",
  status: "status",
  cancelReason: "cancel_reason",
  reason: "reason",
  overbooked: "overbooked",
  reminderSent: "reminder_sent",
  checkedInAt: "checked_in_at",
  encounterId: "encounter_id",
  bookedThrough: "booked_through",
  createdBy: "created_by",
  createdAt: "created_at",
  modifiedBy: "modified_by",
  modifiedAt: "modified_at",
  deleted: "deleted",
  version: "version",
  legacyResidue: "legacy_residue",
} as const satisfies Record<keyof Appointment, string>;

/** `a.appointment_id AS "id", …`: gives rows of type Appointment. The table must be called `a`. */
const appointmentList: string = selectList(appointmentColumns, "a");

/** The row of an appointment, as the mapping takes it. */
export function appointmentRow(appointment: Appointment): TargetRow {
  return Object.fromEntries(
    Object.entries(appointmentColumns).map(([name, column]) => [column, appointment[name as keyof Appointment]]),
  ) as TargetRow;
}

const standing = "a.status IS DISTINCT FROM 'cancelled' AND a.status IS DISTINCT FROM 'no-show'";

async function query<Row>(db: Knex, statement: string, bindings: readonly (string | number)[]): Promise<Row[]> {
  const result: { rows: Row[] } = await db.raw(statement, bindings);
  return result.rows;
}

/** An appointment that is not deleted. @param options.lock keeps others from changing it until the transaction ends. */
export async function findAppointment(
  db: Knex,
  id: number,
  options: { readonly lock?: boolean } = {},
): Promise<Appointment | undefined> {
  const rows = await query<Appointment>(
    db,
    `SELECT ${appointmentList} FROM appointments AS a WHERE a.appointment_id = ? AND NOT a.deleted${options.lock ? " FOR UPDATE" : ""}`,
    [id],
  );
  return rows[0];
}

/** A site's day, cancelled appointments left out. @param where.provider "" for everybody. */
export function appointmentsOfDay(
  db: Knex,
  where: { readonly day: string; readonly site: string; readonly provider: string },
): Promise<Appointment[]> {
  const one = where.provider === "" ? "" : "AND a.provider_id = ?";
  return query(
    db,
    `SELECT ${appointmentList} FROM appointments AS a
     WHERE a.site_code = ? AND a.local_date = ? ${one} AND NOT a.deleted AND a.status IS DISTINCT FROM 'cancelled'
     ORDER BY a.provider_id, a.local_time NULLS FIRST, a.appointment_id`,
    [where.site, where.day, ...(where.provider === "" ? [] : [where.provider])],
  );
}

type ProviderDays = { readonly provider: string; readonly from: string; readonly to: string };

/** What takes a provider's time, at whatever site. */
export function takenTimes(db: Knex, where: ProviderDays): Promise<TakenTime[]> {
  return query(
    db,
    `SELECT a.local_date AS "day", a.local_time AS "time", a.duration_minutes AS "minutes" FROM appointments AS a
     WHERE a.provider_id = ? AND a.local_date BETWEEN ? AND ? AND NOT a.deleted AND ${standing}`,
    [where.provider, where.from, where.to],
  );
}

/** A provider's calendar, in order of time, with the name of each site. */
export function calendarOf(
  db: Knex,
  where: ProviderDays,
): Promise<(Appointment & { readonly siteName: string | null })[]> {
  return query(
    db,
    `SELECT ${appointmentList}, s.name AS "siteName" FROM appointments AS a
     LEFT JOIN sites AS s ON s.site_code = a.site_code COLLATE legacy_ci
     WHERE a.provider_id = ? AND a.local_date BETWEEN ? AND ? AND NOT a.deleted AND ${standing}
     ORDER BY a.local_date, a.local_time NULLS FIRST, a.appointment_id`,
    [where.provider, where.from, where.to],
  );
}
