/**
 * A row and a resource that hold the same thing in two forms, neither of them all of it: the row has no room for a second
 * telecom or an extension, the resource none for an account balance. A facet is one thing both hold. `render` gives the resource
 * of a row: what was last received through FHIR, with every facet that has changed in the row since made to say what the row says.
 *
 * Laws of a facet, tested for each:
 *   get(put(resource, row)) is the row's columns, for what a row can hold
 *   a resource whose get is the row's columns comes out of render as it is
 *   put of a row without values takes the facet's elements away
 */

import { isDeepStrictEqual } from "node:util";
import type { Resource } from "fhir/r4.js";
import { FhirRefusal, type Problem } from "./refusal.ts";

export type Facet<R extends Resource, Row extends object> = {
  /** FHIRPath of the elements, for messages: `Patient.birthDate`. */
  readonly element: string;
  readonly columns: readonly (keyof Row & string)[];
  /** What the resource says, in the row's terms; null where it says nothing, or what the row cannot hold. */
  get(resource: R): Partial<Row>;
  /** Makes the resource, which is the facet's to change, say what the row says. */
  put(resource: R, row: Row): void;
  /** Why the row cannot hold what the resource says, in words without values; undefined when it can. */
  unheld?(resource: R): string | undefined;
};

/** @param kept as last received; undefined: nothing ever was. @param blank what a resource of the type has besides its facets */
export function render<R extends Resource, Row extends object>(
  row: Row,
  kept: R | undefined,
  blank: R,
  facets: readonly Facet<R, Row>[],
): R {
  const resource = structuredClone(kept ?? blank);
  for (const facet of facets) if (!agrees(facet, resource, row)) facet.put(resource, row);
  return resource;
}

/** What is left of a resource without its facets: what only it can hold. @param empty a row without values */
export function beyond<R extends Resource, Row extends object>(
  resource: R,
  empty: Row,
  facets: readonly Facet<R, Row>[],
): R {
  const rest = structuredClone(resource);
  for (const facet of facets) facet.put(rest, empty);
  return rest;
}

/** Nothing is cut to fit. @throws FhirRefusal rule naming each element the row has no room for */
export function requireHeld<R extends Resource, Row extends object>(
  resource: R,
  facets: readonly Facet<R, Row>[],
): void {
  const problems = facets.flatMap((facet): Problem[] => {
    const text = facet.unheld?.(resource);
    return text === undefined ? [] : [{ text, expression: facet.element, code: "business-rule" }];
  });
  if (problems.length > 0) throw new FhirRefusal("rule", problems);
}

/** Columns of which two resources of a row say different things. */
export function changesBetween<R extends Resource, Row extends object>(
  before: R,
  after: R,
  facets: readonly Facet<R, Row>[],
): Partial<Row> {
  const [old, wanted] = [columnsFrom(before, facets), columnsFrom(after, facets)];
  const names = facets.flatMap(({ columns }) => columns).filter((name) => !same(old[name], wanted[name]));
  return Object.fromEntries(names.map((name) => [name, wanted[name] ?? null])) as Partial<Row>;
}

/** Facets of which resource and row say different things. */
export function disagreements<R extends Resource, Row extends object>(
  resource: R,
  row: Row,
  facets: readonly Facet<R, Row>[],
): readonly Facet<R, Row>[] {
  return facets.filter((facet) => !agrees(facet, resource, row));
}

/** The columns a resource asks for. */
export function columnsFrom<R extends Resource, Row extends object>(
  resource: R,
  facets: readonly Facet<R, Row>[],
): Partial<Row> {
  return Object.assign({}, ...facets.map((facet) => facet.get(resource))) as Partial<Row>;
}

function agrees<R extends Resource, Row extends object>(facet: Facet<R, Row>, resource: R, row: Row): boolean {
  const said = facet.get(resource);
  return facet.columns.every((name) => same(said[name], row[name]));
}

const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a ?? null, b ?? null);

/** Removes elements left empty by a facet, which FHIR does not allow: `{ telecom: [] }`. */
export function dropEmpty(resource: object): void {
  for (const [name, value] of Object.entries(resource))
    if (value === undefined || (Array.isArray(value) && value.length === 0))
      delete (resource as Record<string, unknown>)[name];
}

/** Puts an entry in the place of another, at the end when there was none, or takes it away. */
export function replaceIn<R extends object, K extends keyof R>(
  resource: R,
  name: K,
  old: unknown,
  entry: (R[K] extends readonly (infer E)[] | undefined ? E : never) | undefined,
): void {
  const entries = [...((resource[name] as readonly unknown[] | undefined) ?? [])];
  const at = entries.indexOf(old);
  if (at >= 0) entries.splice(at, 1, ...(entry === undefined ? [] : [entry]));
  else if (entry !== undefined) entries.push(entry);
  resource[name] = entries as R[K];
  dropEmpty(resource);
}

/** Sets a primitive element, or takes it away with its own extensions. */
export function setOrDelete<R extends object, K extends keyof R & string>(
  resource: R,
  name: K,
  value: R[K] | null,
): void {
  if (value !== null) resource[name] = value;
  else {
    delete resource[name];
    delete (resource as Record<string, unknown>)[`_${name}`];
  }
}
