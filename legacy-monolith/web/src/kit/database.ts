/**
 * A thin layer on the `mssql` driver: one pool, typed parameters, whole transactions that are run again after a deadlock.
 *
 * - `char` columns come back without their padding; every other string is as stored.
 * - `datetime` values are wall dates (wall-time.ts), both ways.
 * - `money` goes in and out as text. Out: select `moneyText("AcctBal")`. In: `p.money(text)` and `CONVERT(money, @amt)` in the
 *   statement. `decimal` columns come back as numbers.
 * - Tables with triggers refuse `OUTPUT` without `INTO`: use `insertIdentity`.
 * - A refusal by `RAISERROR` in a trigger is a `SqlFailure` with `raised` set ('SLOT TAKEN', 'NOTE IS SIGNED').
 */

import { AppError, type Logger } from "@banyan/kernel";
import driver from "mssql";
import { events } from "../events.ts";
import { deadlockRetriesMax, poolAcquireMsMax, poolConnectionsMax, statementMsMax } from "../limits.ts";

/** A value with its SQL type. */
export type SqlParameter = { readonly type: driver.ISqlType | (() => driver.ISqlType); readonly value: unknown };
export type SqlParameters = Readonly<Record<string, SqlParameter>>;

/** Parameters by type of the schema. `null` is SQL NULL in each. */
export const p = {
  int: (value: number | null): SqlParameter => ({ type: driver.Int, value }),
  smallint: (value: number | null): SqlParameter => ({ type: driver.SmallInt, value }),
  tinyint: (value: number | null): SqlParameter => ({ type: driver.TinyInt, value }),
  bit: (value: boolean | null): SqlParameter => ({ type: driver.Bit, value }),
  char: (length: number, value: string | null): SqlParameter => ({
    type: driver.Char(length),
    value: value?.slice(0, length) ?? null,
  }),
  varchar: (length: number, value: string | null): SqlParameter => ({
    type: driver.VarChar(length),
    value: value?.slice(0, length) ?? null,
  }),
  nvarchar: (length: number, value: string | null): SqlParameter => ({
    type: driver.NVarChar(length),
    value: value?.slice(0, length) ?? null,
  }),
  /** For `text` columns. */
  text: (value: string | null): SqlParameter => ({ type: driver.VarChar(driver.MAX), value }),
  /** For `ntext` columns. */
  ntext: (value: string | null): SqlParameter => ({ type: driver.NVarChar(driver.MAX), value }),
  /** A wall date. */
  datetime: (value: Date | null): SqlParameter => ({ type: driver.DateTime, value }),
  /** Decimal text such as `-12.50`, for `CONVERT(money, @name)`. */
  money: (value: string | null): SqlParameter => ({ type: driver.VarChar(24), value }),
  decimal: (precision: number, scale: number, value: number | null): SqlParameter => ({
    type: driver.Decimal(precision, scale),
    value,
  }),
  guid: (value: string | null): SqlParameter => ({ type: driver.UniqueIdentifier, value }),
  varbinary: (length: number | "max", value: Buffer | null): SqlParameter => ({
    type: driver.VarBinary(length === "max" ? driver.MAX : length),
    value,
  }),
};

/** Select-list text that gives a money column as text with four decimals, for example `12.5000`. */
export function moneyText(column: string, alias: string = column.slice(column.lastIndexOf(".") + 1)): string {
  return `CONVERT(varchar(24), CAST(${column} AS decimal(19,4))) AS ${alias}`;
}

export type Sql = {
  /** Rows of the (last) result set. `Row` is the caller's word for what the select list gives. */
  query<Row extends object = Record<string, unknown>>(statement: string, parameters?: SqlParameters): Promise<Row[]>;
  /** First row, or undefined. */
  first<Row extends object = Record<string, unknown>>(
    statement: string,
    parameters?: SqlParameters,
  ): Promise<Row | undefined>;
  /** Rows affected by the statement; with several statements, by all of them. */
  execute(statement: string, parameters?: SqlParameters): Promise<number>;
  /** Runs an INSERT of one row and gives its identity (`SCOPE_IDENTITY()`). */
  insertIdentity(statement: string, parameters?: SqlParameters): Promise<number>;
};

