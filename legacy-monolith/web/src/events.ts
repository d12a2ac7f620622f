/** Names of the log events of the legacy web application. Fields of an event hold no patient data. */

export const events = {
  started: "legacy_web.started",
  stopped: "legacy_web.stopped",
  pageCrashed: "legacy_web.page_crashed",
  requestRefused: "legacy_web.request_refused",
  deadlockRetried: "legacy_web.deadlock_retried",
  sessionEvicted: "legacy_web.session_evicted",
  clientGone: "legacy_web.client_gone",
} as const;
