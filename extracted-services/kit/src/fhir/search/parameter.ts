/**
 * What a resource type can be searched by: declared once, as a SearchParameter resource would, and read by the search itself, by
 * scope filters, by the index of terms and by the CapabilityStatement.
 */

import { evalFhirPathTyped, type FhirPathAtom, parseFhirPath, type TypedValue } from "@medplum/core";
import type { Resource } from "fhir/r4.js";

export type ParameterType = "token" | "string" | "date" | "reference";

export type SearchParameter = {
  readonly name: string;
  readonly type: ParameterType;
  /** Canonical URL of the SearchParameter. */
  readonly definition: string;
  /** FHIRPath from the resource to the elements searched. */
  readonly expression: string;
  /** The system a plain `code` element's codes are of. */
  readonly system?: string;
  /** Types a reference may point to. */
  readonly targets?: readonly string[];
  /** The form in which codes are compared, in elements and searches alike: telephone numbers by their digits. */
  readonly normalise?: (code: string) => string;
  /** The element holds days without a time: a search by a time of day is refused. */
  readonly daysOnly?: true;
};

export const modifiersOf: Readonly<Record<ParameterType, readonly string[]>> = {
  token: ["missing", "not"],
  string: ["missing", "exact", "contains"],
  date: ["missing"],
  reference: ["missing"],
};

const parsed = new Map<string, FhirPathAtom>();

/** The elements a parameter looks at. */
export function elementsOf(parameter: SearchParameter, resource: Resource): TypedValue[] {
  let atom = parsed.get(parameter.expression);
  if (!atom) {
    atom = parseFhirPath(parameter.expression);
    parsed.set(parameter.expression, atom);
  }
  return evalFhirPathTyped(atom, [{ type: resource.resourceType, value: resource }]);
}

const uscore = "http://hl7.org/fhir/us/core/SearchParameter/us-core-";
const base = "http://hl7.org/fhir/SearchParameter/";

/** Builds the declarations of one type. @param core the names US Core 6.1.0 defines; the others are those of FHIR R4 itself. */
export function parametersOf(
  type: string,
  core: readonly string[],
  declared: Readonly<Record<string, Omit<SearchParameter, "name" | "definition"> & { readonly definition?: string }>>,
): readonly SearchParameter[] {
  const lower = type.toLowerCase();
  return Object.entries(declared).map(([name, parameter]) => ({
    ...parameter,
    name,
    definition: parameter.definition ?? (core.includes(name) ? `${uscore}${lower}-${name}` : `${base}${type}-${name}`),
  }));
}

/** Standard codes of http://terminology.hl7.org/CodeSystem/v3-Confidentiality: a chart that needs break-glass is `R`. */
export const securityParameter: SearchParameter = {
  name: "_security",
  type: "token",
  definition: `${base}Resource-security`,
  expression: "meta.security",
};

/** What every type has. */
export const commonParameters: readonly SearchParameter[] = [
  { name: "_id", type: "token", definition: `${base}Resource-id`, expression: "id" },
  { name: "_lastUpdated", type: "date", definition: `${base}Resource-lastUpdated`, expression: "meta.lastUpdated" },
  securityParameter,
];
