/** The FHIR resources of this service. */

import type { ResourceDefinition } from "@banyan/service-kit/fhir";
import { appointmentResource } from "./appointment.ts";
import { scheduleResource } from "./schedule.ts";
import { slotResource } from "./slot.ts";

export const fhirResources: readonly ResourceDefinition[] = [scheduleResource, slotResource, appointmentResource];
