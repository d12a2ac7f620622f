/**
 * Is a body a resource of FHIR R4? Medplum's validator judges elements, cardinality, primitive formats and invariants; this adds what
 * it passes over (codes of required bindings, empty values, two types of one choice, ids, references to a wrong type, narrative) and
 * puts its findings into words that never quote the body.
 */

import { OperationOutcomeError, type TypedValueWithPath, validateResource } from "@medplum/core";
import type { OperationOutcomeIssue, Resource } from "fhir/r4.js";
import { limits } from "../limits.ts";
import { type Problem, FhirRefusal } from "../refusal.ts";
import { codesOfValueSet, isResourceType } from "./definitions.ts";

/** @throws FhirRefusal structure naming each element that does not fit */
export function requireStructure(body: unknown, type: string): Resource {
  const shape = shapeProblems(body, type, 0);
  if (shape.length > 0) throw new FhirRefusal("structure", shape);
  const resource = body as Resource;
  if (resource.resourceType !== type)
    throw new FhirRefusal("structure", [{ text: `the body is not a ${type}`, expression: type }]);
  const problems = [...medplumProblems(resource), ...ownProblems(resource)];
  if (problems.length > 0) throw new FhirRefusal("structure", problems);
  return resource;
}

/** JSON as FHIR writes it: no empty values, no names JavaScript itself uses, nothing a database cannot hold, no abyss. */
function shapeProblems(value: unknown, path: string, depth: number): Problem[] {
  if (depth > limits.bodyDepthMax) return [{ text: `nesting is deeper than ${limits.bodyDepthMax}`, expression: path }];
  if (typeof value === "string") return stringProblems(value, path);
  if (typeof value !== "object" || value === null) return depth === 0 ? [{ text: "the body is not a resource" }] : [];
  if (Array.isArray(value)) {
    if (value.length === 0) return [{ text: "a list is empty", expression: path }];
    return value.flatMap((one, at) => shapeProblems(one, `${path}[${at}]`, depth + 1));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return [{ text: "an element is empty", expression: path }];
  return entries.flatMap(([name, one]) =>
    /^_?[A-Za-z][A-Za-z0-9]{0,63}$/.test(name) && !(name in Object.prototype)
      ? shapeProblems(one, `${path}.${name}`, depth + 1)
      : [{ text: unknownElement, expression: path }],
  );
}

function stringProblems(value: string, path: string): Problem[] {
  if (value === "") return [{ text: "a value is empty", expression: path }];
  if (!value.isWellFormed() || value.includes("\u0000"))
    return [{ text: "a value holds what is no Unicode text", expression: path }];
  return [];
}

const unknownElement = "an element is not one FHIR R4 defines here";

type Tokens = Record<string, TypedValueWithPath[]>;

function medplumProblems(resource: Resource): Problem[] {
  const tokens: Tokens = {};
  try {
    const warnings: OperationOutcomeIssue[] = validateResource(resource, { collect: { tokens } });
    return [...warnings.flatMap(problemsOf), ...codeProblems(tokens)];
  } catch (error) {
    if (error instanceof OperationOutcomeError) {
      const issues: OperationOutcomeIssue[] = error.outcome.issue;
      return [...issues.flatMap(problemsOf), ...codeProblems(tokens)];
    }
    throw new FhirRefusal("structure", "the resource is not put together as FHIR R4 asks", error);
  }
}

/** Findings of Medplum that quote the body, or that it only warns of; both become errors in words of our own. */
const reworded: readonly (readonly [RegExp, string])[] = [
  [/^Invalid additional property/, unknownElement],
  [/^Conflicting choice|^Type of primitive extension/, "an element that comes in one type is given in two"],
  [/^Invalid reference/, "a reference points to a type it must not point to"],
  [/^Unknown data type|^Invalid resource type/, "a resource is of a type FHIR R4 does not have"],
  [/^Value did not match/, "a value is not the one prescribed"],
];

function problemsOf(issue: OperationOutcomeIssue): Problem[] {
  const text = issue.details?.text ?? "";
  // Medplum takes the beginning of an absolute URL for a type.
  const target = /^Invalid reference: got "(.*?)"/.exec(text)?.[1];
  if (target !== undefined && !/^[A-Z][A-Za-z]*$/.test(target)) return [];
  const words = reworded.find(([form]) => form.test(text))?.[1];
  const path = issue.expression?.[0];
  // The name of an unknown element is the client's own: it is cut off.
  const expression = words === unknownElement ? path?.replace(/\.[^.]*$/, "") : path;
  const problem: Problem = {
    text: words ?? text.replaceAll(/["'`].*/g, "").trim(),
    code: issue.code === "invariant" ? "invariant" : "structure",
    ...(expression === undefined ? {} : { expression }),
  };
  return [problem];
}

function codeProblems(tokens: Tokens): Problem[] {
  return Object.entries(tokens).flatMap(([valueSet, values]) => {
    const allowed = codesOfValueSet(valueSet);
    if (!allowed) return [];
    return values
      .filter(({ type, value }) => type === "code" && isOutside(allowed, codeIn(value)))
      .map(
        ({ path }) =>
          ({ text: "a code is not one of those the element allows", code: "code-invalid", expression: path }) as const,
      );
  });
}

const isOutside = (allowed: ReadonlySet<string>, code: string | undefined): boolean =>
  code !== undefined && !allowed.has(code);

/** A code with an id or extensions comes as a String that has them; one that is only extensions has no code to judge. */
function codeIn(value: unknown): string | undefined {
  const own: unknown = typeof value === "object" && value !== null ? value.valueOf() : value;
  return typeof own === "string" ? own : undefined;
}

function ownProblems(resource: Resource): Problem[] {
  const contained = (resource as { contained?: unknown }).contained;
  const inner = Array.isArray(contained) ? (contained as Resource[]) : [];
  return [
    ...narrativeProblems(resource, resource.resourceType),
    ...[resource, ...inner].flatMap((one, at) => {
      const path = at === 0 ? resource.resourceType : `${resource.resourceType}.contained[${at - 1}]`;
      const id: unknown = one.id;
      const idFits = id === undefined || (typeof id === "string" && /^[A-Za-z0-9.-]{1,64}$/.test(id));
      const known = typeof one.resourceType === "string" && isResourceType(one.resourceType);
      return [
        ...(idFits ? [] : [{ text: "an id has characters or a length ids must not have", expression: `${path}.id` }]),
        ...(known ? [] : [{ text: "a resource is of a type FHIR R4 does not have", expression: path }]),
      ];
    }),
  ];
}

/** Narrative is shown by clients as it is: what could run in a browser is refused (invariants txt-1 and txt-2 of FHIR). */
function narrativeProblems(resource: Resource, path: string): Problem[] {
  const div = (resource as { text?: { div?: unknown } }).text?.div;
  if (typeof div !== "string") return [];
  const framed = /^\s*<div[\s>][\s\S]*<\/div>\s*$/.test(div);
  const active =
    /<\s*\/?\s*(script|style|iframe|object|embed|form|input|button|link|meta|base|svg|math)\b|[\s"'/]on[a-z]+\s*=|javascript:|<!|<\?/i;
  if (framed && !active.test(div)) return [];
  return [{ text: "the narrative is not a div of plain XHTML", code: "invariant", expression: `${path}.text.div` }];
}
