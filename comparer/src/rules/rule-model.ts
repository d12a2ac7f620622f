/**
 * Rules compiled for use. A RuleModel is immutable and swapped whole; what applies to a route is picked once and kept. Rules
 * that have expired take no part and are listed, so that somebody prolongs or removes them.
 */

import { AppError } from "@banyan/kernel";
import type { Channel, Kind, Transform } from "../verdict.ts";
import { globExpression } from "./glob.ts";
import { lintComparisonRules } from "./lint.ts";
import type { ComparisonConfig, RuleConfig } from "./rule-file.ts";
import type { ComparisonRuleSet } from "./rule-set.ts";
import { maskedAlike } from "./mask.ts";

/** What a model is made of; plain data, so that another thread can make the same one. */
export type RuleSource = { readonly configs: readonly ComparisonConfig[]; readonly asOf: string };

export type RuleModel = {
  readonly source: RuleSource;
  /** `YYYY-MM-DD` the rules are applied as of. */
  readonly asOf: string;
  /** Ids of rules that no longer apply. */
  readonly expired: readonly string[];
  forRoute(route: string): RouteRules;
};

export type Candidate = {
  readonly channel: Channel;
  readonly path: string;
  readonly kind: Kind;
  readonly transform: Transform;
  readonly left: string | undefined;
  readonly right: string | undefined;
};

/** `oneToOne`: the rule covers the difference if the pairing of values holds for the whole answer. */
export type Cover = { readonly rule: string; readonly oneToOne: string | undefined };

export type OneToOnePath = { readonly channel: Channel; readonly path: RegExp; readonly group: string };

export type RouteRules = {
  cover(candidate: Candidate): Cover | undefined;
  readonly keyOf: (channel: Channel, path: string) => string | undefined;
  readonly oneToOne: readonly OneToOnePath[];
  /** Lower case, beside the built-in ones. */
  readonly headers: ReadonlySet<string>;
  readonly cookieValues: ReadonlySet<string>;
  readonly words: ReadonlySet<string>;
};

/** @throws AppError COMPARISON_RULES_INVALID when lint finds anything. */
export function compileRules(set: ComparisonRuleSet, asOf: string): RuleModel {
  const problems = lintComparisonRules(set);
  if (problems.length > 0) {
    throw new AppError({
      code: "COMPARISON_RULES_INVALID",
      op: "load comparison rules",
      message: problems
        .map(({ file, line, message, suggestion }) => `${file}:${line} ${message}. ${suggestion}`)
        .join("\n"),
      hint: "Nothing was loaded. Mend the rules named above.",
    });
  }
  return compileSource({ configs: set.files.map((file) => file.config), asOf });
}

/** No rules at all: every difference counts. */
export function noRules(): RuleModel {
  return compileSource({ configs: [], asOf: "1970-01-01" });
}

/** A source that has passed lint before. */
export function compileSource(source: RuleSource): RuleModel {
  const { configs, asOf } = source;
  const rules = configs.flatMap((config) => config.rules);
  const live = rules.filter((rule) => asOf < rule.expires).map((rule) => ({ ...placed(rule), covers: coverOf(rule) }));
  const arrays = configs.flatMap((config) => config.arrays).map((array) => ({ ...placed(array), key: array.key }));
  const shared = {
    headers: new Set(configs.flatMap((config) => config.headers)),
    cookieValues: new Set(configs.flatMap((config) => config.cookieValues)),
    words: new Set(configs.flatMap((config) => config.words)),
  };
  const known = new Map<string, RouteRules>();
  const make = (route: string): RouteRules => {
    const rulesHere = live.filter((rule) => rule.routes.some((one) => one.test(route)));
    const arraysHere = arrays.filter((array) => array.routes.some((one) => one.test(route)));
    return {
      ...shared,
      oneToOne: rulesHere.flatMap(({ channel, path, group }) =>
        group === undefined ? [] : [{ channel, path, group }],
      ),
      cover(candidate) {
        const rule = rulesHere.find(
          (one) => one.channel === candidate.channel && one.path.test(candidate.path) && one.covers(candidate),
        );
        return rule && { rule: rule.id, oneToOne: rule.group };
      },
      keyOf: (channel, path) => arraysHere.find((one) => one.channel === channel && one.path.test(path))?.key,
    };
  };
  return {
    source,
    asOf,
    expired: rules.filter((rule) => asOf >= rule.expires).map((rule) => rule.id),
    forRoute(route) {
      const rulesOfRoute = known.get(route) ?? make(route);
      known.set(route, rulesOfRoute);
      return rulesOfRoute;
    },
  };
}

type Placed = { readonly routes: readonly string[]; readonly channel: Channel; readonly path: string };

function placed(one: Placed & { readonly id?: string; readonly oneToOne?: string | undefined }) {
  return {
    id: one.id ?? "",
    routes: one.routes.map(globExpression),
    channel: one.channel,
    path: globExpression(one.path),
    group: one.oneToOne,
  };
}

/** A missing part, another type, a malformed or doubled one are out of every rule's reach. */
function coverOf(rule: RuleConfig): (candidate: Candidate) => boolean {
  if (rule.kind === "order") return ({ kind }) => kind === "order";
  const condition = conditionOf(rule);
  return (candidate) =>
    candidate.kind === "value" &&
    candidate.left !== undefined &&
    candidate.right !== undefined &&
    condition(candidate.left, candidate.right, candidate.transform);
}

type Condition = (left: string, right: string, transform: Transform) => boolean;

function conditionOf(rule: RuleConfig): Condition {
  if (rule.both !== undefined) {
    const both = new RegExp(`^(?:${rule.both})$`, "su");
    return (left, right) => both.test(left) && both.test(right);
  }
  if (rule.mask !== undefined) {
    const mask = new RegExp(rule.mask, "gsu");
    return (left, right) => maskedAlike({ mask, skewSecondsMax: rule.skewSecondsMax }, left, right);
  }
  if (rule.transforms) {
    const classes = new Set(rule.transforms);
    return (_left, _right, transform) => classes.has(transform);
  }
  return (left, right) => left !== "" && right !== "";
}
