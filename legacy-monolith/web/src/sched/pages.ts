/** Day grid, booking, check-in and the appointment feed (rows 17-24 of the inventory). */

import type { Page, Role } from "../kit/index.ts";
import { cancelAppointment, cancelForm } from "./cancel.ts";
import { checkIn, checkInForm } from "./check-in.ts";
import { dayView } from "./day-view.ts";
import { editAppointment, saveAppointment } from "./edit.ts";
import { appointmentFeed } from "./feed.ts";
import { scheduleService } from "./service.ts";

/** Everyone but the lab bench and the report readers may change the schedule. */
const bookers: readonly Role[] = ["FDSK", "NURS", "PHYS", "BILL", "ADMN"];

export const schedulingPages: readonly Page[] = [
  { path: "/Sched/DayView.aspx", module: "sched", kind: "html", access: "staff", get: dayView },
  {
    path: "/Services/ScheduleService.asmx",
    module: "sched",
    kind: "asmx",
    access: bookers,
    service: scheduleService,
  },
  {
    path: "/Sched/ApptEdit.aspx",
    module: "sched",
    kind: "html",
    access: bookers,
    get: editAppointment,
    post: saveAppointment,
  },
  {
    path: "/Sched/ApptCancel.aspx",
    module: "sched",
    kind: "html",
    access: bookers,
    get: cancelForm,
    post: cancelAppointment,
  },
  { path: "/Sched/CheckIn.aspx", module: "sched", kind: "html", access: bookers, get: checkInForm, post: checkIn },
  { path: "/Handlers/ApptFeed.ashx", module: "sched", kind: "ashx", access: "anonymous", get: appointmentFeed },
];
