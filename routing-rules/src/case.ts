/**
 * Cases: what the rules are expected to decide, written down by people. Every rule of the EHR's own set must be the expected
 * answer of at least one check, so that nobody changes a route without seeing a case change.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { compile, type ModuleState } from "./compile.ts";
import { type Decision, decide, type ModuleCondition } from "./decide.ts";
import { routingRequestOf } from "./request-line.ts";
import { readRuleSet } from "./rule-set.ts";
import { stageSchema } from "./stage.ts";

const conditionSchema = z.strictObject({
  watermarkAgeMs: z.number().optional(),
  heartbeat: z.number().default(0),
  hasParkedKey: z.boolean().default(false),
  fenced: z.boolean().default(false),
});

const checkSchema = z.strictObject({
  request: z.string().describe("METHOD path?query"),
  headers: z.record(z.string(), z.string()).default({}),
  user: z.string().optional(),
  site: z.string().optional(),
  pins: z.record(z.string(), z.number().nullable()).default({}),
  rule: z.string(),
  target: z.enum(["legacy", "service", "refuse"]),
  shadow: z.enum(["legacy", "service", "none"]).default("none"),
  fallback: z.enum(["legacy", "service", "none"]).default("none"),
  hold: z.boolean().default(false),
});

const caseSchema = z.strictObject({
  about: z.string(),
  rules: z.string().describe("folder of rule files, relative to the case"),
  stages: z.record(z.string(), stageSchema).default({}),
  conditions: z.record(z.string(), conditionSchema).default({}),
  checks: z.array(checkSchema).min(1),
});

export type RoutingCheck = z.infer<typeof checkSchema>;
export type CheckedDecision = { readonly check: RoutingCheck; readonly decision: Decision };

/** Decides every check of a case folder (`case.yaml` in it). @throws ZodError when the case does not fit its schema. */
export function runCase(folder: string): CheckedDecision[] {
  const config = caseSchema.parse(parse(readFileSync(join(folder, "case.yaml"), "utf8")));
  const states = new Map(
    Object.entries(config.stages).map(([module, stage]): [string, ModuleState] => [module, { stage, epoch: 0 }]),
  );
  const conditions = new Map(
    Object.entries(config.conditions).map(([module, condition]): [string, ModuleCondition] => [
      module,
      { ...condition, watermarkAgeMs: condition.watermarkAgeMs },
    ]),
  );
  const revision = compile(
    readRuleSet(join(folder, config.rules)).files.map((file) => file.config),
    states,
  );
  return config.checks.map((check) => ({
    check,
    decision: decide({
      request: routingRequestOf(check.request, check.headers),
      caller: { user: check.user, site: check.site },
      revision,
      conditions,
      pins: new Map(Object.entries(check.pins)),
    }),
  }));
}

export function caseFolders(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}
