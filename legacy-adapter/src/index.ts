/** Keeps the legacy database and the services' databases in step. */

export { type Adapter, type AdapterOptions, startAdapter } from "./adapter.ts";
export type { AdapterStatus, ServiceStatus, TableStatus } from "./report/status.ts";
