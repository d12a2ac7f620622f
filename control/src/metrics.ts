/** Metrics of the control plane, in a registry of its own so that several may run in one process. */

import { Counter, Gauge, Histogram, Registry } from "prom-client";

export type ControlMetrics = ReturnType<typeof createMetrics>;

export function createMetrics(read: {
  readonly revision: () => number;
  readonly streams: () => number;
  readonly droppedCounts: () => number;
}) {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge("banyan_control_revision", "number of the newest revision", read.revision);
  gauge("banyan_control_replica_streams", "replicas connected now", read.streams);
  gauge("banyan_control_request_counts_dropped", "requests not counted for want of room", read.droppedCounts);
  return {
    registry,
    acknowledged: new Histogram({
      name: "banyan_control_acknowledge_seconds",
      help: "from the commit of a revision to its acknowledgement, one observation a replica",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
      registers,
    }),
    flips: new Counter({
      name: "banyan_control_flips_total",
      help: "flips that ended, by outcome and direction",
      labelNames: ["outcome", "direction"],
      registers,
    }),
    flipHold: new Histogram({
      name: "banyan_control_flip_hold_seconds",
      help: "how long a flip held writes, from asking for the fence to its end",
      buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 4, 8],
      registers,
    }),
    refusals: new Counter({
      name: "banyan_control_refusals_total",
      help: "refused requests by code",
      labelNames: ["code"],
      registers,
    }),
    requests: new Counter({
      name: "banyan_control_requests_total",
      help: "requests by end point and status",
      labelNames: ["endpoint", "status"],
      registers,
    }),
    accessEvents: new Counter({
      name: "banyan_control_access_events_total",
      help: "audit events stored that replicas told of",
      registers,
    }),
    accessEventsDropped: new Counter({
      name: "banyan_control_access_events_dropped_total",
      help: "audit events that replicas said they could not keep",
      registers,
    }),
    limitsReached: new Counter({
      name: "banyan_control_limits_reached_total",
      help: "how often a named limit was reached",
      labelNames: ["limit"],
      registers,
    }),
  };
}
