/**
 * What a change would do, against what was asked in the last day: the rules before and after are compared by requests made
 * from the rules' own text (their witnesses), weighted with how often each rule was asked. Counts are kept by rule, so what
 * the catch-all takes is known only as one number.
 */

import {
  compile,
  type ModuleState,
  matchRule,
  ownerOf,
  type RevisionModel,
  type RuleFileConfig,
  type RuleModel,
  witnessesOf,
} from "@banyan/routing-rules";

export type ServedRule = {
  readonly module: string;
  readonly rule: string;
  /** `legacy`, `service`, `service for 10%`, `refused` */
  readonly served: string;
};

export type TemplateChange = {
  readonly template: string;
  readonly methods: readonly string[];
  readonly requestsLastDay: number;
  readonly before: ServedRule;
  readonly after: ServedRule;
};

export type DryRun = {
  readonly summary: string;
  /** Templates that another module or another side would serve, most asked first. */
  readonly changes: readonly TemplateChange[];
  readonly templates: number;
  readonly requestsLastDay: number;
  readonly requestsChanged: number;
  /** Requests of the last day that only the catch-all took: what they were is not known. */
  readonly requestsOfCatchAll: number;
};

export type DryRunInput = {
  readonly before: RevisionModel;
  readonly files: readonly RuleFileConfig[];
  readonly states: ReadonlyMap<string, ModuleState>;
  readonly requestsByRule: ReadonlyMap<string, number>;
};

export function dryRun({ before, files, states, requestsByRule }: DryRunInput): DryRun {
  const after = compile(files, states, before.number + 1);
  const known = new Set(before.rules.map((rule) => rule.id));
  const all = [
    ...before.rules.map((rule) => compare(rule, before, after, requestsByRule.get(rule.id) ?? 0)),
    ...after.rules.filter((rule) => !known.has(rule.id)).map((rule) => compare(rule, before, after, 0)),
  ].filter((change) => change !== undefined);
  const changes = all
    .filter(({ before, after }) => before.module !== after.module || before.served !== after.served)
    .sort((a, b) => b.requestsLastDay - a.requestsLastDay || a.template.localeCompare(b.template));
  const total = sum([...requestsByRule.values()]);
  const changed = sum(changes.map((change) => change.requestsLastDay));
  const catchAll = before.rules.find((rule) => rule.pattern.kind === "prefix" && rule.pattern.segments.length === 0);
  return {
    summary: summaryOf(changes.length, changed, total),
    changes,
    templates: all.length,
    requestsLastDay: total,
    requestsChanged: changed,
    requestsOfCatchAll: requestsByRule.get(catchAll?.id ?? "") ?? 0,
  };
}

function summaryOf(templates: number, requests: number, total: number): string {
  if (templates === 0) return "no path template changes owner";
  const what = templates === 1 ? "1 path template changes" : `${templates} path templates change`;
  if (total === 0) return `${what} owner; nothing was asked in the last day`;
  return `${what} owner; ${requests} of the ${total} requests of the last day took ${templates === 1 ? "it" : "them"}`;
}

/** By the first witness that reaches the rule in the set it comes from. */
function compare(
  rule: RuleModel,
  before: RevisionModel,
  after: RevisionModel,
  requestsLastDay: number,
): TemplateChange | undefined {
  const home = before.rules.includes(rule) ? before : after;
  const witness = witnessesOf(rule).find((request) => matchRule(home, request) === rule);
  if (!witness) return undefined;
  const [old, next] = [matchRule(before, witness), matchRule(after, witness)];
  if (!old || !next) return undefined;
  return {
    template: rule.template,
    methods: [...(rule.methods ?? ["any"])],
    requestsLastDay,
    before: servedBy(old),
    after: servedBy(next),
  };
}

function servedBy(rule: RuleModel): ServedRule {
  return { module: rule.module.name, rule: rule.id, served: sideOf(rule) };
}

function sideOf(rule: RuleModel): string {
  const { stage } = rule.module;
  if (rule.serve === "legacy") return stage.name === "retired" ? "refused" : "legacy";
  if (rule.serve === "service") return "service";
  if (stage.name === "canary" && rule.effect === "read") return `service for ${stage.percent}%`;
  return ownerOf(stage);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
