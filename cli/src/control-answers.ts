/** What control answers, as far as the command reads it; everything else is passed on to `--json` untouched. */

import { stageSchema } from "@banyan/routing-rules";
import { z } from "zod";
import type { ControlClient } from "./control-client.ts";

const instant = z.iso.datetime();

const replicaSchema = z.looseObject({
  id: z.string(),
  standing: z.enum(["current", "behind", "refused", "ahead", "silent", "evicted"]),
  acknowledged: z.number(),
  build: z.string(),
  heartbeatAt: instant.nullable(),
  refused: z.looseObject({ why: z.string().nullable() }).nullable(),
  fences: z.array(z.string()),
  /** Writes under way by module and epoch, and writes held by module. */
  inFlight: z.record(z.string(), z.record(z.string(), z.number())),
  held: z.record(z.string(), z.number()),
  evicted: z.looseObject({ by: z.string().nullable(), reason: z.string().nullable() }).nullable(),
});
export type ReplicaView = z.infer<typeof replicaSchema>;
const replicasSchema = z.looseObject({ replicas: z.array(replicaSchema) });

const moduleSchema = z.looseObject({
  module: z.string(),
  service: z.string(),
  stage: stageSchema,
  owner: z.enum(["legacy", "service"]),
  epoch: z.number(),
  movable: z.boolean(),
  rules: z.number(),
  fenced: z.boolean(),
  condition: z.looseObject({ watermarkAgeMs: z.number().nullable(), hasParkedKey: z.boolean() }).nullable(),
  lastMove: z.looseObject({ who: z.string(), reason: z.string(), since: instant }).nullable(),
});
export type ModuleView = z.infer<typeof moduleSchema>;

const freezeWindowSchema = z.looseObject({
  id: z.number(),
  module: z.string().nullable(),
  startsAt: instant,
  endsAt: instant,
  reason: z.string(),
  createdBy: z.string(),
});
export type FreezeWindowView = z.infer<typeof freezeWindowSchema>;
export const freezeWindowsSchema = z.looseObject({ freezeWindows: z.array(freezeWindowSchema) });

export const statusSchema = z.looseObject({
  revision: z.number(),
  kind: z.string(),
  module: z.string().nullable(),
  who: z.string(),
  reason: z.string(),
  at: instant,
  acknowledged: z.looseObject({ by: z.number(), of: z.number(), waitingFor: z.array(z.string()) }),
  modules: z.array(moduleSchema),
  replicas: z.array(replicaSchema),
  freezeWindows: z.array(freezeWindowSchema),
});
export type StatusView = z.infer<typeof statusSchema>;

const refusalSchema = z.looseObject({ code: z.string(), why: z.string(), hint: z.string() }).nullable();

export const readinessSchema = z.looseObject({
  module: z.string(),
  from: stageSchema,
  to: stageSchema,
  mayMove: z.boolean(),
  refusal: refusalSchema,
  ready: z.boolean(),
  gates: z.array(
    z.looseObject({
      gate: z.string(),
      state: z.string(),
      value: z.string().nullish(),
      threshold: z.string().optional(),
      why: z.string().optional(),
    }),
  ),
});
export type ReadinessView = z.infer<typeof readinessSchema>;

export const auditSchema = z.looseObject({
  entries: z.array(
    z.looseObject({
      seq: z.number(),
      at: instant,
      who: z.string(),
      role: z.string(),
      action: z.string(),
      outcome: z.enum(["done", "refused"]),
      module: z.string().nullable(),
      revision: z.number().nullable(),
      reason: z.string().nullable(),
      details: z.record(z.string(), z.unknown()),
    }),
  ),
});
export type AuditView = z.infer<typeof auditSchema>;

export const verificationSchema = z.looseObject({
  intact: z.boolean(),
  rows: z.number(),
  headHash: z.string(),
  problems: z.array(z.looseObject({ seq: z.number(), problem: z.string() })),
  access: z.looseObject({
    intact: z.boolean(),
    batches: z.number(),
    events: z.number(),
    dropped: z.number(),
    headHash: z.string(),
    problems: z.array(z.looseObject({ batch: z.number(), problem: z.string() })),
  }),
});

export const accessSchema = z.looseObject({
  events: z.array(
    z.looseObject({
      batch: z.number(),
      at: instant,
      rule: z.string(),
      effect: z.string(),
      by: z.string(),
      status: z.number(),
      reason: z.string(),
      kind: z.string(),
      who: z.string().nullable(),
      patient: z.string().nullable(),
      requestId: z.string(),
    }),
  ),
});
export type AccessView = z.infer<typeof accessSchema>;

export const explanationSchema = z.looseObject({
  revision: z.number(),
  target: z.enum(["legacy", "service", "refuse"]),
  rule: z.string().nullable(),
  module: z.string().nullable(),
  service: z.string().nullable(),
  template: z.string().nullable(),
  effect: z.string().nullable(),
  stage: stageSchema.nullable(),
  hold: z.boolean(),
  shadow: z.string().nullable(),
  fallback: z.string().nullable(),
  reasons: z.array(z.looseObject({ code: z.string(), text: z.string() })),
});

const servedSchema = z.looseObject({ module: z.string(), rule: z.string(), served: z.string() });
export const dryRunSchema = z.looseObject({
  summary: z.string(),
  changes: z.array(
    z.looseObject({
      template: z.string(),
      methods: z.array(z.string()),
      requestsLastDay: z.number(),
      before: servedSchema,
      after: servedSchema,
    }),
  ),
  requestsLastDay: z.number(),
  requestsOfCatchAll: z.number(),
  refusal: refusalSchema,
});
export type DryRunView = z.infer<typeof dryRunSchema>;

/** @throws as `ControlClient.call` */
export async function replicasOf(control: ControlClient, op = "banyan replicas"): Promise<ReplicaView[]> {
  return (await control.call({ op, path: "/replicas" }, replicasSchema)).replicas;
}
