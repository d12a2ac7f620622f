/** Every bound of this package, each with its reason. */
export const limits = {
  /** Crash recovery of a large database may replay WAL for a while before it is ready. */
  startMsMax: 60_000,
  /** A fast shutdown checkpoints; past this an immediate one is safe, because the WAL is. */
  stopMsMax: 15_000,
  /** An immediate shutdown of a left-over server takes well under a second. */
  leftoverStopMsMax: 5_000,
  leftoverPollMs: 20,
  /** Enough of the server's log to explain a failure, too little to grow with time. */
  serverLogCharsMax: 16_384,
  reportedLines: 12,
} as const;
