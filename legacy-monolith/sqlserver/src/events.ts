/** Names of the simulator's log events. */
export const events = {
  started: "sqlserver.started",
  stopped: "sqlserver.stopped",
  sessionOpened: "sqlserver.session_opened",
  sessionClosed: "sqlserver.session_closed",
  loginRefused: "sqlserver.login_refused",
  engineError: "sqlserver.engine_error",
  internalError: "sqlserver.internal_error",
  preludeApplied: "sqlserver.prelude_applied",
  captureFailed: "sqlserver.capture_failed",
  captureStarted: "sqlserver.capture_started",
  faultStruck: "sqlserver.fault_struck",
  wireError: "sqlserver.wire_error",
} as const;
