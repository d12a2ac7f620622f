/**
 * FHIR R4 for a service: declare resources (`ResourceDefinition`, one file each), give them a store, put `fhirFace` among the
 * service's faces and `fhirPolicy` into its policy. docs/HACKING.md walks through one.
 */

export { restrictedCode } from "./access.ts";
export type { Interaction, ResourceDefinition } from "./definition.ts";
export {
  directoryCode,
  directoryId,
  locationReference,
  practiceId,
  practiceReference,
  practitionerReference,
} from "./directory.ts";
export { fhirFace } from "./face.ts";
export { fhirPolicy } from "./policy.ts";
export { FhirRefusal, type Problem } from "./refusal.ts";
export { parametersOf, type SearchParameter } from "./search/parameter.ts";
export type { Hit, NotChanged, PatientSubject, ResourceStore, StoreAnswer, StoreQuery, Version } from "./store.ts";
export { type Profile, required, type Rule } from "./validation/profile.ts";
export { npiSystem, usCore, usCoreExtensions } from "./validation/us-core.ts";
