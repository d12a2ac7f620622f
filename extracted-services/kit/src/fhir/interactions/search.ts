/** Search by GET and by POST, its pages, and what comes along with the matches. Source: FHIR R4 search.html. */

import type { Bundle, BundleEntry, OperationOutcome, Resource } from "fhir/r4.js";
import { accessTo, boundsOf, isWithin, requireAllowed } from "../access.ts";
import type { ServedResource, Answer, FhirRequest } from "../exchange.ts";
import { limits } from "../limits.ts";
import { requireForm } from "../negotiation.ts";
import { FhirRefusal, information } from "../refusal.ts";
import { present, provenanceOf } from "../representation.ts";
import { tokenCondition } from "../search/condition.ts";
import { commonParameters } from "../search/parameter.ts";
import { type Pair, parseSearch, type SearchRequest } from "../search/request.ts";
import { termsOf } from "../search/terms.ts";
import type { Hit, Place, StoreQuery, Version } from "../store.ts";

type Entry = BundleEntry;

export async function search(request: FhirRequest, definition: ServedResource): Promise<Answer> {
  const { context, server, base } = request;
  const { pairs, after } = askedOf(request, definition.type);
  const query = encode(pairs);
  const decision = await context.authorise(accessTo(context.principal, definition, "search-type", { query }));
  const within = boundsOf(context, definition, "search-type");
  requireAllowed(decision);
  const wanted = parseSearch(pairs, searchableOf(definition), request.preferences.handling, base);
  const answer = await definition.store.search({
    all: wanted.conditions,
    within,
    sort: wanted.sort,
    limit: wanted.count,
    after,
    withTotal: wanted.withTotal || wanted.count === 0,
    nowMs: server.clock.now().getTime(),
  });
  const along = await included(request, definition, wanted, answer.hits);
  const address = `${base}/${definition.type}`;
  const last = answer.hits.at(-1);
  const next =
    answer.more && last
      ? `${address}?_cursor=${server.cursors.seal({ type: definition.type, pairs: pairs.map(([name, value]) => [name, value]), after: [...last.place] })}`
      : undefined;
  const bundle: Bundle = {
    resourceType: "Bundle",
    type: "searchset",
    ...(answer.total === undefined ? {} : { total: answer.total }),
    link: [
      { relation: "self", url: selfLink(address, wanted.understood) },
      ...(next === undefined ? [] : [{ relation: "next", url: next }]),
    ],
    entry: [
      ...answer.hits.map(({ version }) => entryOf(base, present(version), "match")),
      ...along,
      ...(wanted.setAside.length === 0 ? [] : [outcomeEntry(wanted.setAside)]),
    ],
  };
  if (bundle.entry?.length === 0) delete bundle.entry;
  return { status: 200, body: bundle };
}

/** The parameters, from the query, the form or the cursor. A cursor stands for the whole search it came from. */
function askedOf(request: FhirRequest, type: string): { pairs: readonly Pair[]; after: Place | undefined } {
  const pairs = [...request.query, ...formOf(request)];
  const cursor = pairs.find(([name]) => name === "_cursor")?.[1];
  if (cursor === undefined) return { pairs, after: undefined };
  const place = request.server.cursors.open(cursor);
  if (place.type !== type) throw new FhirRefusal("parameter", "_cursor belongs to another search");
  return { pairs: place.pairs, after: place.after };
}

function formOf(request: FhirRequest): Pair[] {
  if (request.method !== "POST") return [];
  requireForm(request.header("content-type"), request.header("content-encoding"));
  const { body } = request;
  if (!body) return [];
  if (body.length > limits.formBytesMax) throw new FhirRefusal("too-large", "the form is too long for a search");
  return [...new URLSearchParams(body.toString("utf8"))];
}

/** What a definition says of searching, with what every type has. */
export const searchableOf = (definition: ServedResource) => ({
  type: definition.type,
  parameters: [...commonParameters, ...definition.search],
  sorts: definition.sorts,
  includes: definition.includes ?? [],
  provenance: definition.patient !== undefined,
});

function selfLink(address: string, understood: readonly Pair[]): string {
  const query = encode(understood);
  return query === "" ? address : `${address}?${query}`;
}

const encode = (pairs: readonly Pair[]): string =>
  new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString();

const entryOf = (base: string, resource: Resource, mode: "match" | "include"): Entry => ({
  fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
  resource: resource,
  search: { mode },
});

function outcomeEntry(setAside: readonly string[]): Entry {
  const outcome: OperationOutcome = {
    resourceType: "OperationOutcome",
    issue: setAside.flatMap((text) => information(text, "not-supported").issue),
  };
  return { resource: outcome, search: { mode: "outcome" } };
}

async function included(
  request: FhirRequest,
  definition: ServedResource,
  wanted: SearchRequest,
  hits: readonly Hit[],
): Promise<Entry[]> {
  const targets = await targetsOf(request, wanted, hits, definition.type);
  const own = wanted.withProvenance ? hits.map(({ version }) => provenanceOf(definition.type, version)) : [];
  return [...targets, ...own]
    .slice(0, limits.includedEntriesMax)
    .map((resource) => entryOf(request.base, resource, "include"));
}

/** Resources the matches refer to; one level deep, each once, and only those the caller may read. */
async function targetsOf(
  request: FhirRequest,
  wanted: SearchRequest,
  hits: readonly Hit[],
  searched: string,
): Promise<Resource[]> {
  const ids = new Map<string, Set<string>>();
  for (const { parameter, target } of wanted.includes)
    for (const { version } of hits)
      for (const term of version.resource ? termsOf(parameter, version.resource) : [])
        if (term.kind === "reference" && (target === undefined || target === term.type) && term.id !== "")
          ids.set(term.type, (ids.get(term.type) ?? new Set()).add(term.id));
  const matched = new Set(hits.map(({ version }) => version.id));
  const found: Resource[] = [];
  for (const [type, wantedIds] of ids) {
    const list = [...wantedIds].filter((id) => type !== searched || !matched.has(id));
    const definition = request.server.definitions.get(type);
    if (definition && list.length > 0) found.push(...(await readable(request, definition, list)));
  }
  return found;
}

async function readable(request: FhirRequest, definition: ServedResource, ids: readonly string[]): Promise<Resource[]> {
  const { context, server } = request;
  const nowMs = server.clock.now().getTime();
  const [byId] = commonParameters;
  if (!byId) return [];
  const query: StoreQuery = {
    all: [tokenCondition(byId, ids.slice(0, limits.includedEntriesMax))],
    within: [],
    sort: [],
    limit: limits.includedEntriesMax,
    after: undefined,
    withTotal: false,
    nowMs,
  };
  const { hits } = await definition.store.search(query);
  const seen: Version[] = [];
  for (const { version } of hits) if (await mayRead(request, definition, version, nowMs)) seen.push(version);
  await Promise.all(
    seen.map((version) => context.authorise(accessTo(context.principal, definition, "read", { version }))),
  );
  return seen.map(present);
}

/** Without a trace: what is left out was not asked for by name. What is given is then audited. */
async function mayRead(
  request: FhirRequest,
  definition: ServedResource,
  version: Version,
  nowMs: number,
): Promise<boolean> {
  const { context } = request;
  if (!context.may(accessTo(context.principal, definition, "read", { version })).allowed) return false;
  try {
    return isWithin(version, boundsOf(context, definition, "read"), nowMs);
  } catch (error) {
    if (error instanceof FhirRefusal && error.reason === "forbidden") return false;
    throw error;
  }
}
