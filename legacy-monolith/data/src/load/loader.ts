/**
 * Loads a data set into the migrated, empty legacy database through the mssql driver.
 *
 * All or nothing by ONE transaction over all tables, not by a marker and a refusal: a load is some ten thousand rows, a
 * transaction of that size is nothing to SQL Server, and after a crash in the middle the next start simply finds the
 * database empty. The row CODETBL SYSPRM LOADED, written in the same transaction, says what is in it, so that a second start
 * goes on with the data instead of loading again. Bulk insert fires no triggers; derived.ts has done their work.
 */

import { AppError } from "@banyan/kernel";
import sql from "mssql";
import { codeRow } from "../codes/rows.ts";
import type { Dataset, Tables } from "../dataset.ts";
import { checkTables } from "../dataset-check.ts";
import { bulkRowsMax, statementMsMax } from "../limits.ts";
import { identityOf, type TableName, tableNames } from "../schema.ts";
import { parseDay, wallTime } from "../wall-clock.ts";
import { bulkTable } from "./bulk.ts";

export type LoadTarget = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Default EHRPROD. */
  readonly database?: string;
  /** Default false. */
  readonly encrypt?: boolean;
};

export type LoadProgress = {
  readonly table: TableName;
  readonly rows: number;
  readonly done: number;
  readonly total: number;
};

/** Rows written per table. */
export type LoadCounts = Readonly<Record<TableName, number>>;

/**
 * @throws AppError DATASET_INVALID (nothing was sent), ALREADY_LOADED (the database holds patients), LOAD_FAILED (rolled back).
 */
export async function loadDataset(
  target: LoadTarget,
  dataset: Dataset,
  options: { readonly onProgress?: (progress: LoadProgress) => void } = {},
): Promise<LoadCounts> {
  const tables = withMarker(dataset);
  refuseInvalid(tables);
  const pool = await connect(target);
  try {
    if ((await countRows(pool.request(), "PATMST")) > 0) throw alreadyLoaded(target);
    return await loadAll(pool, tables, options.onProgress ?? (() => undefined));
  } finally {
    await pool.close();
  }
}

/** What the database was loaded with, for example `generated, seed 1`; undefined when it was not. */
export async function loadedSource(target: LoadTarget): Promise<string | undefined> {
  const pool = await connect(target);
  try {
    const result = await pool
      .request()
      .query<{ LongDs: string }>("SELECT LongDs FROM CODETBL WHERE CodeTyp = 'SYSPRM' AND CodeVal = 'LOADED'");
    return result.recordset[0]?.LongDs;
  } finally {
    await pool.close();
  }
}

async function loadAll(
  pool: sql.ConnectionPool,
  tables: Tables,
  onProgress: (progress: LoadProgress) => void,
): Promise<LoadCounts> {
  const transaction = new sql.Transaction(pool);
  await transaction.begin();
  try {
    const total = tableNames.reduce((sum, table) => sum + tables[table].length, 0);
    let done = 0;
    for (const table of tableNames) {
      const rows: readonly object[] = tables[table];
      for (let from = 0; from < rows.length; from += bulkRowsMax) {
        const chunk = rows.slice(from, from + bulkRowsMax);
        await transaction.request().bulk(bulkTable(table, chunk as Record<string, unknown>[]), { keepNulls: true });
        done += chunk.length;
        onProgress({ table, rows: chunk.length, done, total });
      }
      await settleTable(transaction, table, tables[table]);
    }
    await transaction.commit();
  } catch (cause) {
    await rollBack(transaction);
    throw cause instanceof AppError ? cause : loadFailed(cause);
  }
  return Object.fromEntries(tableNames.map((table) => [table, tables[table].length])) as LoadCounts;
}

/**
 * Counts what arrived, proves that identity values are those of the data set (URLs carry them), and moves the identity
 * behind them. @throws AppError LOAD_FAILED
 */
