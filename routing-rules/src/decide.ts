/**
 * The one decision: where does this request go, and why. Pure and total: the same inputs give the same answer, and any
 * request has one. The proxy, `banyan explain`, lint and the tests all call it.
 *
 *   1. find the rule (match.ts)
 *   2. which side the stage gives (writes: the owner; reads: by stage and cohort)
 *   3. what overrides it: a pin, a parked key, an old watermark, the rule's own `serve`
 *   4. whether it is held (a write of a fenced module) and whether it is shadowed
 */

import { bucketOf, isInCohort } from "./bucket.ts";
import type { ModuleModel, RevisionModel, RuleModel } from "./compile.ts";
import { matchRule, type RoutingRequest } from "./match.ts";
import { ownerOf } from "./stage.ts";

export type Side = "legacy" | "service";

/** Who asks. Both undefined before log-in. */
export type Caller = { readonly user: string | undefined; readonly site: string | undefined };

/** What is known of a module's sync and fence at this moment. */
export type ModuleCondition = {
  /** Age of the watermark in milliseconds; undefined = not known, which is as good as too old. */
  readonly watermarkAgeMs: number | undefined;
  /** Number of the newest heartbeat that is applied in the service's store. */
  readonly heartbeat: number;
  readonly hasParkedKey: boolean;
  readonly fenced: boolean;
};

/** Module name to the heartbeat that must be applied before the caller may read from the copy; null: not known yet, so not yet. */
export type Pins = ReadonlyMap<string, number | null>;

export type DecideInput = {
  readonly request: RoutingRequest;
  readonly caller: Caller;
  readonly revision: RevisionModel;
  readonly conditions: ReadonlyMap<string, ModuleCondition>;
  readonly pins: Pins;
};

/** In the order in which they were found; the last of those that name a side decided it. */
export type Reason =
  | { readonly code: "rule"; readonly rule: string; readonly template: string }
  | { readonly code: "noRule" }
  | { readonly code: "ruleServes"; readonly side: Side }
  | { readonly code: "stage"; readonly stage: string; readonly effect: "read" | "write"; readonly side: Side }
  | { readonly code: "noCohortKey" }
  | { readonly code: "cohort"; readonly bucket: number; readonly percent: number; readonly inside: boolean }
  | { readonly code: "pinned"; readonly heartbeat: number | null; readonly applied: number }
  | { readonly code: "parkedKey" }
  | { readonly code: "watermarkUnknown" }
  | { readonly code: "watermarkOld"; readonly ageMs: number; readonly boundMs: number }
  | { readonly code: "retired" }
  | { readonly code: "fenced" };

export type Decision = {
  readonly revision: number;
  /** Undefined only where the rule set has no catch-all, which lint refuses. */
  readonly rule: RuleModel | undefined;
  /** `refuse`: nobody may serve it (a rule that only legacy can serve, of a retired module). */
  readonly target: Side | "refuse";
  /** A write of a module whose owner is changing: to be held until the fence ends. */
  readonly hold: boolean;
  /** The side a copy of the request goes to after the answer, for comparison. */
  readonly shadow: Side | undefined;
  /** Whether a failed read may be asked of the owner's side. */
  readonly fallback: Side | undefined;
  readonly reasons: readonly Reason[];
};

const unknownCondition: ModuleCondition = {
  watermarkAgeMs: undefined,
  heartbeat: 0,
  hasParkedKey: false,
  fenced: false,
};

export function decide(input: DecideInput): Decision {
  const rule = matchRule(input.revision, input.request);
  if (!rule) {
    return {
      revision: input.revision.number,
      rule,
      target: "legacy",
      hold: false,
      shadow: undefined,
      fallback: undefined,
      reasons: [{ code: "noRule" }],
    };
  }
  const condition = input.conditions.get(rule.module.name) ?? unknownCondition;
  const reasons: Reason[] = [{ code: "rule", rule: rule.id, template: rule.template }];
  const target = rule.serve === "stage" ? byStage(rule, condition, input, reasons) : byRule(rule, rule.serve, reasons);
  const hold = rule.effect === "write" && rule.serve === "stage" && condition.fenced;
  if (hold) reasons.push({ code: "fenced" });
  return {
    revision: input.revision.number,
    rule,
    target,
    hold,
    shadow: shadowOf(rule, target),
    fallback: fallbackOf(rule, target, reasons),
    reasons,
  };
}

