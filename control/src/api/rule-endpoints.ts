/** Rules and revisions: read, lint, publish, explain a request, try a change dry. */

import { AppError } from "@banyan/kernel";
import {
  decide,
  describeReason,
  lint,
  type ModuleCondition,
  parseRuleSet,
  routingRequestOf,
  stageSchema,
} from "@banyan/routing-rules";
import { z } from "zod";
import type { ControlContext } from "../context.ts";
import { limits } from "../limits.ts";
import { dryRun } from "../moves/dry-run.ts";
import { stageOf } from "../moves/move.ts";
import { gatesOf } from "../moves/readiness.ts";
import { rulesOf } from "../moves/rules-of.ts";
import { checkRules, publish } from "../moves/publish.ts";
import { factsOf } from "../moves/move.ts";
import { refuseMove } from "../moves/move-check.ts";
import { Refusal } from "../refusal.ts";
import { readRuleFiles } from "../seed.ts";
import { listRevisions, readRevision, type RuleFileText } from "../store/revisions.ts";
import { endpoint, idParameter, nameSchema, pageSchema, reasonSchema, ruleFilesSchema } from "./endpoint.ts";
import { unknownModule } from "./module-endpoints.ts";
import { revisionView } from "./revision-view.ts";

const publishBody = z.union([
  z.strictObject({ files: ruleFilesSchema, reason: reasonSchema }),
  z.strictObject({ fromRevision: idParameter, reason: reasonSchema }),
]);
const explainBody = z.strictObject({
  method: z.string().regex(/^[A-Z]{1,20}$/, "a method in capitals"),
  url: z
    .string()
    .max(limits.urlCharsMax)
    .regex(/^(https?:\/\/[^/\s]+)?\/\S*$/i, "an absolute path with query, or a whole URL"),
  user: nameSchema.optional(),
  site: nameSchema.optional(),
  headers: z.record(nameSchema, z.string().max(limits.urlCharsMax)).default({}),
  pins: z.record(nameSchema, z.number().int().min(0).nullable()).default({}),
});
const dryRunBody = z.union([
  z.strictObject({ files: ruleFilesSchema }),
  z.strictObject({ module: nameSchema, stage: stageSchema }),
]);

export const ruleEndpoints = [
  endpoint({
    method: "get",
    path: "/revisions",
    role: "viewer",
    query: pageSchema,
    handle: async ({ context, query }) => ({
      body: { revisions: (await listRevisions(context.db, query)).map(revisionView) },
    }),
  }),
  endpoint({
    method: "get",
    path: "/revisions/:number",
    role: "viewer",
    handle: async ({ context, params }) => {
      const revision = await revisionAt(context, Number(params["number"]));
      return { body: { ...revisionView(revision), files: revision.files, modules: revision.modules } };
    },
  }),
  endpoint({
    method: "get",
    path: "/rules",
    role: "viewer",
    handle: ({ context }) => {
      const { revision } = context.head.current;
      return { body: { revision: revision.number, digest: revision.digest, files: revision.files } };
    },
  }),
  endpoint({
    method: "post",
    path: "/lint",
    role: "viewer",
    body: z.strictObject({ files: ruleFilesSchema }),
    handle: ({ body }) => {
      const problems = lint(parseRuleSet(body.files));
      return { body: { ok: problems.length === 0, problems } };
    },
  }),
  endpoint({
    method: "post",
    path: "/rules",
    role: "admin",
    changes: true,
    body: publishBody,
    handle: async ({ context, caller, basedOn, body }) => {
      const files = "files" in body ? body.files : (await revisionAt(context, body.fromRevision)).files;
      const action = "files" in body ? "rules" : "rules.restore";
      return { body: await publish(context, { caller, basedOn, files, reason: body.reason, action }) };
    },
  }),
  endpoint({
    method: "post",
    path: "/rules/reload",
    role: "admin",
    changes: true,
    body: z.strictObject({ reason: reasonSchema }),
    handle: async ({ context, caller, basedOn, body }) => {
      const files = reread(context.settings.rulesPath);
      return { body: await publish(context, { caller, basedOn, files, reason: body.reason, action: "rules.reload" }) };
    },
  }),
  endpoint({
    method: "post",
    path: "/explain",
    role: "viewer",
    body: explainBody,
    handle: ({ context, body }) => ({ body: explain(context, body) }),
  }),
  endpoint({
    method: "post",
    path: "/dry-run",
    role: "viewer",
    body: dryRunBody,
    handle: async ({ context, caller, body }) => {
      const head = context.head.current;
      const states = new Map(Object.entries(head.revision.modules));
      const requestsByRule = await context.counts.lastDay();
      if ("files" in body) {
        checkRules(body.files, head);
        const files = parseRuleSet(body.files).files.map((file) => file.config);
        return { body: { ...dryRun({ before: head.model, files, states, requestsByRule }), refusal: null } };
      }
      const { module, stage } = body;
      if (!rulesOf(head, module))
        throw unknownModule(
          module,
          head.files.map((file) => file.module),
        );
      const now = context.clock.now();
      const gates = context.settings.requireReady ? await gatesOf(context, module) : [];
      const asked = { kind: "stage", module, to: stage, force: false, who: caller.who, head, now, gates } as const;
      const refusal = refuseMove(await factsOf(context, context.db, asked));
      states.set(module, { stage, epoch: states.get(module)?.epoch ?? 0 });
      return {
        body: {
          from: stageOf(head, module),
          to: stage,
          ...dryRun({ before: head.model, files: head.files, states, requestsByRule }),
          refusal: refusal ? { code: refusal.code, why: refusal.why, hint: refusal.hint } : null,
        },
      };
    },
  }),
];

