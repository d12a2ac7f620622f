/** Bounds of the command, each with its reason. */

export const limits = {
  /** A person waits at a terminal; a stage move waits for its replicas for at most a few seconds. */
  controlMsMax: 30_000,
  /** After a move a person wants to see it running; a replica takes well under a second, a broken one for ever. */
  acknowledgeMsMax: 3_000,
  acknowledgePollMs: 50,
  /** Audit entries that fill a terminal. */
  auditEntriesDefault: 20,
  /** `banyan reconcile` looks this often, for an hour, whether the comparison has ended. */
  reconcileLookMs: 500,
  reconcileLooks: 7_200,
} as const;
