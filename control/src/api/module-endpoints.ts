/** Modules: what is known of each, and moving them. */

import { type Stage, stageSchema } from "@banyan/routing-rules";
import { z } from "zod";
import { limits } from "../limits.ts";
import { type MoveKind, refuseMove } from "../moves/move-check.ts";
import { factsOf, move, stageOf } from "../moves/move.ts";
import { gatesOf, isReady } from "../moves/readiness.ts";
import { rulesOf } from "../moves/rules-of.ts";
import { Refusal } from "../refusal.ts";
import { listRevisions } from "../store/revisions.ts";
import { type ApiRequest, endpoint, nameSchema, reasonSchema } from "./endpoint.ts";
import { revisionView } from "./revision-view.ts";
import { moduleViews } from "./status-endpoints.ts";

const stageBody = z.strictObject({
  stage: stageSchema,
  reason: reasonSchema,
  /** Passes a freeze window; never skips a step, an approval or a replica. */
  force: z.boolean().default(false),
});
const rollbackBody = z.strictObject({ reason: reasonSchema, to: stageSchema.default({ name: "legacy" }) });
const killBody = z.strictObject({
  reason: reasonSchema,
  evict: z.array(nameSchema).max(limits.replicasMax).default([]),
});

export const moduleEndpoints = [
  endpoint({
    method: "get",
    path: "/modules",
    role: "viewer",
    handle: async ({ context }) => ({
      body: { modules: await moduleViews(context.db, context, context.head.current) },
    }),
  }),
  endpoint({
    method: "get",
    path: "/modules/:module",
    role: "viewer",
    handle: async ({ context, params }) => {
      const module = params["module"] ?? "";
      const head = context.head.current;
      const rules = rulesOf(head, module);
      if (!rules)
        throw unknownModule(
          module,
          context.head.current.files.map((file) => file.module),
        );
      const views = await moduleViews(context.db, context, head);
      const history = await listRevisions(context.db, { module, limit: limits.listRowsDefault });
      return {
        body: {
          ...views.find((view) => view.module === module),
          routes: rules.routes,
          history: history.map(revisionView),
        },
      };
    },
  }),
  endpoint({
    method: "get",
    path: "/modules/:module/readiness",
    role: "viewer",
    handle: async (request) => ({ body: await readinessOf(request) }),
  }),
  endpoint({
    method: "post",
    path: "/modules/:module/stage",
    role: "operator",
    changes: true,
    body: stageBody,
    handle: (request) => moveTo(request, "stage", request.body.stage, { force: request.body.force }),
  }),
  endpoint({
    method: "post",
    path: "/modules/:module/rollback",
    role: "operator",
    changes: true,
    body: rollbackBody,
    handle: (request) => moveTo(request, "rollback", request.body.to, {}),
  }),
  endpoint({
    method: "post",
    path: "/modules/:module/kill",
    role: "operator",
    changes: true,
    body: killBody,
    handle: (request) => moveTo(request, "kill", { name: "legacy" }, { evict: request.body.evict }),
  }),
];

async function moveTo(
  { context, caller, params, basedOn, body }: ApiRequest<{ reason: string }, unknown>,
  kind: MoveKind,
  to: Stage,
  { force = false, evict = [] }: { force?: boolean; evict?: readonly string[] },
) {
  const module = params["module"] ?? "";
  const { reason } = body;
  const moved = await move(context, { caller, basedOn, kind, module, to, reason, force, evict });
  return { status: "revision" in moved ? 200 : 202, body: moved };
}

async function readinessOf({ context, caller, params }: ApiRequest<undefined, undefined>) {
  const module = params["module"] ?? "";
  const head = context.head.current;
  const from = stageOf(head, module);
  const to = nextForward(from);
  if (!rulesOf(head, module))
    throw unknownModule(
      module,
      head.files.map((file) => file.module),
    );
  const gates = await gatesOf(context, module);
  const facts = await factsOf(context, context.db, {
    kind: "stage",
    module,
    to,
    force: false,
    who: caller.who,
    head,
    now: context.clock.now(),
    gates: context.settings.requireReady ? gates : [],
  });
  const refusal = refuseMove(facts);
  return {
    module,
    from,
    to,
    /** Whether control would make the next move now. */
    mayMove: refusal === undefined,
    refusal: refusal ? { code: refusal.code, why: refusal.why, hint: refusal.hint } : null,
    ready: isReady(gates),
    gates,
  };
}

function nextForward(from: Stage): Stage {
  switch (from.name) {
    case "legacy":
      return { name: "shadow" };
    case "shadow":
      return { name: "canary", percent: 1 };
    case "canary":
      return from.percent < 100 ? { name: "canary", percent: 100 } : { name: "live" };
    case "live":
    case "retired":
      return { name: "retired" };
  }
}

export function unknownModule(module: string, known: readonly string[]): Refusal {
  return new Refusal({
    code: "MODULE_UNKNOWN",
    message: `there is no module "${module}"`,
    why: "the newest revision has no rule file for it",
    hint: `Modules are: ${known.join(", ")}.`,
  });
}
