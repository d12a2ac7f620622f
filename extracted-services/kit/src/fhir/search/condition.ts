/**
 * Conditions a search puts on resources, and how one is judged on a resource held in memory. The SQL of the stores must select
 * what `matches` accepts; the tests of the stores hold them to that.
 */

import type { Resource } from "fhir/r4.js";
import { lies } from "./dates.ts";
import type { SearchParameter } from "./parameter.ts";
import { type Term, termsOf } from "./terms.ts";
import type { DateValue, ReferenceValue, StringValue, TokenValue } from "./values.ts";

export type SearchValue =
  | ({ readonly kind: "token" } & TokenValue)
  | ({ readonly kind: "string" } & StringValue)
  | ({ readonly kind: "date" } & DateValue)
  | ({ readonly kind: "reference" } & ReferenceValue);

export type Condition =
  | {
      readonly kind: "values";
      readonly parameter: SearchParameter;
      readonly modifier: "none" | "exact" | "contains" | "not";
      /** Any of them is enough. */
      readonly values: readonly SearchValue[];
    }
  | { readonly kind: "missing"; readonly parameter: SearchParameter; readonly missing: boolean };

/** Every condition must hold. */
export type AllOf = readonly Condition[];
/** One of the lists must hold. An empty `AnyOf` holds for nothing. */
export type AnyOf = readonly AllOf[];

export type Modifier = Extract<Condition, { kind: "values" }>["modifier"];

/** @param nowMs what `ap` measures its slack from */
export function matches(condition: Condition, resource: Resource, nowMs: number): boolean {
  const terms = termsOf(condition.parameter, resource);
  if (condition.kind === "missing") return (terms.length === 0) === condition.missing;
  const { values, modifier } = condition;
  const hit = values.some((value) => terms.some((term) => termMatches(term, value, modifier, nowMs)));
  return modifier === "not" ? !hit : hit;
}

export const matchesAny = (any: AnyOf, resource: Resource, nowMs: number): boolean =>
  any.some((all) => all.every((condition) => matches(condition, resource, nowMs)));

function termMatches(term: Term, value: SearchValue, modifier: Modifier, nowMs: number): boolean {
  if (term.kind === "string" && value.kind === "string") {
    if (modifier === "exact") return term.exact === value.exact;
    return modifier === "contains" ? term.folded.includes(value.folded) : term.folded.startsWith(value.folded);
  }
  if (term.kind === "token" && value.kind === "token") {
    const system = value.system === undefined || value.system === term.system;
    return system && (value.code === undefined || value.code === term.code);
  }
  if (term.kind === "date" && value.kind === "date") return lies(term, value.prefix, value.stretch, nowMs);
  if (term.kind === "reference" && value.kind === "reference") {
    if (value.url !== undefined) return term.url === value.url;
    return term.id === value.id && (value.type === undefined || value.type === term.type);
  }
  return false;
}

/** A condition made by the server itself: this token, or this reference. */
export const tokenCondition = (
  parameter: SearchParameter,
  codes: readonly string[],
  modifier: "none" | "not" = "none",
): Condition => ({
  kind: "values",
  parameter,
  modifier,
  values: codes.map((code) => ({ kind: "token", system: undefined, code })),
});

export const referenceCondition = (parameter: SearchParameter, type: string, ids: readonly string[]): Condition => ({
  kind: "values",
  parameter,
  modifier: "none",
  values: ids.map((id) => ({ kind: "reference", type, id })),
});
