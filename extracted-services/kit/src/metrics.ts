/** Metrics of a service, in a registry of its own. Labels are codes of closed lists: never an id, a path or a name. */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Decision } from "./policy.ts";

export type ServiceMetrics = ReturnType<typeof createMetrics>;

export function createMetrics(service: string, read: { readonly auditQueued: () => number }) {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> =>
    new Counter({ name, help, labelNames, registers });
  const decisions = counter("banyan_service_decisions_total", "answers of the policy by rule", "rule");
  // oxlint-disable-next-line no-new -- the registry keeps it
  new Gauge({
    name: "banyan_service_audit_queued",
    help: "audit events that wait to be written",
    registers,
    collect() {
      this.set(read.auditQueued());
    },
  });
  return {
    registry,
    requests: counter("banyan_service_requests_total", "answered requests", "face", "method", "status"),
    seconds: new Histogram({
      name: "banyan_service_request_seconds",
      help: "from the head of a request to the end of its answer",
      labelNames: ["face"],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    running: new Gauge({ name: "banyan_service_requests_running", help: "requests being answered", registers }),
    refusals: counter("banyan_service_refusals_total", "requests refused by the shell", "code"),
    writes: counter("banyan_service_writes_total", "write transactions by outcome", "outcome"),
    decided: (decision: Decision) => decisions.inc({ rule: decision.rule }),
    idsLeft: new Gauge({
      name: "banyan_service_ids_left",
      help: "identifiers left in the reserved blocks",
      labelNames: ["name"],
      registers,
    }),
    limitsReached: counter("banyan_service_limits_reached_total", "how often a named limit was reached", "limit"),
  };
}
