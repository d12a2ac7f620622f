/** Every bound of the control plane, each with its reason. Times in milliseconds, sizes in bytes or characters. */
export const limits = {
  /** A submitted rule set: the EHR's own is 40 KB. */
  bodyBytesMax: 4_194_304,
  /** Rule files of one set: one a module; the EHR has nine. */
  ruleFilesMax: 200,
  /** Names of persons, tokens, modules, replicas. */
  nameCharsMax: 200,
  /** Reasons are a sentence or two. */
  reasonCharsMax: 2_000,
  /** A URL given to explain; as long as the proxy lets in. */
  urlCharsMax: 8_192,
  /** Rows of one answer that lists something. */
  listRowsMax: 200,
  listRowsDefault: 50,
  /** Connections to the database; replicas beat once a second and people are few. */
  databaseConnectionsMax: 10,
  /** A connection must be had within this time, or the database counts as away. */
  databaseConnectMsMax: 3_000,
  /** One statement; the longest reads a day of counts. Verifying the audit trail reads it in batches. */
  statementMsMax: 10_000,
  /** Rows of the audit trail read at once while it is verified. */
  auditBatchRows: 1_000,
  /** Problems of a broken audit trail that are listed; the first is what matters. */
  auditProblemsMax: 100,
  /** One segment of a replica's audit events; replicas send 128 KiB. */
  accessBodyBytesMax: 1_048_576,
  /** Events of one segment; the shortest is 300 bytes. */
  accessEventsOfBatchMax: 4_000,
  /** Batches of access events read at once while they are verified. */
  accessVerifyBatches: 50,
  /** Registered replicas, silent ones included. */
  replicasMax: 256,
  /** A replica silent for this long is forgotten when room is needed or the list is tidied. */
  replicaForgetMs: 86_400_000,
  /** How long a heartbeat is good for; five missed beats. */
  leaseMs: 5_000,
  /** A move waits this long for replicas to acknowledge the revision before; two round trips are a few milliseconds. */
  acknowledgeMsMax: 2_000,
  /** Sign of life on an idle stream; the replica gives up after 15 seconds of silence. */
  keepAliveMs: 2_000,
  /** A stream whose client takes nothing for this long is cut: the replica connects anew and gets the newest state. */
  streamStallMsMax: 10_000,
  /** The head in the database is looked at this often, for revisions made by another control process. */
  headPollMs: 1_000,
  /** Modules a heartbeat names, and epochs of a module in it. */
  heartbeatModulesMax: 500,
  heartbeatEpochsMax: 16,
  /** Rules whose requests one heartbeat counts. */
  heartbeatRulesMax: 2_000,
  /** Rules whose requests are gathered in memory between two writes. */
  gatheredRulesMax: 10_000,
  /** Counts are written this often. */
  countsFlushMs: 5_000,
  /** Counts are kept a day and a little, for "the last day". */
  countsKeepMs: 90_000_000,
  /** Freeze windows that have not ended. */
  freezeWindowsMax: 100,
  /** Longest freeze window: a forgotten one must not stop a migration for ever. */
  freezeMsMax: 31_622_400_000,
  /** Tokens that are not revoked. */
  tokensMax: 500,
  /** Approvals waiting to be used. */
  approvalsMax: 500,
  /** An approval is good for this long unless it says less. */
  approvalHoursDefault: 24,
  approvalHoursMax: 168,
  /** The issuer's discovery document and keys must come within this time. */
  oidcMsMax: 5_000,
  /** A control process that has not renewed its claim on a flip for this long has died, and another goes on with it. */
  flipClaimMs: 1_500,
  flipRenewMs: 300,
  /** A step that waits looks again this often; what it waits for takes milliseconds, and clinicians wait with it. */
  flipPollMs: 10,
  /** A participant that does not answer is asked again at growing intervals up to this one. */
  flipRetryMsMax: 640,
  /** Flips left behind by another process, and aborts that people ask for, are looked for this often. */
  flipLookMs: 500,
  flipsRunningMax: 8,
  /** PREPARE holds nobody up; it waits for replicas and sync this long. */
  flipPrepareMsMax: 15_000,
  /** Longest hold before COMMIT, then the flip is aborted; less than a proxy holds a write (5,000). */
  flipHoldMsMax: 4_000,
  /** One command to a service or the adapter. */
  participantMsMax: 2_000,
  /** The reconcile under the fence looks at the keys changed since PREPARE only. */
  flipReconcileMsMax: 3_000,
  /** The sync may be this far behind when a fence is asked for: what is behind is waited for under it. */
  flipWatermarkMsMax: 2_000,
  /** A full reconcile older than this says too little about today. */
  reconcileAgeMsMax: 86_400_000,
  /** Beyond lease and longest write of a silent replica, for clocks and scheduling. */
  drainMarginMs: 1_000,
  /** A request that starts a flip is answered when the flip has ended, or after this time while it goes on. */
  flipAnswerMsMax: 30_000,
  /** Pairs of answers in one message of a replica (it sends 16), and its bytes: two answers of 1 MB each, and their heads. */
  observationsMax: 64,
  observationBytesMax: 67_108_864,
  /** Different findings of one answer that are recorded; an answer that differs everywhere says so in fewer. */
  findingsOfAnswerMax: 20,
  /** Signatures kept of one module; past it new ones are counted with the verdicts only. */
  signaturesOfModuleMax: 2_000,
  /** Samples kept of one signature beside the first and the latest. */
  reservoirSamplesMax: 3,
  /** Patient data in samples end after three days; numbers stay a quarter of a year. */
  sampleKeepMs: 259_200_000,
  shadowCountsKeepMs: 7_776_000_000,
  /** A difference whose second look never came stays unconfirmed; the last look is at two minutes. */
  pendingKeepMs: 600_000,
  /** Samples one replay compares again. */
  replaySamplesMax: 500,
  /** What readiness looks back on. */
  readinessWindowMs: 86_400_000,
  /** Comparisons in that time below which nothing is concluded from them. */
  readinessComparedMin: 100,
  /** Less than this share of comparable requests is a blind spot, not a result. */
  comparableShareMin: 0.9,
  /** The service may take this much of the time legacy takes. */
  latencyRatioMax: 1.5,
  /** Old shadows are looked for this often. */
  shadowTidyMs: 60_000,
  /** The adapter is looked at this often, and given this long to answer. */
  syncLookMs: 500,
  syncLookMsMax: 2_000,
  /** What an adapter said is believed for this long; well below what the adapter waits for a silent control (5 s). */
  syncForgetMs: 2_500,
  /** What people ask of the adapter: a check of the source writes a row and waits for it to come back. */
  adapterMsMax: 15_000,
  /** Tables one copy names. */
  copyTablesMax: 100,
  /** Longest wait for running answers when the process is told to stop. */
  stopMsMax: 5_000,
} as const;
