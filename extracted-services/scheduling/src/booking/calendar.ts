/**
 * A provider's calendar as a booking sees it. Whoever claims time first locks the calendar until the transaction ends; so of
 * two desks after one slot the second looks again when the first has committed. The table itself allows overlaps, since the
 * legacy system holds overbooked rows and may book at the same moment on its own side.
 */

import type { Knex } from "knex";
import type { Appointment } from "../domain/appointment.ts";
import { minuteOf } from "../domain/free-slots.ts";

export type ClaimedTime = Pick<Appointment, "id" | "provider" | "day" | "time" | "minutes">;

/** Waits for whoever claims time of the same provider. */
export async function lockCalendar(db: Knex.Transaction, provider: string): Promise<void> {
  await db.raw("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", [`calendar ${provider.toUpperCase()}`]);
}

/**
 * Whether another appointment takes some of the time. Minutes on the clinic's clock of one day are compared, as the desks see
 * it: on the night the clocks go back nobody is booked into the same hour twice. The calendar must be locked.
 */
export async function isTaken(db: Knex.Transaction, claim: ClaimedTime): Promise<boolean> {
  if (claim.day === null || claim.time === null) return false;
  const start = minuteOf(claim.time);
  const result: { rows: unknown[] } = await db.raw(
    `SELECT 1 FROM appointments AS a
     WHERE a.provider_id = ? AND a.local_date = ? AND a.appointment_id <> ? AND NOT a.deleted
       AND a.status IS DISTINCT FROM 'cancelled' AND a.status IS DISTINCT FROM 'no-show'
       AND EXTRACT(EPOCH FROM a.local_time) / 60 < ? AND EXTRACT(EPOCH FROM a.local_time) / 60 + a.duration_minutes > ?
     LIMIT 1`,
    [claim.provider, claim.day, claim.id, start + claim.minutes, start],
  );
  return result.rows.length > 0;
}
