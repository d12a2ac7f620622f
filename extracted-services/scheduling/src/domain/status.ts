/** Where an appointment stands, and what that allows. */

/** In the order a visit goes through them; the last three end it otherwise. `unknown`: the legacy code means nothing to us. */
export const appointmentStatuses = [
  "scheduled",
  "confirmed",
  "arrived",
  "roomed",
  "completed",
  "no-show",
  "cancelled",
  "unknown",
] as const;
export type AppointmentStatus = (typeof appointmentStatuses)[number];

/** May still be moved, cancelled or checked in. */
export const isOpen = (status: AppointmentStatus): boolean => status === "scheduled" || status === "confirmed";

/** Whether the provider's time is given to it. */
export const takesTime = (status: AppointmentStatus): boolean => status !== "cancelled" && status !== "no-show";

/** Statuses a desk may set by hand; the others come from check-in, cancelling and the visit. */
export function settableFrom(current: AppointmentStatus): readonly AppointmentStatus[] {
  if (isOpen(current)) return ["scheduled", "confirmed"];
  return current === "arrived" || current === "roomed" ? ["arrived", "roomed"] : [current];
}

/** Through whom the appointment was made. */
export const bookingChannels = ["desk", "portal", "interface", "unknown"] as const;
export type BookingChannel = (typeof bookingChannels)[number];
