/** The audit trails, of changes and of accesses, and whether they are whole. Who looks into the accesses is recorded too. */

import { z } from "zod";
import { listAccess, verifyAccess } from "../store/access-events.ts";
import { appendAudit, listAudit, verifyAudit } from "../store/audit.ts";
import { limits } from "../limits.ts";
import { endpoint, nameSchema, pageSchema } from "./endpoint.ts";

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

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
    handle: async ({ context }) => {
      const changes = await verifyAudit(context.db);
      const access = await verifyAccess(context.db);
      return { body: { ...changes, intact: changes.intact && access.intact, changesIntact: changes.intact, access } };
    },
  }),
  endpoint({
    method: "get",
    path: "/access-events",
    role: "operator",
    query: z.strictObject({
      patient: z
        .string()
        .regex(/^[0-9a-f]{32}$/, "the patient's pseudonym, 32 hexadecimal digits; the command makes it of a number")
        .optional(),
      who: nameSchema.optional(),
      module: nameSchema.optional(),
      since: instant.optional(),
      until: instant.optional(),
      before: z.coerce.number().int().positive().optional(),
      limit: z.coerce.number().int().min(1).max(limits.listRowsMax).default(limits.listRowsDefault),
    }),
    handle: async ({ context, caller, query }) => {
      const { patient, who, module } = query;
      await context.db.transaction((trx) =>
        appendAudit(trx, {
          at: context.clock.now(),
          who: caller.who,
          role: caller.role,
          via: caller.via,
          action: "access.read",
          outcome: "done",
          module: module ?? null,
          revision: null,
          reason: null,
          details: { ...(patient === undefined ? {} : { patient }), ...(who === undefined ? {} : { who }) },
        }),
      );
      return { body: { events: await listAccess(context.db, query) } };
    },
  }),
];
