/** Every bound of the engine, each with its reason. */
export const limits = {
  /** Prepared statements a connection keeps: the project has a few hundred distinct statements; the eldest goes first. */
  preparedStatementsMax: 400,
  /** Longer texts are rarely sent twice, and each prepared one would hold its plan in the engine. */
  preparedSqlCharsMax: 16_384,
  /** SQL Server refuses a procedure call with more parameters (error 8003). */
  parametersMax: 2_100,
  /** Parsed batches a server keeps; texts of applications repeat, texts of migrations do not. */
  parsedBatchesMax: 1_000,
  /** Longer batches are parsed anew each time: they are migrations. */
  parsedBatchCharsMax: 32_768,
  /** `sp_prepare` handles a session may hold, so that a leaking client cannot grow the process. */
  preparedHandlesMax: 10_000,
  /** SQL Server's bound for nested EXEC, procedures and triggers (error 217). */
  nestingLevelMax: 32,
  /** Rows of one INSERT during a bulk load: big enough to amortise the round trip, small enough to keep memory flat. */
  bulkRowsPerInsertMax: 1_000,
  /** Faults that may be waiting to strike; a test that sets more has lost count. */
  faultsMax: 100,
  /** A request to the fault control port is a small JSON object. */
  controlBodyBytesMax: 16_384,
  /** The engine's own bound on sessions; SQL Server allows 32,767, a test machine does not. */
  engineConnectionsMax: 200,
  /** Sessions that still run something when the server closes are cut off after this. */
  closeMsMax: 5_000,
} as const;
