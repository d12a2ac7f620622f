/** What people may do with replicas. (What replicas say themselves is in `push/replica-protocol.ts`.) */

import { z } from "zod";
import { change } from "../change.ts";
import { unknownReplica } from "../moves/move.ts";
import { evictReplica } from "../store/replicas.ts";
import { endpoint, reasonSchema } from "./endpoint.ts";

export const replicaEndpoints = [
  endpoint({
    method: "post",
    path: "/replicas/:id/evict",
    role: "operator",
    changes: true,
    body: z.strictObject({ reason: reasonSchema }),
    handle: async ({ context, caller, basedOn, params, body }) => {
      const id = params["id"] ?? "";
      const { reason } = body;
      const request = { caller, basedOn, action: "replica.evict", reason, asked: { replica: id } };
      await change(context, request, async (trx, now) => {
        if (!(await evictReplica(trx, { id, who: caller.who, reason, now }))) throw unknownReplica(id);
        return { result: undefined, details: { replica: id } };
      });
      context.streams.cut(id);
      return { body: { evicted: id } };
    },
  }),
];
