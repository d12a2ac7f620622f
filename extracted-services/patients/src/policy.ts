/**
 * Who may do what with patient records. Lists of people (search, type-ahead), the photo and the partner's XML show restricted
 * records as the legacy system does; a restricted chart opens by break-glass for that one patient only.
 */

import { definePolicy } from "@banyan/service-kit";
import { fhirPolicy } from "@banyan/service-kit/fhir";
import { fhirResources } from "./fhir/index.ts";

const staff = ["FDSK", "NURS", "PHYS", "LABT", "BILL", "RPTS", "ADMN"] as const;
/** Everyone but the lab bench and the report readers may change demographics. */
const registrars = ["FDSK", "NURS", "PHYS", "BILL", "ADMN"] as const;

const fhir = fhirPolicy(fhirResources);

export const patientsPolicy = definePolicy({
  actions: {
    ...fhir.actions,
    "patient.search": { operation: "E", subtype: "search" },
    "patient.read": { operation: "R", subtype: "read" },
    "patient.chart": { operation: "R", subtype: "chart" },
    "patient.photo": { operation: "R", subtype: "photo" },
    "patient.export": { operation: "R", subtype: "export" },
    "patient.edit-form": { operation: "R", subtype: "edit-form" },
    "patient.edit": { operation: "U", subtype: "update" },
    "patient.register-form": { operation: "R", subtype: "register-form" },
    "patient.register": { operation: "C", subtype: "create" },
    "patient.break-glass-form": { operation: "R", subtype: "break-glass-form" },
    "patient.break-glass": { operation: "E", subtype: "break-glass" },
    "patient.describe": { operation: "E", subtype: "describe", unaudited: true },
  },
  rules: [
    ...fhir.rules,
    {
      id: "PAT-1",
      who: staff,
      may: ["patient.read", "patient.chart"],
      why: "treatment, payment and operations; a restricted chart by break-glass only",
    },
    {
      id: "PAT-2",
      who: staff,
      may: ["patient.search", "patient.photo", "patient.export", "patient.describe"],
      restricted: "open",
      why: "finding the right person shows identifying data only, restricted records among them as on the old screens",
    },
    {
      id: "PAT-3",
      who: registrars,
      may: ["patient.edit-form", "patient.edit"],
      why: "registration, care and billing keep demographics",
    },
    { id: "PAT-4", who: registrars, may: ["patient.register-form", "patient.register"], why: "registration" },
    {
      id: "PAT-5",
      who: staff,
      may: ["patient.break-glass-form", "patient.break-glass"],
      restricted: "open",
      why: "emergency access with a reason, one patient a session (45 CFR 164.312(a)(2)(ii))",
    },
  ],
});
