/** The control plane's knex, with bounded connections and statements, and what "the database is away" looks like. */

import knex, { type Knex } from "knex";
import { limits } from "../limits.ts";

export function openDatabase(url: string): Knex {
  const db = knex({
    client: "pg",
    connection: {
      connectionString: url,
      connectionTimeoutMillis: limits.databaseConnectMsMax,
      statement_timeout: limits.statementMsMax,
      application_name: "banyan-control",
    },
    pool: { min: 0, max: limits.databaseConnectionsMax },
    acquireConnectionTimeout: limits.databaseConnectMsMax,
    log: silent,
  });
  return db;
}

const ignore = (): void => undefined;
/** knex prints to the console what it also throws. */
const silent: Knex.Logger = { debug: ignore, warn: ignore, error: ignore, deprecate: ignore };

/** SQLSTATE classes 08 (connection) and 57P (shut down, starting up); 53 (out of resources). */
const awayState = /^(08|57P|53)/;
const awayCodes = new Set(["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EPIPE", "ENOTFOUND", "EHOSTUNREACH"]);

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
