/** Every bound of the adapter, each with its reason. */
export const limits = {
  /** A connection to either database that takes longer is a database that is away. */
  connectMsMax: 5_000,
  /** A read of one window or chunk; past it the server is in trouble and the window will be smaller next time. */
  sourceStatementMsMax: 60_000,
  /** An apply transaction; a huge source transaction applied as one gets the larger bound. */
  targetStatementMsMax: 60_000,
  hugeStatementMsMax: 1_800_000,
  /** The service's own writes hold row locks for milliseconds; waiting longer than this means a person's open session. */
  targetLockMsMax: 5_000,
  /** Capture, heartbeats, copy, reconcile: each at most two at a time. */
  sourceConnectionsMax: 8,
  /** Stream, copy, reconcile, API of one service. */
  targetConnectionsMax: 6,

  /** The lease outlives three missed renewals, and a stand-by takes over well within ten seconds of a kill. */
  leaseMs: 5_000,
  leaseRenewMs: 1_000,
  /** How often heartbeats are written: the resolution of the watermark. */
  heartbeatMs: 500,
  /** Numbers announced beyond the newest written: room for a copy's or reconcile's beat between two looks of control. */
  beatsAnnounced: 2,
  /** Control forgets what it took from an adapter it cannot reach well within this time (its syncForgetMs). */
  announceMsMax: 5_000,
  /** Heartbeats kept in the legacy table; older ones are deleted a hundred at a time. */
  heartbeatsKept: 1_000,
  /** Heartbeats of this process whose arrival is awaited: ten minutes' worth. */
  heartbeatsAwaitedMax: 1_200,

  /** Pause between looks at the newest published LSN when nothing is new. */
  pollMs: 50,
  /** Metadata of capture instances is looked at anew at least this often. */
  instancesMsMax: 2_000,
  /** Source transactions in one window: adapts between these. */
  windowTransactionsMin: 16,
  windowTransactionsMax: 8_192,
  /** Rows of one table in one window; a transaction with more is huge and goes through the staging table. */
  windowRowsMax: 8_000,
  /** Estimated bytes of one window in memory, over all tables: large objects make rows few. */
  windowBytesMax: 48 * 2 ** 20,
  /** Wanted duration of one apply transaction: long enough to be efficient, short enough for a fresh watermark. */
  applyMsWanted: 400,

  /** First pause after a transient fault, doubled up to the largest. The number of attempts is not limited: see docs/OPERATIONS.md. */
  backoffMsMin: 50,
  backoffMsMax: 5_000,
  /** A stream that needs a person looks again this often whether its reason is gone. */
  stoppedRecheckMs: 2_000,

  /** Parked transactions of one service; past it the service's sync stops instead of parking the whole database. */
  parkedTransactionsMax: 10_000,
  parkedChangesMax: 200_000,
  /** Pause before parked transactions are tried again by themselves, doubled up to the largest. */
  parkedRetryMsMin: 5_000,
  parkedRetryMsMax: 600_000,

  /** Tombstones and applied windows deleted in one go. */
  purgeRowsMax: 5_000,
  /** Applied windows kept: about a day of continuous work. */
  appliedWindowsKept: 200_000,

  /** Rows of one chunk of a copy. */
  copyChunkRows: 2_000,
  copyChunkRowsMin: 50,
  /** One job copies chunks for this long, then makes way for others. */
  copySliceMs: 5_000,
  /** A chunk read slower than this means that clinicians wait, too: the copy rests as long as the read took. */
  copySourceMsMax: 400,
  copyRestMsMax: 5_000,

  /** Rows compared at a time by reconcile, and the size at which bisecting ends and rows are compared one by one. */
  reconcileChunkRows: 2_000,
  reconcileLeafRows: 16,
  /** Differences listed a table; more are counted only. */
  reconcileDifferencesMax: 1_000,
  /** How long reconcile waits for the stream to pass what it read. */
  reconcileCatchUpMsMax: 120_000,
  /** Every night at three, local time. */
  reconcileSchedule: "0 3 * * *",
  /** Looks at a difference that moves before it is called in-flight. */
  reconcileRechecks: 3,
  reconcilesKept: 200,

  /** Jobs kept in the queue after they ended, for the operator's eyes. */
  jobsKept: 200,
  /** A job whose worker was killed is given to another after this. */
  jobLockMs: 10_000,
  /** One call to the queue; it may be away, and nothing of the sync waits for it. */
  queueMsMax: 5_000,
  /** A job that fails is tried this often at once by the queue; afterwards it is derived anew from the databases. */
  jobAttemptsMax: 10,
  /** Jobs that ought to exist are made again this often: the queue may have lost them. */
  jobsRederivedMs: 10_000,

  /** History kept for less than this is warned of: two days, a weekend's outage. */
  retentionMinutesMin: 2_880,
  /** The check waits this often, this long, for a row to come back through the capture: a job polls every 5 s by default. */
  checkLooks: 40,
  checkLookMs: 250,
  /** How long the source keeps history is looked up this often. */
  retentionLookMs: 60_000,
  /** Gauges that need a database are brought up to date this often. */
  gaugesMs: 2_000,
  /** Body of a request to the adapter's API. */
  bodyBytesMax: 64 * 1024,
  /** Rows in one answer of the API. */
  listRowsMax: 500,
} as const;
