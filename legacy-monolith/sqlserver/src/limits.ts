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
