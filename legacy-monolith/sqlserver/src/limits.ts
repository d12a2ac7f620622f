/** Every bound of the SQL Server look-alike, each with its reason; the unit is the last word of the name. */

/** Sizes a client may ask for in LOGIN7, as SQL Server has them. */
export const packetBytesMin = 512;
export const packetBytesMax = 32767;
/** What a client gets that asks for nothing, and the size in force until the login is answered. */
export const packetBytesDefault = 4096;

/** One request without its packet headers (batch text or parameters); what does not fit belongs into a bulk load. */
export const messageBytesMax = 64 * 1024 * 1024;
/** LOGIN7 has a fixed part, eight short strings and extensions: anything larger is not a login. */
export const loginBytesMax = 128 * 1024;
/** Requests a client may send before the running one is answered; the protocol allows one at a time, attention aside. */
export const queuedRequestsMax = 4;
/** From connect to the end of the login, TLS included: a socket that says nothing must not be held for ever. */
export const loginMsMax = 15_000;
/** How long a client has to close its side after the server closed its own. */
export const closeMsMax = 2_000;
/** How long an aborted request has to stop after its client is gone, before its session is closed regardless. */
export const abortMsMax = 5_000;
/** Sessions at a time; each one holds a PostgreSQL connection. */
export const connectionsMax = 200;
/** Sockets at a time: sessions plus those that have not logged in yet. */
export const socketsMax = 400;

/** Answer bytes gathered before they are cut into packets: large enough to make few writes, small enough to stay in cache. */
export const replyChunkBytes = 32 * 1024;
/** A writer that grew past this for one huge value gives its memory back after the flush. */
export const replyBufferKeptBytes = 256 * 1024;
/** Bulk bytes that may wait for the engine before the client is slowed down. */
export const bulkWaitingBytesMax = 1024 * 1024;
/** Bulk rows handed to the engine at a time. */
export const bulkChunkRowsMax = 1000;

/** SQL Server's own limit of parameters in one call (error 8003). */
export const parametersMax = 2100;
/** Longest value of a non-max character or binary type, in bytes. */
export const shortValueBytesMax = 8000;

// Parser (tsql/).
/**
 * How deep expressions, subqueries and blocks may nest. A level costs the parser, and later the translator, up to ten
 * stack frames; 200 levels stay far below Node's default stack, and SQL Server itself gives up (191) not much later.
 */
export const nestingDepthMax = 200;

/** Operators in a row (`a OR b OR c …`): such a chain is a tree as deep as it is long, which readers walk recursively. */
export const operatorChainMax = 1_000;

/** SQL Server's own limit of rows in one VALUES list (error 10738). */
export const valuesRowsMax = 1_000;

/** SQL Server's own limit of an identifier, in characters (error 103). */
export const identifierLengthMax = 128;

// Engine (engine/).
/** Bounds of sessions and of their connections to PostgreSQL. */
export const engineLimits = {
  /** Prepared statements a connection keeps: the project has a few hundred distinct statements; the eldest goes first. */
  preparedStatementsMax: 400,
  /** Longer texts are rarely sent twice, and each prepared one would hold its plan in the engine. */
  preparedSqlCharsMax: 16_384,
  /** Parsed batches a server keeps; texts of applications repeat, texts of migrations do not. */
  parsedBatchesMax: 1_000,
  /** Longer batches are parsed anew each time: they are migrations. */
  parsedBatchCharsMax: 32_768,
  /** A statement is planned anew for each set of variable types; more sets than this are a client that builds its texts. */
  plansPerStatementMax: 16,
  /** Two writers that race for one key where SQL Server would have queued them: the loser tries again. */
  duplicateRetriesMax: 5,
  /** `sp_prepare` handles a session may hold, so that a leaking client cannot grow the process. */
  preparedHandlesMax: 10_000,
  /** SQL Server's bound for nested EXEC, procedures and triggers (error 217). */
  nestingLevelMax: 32,
  /** Rows of one INSERT during a bulk load: big enough to amortise the round trip, small enough to keep memory flat. */
  bulkRowsPerInsertMax: 1_000,
  /** Capture reconnects to a database it was released from; a copy of the database tries again this often. */
  copyAttemptsMax: 20,
  /** Faults that may be waiting to strike; a test that sets more has lost count. */
  faultsMax: 100,
  /** A request to the fault control port is a small JSON object. */
  controlBodyBytesMax: 16_384,
  /** The engine's own bound on sessions; SQL Server allows 32,767, a test machine does not. */
  engineConnectionsMax: 200,
  /** Sessions that still run something when the server closes are cut off after this. */
  closeMsMax: 5_000,
} as const;

// Capture (capture/).
/** Bounds of the capture loops, one a database. */
export const captureLimits = {
  /** A polling interval of 0 still leaves the engine room for the writers. */
  pollMsMin: 5,
  /** A stopped job, or one whose database is not enabled, waits for a notification; should one be lost, it looks again after this. */
  idleMsMax: 30_000,
  /** Wait before the next attempt after the connection to the engine broke. */
  reconnectMs: 250,
  /** Scans that found nothing are counted here and written to the health views in lots: no write a poll on an idle database. */
  unrecordedEmptyScansMax: 100,
  /** SQL Server writes an entry without a transaction about every 305 s on an idle database, so that cursors move. */
  idlePlaceholderSeconds: 305,
  /** How often the server looks for databases that were enabled for capture since. */
  discoverMs: 500,
  /** A released database is being copied or dropped: capture stays away for this long. */
  releasedMs: 2_000,
  /** Databases with a capture loop: each holds a connection. */
  databasesMax: 50,
} as const;
