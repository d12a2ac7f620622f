/** What a service's own tests run to show that it keeps the kit's promises. */

export { anyLegacyRow, asLegacyRow, mappingFaults, storeAndRead } from "./mapping-laws.ts";
export { conformance } from "./service-suite.ts";
export type { Example, ServiceUnderTest } from "./service-under-test.ts";
export { type Mutation, mutationsOf } from "../fhir/mutations.ts";
export { hasUsCore, readUsCore, whyNoUsCore } from "../fhir/us-core-package.ts";
