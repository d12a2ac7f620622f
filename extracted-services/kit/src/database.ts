/** The service's connections to its own database: bounded, with the service's login, and what "the database is away" looks like. */

import knex, { type Knex } from "knex";
import { limits } from "./limits.ts";
import { targetTypes } from "./mapping/target-types.ts";

/**
 * `date` comes as `YYYY-MM-DD`, `timestamptz` as ISO 8601 in UTC with milliseconds, `numeric` and `bigint` as text.
 * @param url `postgres://<service>_service:password@host:port/banyan_<service>`
 */
export function openServiceDatabase(url: string, service: string): Knex {
  return knex({
    client: "pg",
    connection: {
      connectionString: url,
      connectionTimeoutMillis: limits.databaseConnectMsMax,
      statement_timeout: limits.statementMsMax,
      lock_timeout: limits.lockMsMax,
      idle_in_transaction_session_timeout: limits.idleInTransactionMsMax,
      application_name: `banyan-${service}`,
      types: targetTypes,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: limits.databaseConnectionsMax },
    acquireConnectionTimeout: limits.databaseConnectMsMax,
    log: silent,
  });
}

const ignore = (): void => undefined;
/** knex prints to the console what it also throws. */
const silent: Knex.Logger = { debug: ignore, warn: ignore, error: ignore, deprecate: ignore };

/** SQLSTATE classes 08 (connection) and 57P (shut down, starting up); 53 (out of resources); 55P03 and 40 (locks: come again). */
const awayState = /^(08|57P|53|40|55P03)/;
const awayCodes = new Set(["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EPIPE", "ENOTFOUND", "EHOSTUNREACH"]);

/** Whether the same request may succeed later because nothing but the database stood in its way. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isDatabaseAway)) return true;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && (awayCodes.has(code) || awayState.test(code))) return true;
  return (
    error.name === "KnexTimeoutError" ||
    /Connection terminated|timeout exceeded when trying to connect|Unable to acquire a connection/.test(error.message)
  );
}