function byRule(rule: RuleModel, side: Side, reasons: Reason[]): Side | "refuse" {
  if (side === "legacy" && rule.module.stage.name === "retired") {
    reasons.push({ code: "retired" });
    return "refuse";
  }
  reasons.push({ code: "ruleServes", side });
  return side;
}

function byStage(rule: RuleModel, condition: ModuleCondition, input: DecideInput, reasons: Reason[]): Side {
  const { stage } = rule.module;
  if (stage.name !== "canary" || rule.effect === "write") {
    const side = ownerOf(stage);
    reasons.push({ code: "stage", stage: stage.name, effect: rule.effect, side });
    return side;
  }
  const key = input.caller.user ?? input.caller.site;
  if (key === undefined) {
    reasons.push({ code: "noCohortKey" });
    return "legacy";
  }
  const bucket = bucketOf(rule.module.cohortSalt, key);
  const inside = isInCohort(bucket, stage.percent);
  reasons.push({ code: "cohort", bucket, percent: stage.percent, inside });
  if (!inside) return "legacy";
  const obstacle = copyObstacle(rule.module, condition, input.pins);
  if (!obstacle) return "service";
  reasons.push(obstacle);
  return "legacy";
}

/** Why the service's copy must not be read now, if there is a reason. */
function copyObstacle(module: ModuleModel, condition: ModuleCondition, pins: Pins): Reason | undefined {
  const pin = pins.get(module.name);
  if (pin !== undefined && (pin === null || pin > condition.heartbeat))
    return { code: "pinned", heartbeat: pin, applied: condition.heartbeat };
  if (condition.hasParkedKey) return { code: "parkedKey" };
  if (condition.watermarkAgeMs === undefined) return { code: "watermarkUnknown" };
  if (condition.watermarkAgeMs > module.watermarkAgeMsMax) {
    return { code: "watermarkOld", ageMs: condition.watermarkAgeMs, boundMs: module.watermarkAgeMsMax };
  }
  return undefined;
}

function shadowOf(rule: RuleModel, target: Side | "refuse"): Side | undefined {
  const stage = rule.module.stage.name;
  if (rule.serve !== "stage" || target === "refuse" || stage === "legacy" || stage === "retired") return undefined;
  const mayRepeat = rule.effect === "read" ? rule.shadow === "safe" : rule.dryRun && stage !== "live";
  if (!mayRepeat) return undefined;
  return target === "legacy" ? "service" : "legacy";
}

function fallbackOf(rule: RuleModel, target: Side | "refuse", reasons: readonly Reason[]): Side | undefined {
  if (rule.effect !== "read" || rule.fallback !== "owner" || rule.serve !== "stage") return undefined;
  const owner = ownerOf(rule.module.stage);
  const pinned = reasons.some((reason) => reason.code === "pinned");
  return target === owner || target === "refuse" || pinned ? undefined : owner;
}

/** One sentence a reason, for people. */
export function describeReason(reason: Reason): string {
  switch (reason.code) {
    case "rule":
      return `rule ${reason.rule} takes ${reason.template}`;
    case "noRule":
      return "no rule takes it and there is no catch-all: legacy";
    case "ruleServes":
      return `the rule always serves it from ${reason.side}`;
    case "stage":
      return `the module is at ${reason.stage}, where a ${reason.effect} goes to ${reason.side}`;
    case "noCohortKey":
      return "canary: neither user nor site is known, so legacy";
    case "cohort":
      return `canary ${reason.percent}%: bucket ${reason.bucket} of 10000 is ${reason.inside ? "in" : "outside"} the cohort`;
    case "pinned":
      return reason.heartbeat === null
        ? "the caller has just written, and no heartbeat after it is known yet: the owner serves"
        : `the caller wrote and must see heartbeat ${reason.heartbeat}; the service has ${reason.applied}: the owner serves`;
    case "parkedKey":
      return "a key of the module is parked: the owner serves";
    case "watermarkUnknown":
      return "how old the service's data are is not known: the owner serves";
    case "watermarkOld":
      return `the service's data are ${reason.ageMs} ms old, the bound is ${reason.boundMs} ms: the owner serves`;
    case "retired":
      return "the module is retired and this route exists only in legacy: refused";
    case "fenced":
      return "the module is fenced while its owner changes: the write is held";
  }
}
