/** Stages and conditions as a person writes them on a command line, in JSON, for what is decided without control. */

import { type ModuleCondition, type ModuleState, stageNames, stageSchema } from "@banyan/routing-rules";
import { z } from "zod";
import { UsageError } from "./usage-error.ts";

const stagesSchema = z.record(z.string(), stageSchema);
const conditionSchema = z.strictObject({
  watermarkAgeMs: z.number().min(0).nullish(),
  heartbeat: z.number().int().min(0).default(0),
  hasParkedKey: z.boolean().default(false),
  fenced: z.boolean().default(false),
});

/** @returns states by module; empty when nothing is written. @throws UsageError */
export function stagesOption(written: string | undefined, modules: ReadonlySet<string>): Map<string, ModuleState> {
  const hint = `Write it as '{"patient":{"name":"canary","percent":10}}'; stages are ${stageNames.join(", ")}.`;
  const stages = parsed("--stages", written, stagesSchema, hint);
  refuseUnknown("--stages", Object.keys(stages), modules);
  return new Map(Object.entries(stages).map(([module, stage]) => [module, { stage, epoch: 0 }]));
}

/** @throws UsageError */
export function conditionsOption(
  written: string | undefined,
  modules: ReadonlySet<string>,
): Map<string, ModuleCondition> {
  const hint = `Write it as '{"patient":{"watermarkAgeMs":20000,"hasParkedKey":true}}'; fields are ${Object.keys(conditionSchema.shape).join(", ")}.`;
  const conditions = parsed("--conditions", written, z.record(z.string(), conditionSchema), hint);
  refuseUnknown("--conditions", Object.keys(conditions), modules);
  return new Map(
    Object.entries(conditions).map(([module, one]) => [
      module,
      { ...one, watermarkAgeMs: one.watermarkAgeMs ?? undefined },
    ]),
  );
}

function parsed<Value>(
  option: string,
  written: string | undefined,
  shape: z.ZodType<Record<string, Value>>,
  hint: string,
): Record<string, Value> {
  if (written === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    throw new UsageError(option, "what is written is not JSON", hint);
  }
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new UsageError(option, problems.join("; "), hint);
}

function refuseUnknown(option: string, names: readonly string[], modules: ReadonlySet<string>): void {
  const unknown = names.filter((name) => !modules.has(name));
  if (unknown.length === 0) return;
  throw new UsageError(
    option,
    `the rules have no module ${unknown.map((name) => `"${name}"`).join(", ")}`,
    `Modules are: ${[...modules].sort().join(", ")}.`,
  );
}
