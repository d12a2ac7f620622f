/** A store in memory: the shell's own tests run on it, and it is the plain reading of what a store must do. */

import type { Clock } from "@banyan/kernel";
import type { Resource } from "fhir/r4.js";
import { limits } from "./limits.ts";
import { matches, matchesAny } from "./search/condition.ts";
import { present } from "./representation.ts";
import type { Hit, NotChanged, Place, ResourceStore, StoreAnswer, StoreQuery, Version } from "./store.ts";

/** @param newId gives the id of each created resource */
export function createMemoryStore<R extends Resource>(clock: Clock, newId: () => string): ResourceStore<R> {
  const all = new Map<string, Version<R>[]>();
  const newest = (id: string): Version<R> | undefined => all.get(id)?.at(-1);

  function add(id: string, resource: R | undefined): Version<R> {
    const versions = all.get(id) ?? [];
    const version = { id, number: versions.length + 1, changedAt: clock.now().toISOString(), resource };
    all.set(id, [...versions, version]);
    return version;
  }

  function change(id: string, expected: number, resource: R | undefined): Version<R> | NotChanged {
    const current = newest(id);
    if (!current) return "absent";
    if (!current.resource) return "deleted";
    if (current.number !== expected) return "stale";
    return add(id, resource);
  }

  return {
    read: async (id) => newest(id),
    readVersion: async (id, number) => all.get(id)?.find((version) => version.number === number),
    history: async (id, limit, below) =>
      (all.get(id) ?? [])
        .filter((version) => below === undefined || version.number < below)
        .toReversed()
        .slice(0, limit),
    async search(query) {
      return selectInMemory(
        [...all.values()].flatMap((versions) => versions.at(-1) ?? []),
        query,
      );
    },
    create: async (_tx, resource) => add(newId(), resource),
    update: async (_tx, { id, expected, resource }) => change(id, expected, resource),
    remove: async (_tx, { id, expected }) => change(id, expected, undefined),
  };
}

/** A search over versions that are all at hand. Sorts by `_lastUpdated` and `_id`. */
export function selectInMemory<R extends Resource>(versions: readonly Version<R>[], query: StoreQuery): StoreAnswer<R> {
  const found = versions
    .filter((version) => version.resource !== undefined && accepts(query, present(version)))
    .map((version): Hit<R> => ({ version, place: placeOf(version, query.sort) }))
    .toSorted((a, b) => compare(a.place, b.place, query.sort));
  const { after } = query;
  const rest = after ? found.filter((hit) => compare(hit.place, after, query.sort) > 0) : found;
  return {
    hits: rest.slice(0, query.limit),
    more: rest.length > query.limit,
    total: query.withTotal && found.length <= limits.totalCountedMax ? found.length : undefined,
  };
}

const accepts = (query: StoreQuery, resource: Resource): boolean =>
  query.all.every((condition) => matches(condition, resource, query.nowMs)) &&
  query.within.every((any) => matchesAny(any, resource, query.nowMs));

const placeOf = (version: Version, sort: StoreQuery["sort"]): Place => [
  ...sort.map(({ name }) => (name === "_lastUpdated" ? version.changedAt : version.id)),
  version.id,
];

/** Ids that are numbers sort as numbers; the id decides between equals. */
function compare(a: Place, b: Place, sort: StoreQuery["sort"]): number {
  for (const [at, value] of a.entries()) {
    const order = String(value).localeCompare(String(b[at]), "en", { numeric: true });
    if (order !== 0) return sort[at]?.descending ? -order : order;
  }
  return 0;
}
