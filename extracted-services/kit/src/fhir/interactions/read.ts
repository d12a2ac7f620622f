/** read, vread and history of one resource. Source: FHIR R4 http.html, sections 2.21.0.2 to 2.21.0.4 and 2.21.0.10. */

import type { Bundle, BundleEntry } from "fhir/r4.js";
import { accessTo, boundsOf, isWithin, requireAllowed } from "../access.ts";
import type { Interaction } from "../definition.ts";
import type { ServedResource, Answer, FhirRequest } from "../exchange.ts";
import { limits } from "../limits.ts";
import { FhirRefusal } from "../refusal.ts";
import { etagOf, isFresh, present } from "../representation.ts";
import type { Version } from "../store.ts";

export async function read(request: FhirRequest, definition: ServedResource, id: string): Promise<Answer> {
  const version = await definition.store.read(id);
  await requireVisible(request, definition, "read", version);
  if (!version) throw notFound();
  if (!version.resource) throw deleted();
  if (isFresh(version, request.header("if-none-match"), request.header("if-modified-since")))
    return { status: 304, headers: versionHeaders(version) };
  return { status: 200, headers: versionHeaders(version), body: present(version) };
}

export async function readVersion(
  request: FhirRequest,
  definition: ServedResource,
  id: string,
  number: string,
): Promise<Answer> {
  const version = /^\d{1,15}$/.test(number) ? await definition.store.readVersion(id, Number(number)) : undefined;
  await requireVisible(request, definition, "vread", version);
  if (!version) throw notFound();
  if (!version.resource) throw deleted();
  return { status: 200, headers: versionHeaders(version), body: present(version) };
}

export async function history(request: FhirRequest, definition: ServedResource, id: string): Promise<Answer> {
  const current = await definition.store.read(id);
  await requireVisible(request, definition, "history-instance", current);
  if (!current) throw notFound();
  const { count, below } = pageOf(request, definition.type, id);
  const found = await definition.store.history(id, count + 1, below);
  const versions = found.slice(0, count);
  const address = `${request.base}/${definition.type}/${id}`;
  const last = versions.at(-1);
  const place = last && {
    type: historyOf(definition.type, id),
    pairs: [["_count", String(count)] as [string, string]],
    after: [String(last.number)],
  };
  const bundle: Bundle = {
    resourceType: "Bundle",
    type: "history",
    link: [
      { relation: "self", url: `${address}/_history` },
      ...(found.length > count && place
        ? [{ relation: "next", url: `${address}/_history?_cursor=${request.server.cursors.seal(place)}` }]
        : []),
    ],
    entry: versions.map((version) => historyEntry(version, definition.type, address)),
  };
  return { status: 200, body: bundle };
}

const historyOf = (type: string, id: string): string => `${type}/${id}/_history`;

function pageOf(request: FhirRequest, type: string, id: string): { count: number; below: number | undefined } {
  const asked = new Map(request.query);
  const cursor = asked.get("_cursor");
  const place = cursor === undefined ? undefined : request.server.cursors.open(cursor);
  if (place && place.type !== historyOf(type, id))
    throw new FhirRefusal("parameter", "_cursor belongs to another search");
  const wanted = place?.pairs[0]?.[1] ?? asked.get("_count") ?? String(limits.historyEntriesMax);
  if (!/^[1-9]\d{0,8}$/.test(wanted)) throw new FhirRefusal("parameter", "_count is a whole number above 0");
  const below = place?.after[0];
  return {
    count: Math.min(Number(wanted), limits.historyEntriesMax),
    below: below == null ? undefined : Number(below),
  };
}

function historyEntry(version: Version, type: string, address: string): BundleEntry {
  const made = version.resource ? (version.number === 1 ? "POST" : "PUT") : "DELETE";
  return {
    fullUrl: address,
    ...(version.resource
      ? {
          resource: present<NonNullable<BundleEntry["resource"]>>(version),
        }
      : {}),
    request: { method: made, url: made === "POST" ? type : `${type}/${version.id}` },
    response: {
      status: made === "POST" ? "201" : made === "PUT" ? "200" : "204",
      etag: etagOf(version),
      lastModified: version.changedAt,
    },
  };
}

/** Asks the policy, which audits, before anything is said of the resource, its absence included. @throws FhirRefusal */
export async function requireVisible(
  request: FhirRequest,
  definition: ServedResource,
  interaction: Interaction,
  version: Version | undefined,
): Promise<void> {
  const { context } = request;
  const decision = await context.authorise(
    accessTo(context.principal, definition, interaction, version ? { version } : {}),
  );
  const bounds = boundsOf(context, definition, interaction);
  requireAllowed(decision);
  if (version && !isWithin(version, bounds, request.server.clock.now().getTime()))
    throw new FhirRefusal("forbidden", "the caller's scopes do not cover this resource");
}

export const versionHeaders = (version: Version): Record<string, string> => ({
  etag: etagOf(version),
  "last-modified": new Date(version.changedAt).toUTCString(),
});

export const notFound = (): FhirRefusal => new FhirRefusal("not-found", "there is no such resource");
export const deleted = (): FhirRefusal => new FhirRefusal("deleted", "the resource was deleted");
