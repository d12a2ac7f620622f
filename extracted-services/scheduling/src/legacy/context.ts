/** What the legacy pages of this service work on: the request, and the service's own database to read from. */

import type { LegacyContext, LegacyPage, LegacyService } from "@banyan/service-kit/legacy";
import type { Knex } from "knex";
import type { Actor } from "../booking/store-appointment.ts";
import type { Appointment } from "../domain/appointment.ts";

export type ScheduleContext = LegacyContext<Knex>;
export type SchedulePage = LegacyPage<Knex>;
export type ScheduleService = LegacyService<Knex>;

/** Who the page acts for. */
export const actorOf = (ctx: ScheduleContext): Actor => ({ user: ctx.user.usrId.slice(0, 8), at: ctx.instant() });

/** An access to one appointment, for policy and audit. */
export function accessTo(appointment: Appointment, action: string) {
  const { id, version, patientId, site } = appointment;
  return {
    action,
    site,
    object: { type: "Appointment", id, version },
    ...(patientId === null ? {} : { patient: { id: patientId } }),
  };
}
