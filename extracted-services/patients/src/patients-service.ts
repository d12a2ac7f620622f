/** The patients service put together: what the kit's shell needs to run it. */

import type { ServiceOptions } from "@banyan/service-kit";
import { fhirFace } from "@banyan/service-kit/fhir";
import { legacyFace } from "@banyan/service-kit/legacy";
import type { Knex } from "knex";
import { fhirResources } from "./fhir/index.ts";
import { findBanner } from "./legacy/open-record.ts";
import { patientPages } from "./legacy/pages.ts";
import { patientsPolicy } from "./policy.ts";

/** @param options.machineKey the legacy web's: forms of either side post to the other */
export function patientsService(options: {
  readonly machineKey: string;
}): Pick<ServiceOptions, "name" | "module" | "version" | "policy" | "faces"> {
  const { machineKey } = options;
  return {
    name: "patients",
    module: "patient",
    version: "0.1.0",
    policy: patientsPolicy,
    faces: [
      fhirFace({ resources: fhirResources, cursorSecret: machineKey }),
      legacyFace<Knex>({ pages: patientPages, machineKey, store: ({ db }) => db, banner: findBanner }),
    ],
  };
}
