/** The patients' portal (row 44 of the inventory): its own log-in, own cookie below /Portal, own data or that of one proxied patient. */

import type { Page } from "../kit/index.ts";
import { portalHomePage } from "./home.ts";
import { portalLoginPage } from "./login.ts";
import { messagesPage } from "./messages.ts";
import { myAppointmentsPage } from "./my-appointments.ts";
import { myResultsPage } from "./my-results.ts";

export const portalPages: readonly Page[] = [
  portalLoginPage,
  portalHomePage,
  myAppointmentsPage,
  myResultsPage,
  messagesPage,
];
