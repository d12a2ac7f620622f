/**
 * Rules of a profile or of the business, beyond FHIR's base: each a FHIRPath to the elements it is about, and what must hold for
 * every one of them. A resource that breaks one is well formed and refused with 422.
 */

import { evalFhirPathTyped, type FhirPathAtom, parseFhirPath, type TypedValue } from "@medplum/core";
import type { Resource } from "fhir/r4.js";
import { type Problem, FhirRefusal } from "../refusal.ts";

export type Rule = {
  /** Name of the invariant, or the element's path with its cardinality. */
  readonly key: string;
  /** FHIRPath to the elements the rule is about; the type's name for the resource itself. */
  readonly on: string;
  /** FHIRPath that must be true of each of them, or a function of it. */
  readonly holds: string | ((element: unknown) => boolean);
  /** What must be, in a sentence without values. */
  readonly text: string;
};

export type Profile = {
  /** Canonical URL of the StructureDefinition. */
  readonly url: string;
  readonly rules: readonly Rule[];
};

/** @throws FhirRefusal rule naming every rule broken */
export function requireProfile(resource: Resource, profile: Profile): void {
  const problems = profile.rules.flatMap((rule) => breaches(resource, rule));
  if (problems.length > 0) throw new FhirRefusal("rule", problems);
}

function breaches(resource: Resource, rule: Rule): Problem[] {
  const root: TypedValue = { type: resource.resourceType, value: resource };
  return evaluate(rule.on, root)
    .filter((element) => !holds(rule.holds, element))
    .map(() => ({ text: `${rule.text} (${rule.key})`, expression: rule.on, code: "business-rule" }));
}

function holds(condition: Rule["holds"], element: TypedValue): boolean {
  if (typeof condition === "function") return condition(element.value);
  const found = evaluate(condition, element);
  return found.length === 1 && found[0]?.value === true;
}

const parsed = new Map<string, FhirPathAtom>();

function evaluate(expression: string, on: TypedValue): TypedValue[] {
  let atom = parsed.get(expression);
  if (!atom) {
    atom = parseFhirPath(expression);
    parsed.set(expression, atom);
  }
  return evalFhirPathTyped(atom, [on]);
}

/** At least one `child` in each element at `on`. */
export const required = (on: string, child: string): Rule => ({
  key: `${on}.${child} 1..*`,
  on,
  holds: `${child}.exists()`,
  text: `${on} needs ${child}`,
});

/** At most `max` of `child` in each element at `on`. */
export const atMost = (max: number, on: string, child: string): Rule => ({
  key: `${on}.${child} 0..${max}`,
  on,
  holds: `${child}.count() <= ${max}`,
  text: `${on} takes at most ${max} ${child}`,
});
