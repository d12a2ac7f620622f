/** The audit trail, and whether it is whole. */

import { listAudit, verifyAudit } from "../store/audit.ts";
import { endpoint, pageSchema } from "./endpoint.ts";

export const auditEndpoints = [
  endpoint({
    method: "get",
    path: "/audit",
    role: "viewer",
    query: pageSchema,
    handle: async ({ context, query }) => ({ body: { entries: await listAudit(context.db, query) } }),
  }),
  endpoint({
    method: "get",
    path: "/audit/verify",
    role: "viewer",
    handle: async ({ context }) => ({ body: await verifyAudit(context.db) }),
  }),
];
