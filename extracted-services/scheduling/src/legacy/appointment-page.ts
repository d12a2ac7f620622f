/** What the pages about one appointment share. */

import { type Answer, html, usDate } from "@banyan/service-kit/legacy";
import type { Appointment } from "../domain/appointment.ts";
import { findAppointment } from "../store/appointments.ts";
import { accessTo, type ScheduleContext } from "./context.ts";
import type { LegacyAppointment } from "./terms.ts";

/** The appointment a page is about, once the policy allows it. */
export async function openAppointment(ctx: ScheduleContext, id: number): Promise<Appointment | undefined> {
  const appointment = await findAppointment(ctx.store, id);
  if (appointment) await ctx.authorise(accessTo(appointment, "appointment.open"));
  return appointment;
}

/** The day grid of an appointment's day and provider; parameters in this order. */
export function dayViewUrl(where: Pick<LegacyAppointment, "ApptDt" | "ProvID" | "LocCd">): string {
  return `/Sched/DayView.aspx?dt=${usDate(where.ApptDt)}&prov=${where.ProvID}&loc=${where.LocCd}`;
}

export function notFound(ctx: ScheduleContext): Promise<Answer> {
  return ctx.page({
    title: "Appointment",
    error: "Appointment not found.",
    body: html`<p><a href="/Sched/DayView.aspx">Schedule</a></p>`,
  });
}