export type Database = Sql & {
  /**
   * Runs `work` in one READ COMMITTED transaction: commits what it gives back, rolls back what it throws. A deadlock (1205)
   * runs `work` again as a whole, at most `deadlockRetriesMax` times, so `work` must have no other effect than its SQL.
   */
  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** A statement the server refused. The message holds the error number only: SQL Server's own text may quote patient data. */
export class SqlFailure extends AppError {
  /** SQL Server's error number; 0 when the connection failed. */
  readonly sqlErrorNumber: number;
  /** Text of a RAISERROR of a trigger or batch (50000), which is fixed text of the schema. */
  readonly raised: string | undefined;

  constructor(cause: unknown) {
    const { number, raised } = readDriverError(cause);
    super({
      code: "SQL_REFUSED",
      op: "run a statement on the legacy database",
      message: number === 0 ? "the legacy database could not be reached" : `SQL Server error ${number}`,
      hint: "See the SQL Server error number; the statement is named by the page in the log.",
      retryable: number === 1205 || number === 1222 || number === 0,
      cause,
    });
    this.sqlErrorNumber = number;
    this.raised = raised;
  }
}

type DriverError = { number?: number; message?: string; precedingErrors?: DriverError[]; originalError?: DriverError };

function readDriverError(cause: unknown): { number: number; raised: string | undefined } {
  const error = (cause ?? {}) as DriverError;
  const chain = [error, ...(error.precedingErrors ?? [])];
  const raised = chain.find((one) => one.number === 50000);
  const deadlock = chain.find((one) => one.number === 1205);
  return {
    number: raised?.number ?? deadlock?.number ?? error.number ?? error.originalError?.number ?? 0,
    raised: raised?.message,
  };
}

/** @param url `mssql://user:password@host:port/database[?encrypt=true]`. @throws AppError CONFIG_INVALID, SQL_UNREACHABLE, SQL_LOGIN_REFUSED. */
export async function openDatabase(url: string, logger: Logger): Promise<Database> {
  const config = driverConfig(url);
  const pool = new driver.ConnectionPool(config);
  pool.on("error", () => logger.warn({ event: events.requestRefused, code: "SQL_POOL" }));
  try {
    await pool.connect();
  } catch (cause) {
    const refused = (cause as { code?: string }).code === "ELOGIN";
    throw new AppError({
      code: refused ? "SQL_LOGIN_REFUSED" : "SQL_UNREACHABLE",
      op: "connect to the legacy database",
      message: refused
        ? `${config.server}:${config.port ?? 1433} refuses the log-in or has no database ${config.database ?? ""}`
        : `nothing answers as a SQL Server at ${config.server}:${config.port ?? 1433}`,
      hint: "Check that the server runs, and LEGACY_MSSQL_URL (mssql://user:password@host:port/database).",
      retryable: !refused,
      cause,
    });
  }
  return {
    ...sqlOn(() => pool.request()),
    transaction: (work) => withRetry(pool, logger, work),
    close: () => pool.close(),
  };
}

function driverConfig(text: string): driver.config {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = url?.pathname.slice(1);
  if (!url || !database || !url.hostname) {
    throw new AppError({
      code: "CONFIG_INVALID",
      op: "read the address of the legacy database",
      message: "it is not of the form mssql://user:password@host:port/database",
      hint: "Correct LEGACY_MSSQL_URL.",
    });
  }
  return {
    server: url.hostname,
    ...(url.port ? { port: Number(url.port) } : {}),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(database),
    options: { encrypt: url.searchParams.get("encrypt") === "true", trustServerCertificate: true, useUTC: true },
    pool: { max: poolConnectionsMax, min: 0, acquireTimeoutMillis: poolAcquireMsMax },
    requestTimeout: statementMsMax,
  };
}

function sqlOn(request: () => driver.Request): Sql {
  const run = async (
    statement: string,
    parameters: SqlParameters = {},
  ): Promise<driver.IResult<Record<string, unknown>>> => {
    const prepared = request();
    for (const [name, { type, value }] of Object.entries(parameters)) prepared.input(name, type, value);
    try {
      return await prepared.query(statement);
    } catch (cause) {
      throw new SqlFailure(cause);
    }
  };
  const query = async <Row extends object>(statement: string, parameters?: SqlParameters): Promise<Row[]> =>
    trimmedRows((await run(statement, parameters)).recordset) as Row[];
  return {
    query,
    first: async <Row extends object>(statement: string, parameters?: SqlParameters) =>
      (await query<Row>(statement, parameters))[0],
    execute: async (statement, parameters) =>
      (await run(statement, parameters)).rowsAffected.reduce((sum, count) => sum + count, 0),
    insertIdentity: async (statement, parameters) => {
      const rows = await query<{ Id: number }>(`${statement};\nSELECT CAST(SCOPE_IDENTITY() AS int) AS Id`, parameters);
      const id = rows[0]?.Id;
      if (typeof id !== "number") {
        throw new AppError({
          code: "IDENTITY_MISSING",
          op: "insert a row",
          message: "the server gave no identity for the new row",
          hint: "Use insertIdentity only for a one-row INSERT into a table with an identity column.",
        });
      }
      return id;
    },
  };
}

function trimmedRows(recordset: driver.IRecordSet<Record<string, unknown>> | undefined): Record<string, unknown>[] {
  if (!recordset) return [];
  const padded = Object.entries(recordset.columns ?? {})
    .filter(([, column]) => column.type === driver.Char || column.type === driver.NChar)
    .map(([name]) => name);
  for (const row of recordset) {
    for (const name of padded) {
      const value = row[name];
      if (typeof value === "string") row[name] = value.trimEnd();
    }
  }
  return recordset;
}

async function withRetry<T>(pool: driver.ConnectionPool, logger: Logger, work: (tx: Sql) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await once(pool, work);
    } catch (error) {
      const deadlock = error instanceof SqlFailure && error.sqlErrorNumber === 1205;
      if (!deadlock || attempt >= deadlockRetriesMax) throw error;
      logger.warn({ event: events.deadlockRetried, count: attempt + 1, sqlErrorNumber: 1205 });
    }
  }
}

async function once<T>(pool: driver.ConnectionPool, work: (tx: Sql) => Promise<T>): Promise<T> {
  const transaction = pool.transaction();
  try {
    await transaction.begin(driver.ISOLATION_LEVEL.READ_COMMITTED);
  } catch (cause) {
    throw new SqlFailure(cause);
  }
  let result: T;
  try {
    result = await work(sqlOn(() => transaction.request()));
  } catch (error) {
    await rollBack(transaction);
    throw error;
  }
  try {
    await transaction.commit();
  } catch (cause) {
    throw new SqlFailure(cause);
  }
  return result;
}

/** A trigger's ROLLBACK or a deadlock has ended the transaction already; then the driver refuses ours, which is no news. */
async function rollBack(transaction: { rollback(): Promise<void> }): Promise<void> {
  try {
    await transaction.rollback();
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code !== "EABORT" && code !== "ENOTBEGUN" && code !== "EREQUEST" && code !== "ETRANSACTION") {
      throw new SqlFailure(error);
    }
  }
}
