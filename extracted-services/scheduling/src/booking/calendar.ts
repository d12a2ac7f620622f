/**
 * A provider's calendar as a write sees it. Whoever claims time locks the calendar until the transaction ends; so of two desks
 * after one slot the second looks again when the first has committed. The table itself allows overlaps, since the legacy system
 * holds overbooked rows and may book at the same moment on its own side.
 */

import type { Knex } from "knex";
import { type Appointment, claimsTime } from "../domain/appointment.ts";
import { minuteOf } from "../domain/free-slots.ts";

/** What `look_into_calendar` (migrations/scheduling) finds. Names are null for who is not known. */
export type CalendarView = {
  /** Another appointment has some of the time that this one claims. */
  readonly taken: boolean;
  readonly patientKnown: boolean;
  readonly patientName: string | null;
  readonly patientMrn: string | null;
  readonly patientPhone: string | null;
  readonly providerKnown: boolean;
  readonly providerName: string | null;
};

/** Waits for whoever claims time of the same provider, when the change claims any. */
export async function lookIntoCalendar(
  db: Knex.Transaction,
  before: Appointment | undefined,
  after: Appointment,
): Promise<CalendarView> {
  const { id, provider, day, time, minutes, patientId } = after;
  const start = time === null ? 0 : minuteOf(time);
  const claims = day !== null && time !== null && claimsTime(before, after);
  const result: { rows: CalendarView[] } = await db.raw(
    `SELECT taken AS "taken", patient_known AS "patientKnown", patient_name AS "patientName", patient_mrn AS "patientMrn",
       patient_phone AS "patientPhone", provider_known AS "providerKnown", provider_name AS "providerName"
     FROM look_into_calendar(?, ?, ?, ?, ?, ?, ?)`,
    [claims, id, provider, day, start, start + minutes, patientId],
  );
  return result.rows[0] ?? nothing;
}

const nothing: CalendarView = {
  taken: false,
  patientKnown: false,
  patientName: null,
  patientMrn: null,
  patientPhone: null,
  providerKnown: false,
  providerName: null,
};
