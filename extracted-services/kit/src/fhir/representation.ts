/** How a stored version is shown: with its id and version in `meta`, its ETag, and its Provenance. */

import type { Provenance, Resource } from "fhir/r4.js";
import { practiceReference, practitionerReference } from "./directory.ts";
import type { Version } from "./store.ts";

/** The resource as clients see it. The version must not be a deletion. */
export function present<R extends Resource>(version: Version<R>): R {
  const { resource } = version;
  if (!resource) throw new TypeError("a deletion has no resource to present");
  const { resourceType, id: _id, meta, ...rest } = resource;
  return {
    resourceType,
    id: version.id,
    meta: { ...meta, versionId: String(version.number), lastUpdated: version.changedAt },
    ...rest,
  } as unknown as R;
}

export const etagOf = (version: Version): string => `W/"${version.number}"`;

/** @returns the version an If-Match names; undefined when it names none or several. */
export function versionNamed(ifMatch: string | undefined): number | undefined {
  const found = /^\s*(?:W\/)?"(\d{1,15})"\s*$/.exec(ifMatch ?? "");
  return found ? Number(found[1]) : undefined;
}

/** Whether the client has this version already. If-None-Match rules; If-Modified-Since counts only without it (RFC 9110, 13.1.3). */
export function isFresh(
  version: Version,
  ifNoneMatch: string | undefined,
  ifModifiedSince: string | undefined,
): boolean {
  if (ifNoneMatch !== undefined)
    return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((tag) => versionNamed(tag) === version.number);
  const since = Date.parse(ifModifiedSince ?? "");
  return Math.floor(Date.parse(version.changedAt) / 1_000) * 1_000 <= since;
}

/** Id of the Provenance of a version; `provenanceTarget` reads it back. */
const provenanceId = (type: string, version: Version): string => `${type}-${version.id}-${version.number}`;

export function provenanceTarget(id: string): { type: string; id: string; number: number } | undefined {
  const found = /^([A-Z][A-Za-z]+)-(.+)-(\d{1,15})$/.exec(id);
  return found ? { type: String(found[1]), id: String(found[2]), number: Number(found[3]) } : undefined;
}

const agentTypes = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";

/** Who wrote a version and who passes it on, as US Core's Provenance asks. Computed, never stored. */
export function provenanceOf(type: string, version: Version): Provenance {
  const who = version.changedBy === undefined ? practiceReference : practitionerReference(version.changedBy);
  return {
    resourceType: "Provenance",
    id: provenanceId(type, version),
    meta: { profile: ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-provenance"] },
    target: [{ reference: `${type}/${version.id}/_history/${version.number}` }],
    recorded: version.changedAt,
    agent: [
      { type: { coding: [{ system: agentTypes, code: "author" }] }, who, onBehalfOf: practiceReference },
      {
        type: {
          coding: [
            {
              system: "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type",
              code: "transmitter",
            },
          ],
        },
        who: practiceReference,
      },
    ],
  };
}
