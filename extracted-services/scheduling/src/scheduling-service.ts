/** The scheduling service put together: what the kit's shell needs to run it. */

import type { ServiceOptions } from "@banyan/service-kit";
import { fhirFace } from "@banyan/service-kit/fhir";
import { fhirResources } from "./fhir/index.ts";
import { scheduleFace } from "./legacy/index.ts";
import { policy } from "./policy.ts";

/** @param options.machineKey the legacy web's: forms and feed keys of either side are good on the other */
export function schedulingService(options: {
  readonly machineKey: string;
}): Pick<ServiceOptions, "name" | "module" | "version" | "policy" | "faces"> {
  return {
    name: "scheduling",
    module: "scheduling",
    version: "0.1.0",
    policy,
    faces: [fhirFace({ resources: fhirResources, cursorSecret: options.machineKey }), scheduleFace(options.machineKey)],
  };
}
