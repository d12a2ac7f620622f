/**
 * An appointment: some minutes of a provider's time, given to a patient or blocked. The day and the time on the clinic's clock
 * are what was agreed; the instants say what that means elsewhere.
 */

/** In the order a visit goes through them; the last two end it otherwise. */
const knownStatuses = ["scheduled", "confirmed", "arrived", "roomed", "completed", "no-show", "cancelled"] as const;

/** A status the clinic made up keeps its code behind `local:`; null is a blank one. */
export type AppointmentStatus = (typeof knownStatuses)[number] | `local:${string}` | null;

export type BookingChannel = "desk" | "portal" | "interface" | `local:${string}` | null;

export type Appointment = {
  readonly id: number;
  /** Null: blocked time. */
  readonly patientId: number | null;
  /** Name (LAST, FIRST M), MRN and phone of the patient and name of the provider when it was last written; blocked time has its reason as name. */
  readonly patientName: string | null;
  readonly patientMrn: string | null;
  readonly patientPhone: string | null;
  readonly providerName: string | null;
  /** Staff id. */
  readonly provider: string;
  readonly site: string;
  /** `YYYY-MM-DD` at the clinic. Null when the legacy row holds no readable one; so with the next three. */
  readonly day: string | null;
  /** `HH:MM:SS` on the clinic's clock. */
  readonly time: string | null;
  /** ISO 8601, UTC. */
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  readonly minutes: number;
  /** Code of the set APTYPE. */
  readonly visitType: string | null;
  readonly status: AppointmentStatus;
  /** Code of the set CXRSN. */
  readonly cancelReason: string | null;
  readonly reason: string | null;
  /** Squeezed in beside another one. */
  readonly overbooked: boolean;
  readonly reminderSent: boolean;
  readonly checkedInAt: string | null;
  /** The visit it led to. */
  readonly encounterId: number | null;
  readonly bookedThrough: BookingChannel;
  readonly createdBy: string | null;
  readonly createdAt: string;
  readonly modifiedBy: string | null;
  readonly modifiedAt: string;
  readonly deleted: boolean;
  /** Raised by every change, whoever made it. */
  readonly version: number;
  /** What only the mapping understands: see the kit's residue. */
  readonly legacyResidue: unknown;
};

/** May still be moved, cancelled or checked in. */
export const isOpen = (status: AppointmentStatus): boolean => status === "scheduled" || status === "confirmed";

/** Whether the provider's time is given to it. */
const takesTime = ({ status, deleted }: Pick<Appointment, "status" | "deleted">): boolean =>
  !deleted && status !== "cancelled" && status !== "no-show";

/** Statuses a desk may set by hand; the others come from check-in, cancelling and the visit. */
export function settableFrom(current: AppointmentStatus): readonly AppointmentStatus[] {
  if (isOpen(current)) return ["scheduled", "confirmed"];
  return current === "arrived" || current === "roomed" ? ["arrived", "roomed"] : [current];
}

/**
 * Whether a change claims time that the appointment did not have: only then is the provider's calendar asked. A new status of
 * a booked slot beside an overbooked one must pass.
 */
export function claimsTime(before: Appointment | undefined, after: Appointment): boolean {
  if (after.overbooked || !takesTime(after)) return false;
  if (!before || before.overbooked || !takesTime(before)) return true;
  return (
    before.provider.toUpperCase() !== after.provider.toUpperCase() ||
    before.day !== after.day ||
    before.time !== after.time ||
    before.minutes < after.minutes
  );
}