async function revisionAt(context: ControlContext, number: number) {
  const revision = Number.isSafeInteger(number) && number > 0 ? await readRevision(context.db, number) : undefined;
  if (revision) return revision;
  throw new Refusal({
    code: "NOT_FOUND",
    message: "there is no such revision",
    why: `revisions go from 1 to ${context.head.current.revision.number}`,
    hint: "GET /api/v1/revisions lists them.",
  });
}

/** @throws Refusal RULES_INVALID when the folder cannot be read; the last good rules stay */
function reread(path: string): readonly RuleFileText[] {
  try {
    return readRuleFiles(path);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw new Refusal({
      code: "RULES_INVALID",
      message: "the rules were not published",
      why: cause.message,
      hint: "The control plane reads the folder of BANYAN_RULES on its own machine. The last good rules stay in force.",
      cause,
    });
  }
}

/** The answer names the rule's template and never repeats the URL, which may hold a patient's name. */
function explain(context: ControlContext, asked: z.infer<typeof explainBody>) {
  const target = asked.url.replace(/^https?:\/\/[^/]+/i, "");
  const { model } = context.head.current;
  const decision = decide({
    request: routingRequestOf(`${asked.method} ${target}`, asked.headers),
    caller: { user: asked.user, site: asked.site },
    revision: model,
    conditions: new Map([...model.modules.keys()].map((module) => [module, conditionOf(context, module)])),
    pins: new Map(Object.entries(asked.pins)),
  });
  return {
    revision: decision.revision,
    target: decision.target,
    rule: decision.rule?.id ?? null,
    module: decision.rule?.module.name ?? null,
    service: decision.rule?.module.service ?? null,
    template: decision.rule?.template ?? null,
    effect: decision.rule?.effect ?? null,
    stage: decision.rule?.module.stage ?? null,
    hold: decision.hold,
    shadow: decision.shadow ?? null,
    fallback: decision.fallback ?? null,
    reasons: decision.reasons.map((reason) => ({ ...reason, text: describeReason(reason) })),
  };
}

function conditionOf(context: ControlContext, module: string): ModuleCondition {
  const report = context.conditions.of(module);
  return {
    watermarkAgeMs: report?.watermarkAgeMs ?? undefined,
    heartbeat: report?.heartbeat ?? 0,
    hasParkedKey: report?.hasParkedKey ?? false,
    fenced: context.conditions.isFenced(module),
  };
}