async function settleTable(transaction: sql.Transaction, table: TableName, rows: readonly object[]): Promise<void> {
  const arrived = await countRows(transaction.request(), table);
  if (arrived !== rows.length) throw loadFailed(new Error(`${table} holds ${arrived} rows instead of ${rows.length}`));
  const identity = identityOf(table);
  if (identity === undefined || rows.length === 0) return;
  const values = rows.map((row) => Number((row as Record<string, unknown>)[identity]));
  const wanted = { low: Math.min(...values), high: Math.max(...values) };
  const result = await transaction
    .request()
    .query<{ low: number; high: number }>(`SELECT MIN(${identity}) AS low, MAX(${identity}) AS high FROM ${table}`);
  const found = result.recordset[0];
  if (found?.low !== wanted.low || found.high !== wanted.high) {
    throw loadFailed(new Error(`the server did not keep the values of ${table}.${identity}`));
  }
  await transaction.request().batch(`DBCC CHECKIDENT ('${table}', RESEED, ${wanted.high})`);
}

async function countRows(request: sql.Request, table: TableName): Promise<number> {
  const result = await request.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`);
  return result.recordset[0]?.n ?? 0;
}

/** A server that has rolled back by itself (a deadlock, a lost connection) makes the driver's rollback fail; the load has failed anyway. */
async function rollBack(transaction: sql.Transaction): Promise<void> {
  try {
    await transaction.rollback();
  } catch (error) {
    if (!(error instanceof sql.TransactionError || error instanceof sql.ConnectionError)) throw error;
  }
}

function withMarker(dataset: Dataset): Tables {
  const since = wallTime(parseDay(dataset.today) ?? 0);
  const marker = codeRow("SYSPRM", { val: "LOADED", short: dataset.today, long: dataset.source }, 99, since);
  return { ...dataset.tables, CODETBL: [...dataset.tables.CODETBL, marker] };
}

function refuseInvalid(tables: Tables): void {
  const problems = checkTables(tables);
  const first = problems[0];
  if (first === undefined) return;
  throw new AppError({
    code: "DATASET_INVALID",
    op: "load the legacy data",
    message: `${problems.length} values do not fit, the first in ${first.table}.${first.column}, row ${first.row + 1}: ${first.reason}`,
    hint: "Nothing was written. This is a fault of the generator or importer, not of the server: please report it.",
  });
}

async function connect(target: LoadTarget): Promise<sql.ConnectionPool> {
  const { host, port, user, password, database = "EHRPROD", encrypt = false } = target;
  const pool = new sql.ConnectionPool({
    server: host,
    port,
    user,
    password,
    database,
    requestTimeout: statementMsMax,
    pool: { min: 0, max: 1 },
    options: { encrypt, trustServerCertificate: true, useUTC: true },
  });
  try {
    return await pool.connect();
  } catch (cause) {
    throw new AppError({
      code: "LOAD_FAILED",
      op: "load the legacy data",
      message: `cannot log in to ${database} on ${host}:${port}`,
      hint: "Check that the server runs, that the schema was migrated, and the password of the login.",
      retryable: true,
      cause,
    });
  }
}

const alreadyLoaded = (target: LoadTarget) =>
  new AppError({
    code: "ALREADY_LOADED",
    op: "load the legacy data",
    message: `${target.database ?? "EHRPROD"} holds patients already`,
    hint: "Go on with that data, or start anew with an empty database (--fresh).",
  });

/** The driver's message may quote a value of the row it failed on: it stays in the cause. */
function loadFailed(cause: unknown): AppError {
  const number = cause instanceof sql.RequestError ? ` (SQL error ${cause.number})` : "";
  const reason = cause instanceof Error && !(cause instanceof sql.RequestError) ? `: ${cause.message}` : number;
  return new AppError({
    code: "LOAD_FAILED",
    op: "load the legacy data",
    message: `the server refused the data${reason}; everything was rolled back`,
    hint: "The database is as empty as before. Look at the server's log, correct the cause and load again.",
    cause,
  });
}
