/** What a service's own tests run to show that it keeps the kit's promises. */

export { anyLegacyRow, asLegacyRow, mappingFaults, storeAndRead } from "./mapping-laws.ts";
