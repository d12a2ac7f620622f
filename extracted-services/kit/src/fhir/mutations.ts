/**
 * Ways to spoil a good resource, for tests: a wrong type, an unknown element, a code that is none, a day that is none, an empty value, a
 * list where one value belongs and the reverse, at every place where the resource has something to spoil. Each must be refused with 400.
 */

import type { TypedValueWithPath } from "@medplum/core";
import { validateResource } from "@medplum/core";
import type { Resource } from "fhir/r4.js";
import { codesOfValueSet, loadDefinitions } from "./validation/definitions.ts";

export type Mutation = { readonly what: string; readonly resource: Resource };

type Path = readonly (string | number)[];

/** Extensions and narrative have elements of their own kinds; spoiling their insides is left to the elements around them. */
export function mutationsOf(resource: Resource): readonly Mutation[] {
  loadDefinitions();
  const places = placesOf(resource, []);
  return [
    ...places.flatMap(({ path, value }) => spoiltValues(value).map((bad) => changed(resource, path, bad))),
    ...places
      .filter(({ value }) => isObject(value))
      .map(({ path }) => changed(resource, [...path, "shoeSize"], { what: "unknown element", value: 44 })),
    changed(resource, ["shoeSize"], { what: "unknown element", value: 44 }),
    ...requiredCodes(resource).map((path) =>
      changed(resource, path, { what: "code that is none", value: "no-such-code" }),
    ),
  ];
}

type Bad = { readonly what: string; readonly value: unknown };

function spoiltValues(value: unknown): Bad[] {
  if (Array.isArray(value))
    return [
      { what: "empty list", value: [] },
      { what: "value for a list", value: value[0] },
    ];
  if (isObject(value))
    return [
      { what: "empty element", value: {} },
      { what: "list for an element", value: [value] },
    ];
  if (typeof value === "boolean") return [{ what: "text for a boolean", value: "yes" }];
  if (typeof value === "number") return [{ what: "text for a number", value: "many" }];
  const text = [
    { what: "number for text", value: 12 },
    { what: "empty text", value: "" },
    { what: "null", value: null },
  ];
  return /^\d{4}-\d\d(-\d\d)?$/.test(String(value))
    ? [...text, { what: "day that is none", value: "2021-02-30" }]
    : text;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every element but the resource itself, its type and id, and what is inside extensions and contained resources. */
function placesOf(value: unknown, path: Path): { path: Path; value: unknown }[] {
  const children: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : isObject(value)
      ? Object.entries(value).filter(([name]) => !skipped.has(name))
      : [];
  return children.flatMap(([name, child]) => {
    const own = typeof name === "number" ? [] : [{ path: [...path, name], value: child }];
    return [...own, ...placesOf(child, [...path, name])];
  });
}

const skipped: ReadonlySet<string> = new Set(["resourceType", "id", "extension", "contained", "text", "div"]);

function changed(resource: Resource, path: Path, { what, value }: Bad): Mutation {
  const copy = structuredClone(resource);
  let at = copy as unknown as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string | number, unknown>;
  at[path.at(-1) ?? ""] = value;
  return { what: `${what} at ${path.join(".")}`, resource: copy };
}

/** Where a code of a closed list stands. */
function requiredCodes(resource: Resource): Path[] {
  const tokens: Record<string, TypedValueWithPath[]> = {};
  validateResource(resource, { collect: { tokens } });
  return Object.entries(tokens)
    .filter(([valueSet]) => codesOfValueSet(valueSet))
    .flatMap(([, values]) =>
      values.filter(({ type, path }) => type === "code" && !/extension|contained|text/.test(path)),
    )
    .map(({ path }) =>
      path
        .split(/[.[\]]+/)
        .filter(Boolean)
        .slice(1)
        .map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
    );
}
