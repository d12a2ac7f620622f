/**
 * What the control plane sends a replica: one JSON object a line, over `GET /api/v1/replicas/{id}/stream`.
 *
 *   {"type":"revision","revision":12,"files":[…rule files…],"modules":{"lab":{"stage":{"name":"canary","percent":10},"epoch":3}}}
 *   {"type":"conditions","conditions":{"lab":{"watermarkAgeMs":120,"heartbeat":77,"hasParkedKey":false}},"fences":["lab"],
 *    "preparing":{"lab":4}}                         modules about to change their owner, with the epoch that would follow
 *   an empty line: a sign of life
 *
 * Each is whole: it replaces what was before. A module that a revision does not name is at `legacy`, epoch 0.
 */

import { compile, type ModuleCondition, type RevisionModel, ruleFileSchema, stageSchema } from "@banyan/routing-rules";
import { z } from "zod";

const moduleName = z.string().min(1).max(100);

export const revisionMessage = z.object({
  type: z.literal("revision"),
  revision: z.number().int().min(0),
  files: z.array(ruleFileSchema).min(1),
  modules: z.record(moduleName, z.object({ stage: stageSchema, epoch: z.number().int().min(0) })).default({}),
  /** Set after a restore of the control store: a number below the present one is then taken. */
  force: z.boolean().default(false),
});
export type RevisionMessage = z.infer<typeof revisionMessage>;

const condition = z.object({
  /** In milliseconds, at the moment of sending; null = not known. */
  watermarkAgeMs: z.number().min(0).nullish(),
  heartbeat: z.number().int().min(0).default(0),
  hasParkedKey: z.boolean().default(false),
});

const conditionsMessage = z.object({
  type: z.literal("conditions"),
  conditions: z.record(moduleName, condition).default({}),
  fences: z.array(moduleName).default([]),
  preparing: z.record(moduleName, z.number().int().min(0)).default({}),
});
export type ConditionsMessage = z.infer<typeof conditionsMessage>;

export const controlMessage = z.discriminatedUnion("type", [revisionMessage, conditionsMessage]);

export function modelOf(message: RevisionMessage): RevisionModel {
  return compile(message.files, new Map(Object.entries(message.modules)), message.revision);
}

export function conditionsOf(message: ConditionsMessage): Map<string, ModuleCondition> {
  const names = new Set([...Object.keys(message.conditions), ...message.fences]);
  const fenced = new Set(message.fences);
  return new Map(
    [...names].map((name) => {
      const one = message.conditions[name];
      return [
        name,
        {
          watermarkAgeMs: one?.watermarkAgeMs ?? undefined,
          heartbeat: one?.heartbeat ?? 0,
          hasParkedKey: one?.hasParkedKey ?? false,
          fenced: fenced.has(name),
        },
      ];
    }),
  );
}
