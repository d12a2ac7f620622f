/** The FHIR resources of this service. */

import type { ResourceDefinition } from "@banyan/service-kit/fhir";
import { locationResource } from "./location.ts";
import { organizationResource } from "./organization.ts";
import { patientResource } from "./patient.ts";
import { practitionerResource } from "./practitioner.ts";
import { practitionerRoleResource } from "./practitioner-role.ts";
import { relatedPersonResource } from "./related-person.ts";

export const fhirResources: readonly ResourceDefinition[] = [
  patientResource,
  relatedPersonResource,
  practitionerResource,
  practitionerRoleResource,
  locationResource,
  organizationResource,
];
