/** The adapter's Prometheus metrics. Labels are names of services, modules and codes; never anything of a row. */

import { Counter, Gauge, Histogram, Registry } from "prom-client";

export type SyncMetrics = ReturnType<typeof createSyncMetrics>;

export function createSyncMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const byService = ["service"] as const;
  return {
    registry,
    leading: new Gauge({ name: "banyan_sync_leading", help: "1 while this adapter leads", registers }),
    rows: new Counter({
      name: "banyan_sync_changes_applied_total",
      help: "Captured changes applied",
      labelNames: byService,
      registers,
    }),
    transactions: new Counter({
      name: "banyan_sync_transactions_applied_total",
      help: "Source transactions applied",
      labelNames: byService,
      registers,
    }),
    parkings: new Counter({
      name: "banyan_sync_transactions_parked_total",
      help: "Source transactions parked",
      labelNames: byService,
      registers,
    }),
    copied: new Counter({
      name: "banyan_sync_rows_copied_total",
      help: "Rows copied from legacy tables",
      labelNames: byService,
      registers,
    }),
    applySeconds: new Histogram({
      name: "banyan_sync_apply_seconds",
      help: "Duration of apply transactions",
      labelNames: byService,
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    latencySeconds: new Histogram({
      name: "banyan_sync_latency_seconds",
      help: "From a heartbeat's commit in the legacy database to its application",
      labelNames: byService,
      buckets: [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 15, 60],
      registers,
    }),
    watermarkAge: new Gauge({
      name: "banyan_sync_watermark_age_seconds",
      help: "Everything committed before this age is applied",
      labelNames: byService,
      registers,
    }),
    captureLag: new Gauge({
      name: "banyan_sync_capture_lag_seconds",
      help: "Age of the newest heartbeat the capture has published",
      registers,
    }),
    applyLag: new Gauge({
      name: "banyan_sync_apply_lag_seconds",
      help: "Watermark age beyond the capture's own lag",
      labelNames: byService,
      registers,
    }),
    parked: new Gauge({
      name: "banyan_sync_parked_transactions",
      help: "Transactions parked now",
      labelNames: byService,
      registers,
    }),
    oldestParked: new Gauge({
      name: "banyan_sync_oldest_parked_seconds",
      help: "Age of the oldest parked transaction",
      labelNames: byService,
      registers,
    }),
    retentionHeadroom: new Gauge({
      name: "banyan_sync_retention_headroom_seconds",
      help: "How much longer the sync may stand still before history is cleaned up",
      labelNames: byService,
      registers,
    }),
    streamState: new Gauge({
      name: "banyan_sync_stream_state",
      help: "1 for the state the stream is in",
      labelNames: ["service", "state", "code"] as const,
      registers,
    }),
    limitsReached: new Counter({
      name: "banyan_sync_limits_reached_total",
      help: "How often a limit was reached",
      labelNames: ["limit"] as const,
      registers,
    }),
    queueFailures: new Gauge({
      name: "banyan_sync_queue_failures",
      help: "Calls to the job queue that failed since the start",
      registers,
    }),
  };
}
