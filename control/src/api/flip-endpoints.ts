/** Flips: what is under way, what happened at each step, and giving one up before its commit. */

import { z } from "zod";
import { askAbort, type Flip, listFlips, readFlip, stepsOf } from "../flips/flip-store.ts";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { appendAudit } from "../store/audit.ts";
import { endpoint, nameSchema, reasonSchema } from "./endpoint.ts";

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(limits.listRowsMax).default(limits.listRowsDefault),
  module: nameSchema.optional(),
});

export const flipEndpoints = [
  endpoint({
    method: "get",
    path: "/flips",
    role: "viewer",
    query: listQuery,
    handle: async ({ context, query }) => ({
      body: { flips: (await listFlips(context.db, query)).map(flipView) },
    }),
  }),
  endpoint({
    method: "get",
    path: "/flips/:id",
    role: "viewer",
    handle: async ({ context, params }) => {
      const id = idOf(params);
      const flip = await readFlip(context.db, id);
      if (!flip) throw unknownFlip(id);
      return { body: { ...flipView(flip), facts: flip.facts, steps: await stepsOf(context.db, id) } };
    },
  }),
  endpoint({
    method: "post",
    path: "/flips/:id/abort",
    role: "operator",
    changes: true,
    body: z.strictObject({ reason: reasonSchema }),
    handle: async ({ context, caller, params, body }) => {
      const id = idOf(params);
      const flip = await readFlip(context.db, id);
      if (!flip) throw unknownFlip(id);
      if (!(await askAbort(context.db, id, body.reason))) throw tooLate(flip);
      await context.db.transaction((trx) =>
        appendAudit(trx, {
          at: context.clock.now(),
          who: caller.who,
          role: caller.role,
          via: caller.via,
          action: "flip.abort-asked",
          outcome: "done",
          module: flip.module,
          revision: context.head.current.revision.number,
          reason: body.reason,
          details: { flip: id },
        }),
      );
      context.flips.bell.ring();
      const ended = await context.flips.ended(id, limits.flipAnswerMsMax);
      return { body: flipView(ended ?? flip) };
    },
  }),
];

function flipView(flip: Flip) {
  const { facts: _facts, term: _term, fencedMs, ...shown } = flip;
  return { ...shown, heldMs: flip.fencedAt === null ? null : heldMs(flip, fencedMs) };
}

function heldMs(flip: Flip, fencedMs: number): number {
  return flip.endedAt && flip.fencedAt ? flip.endedAt.getTime() - flip.fencedAt.getTime() : Math.round(fencedMs);
}

function idOf(params: Readonly<Record<string, string>>): string {
  const id = z.uuid().safeParse(params["id"]);
  if (id.success) return id.data;
  throw unknownFlip("of this name");
}

function unknownFlip(id: string): Refusal {
  return new Refusal({
    code: "NOT_FOUND",
    message: `there is no flip ${id}`,
    why: "the journal has no flip with this id",
    hint: "GET /api/v1/flips lists them.",
  });
}

function tooLate(flip: Flip): Refusal {
  const ended = flip.outcome !== null;
  return new Refusal({
    code: "FLIP_UNDER_WAY",
    message: `the flip of ${flip.module} was not given up`,
    why: ended ? `it has ended: ${flip.outcome}` : "it is committed: from there it only goes forward",
    hint: ended
      ? "Nothing is to be done."
      : `Wait for its end, then go back: banyan rollback ${flip.module} --reason "…".`,
  });
}
