/** The legacy face: day grid, slots, booking, moving, editing, cancelling and the calendar feed at their old addresses. */

import type { Face } from "@banyan/service-kit";
import { feedKeys, legacyFace, type Role } from "@banyan/service-kit/legacy";
import type { Knex } from "knex";
import { bannerOf } from "./banner.ts";
import { cancelAppointment, cancelForm } from "./cancel.ts";
import type { SchedulePage } from "./context.ts";
import { dayView } from "./day-view.ts";
import { editAppointment, saveAppointment } from "./edit.ts";
import { appointmentFeed } from "./feed.ts";
import { scheduleService } from "./schedule-service.ts";

/** Everyone but the lab bench and the report readers may change the schedule. */
const bookers: readonly Role[] = ["FDSK", "NURS", "PHYS", "BILL", "ADMN"];

/** Check-in is not among them: it writes three modules at once and stays in the monolith. */
function pages(feedKey: (provider: string) => string): readonly SchedulePage[] {
  return [
    {
      path: "/Sched/DayView.aspx",
      module: "sched",
      kind: "html",
      access: "staff",
      get: dayView(feedKey),
      does: { get: "schedule.view" },
    },
    {
      path: "/Services/ScheduleService.asmx",
      module: "sched",
      kind: "asmx",
      access: bookers,
      service: scheduleService,
      does: {
        get: "schedule.describe",
        methods: {
          GetSlots: "schedule.slots",
          BookAppointment: "appointment.book",
          MoveAppointment: "appointment.move",
        },
      },
    },
    {
      path: "/Sched/ApptEdit.aspx",
      module: "sched",
      kind: "html",
      access: bookers,
      get: editAppointment,
      post: saveAppointment,
      does: { get: "appointment.open", post: "appointment.edit" },
    },
    {
      path: "/Sched/ApptCancel.aspx",
      module: "sched",
      kind: "html",
      access: bookers,
      get: cancelForm,
      post: cancelAppointment,
      does: { get: "appointment.open", post: "appointment.cancel" },
    },
    {
      path: "/Handlers/ApptFeed.ashx",
      module: "sched",
      kind: "ashx",
      access: "anonymous",
      get: appointmentFeed(feedKey),
      does: { get: "schedule.feed" },
    },
  ];
}

/** @param machineKey the monolith's: forms and feed keys of either side are good on the other */
export function scheduleFace(machineKey: string): Face {
  return legacyFace<Knex>({
    pages: pages(feedKeys(machineKey)),
    machineKey,
    store: (service) => service.db,
    banner: bannerOf,
  });
}
