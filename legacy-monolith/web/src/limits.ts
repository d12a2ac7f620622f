/** Every bound of the legacy web application in one place, each with its reason. */

/** ASP.NET's default `maxRequestLength`: a larger body is answered 500 "Maximum request length exceeded." */
export const bodyBytesMax = 4 * 1024 * 1024;

/** IIS 7's default `maxAllowedContentLength`: a larger announced body is answered 404 (404.13) unread. */
export const announcedBodyBytesMax = 30_000_000;

/** Fields of one form; .NET 2.0 had no bound of its own, the patch of 2011 set 1,000. */
export const formFieldsMax = 1_000;

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

/** Rows a search reads before it pages; more than this and the user is asked to narrow the search. */
export const searchRowsMax = 500;

/** Rows `FindPatients` gives at most, whatever the caller asks. */
export const typeAheadRowsMax = 50;

/** Failed log-ins before `LockYN` is set. */
export const failedLoginsMax = 5;

/** Days a slot search or an appointment feed may span; a wider one is cut. */
export const slotDaysMax = 92;

/** Length of a Cookie header another system may ask the session end point about. */
export const cookieHeaderCharsMax = 16_384;
