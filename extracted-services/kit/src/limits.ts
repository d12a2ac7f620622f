/** Every bound of a service, each with its reason. Times in milliseconds, sizes in bytes or characters. */
export const limits = {
  /** A request's body, unless a face says otherwise: a FHIR resource of these modules is a few kilobytes. */
  bodyBytesMax: 1_048_576,
  /** A body must be here within this time, or its connection is cut. */
  requestMsMax: 30_000,
  /** A command of control is a few ids. */
  commandBytesMax: 4_096,
  /** Running answers get this long when the service stops; less than the process shell's own bound. */
  drainMsMax: 10_000,
  /** Answers being made at once; beyond it the proxy is told to come again. Ten times what the connections can work on. */
  requestsMax: 512,
  /** Connections to the service's database; PostgreSQL's default of 100 is shared by every service and the adapter. */
  databaseConnectionsMax: 16,
  /** A connection must be had within this time, or the database counts as away. */
  databaseConnectMsMax: 3_000,
  /** One statement; a page asks for a few rows by key. */
  statementMsMax: 10_000,
  /** A row lock: a write waits for another write of the same row, or for a change of owner, at most this long. */
  lockMsMax: 4_000,
  /** A transaction whose process hangs must not hold the chain head for ever. */
  idleInTransactionMsMax: 10_000,
  /** Clocks of proxy and service may differ by this much. */
  clockSkewSecondsMax: 5,
  /** Longest life a token may claim: the proxy's own bound. A longer one was not made by our proxy. */
  tokenSecondsMax: 60,
  /** A token is three kilobytes at most; anything longer is not looked at. */
  tokenCharsMax: 8_192,
  /** Public keys are fetched within this time. */
  keysMsMax: 2_000,
  /** A proxy that restarts signs with a new key; an unknown key id asks for the keys again at most this often. */
  keysAgainMs: 1_000,
  /** Known keys are asked for again after this long, so that a withdrawn key stops being good. */
  keysKeepMs: 300_000,
  /** Verified tokens kept: the proxy uses one again for 20 seconds, and checking a signature costs more than a page's query. */
  tokensKeptMax: 2_000,
  /** Audit events of reads that wait for the write in progress; at 2 ms a batch this is more than a second of clinic peak. */
  auditQueueMax: 2_000,
  /** Events of one transaction: one statement of at most a megabyte. */
  auditBatchMax: 200,
  /** An event's entities (patient, object, query) are cut at this length. */
  auditTextCharsMax: 2_000,
  /** Rows read at once while the chain is verified. */
  auditVerifyRows: 2_000,
  /** Problems of a broken chain that are listed; the first is what matters. */
  auditProblemsMax: 100,
  /** A stored answer is replayed for this long: clients and proxies repeat within minutes, people within the day. */
  idempotencyMs: 86_400_000,
  /** A larger answer is not stored; its repeat is refused, never run again. */
  storedAnswerBytesMax: 262_144,
  /** Expired answers are removed this often, this many at a time. */
  tidyMs: 60_000,
  tidyRowsMax: 10_000,
  /** Client-chosen keys. */
  idempotencyKeyCharsMax: 255,
  requestIdCharsMax: 128,
  /** Changed rows of one write: a booking is one, a merge of two patients some hundred. */
  changesMax: 1_000,
  /** Ids left in the reserved block, as a share, below which a new block must be reserved. */
  idsLeftShareMin: 0.2,
} as const;
