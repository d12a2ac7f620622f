/**
 * The form that checks a patient in. It posts to the monolith: checking in writes appointment, visit and payment in one
 * transaction over three modules, two of which have not moved.
 */

import { button, type Html, html, panel, textBox, usTime } from "@banyan/service-kit/legacy";
import type { ScheduleContext } from "./context.ts";
import type { LegacyAppointment } from "./terms.ts";

export function checkInBoxes(ctx: ScheduleContext, appointment: LegacyAppointment): Html {
  const inner = html`${usTime(appointment.ApptTm)} ${appointment.PatNm} &nbsp; Copay ${textBox("txtCopay", ctx.field("txtCopay"), { maxLength: 10, size: 8 })} ${button("btnCheckIn", "Check In")}`;
  return ctx.form(panel("Check in", inner), {
    action: `/Sched/CheckIn.aspx?aid=${appointment.ApptID}`,
    id: "frmCheckIn",
  });
}
