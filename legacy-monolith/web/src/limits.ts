/** Every bound of the legacy web application in one place, each with its reason. */

/** Forms ticket and session life without a request, in milliseconds; the application's web.config says 20 minutes. */
export const slidingMs = 20 * 60 * 1000;

/** Sessions held in the process; above it the one unused for longest goes. Ten times the staff of a large clinic. */
export const sessionsMax = 5_000;

/** Connections of the pool to SQL Server; ADO.NET's default is 100, a simulated server on one machine needs few. */
export const poolConnectionsMax = 12;

/** How long a page waits for a pooled connection, in milliseconds. */
export const poolAcquireMsMax = 15_000;

/** How long one statement may take, in milliseconds; ADO.NET's CommandTimeout default. */
export const statementMsMax = 30_000;

/** How often a whole transaction is run again after it was chosen as deadlock victim. */
export const deadlockRetriesMax = 3;

/** Rows of one page of a search grid. */
export const gridRowsMax = 25;

/** Rows `FindPatients` gives at most, whatever the caller asks. */
export const typeAheadRowsMax = 50;

/** Failed log-ins before `LockYN` is set. */
export const failedLoginsMax = 5;

/** Days a slot search or an appointment feed may span; a wider one is cut. */
export const slotDaysMax = 92;

/** Length of a Cookie header another system may ask the session end point about. */
export const cookieHeaderCharsMax = 16_384;

/** A micro-panel with every organism and comment stays under 1,000 segments; more is a runaway sender. */
export const hl7SegmentsMax = 2_000;

/** OBX-5 may carry a report as text; 64 KB is what the interface table was sized for. */
export const hl7SegmentCharsMax = 65_536;

/** v2.8's longest segment (IN2, PID …) has fewer than 80 fields. */
export const hl7FieldsMax = 200;

/** A day's batch of results of one analyser is below 256 KB; a longer message is answered AR. */
export const hl7BodyBytesMax = 1_048_576;

/** Orders (OBR groups) one ORU message may answer; each is a row lock held to the end of the message. */
export const hl7OrdersMax = 100;

/** Rows of one INSERT of results; SQL Server takes 1,000 rows and 2,100 parameters a statement. */
export const resultInsertRowsMax = 100;

/** Length of a message's text kept in IFCMSG, in characters; what is longer is cut there, not refused. */
export const queueTextCharsMax = 65_536;

/** Longest note the editor takes, in characters, as its text box said. */
export const noteCharsMax = 32_000;

/** Longest message a patient may write, in characters, as the portal's text box said. */
export const messageCharsMax = 4_000;

/** Days ahead a patient may ask for an appointment; schedules are rarely entered further. */
export const requestDaysAheadMax = 180;

/** Claims of one 837 file; clearing houses split files at 5,000. */
export const batchClaimsMax = 5_000;

/** Rows of one CSV export; Excel 2003 ended at 65,536. */
export const exportRowsMax = 50_000;
