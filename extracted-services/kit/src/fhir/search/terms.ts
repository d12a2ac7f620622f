/**
 * The searchable terms of a resource: what an index holds of it. One element gives several (a name each of its parts, an identifier
 * its system and value).
 */

import type { TypedValue } from "@medplum/core";
import type {
  Address,
  CodeableConcept,
  Coding,
  ContactPoint,
  HumanName,
  Identifier,
  Period,
  Reference,
  Resource,
} from "fhir/r4.js";
import { type Stretch, stretchOf } from "./dates.ts";
import { fold } from "./fold.ts";
import { elementsOf, type SearchParameter } from "./parameter.ts";

export type Term =
  | { readonly kind: "string"; readonly folded: string; readonly exact: string }
  | { readonly kind: "token"; readonly system: string; readonly code: string }
  | ({ readonly kind: "date" } & Stretch)
  | { readonly kind: "reference"; readonly type: string; readonly id: string; readonly url: string };

export function termsOf(parameter: SearchParameter, resource: Resource): readonly Term[] {
  return elementsOf(parameter, resource).flatMap((element) => {
    switch (parameter.type) {
      case "string":
        return strings(element).map((exact) => ({ kind: "string", folded: fold(exact), exact }) as const);
      case "token":
        return tokens(element, parameter.system ?? "").map((found) => normalised(found, parameter));
      case "date":
        return stretches(element).map((stretch) => ({ kind: "date", ...stretch }) as const);
      case "reference":
        return references(element.value as Reference);
    }
  });
}

const present = (parts: readonly (string | undefined)[]): string[] =>
  parts.filter((part) => part !== undefined && part !== "") as string[];

/** A HumanName also by all its parts in reading order, so that `name=mary ann` finds both given names. */
function strings({ type, value }: TypedValue): string[] {
  if (type === "HumanName") {
    const name = value as HumanName;
    const given = name.given ?? [];
    const whole = given.length > 1 ? given.join(" ") : undefined;
    return present([name.text, name.family, ...given, whole, ...(name.prefix ?? []), ...(name.suffix ?? [])]);
  }
  if (type === "Address") {
    const address = value as Address;
    const { text, line = [], city, district, state, postalCode, country } = address;
    return present([text, ...line, city, district, state, postalCode, country]);
  }
  return typeof value === "string" ? present([value]) : [];
}

function tokens({ type, value }: TypedValue, system: string): Term[] {
  switch (type) {
    case "CodeableConcept":
      return ((value as CodeableConcept).coding ?? []).map(codingToken);
    case "Coding":
      return [codingToken(value as Coding)];
    case "Identifier":
      return [token((value as Identifier).system, (value as Identifier).value)];
    case "ContactPoint":
      return [token((value as ContactPoint).use, (value as ContactPoint).value)];
    default:
      return [token(system, String(value))];
  }
}

const normalised = (found: Term, { normalise }: SearchParameter): Term =>
  normalise && found.kind === "token" ? { ...found, code: normalise(found.code) } : found;

const codingToken = (coding: Coding): Term => token(coding.system, coding.code);
const token = (system = "", code = ""): Term => ({ kind: "token", system, code });

function stretches({ type, value }: TypedValue): Stretch[] {
  if (type === "Period") {
    const { start, end } = value as Period;
    const from = start === undefined ? undefined : stretchOf(start);
    const until = end === undefined ? undefined : stretchOf(end);
    return [
      {
        fromMs: from?.fromMs ?? Number.NEGATIVE_INFINITY,
        untilMs: until?.untilMs ?? Number.POSITIVE_INFINITY,
      },
    ];
  }
  const stretch = typeof value === "string" ? stretchOf(value) : undefined;
  return stretch ? [stretch] : [];
}

const local = /^([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9.-]{1,64})(?:\/_history\/.*)?$/;

/** Contained resources (`#id`) and logical references are no targets of a search. */
function references({ reference = "" }: Reference): Term[] {
  const found = local.exec(reference);
  if (found) return [{ kind: "reference", type: String(found[1]), id: String(found[2]), url: "" }];
  return reference === "" || reference.startsWith("#") ? [] : [{ kind: "reference", type: "", id: "", url: reference }];
}
