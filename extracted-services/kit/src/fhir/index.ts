/**
 * FHIR R4 for a service: declare resources (`ResourceDefinition`, one file each), give them a store, put `fhirFace` among the
 * service's faces and `fhirPolicy` into its policy. docs/HACKING.md walks through one.
 */

export { restrictedCode } from "./access.ts";
export type { ResourceDefinition } from "./definition.ts";
export {
  codeSystemOf,
  directoryCode,
  directoryId,
  directoryIdSql,
  locationReference,
  mrnSystem,
  practiceReference,
  practitionerReference,
  userSystem,
} from "./directory.ts";
export { fhirFace } from "./face.ts";
export {
  changesBetween,
  columnsFrom,
  disagreements,
  dropEmpty,
  type Facet,
  render,
  replaceIn,
  requireHeld,
  setOrDelete,
} from "./lens.ts";
export { selectInMemory } from "./memory-store.ts";
export { fhirPolicy } from "./policy.ts";
export { FhirRefusal } from "./refusal.ts";
export { parametersOf, type SearchParameter } from "./search/parameter.ts";
export {
  type ColumnSearch,
  codeColumn,
  dayColumn,
  instantColumn,
  intKey,
  referenceColumn,
  textColumns,
} from "./sql/columns.ts";
export { documentWrites } from "./sql/documents.ts";
export { keepExtra } from "./sql/extra.ts";
export { anyOf, nothing, raw, sql } from "./sql/fragment.ts";
export type { Image, Reading, RowSource, SqlStoreOptions } from "./sql/row-source.ts";
export { createSqlStore, currentVersion } from "./sql/store.ts";
export type { Author, Change, NotChanged, ResourceStore, StoreQuery, Version } from "./store.ts";
export { npiSystem, usCore, usCoreExtensions } from "./validation/us-core.ts";
