/** Names of the adapter's log events. */

export const events = {
  started: "adapter.started",
  leading: "adapter.leading",
  standingBy: "adapter.standing_by",
  leaseLost: "adapter.lease_lost",
  streamState: "sync.stream_state",
  streamFailing: "sync.stream_failing",
  parked: "sync.parked",
  parkedApplied: "sync.parked_applied",
  tableStopped: "sync.table_stopped",
  columnAdded: "sync.column_added",
  instanceTaken: "sync.instance_taken",
  copyStarted: "sync.copy_started",
  copyFinished: "sync.copy_finished",
  copyThrottled: "sync.copy_throttled",
  reconciled: "sync.reconciled",
  queueFailing: "queue.failing",
  heartbeatFailed: "sync.heartbeat_failed",
  jobFailed: "sync.job_failed",
  unprepared: "adapter.source_unprepared",
} as const;
