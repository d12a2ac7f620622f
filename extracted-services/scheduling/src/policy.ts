/**
 * Who may do what with the schedule. The legacy pages show a restricted patient's appointment to every desk without
 * break-glass (the day sheet could not be run otherwise), and so do these; what the chart holds is another module's.
 */

import { definePolicy, type Policy, type Who } from "@banyan/service-kit";
import { fhirPolicy } from "@banyan/service-kit/fhir";
import { fhirResources } from "./fhir/index.ts";

const everybody: readonly Who[] = ["FDSK", "NURS", "PHYS", "LABT", "BILL", "RPTS", "ADMN"];
/** Everyone but the lab bench and the report readers may change the schedule. */
const bookers: readonly Who[] = ["FDSK", "NURS", "PHYS", "BILL", "ADMN"];

const fhir = fhirPolicy(fhirResources);

export const policy: Policy = definePolicy({
  actions: {
    ...fhir.actions,
    "schedule.view": { operation: "R", subtype: "day" },
    "schedule.feed": { operation: "R", subtype: "feed" },
    "schedule.feed-without-key": { operation: "R", subtype: "feed-refused" },
    "schedule.slots": { operation: "E", subtype: "slots" },
    "schedule.describe": { operation: "R", subtype: "description", unaudited: true },
    "appointment.open": { operation: "R", subtype: "read" },
    "appointment.book": { operation: "C", subtype: "book" },
    "appointment.edit": { operation: "U", subtype: "update" },
    "appointment.move": { operation: "U", subtype: "move" },
    "appointment.cancel": { operation: "U", subtype: "cancel" },
    "blocked-time.release": { operation: "D", subtype: "delete" },
  },
  rules: [
    ...fhir.rules,
    {
      id: "S1",
      who: everybody,
      may: ["schedule.view"],
      restricted: "open",
      why: "who comes today is needed at every bench; the day shows names and types of visits, no chart",
    },
    {
      id: "S2",
      who: bookers,
      may: [
        "schedule.slots",
        "schedule.describe",
        "appointment.open",
        "appointment.book",
        "appointment.edit",
        "appointment.move",
        "appointment.cancel",
        "blocked-time.release",
      ],
      restricted: "open",
      why: "whoever talks to patients books them, at whatever site they ask for",
    },
    {
      id: "S3",
      who: [...everybody, "anonymous"],
      may: ["schedule.feed", "schedule.feed-without-key"],
      restricted: "open",
      why: "calendar programs send no identity; the page checks the provider's key itself and sends whoever lacks it to the log-in",
    },
  ],
});
