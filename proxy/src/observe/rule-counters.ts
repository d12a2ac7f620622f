/**
 * Counters of one rule and one side, held as plain numbers beside the rule: on the hot path an observation is a few
 * additions, no label is looked up or hashed. The numbers become Prometheus samples only when somebody scrapes them.
 */

import type { RevisionModel, RuleModel } from "@banyan/routing-rules";
import type { Failure } from "../forward/failure.ts";

/** Upper bounds in seconds. */
export const bucketBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

export type ServedBy = "legacy" | "service" | "proxy";

export class RuleCounters {
  readonly module: string;
  readonly rule: string;
  readonly by: ServedBy;
  /** Answers by first digit of the status; index 0 unused. */
  readonly statuses = [0, 0, 0, 0, 0, 0];
  /** Not cumulative; the last one is everything above the highest bound. */
  readonly buckets: number[] = Array.from({ length: bucketBounds.length + 1 }, () => 0);
  seconds = 0;
  bytes = 0;
  readonly failures = new Map<Failure, number>();

  constructor(module: string, rule: string, by: ServedBy) {
    this.module = module;
    this.rule = rule;
    this.by = by;
  }

  /** An answer without a duration worth a histogram: a WebSocket may last for days. */
  opened(status: number): void {
    const digit = Math.floor(status / 100);
    this.statuses[digit] = (this.statuses[digit] ?? 0) + 1;
  }

  answered(status: number, ms: number, bytes: number): void {
    this.opened(status);
    const seconds = ms / 1_000;
    this.seconds += seconds;
    this.bytes += bytes;
    let index = 0;
    while (index < bucketBounds.length && seconds > (bucketBounds[index] as number)) index += 1;
    this.buckets[index] = (this.buckets[index] as number) + 1;
  }

  failed(failure: Failure): void {
    this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
  }
}

/** Counters of all rules that ever ran here. Rules keep their counters from revision to revision by their id. */
export class CounterBook {
  readonly #byName = new Map<string, RuleCounters>();
  readonly #asked = new Map<string, number>();
  #byRule = new WeakMap<RuleModel, Record<ServedBy, RuleCounters>>();

  /** Counts a request for the dry run of changes: by rule, nothing else of it. */
  asked(rule: RuleModel): void {
    this.#asked.set(rule.id, (this.#asked.get(rule.id) ?? 0) + 1);
  }

  /** Requests since the last time, by rule id; begins anew. At most `max` rules. */
  takeAsked(max: number): Record<string, number> {
    const taken = Object.fromEntries([...this.#asked].slice(0, max));
    this.#asked.clear();
    return taken;
  }

  /** Gives back what could not be told. */
  returnAsked(counts: Readonly<Record<string, number>>): void {
    for (const [rule, count] of Object.entries(counts)) this.#asked.set(rule, (this.#asked.get(rule) ?? 0) + count);
  }

  of(rule: RuleModel, by: ServedBy): RuleCounters {
    let counters = this.#byRule.get(rule);
    if (!counters) {
      const make = (by: ServedBy): RuleCounters => this.#named(rule.module.name, rule.id, by);
      counters = { legacy: make("legacy"), service: make("service"), proxy: make("proxy") };
      this.#byRule.set(rule, counters);
    }
    return counters[by];
  }

  /** Requests that never reached a rule. */
  get unadmitted(): RuleCounters {
    return this.#named("none", "none", "proxy");
  }

  /** Drops the counters of rules that a revision no longer has, so that they do not grow with every rename. */
  keepOnly(model: RevisionModel): void {
    const known = new Set(model.rules.map((rule) => rule.id));
    for (const [name, counters] of this.#byName)
      if (counters.rule !== "none" && !known.has(counters.rule)) this.#byName.delete(name);
    for (const rule of this.#asked.keys()) if (!known.has(rule)) this.#asked.delete(rule);
  }

  all(): Iterable<RuleCounters> {
    return this.#byName.values();
  }

  #named(module: string, rule: string, by: ServedBy): RuleCounters {
    const name = `${rule} ${by}`;
    let counters = this.#byName.get(name);
    if (!counters) {
      counters = new RuleCounters(module, rule, by);
      this.#byName.set(name, counters);
    }
    return counters;
  }
}
