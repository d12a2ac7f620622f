/** Prometheus metrics of the proxy: plain numbers kept where they arise, turned into samples when they are scraped. */

import { type Metric, Registry, collectDefaultMetrics, Counter, Gauge } from "prom-client";
import type { TargetGroup } from "../forward/target-group.ts";
import { bucketBounds, type CounterBook, type RuleCounters } from "./rule-counters.ts";

/** Something with a number to show, by label. */
export type Reading = { readonly labels: Readonly<Record<string, string>>; readonly value: number };
export type Source = {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly labels?: readonly string[];
  /** How values of several workers become one; they are added up when nothing else is said. */
  readonly across?: "min";
  read(): Iterable<Reading>;
};

export function createRegistry(book: CounterBook, groups: Iterable<TargetGroup>, sources: readonly Source[]): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const source of [...ruleSources(book), ...targetSources(groups), ...sources])
    registry.registerMetric(metricOf(source));
  registry.registerMetric(durations(book) as unknown as Metric);
  return registry;
}

export function metricOf(source: Source): Metric {
  const settings = {
    name: source.name,
    help: source.help,
    labelNames: [...(source.labels ?? [])],
    aggregator: source.across ?? ("sum" as const),
    registers: [],
  };
  if (source.kind === "gauge") {
    return new Gauge({
      ...settings,
      collect() {
        this.reset();
        for (const { labels, value } of source.read()) this.set({ ...labels }, value);
      },
    });
  }
  return new Counter({
    ...settings,
    collect() {
      this.reset();
      for (const { labels, value } of source.read()) this.inc({ ...labels }, value);
    },
  });
}

function ruleSources(book: CounterBook): Source[] {
  const labelsOf = ({ module, rule, by }: RuleCounters) => ({ module, rule, by });
  return [
    {
      name: "banyan_proxy_responses_total",
      help: "Answers by rule, who gave them and class of status.",
      kind: "counter",
      labels: ["module", "rule", "by", "status"],
      *read() {
        for (const counters of book.all())
          for (const [digit, value] of counters.statuses.entries())
            if (value > 0) yield { labels: { ...labelsOf(counters), status: `${digit}xx` }, value };
      },
    },
    {
      name: "banyan_proxy_response_bytes_total",
      help: "Bytes of answers' bodies.",
      kind: "counter",
      labels: ["module", "rule", "by"],
      *read() {
        for (const counters of book.all())
          if (counters.bytes > 0) yield { labels: labelsOf(counters), value: counters.bytes };
      },
    },
    {
      name: "banyan_proxy_failures_total",
      help: "Attempts and requests that failed, by failure.",
      kind: "counter",
      labels: ["module", "rule", "by", "failure"],
      *read() {
        for (const counters of book.all())
          for (const [failure, value] of counters.failures) yield { labels: { ...labelsOf(counters), failure }, value };
      },
    },
  ];
}

function targetSources(groups: Iterable<TargetGroup>): Source[] {
  const targets = [...groups].flatMap((group) => group.targets);
  const each =
    (value: (target: (typeof targets)[number]) => number): (() => Reading[]) =>
    () =>
      targets.map((target) => ({ labels: { target: target.name, origin: target.origin }, value: value(target) }));
  return [
    {
      name: "banyan_proxy_target_in_flight",
      help: "Requests under way at an instance.",
      kind: "gauge",
      labels: ["target", "origin"],
      read: each((target) => target.inFlight),
    },
    {
      name: "banyan_proxy_target_up",
      help: "1 while an instance's circuit is closed.",
      kind: "gauge",
      labels: ["target", "origin"],
      across: "min",
      read: each((target) => Number(target.circuit === "closed")),
    },
    {
      name: "banyan_proxy_target_refused_total",
      help: "Requests an instance was not given, by bound.",
      kind: "counter",
      labels: ["target", "origin", "bound"],
      *read() {
        for (const { name, origin, refused } of targets)
          for (const [bound, value] of Object.entries(refused))
            yield { labels: { target: name, origin, bound }, value };
      },
    },
  ];
}

/** prom-client can only observe a histogram value by value; this one is made of counts that are there already. */
function durations(book: CounterBook) {
  const name = "banyan_proxy_response_seconds";
  return {
    name,
    help: "Time from a request's head to its answer's end.",
    type: "histogram",
    aggregator: "sum",
    collect: undefined,
    reset() {},
    async get() {
      const values: { metricName: string; labels: Record<string, string | number>; value: number }[] = [];
      for (const { module, rule, by, buckets, seconds } of book.all()) {
        const labels = { module, rule, by };
        let count = 0;
        for (const [index, bound] of bucketBounds.entries()) {
          count += buckets[index] as number;
          values.push({ metricName: `${name}_bucket`, labels: { le: bound, ...labels }, value: count });
        }
        count += buckets[bucketBounds.length] as number;
        values.push({ metricName: `${name}_bucket`, labels: { le: "+Inf", ...labels }, value: count });
        values.push({ metricName: `${name}_sum`, labels, value: seconds });
        values.push({ metricName: `${name}_count`, labels, value: count });
      }
      return { name, help: this.help, type: this.type, aggregator: this.aggregator, values };
    },
  };
}
