/** What went wrong at the source, as the stream must know it: a fault that passes by itself, or something else. */

import { AppError } from "@banyan/kernel";

/**
 * Numbers that come and go: deadlock victim 1205, lock time-out 1222, snapshot conflict 3960, memory 701 802 8645, log full
 * 9002, database starting or in transition 904 921 922 927 952 983 4060, agent starting 14258 22832 22836, shutdown 6005,
 * connection killed 596, time-out -2. 18456: log-ins fail while a server starts.
 */
const transientNumbers = new Set([
  -2, 596, 701, 802, 904, 921, 922, 927, 952, 983, 1205, 1222, 3960, 4060, 6005, 8645, 9002, 14258, 18456, 22832, 22836,
]);
const transientCodes = new Set([
  "ESOCKET",
  "ETIMEOUT",
  "ECONNCLOSED",
  "ENOTOPEN",
  "ENOCONN",
  "ECONNRESET",
  "ECONNREFUSED",
  "EINSTLOOKUP",
  "EALREADYCONNECTING",
  "EPIPE",
  "ECANCEL",
  "EABORT",
  "EINVALIDSTATE",
]);

export function sqlErrorNumber(error: unknown): number | undefined {
  const number = (error as { number?: unknown } | null)?.number;
  return typeof number === "number" ? number : undefined;
}

function isTransientSourceError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const number = sqlErrorNumber(error);
  if (number !== undefined) return transientNumbers.has(number);
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && transientCodes.has(code)) return true;
  // tarn, the pool below mssql: no connection could be made in time.
  return error.name === "TimeoutError" || /aborted|Connection lost|socket hang up/i.test(error.message);
}

/** An error of the driver as one of ours. Its own text may quote values of rows and goes no further than `cause`. */
export function sourceFailure(op: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const number = sqlErrorNumber(cause);
  const code = (cause as { code?: unknown } | null)?.code;
  const what = number === undefined ? (typeof code === "string" ? code : "no number") : `error ${number}`;
  return new AppError({
    code: isTransientSourceError(cause) ? "SOURCE_AWAY" : "SOURCE_REFUSED",
    op,
    message: `the legacy database answered with ${what}`,
    hint:
      number === 229 || number === 916
        ? "A permission is missing: `banyan sync check` names it, `banyan sync enable --print` shows the statements."
        : "It is tried again; if it stays, `banyan sync check` tells what the legacy database lacks.",
    retryable: isTransientSourceError(cause),
    cause,
  });
}
