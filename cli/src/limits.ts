/** Bounds of the command, each with its reason. */

export const limits = {
  /** A person waits at a terminal; a stage move waits for its replicas for at most a few seconds. */
  controlMsMax: 30_000,
  /** Audit entries a page: a terminal's worth by default, the most that control gives at once. */
  auditEntriesDefault: 20,
  auditEntriesMax: 1_000,
} as const;
