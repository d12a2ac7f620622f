/** The CapabilityStatement of one service, made of the declarations that drive its behaviour, so that the two cannot differ. */

import type { CapabilityStatement, CapabilityStatementRestResource } from "fhir/r4.js";
import type { ServedResource } from "./exchange.ts";
import { searchableOf } from "./interactions/search.ts";

export type Software = { readonly name: string; readonly version: string };

export function capabilityStatement(
  definitions: Iterable<ServedResource>,
  { base, software, date }: { readonly base: string; readonly software: Software; readonly date: string },
): CapabilityStatement {
  const resources = [...definitions].map(resourceOf);
  const withProvenance = resources.some((resource) => resource.searchRevInclude !== undefined);
  return {
    resourceType: "CapabilityStatement",
    status: "active",
    date,
    kind: "instance",
    software: { name: software.name, version: software.version },
    implementation: { description: "FHIR R4 face of the extracted services", url: base },
    fhirVersion: "4.0.1",
    format: ["json"],
    implementationGuide: ["http://hl7.org/fhir/us/core/ImplementationGuide/hl7.fhir.us.core|6.1.0"],
    rest: [
      {
        mode: "server",
        security: {
          service: [
            {
              coding: [
                { system: "http://terminology.hl7.org/CodeSystem/restful-security-service", code: "SMART-on-FHIR" },
              ],
            },
          ],
          description:
            "Callers are known by the session or token the proxy verifies. 401 without one; 403 without a SMART 2 scope or where the policy denies.",
        },
        resource: [...resources, ...(withProvenance ? [provenance] : [])],
      },
    ],
  };
}

function resourceOf(definition: ServedResource): CapabilityStatementRestResource {
  const searchable = searchableOf(definition);
  const reads = definition.interactions.includes("read");
  return {
    type: definition.type,
    ...(definition.profile ? { profile: definition.profile.url, supportedProfile: [definition.profile.url] } : {}),
    ...(definition.documentation === undefined ? {} : { documentation: definition.documentation }),
    interaction: definition.interactions.map((code) => ({ code })),
    versioning: "versioned-update",
    readHistory: definition.interactions.includes("vread"),
    updateCreate: false,
    conditionalCreate: definition.interactions.includes("create"),
    ...(reads ? { conditionalRead: "full-support" } : {}),
    conditionalUpdate: false,
    conditionalDelete: "not-supported",
    referencePolicy: ["literal"],
    searchInclude: searchable.includes.map((name) => `${definition.type}:${name}`),
    ...(searchable.provenance ? { searchRevInclude: ["Provenance:target"] } : {}),
    searchParam: searchable.parameters.map(({ name, definition: url, type }) => ({ name, definition: url, type })),
  };
}

/** Given along with what it is about, and by its id; never searched. */
const provenance: CapabilityStatementRestResource = {
  type: "Provenance",
  profile: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-provenance",
  documentation: "Computed from the versions of its target; readable with the scope of the target.",
  interaction: [{ code: "read" }],
};
