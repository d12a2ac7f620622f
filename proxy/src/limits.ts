/** Every bound of the proxy, each with its reason. Times in milliseconds, sizes in bytes or characters. */
export const limits = {
  /** Longer request targets are refused; the longest legacy URL is a search with every field filled, under 1,000. */
  targetCharsMax: 8_192,
  /** Node's own bound on a request's header section. */
  headerBytesMax: 32_768,
  /** Open client connections of one worker. */
  clientConnectionsMax: 4_096,
  /** A client must finish its header section within this time. */
  clientHeaderMsMax: 15_000,
  /** Idle keep-alive connections of clients are closed after this; longer than any load balancer's own in front. */
  clientIdleMsMax: 65_000,
  /** Open connections to one target. */
  targetConnectionsMax: 128,
  /** Requests waiting for a connection of one target; past it they fail at once instead of piling up. */
  targetQueueMax: 1_024,
  /** A target must accept a connection within this time. */
  connectMsMax: 3_000,
  /** Longest wait of a held write (a fence); then 503 with Retry-After. */
  holdMsMax: 5_000,
  /** Writes held at once by one worker, of all modules. */
  heldWritesMax: 2_000,
  /** Identities kept by cookie hash. */
  identitiesMax: 20_000,
  /** How long an identity is believed without asking the legacy system again. */
  identityMsMax: 5_000,
  /** The session end point must answer within this time, or the caller counts as unknown. */
  identityLookupMsMax: 2_000,
  /** Failures in a row that open a target's circuit. */
  breakerFailuresMax: 5,
  /** How long an open circuit stays open before one request may try it. */
  breakerOpenMs: 2_000,
  /** Interval of active health checks. */
  healthCheckMs: 1_000,
  /** A health check must answer within this time. */
  healthCheckMsMax: 1_000,
  /** Retries may add at most this share to the requests of the last ten seconds. */
  retryShareMax: 0.1,
  /** Shadow requests under way at once, of all routes. */
  shadowConcurrencyMax: 32,
  /** Shadow requests waiting. */
  shadowQueueMax: 256,
  /** Bytes of request and response copies kept for shadows. */
  shadowBytesMax: 67_108_864,
  /** A shadow request is given up after this time. */
  shadowMsMax: 10_000,
  /** Largest answer that is compared; with the concurrency above it bounds what shadows hold in memory. */
  shadowAnswerBytesMax: 1_048_576,
  /** Pairs of answers go to control at least this often, this many at once, and may wait up to this many bytes. */
  observationsFlushMs: 200,
  observationsBatchMax: 16,
  observationsBytesMax: 33_554_432,
  /** Control compares within its own budget; slower than this it counts as away, and the pairs are lost. */
  observationMsMax: 10_000,
  /** When both sides are read again after a difference, in milliseconds; and how many may wait for it. */
  recheckMs: [2_000, 15_000, 120_000],
  rechecksMax: 500,
  recheckBytesMax: 8_388_608,
  /** Legacy sessions of shadow accounts in use at once, kept free by role and site, and their age. */
  legacyReadersMax: 16,
  legacyReadersKeptMax: 4,
  legacyReaderMsMax: 600_000,
  /** Longest wait for running answers when the process is told to stop. */
  drainMsMax: 10_000,
  /** While stopping, connections that have become idle are closed this often. */
  drainSweepMs: 50,
  /** WebSockets and event streams of a flipped module are closed within this time, spread evenly. */
  streamCloseJitterMs: 2_000,
  /** A client must finish its whole request within this time; as long as the longest time-out a rule may have. */
  clientRequestMsMax: 600_000,
  /** Request bodies of announced length up to this are read whole before they are sent: one write, and a read may be tried again. */
  wholeBodyBytesMax: 65_536,
  /** Further attempts of one read. */
  retriesMax: 1,
  /** Retries that are always allowed in ten seconds, so that a quiet proxy may retry at all. */
  retriesFree: 3,
  /** With the session end point unreachable, an identity is believed this long; nobody can log out meanwhile either. */
  staleIdentityMsMax: 60_000,
  /** Lookups of the session end point under way at once. */
  identityLookupsMax: 256,
  /** Answers of the session end point are a few hundred bytes. */
  sessionAnswerBytesMax: 65_536,
  /** Life of an identity token; services allow for a little clock skew on top. */
  tokenSecondsMax: 60,
  /** A signed token is used again for this long. */
  tokenReuseMs: 20_000,
  /** Signed tokens kept. */
  tokensMax: 10_000,
  /** Sessions that wrote and are kept on the owner's side. */
  pinsMax: 20_000,
  /**
   * Without heartbeat numbers a pin lasts the module's bound on the watermark's age and this much: longer than a condition may
   * be on its way from control (`controlSilenceMsMax`, after which the stream is given up).
   */
  pinMarginMs: 20_000,
  /** Modules one browser can be pinned at. */
  pinMarksMax: 16,
  /** WebSockets and event streams open at once. */
  streamsMax: 2_048,
  /** A rule file is looked at this often. */
  rulesPollMs: 500,
  /** Silence of the control plane after which the stream is opened anew; it sends a sign of life every 5 seconds. */
  controlSilenceMsMax: 15_000,
  /** First and longest wait before control is tried again. */
  controlRetryMs: 100,
  controlRetryMsMax: 2_000,
  /** Interval of heartbeats to control. */
  heartbeatMs: 1_000,
  /** Names of rules and methods one heartbeat tells counts of. */
  templatesMax: 2_000,
  /** One line of the control stream: all rules of a large site. */
  controlLineBytesMax: 16_777_216,
  /** Values that can name a patient: numbers, record numbers, identifiers of FHIR. */
  auditedValueCharsMax: 64,
  /** Pseudonyms kept, so that a chart that is worked in costs one HMAC. */
  pseudonymsMax: 10_000,
  /** Audit events that wait for the legacy system to say who asked; past it they are recorded as "unknown". */
  auditWaitingMax: 5_000,
  /** Sessions asked about at once for the audit trail alone: the legacy system has other work. */
  auditLookupsMax: 4,
  /** When the process stops, events wait this long for the legacy system to say who asked. */
  auditSettleMsMax: 1_000,
  /** Audit events are on disk after this time, */
  auditSegmentMs: 100,
  /** or when this much has gathered; one segment is one request to control. */
  auditSegmentBytesMax: 131_072,
  /** Audit events on disk that control has not taken: at 400 bytes each, the hours of a night at 5 a second. */
  auditSpoolBytesMax: 67_108_864,
  /** Control must store a segment within this time. */
  auditSendMsMax: 5_000,
  /** First and longest wait before control is tried again with the audit trail. */
  auditRetryMs: 200,
  auditRetryMsMax: 10_000,
  /** Processes of one deployment; more than cores is of no use. */
  workersMax: 64,
  /** A worker says this often that it is alive; */
  workerAliveMs: 1_000,
  /** one silent for longer is hung: it is killed and replaced. */
  workerSilenceMsMax: 10_000,
  /** A worker must serve within this time of its start; a loaded machine may take seconds to load it. */
  workerStartMsMax: 30_000,
  /** A worker that has served this long has started well: its death is not held against the next one. */
  workerSteadyMs: 30_000,
  /** First and longest wait before the place of a worker that died young is filled again. */
  workerRestartMs: 100,
  workerRestartMsMax: 10_000,
  /** Workers drain within `drainMsMax`; one that has not ended after this is killed. */
  workerStopMsMax: 15_000,
  /** A scrape waits this long for a worker's numbers, then goes without them. */
  workerMetricsMsMax: 2_000,
  /** Output of a worker without a line feed that is kept until one comes. */
  workerLineBytesMax: 131_072,
  /** A service's capability statement is asked for again after this. */
  fhirMetadataMs: 10_000,
  /** A service must give it within this time, or its last one counts. */
  fhirMetadataMsMax: 2_000,
  /** Length of one; a service's is some 20 KB. */
  fhirMetadataBytesMax: 1_048_576,
  /** The access log is written when this much has gathered, */
  accessLogBytesMax: 65_536,
  /** or after this time. */
  accessLogMs: 100,
} as const;
