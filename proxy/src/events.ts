/** Names of what the proxy logs. */
export const events = {
  started: "proxy.started",
  draining: "proxy.draining",
  stopped: "proxy.stopped",
  pathFailed: "proxy.path_failed",
  rulesLoaded: "proxy.rules_loaded",
  rulesRefused: "proxy.rules_refused",
  revisionApplied: "proxy.revision_applied",
  revisionRefused: "proxy.revision_refused",
  revisionNotSaved: "proxy.revision_not_saved",
  controlLost: "proxy.control_lost",
  controlFound: "proxy.control_found",
  controlRefused: "proxy.control_refused",
  targetDown: "proxy.target_down",
  targetUp: "proxy.target_up",
  sessionEndPointFailed: "proxy.session_end_point_failed",
} as const;
