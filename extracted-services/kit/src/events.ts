/** Names of what a service logs. Fields are ids, counts and codes; never a name, an MRN, a URL or a body. */
export const events = {
  started: "service.started",
  stopping: "service.stopping",
  drainTimedOut: "service.drain_timed_out",
  requestFailed: "service.request_failed",
  auditFailed: "service.audit_failed",
  auditQueueFull: "service.audit_queue_full",
  keysUnavailable: "service.identity_keys_unavailable",
  dryRunUnproved: "service.dry_run_unproved",
  tidyFailed: "service.tidy_failed",
  afterCommitFailed: "service.after_commit_failed",
  idsLow: "service.ids_low",
  undecided: "service.answer_without_decision",
} as const;
