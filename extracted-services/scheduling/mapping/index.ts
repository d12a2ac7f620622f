/** The two-way mapping between the legacy schedule and this service's model, for the legacy adapter. */

import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { appointments } from "./appointments.ts";
import { allergies, codes, patients, sites, staff } from "./reference-copies.ts";
import { workingHours } from "./working-hours.ts";

export const schedulingMapping: ServiceMapping = {
  service: "scheduling",
  module: "scheduling",
  tables: [codes, sites, staff, patients, allergies, workingHours, appointments],
};
