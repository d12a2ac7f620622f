/**
 * The adapter's connections to SQL Server: bounded in number and time, opened when first needed and again after a fault. All
 * reads are streams, so that a caller decides how much of an answer it holds.
 */

import { AppError } from "@banyan/kernel";
import mssql from "mssql";
import { limits } from "../limits.ts";
import { sourceFailure } from "./source-errors.ts";

export type Parameter = { readonly type: mssql.ISqlType | (() => mssql.ISqlType); readonly value: unknown };
export type Parameters = Readonly<Record<string, Parameter>>;

export const parameter = {
  lsn: (value: Uint8Array): Parameter => ({ type: mssql.VarBinary(10), value: Buffer.from(value) }),
  int: (value: number): Parameter => ({ type: mssql.Int(), value }),
  bigint: (value: bigint | string | number): Parameter => ({ type: mssql.BigInt(), value: String(value) }),
  text: (value: string | null): Parameter => ({ type: mssql.NVarChar(4000), value }),
  ansi: (value: string | null): Parameter => ({ type: mssql.VarChar(8000), value }),
  uuid: (value: string): Parameter => ({ type: mssql.UniqueIdentifier(), value }),
} as const;

/** Values of one row in the order of the statement's columns. */
export type RawRow = readonly unknown[];

/** `false` ends the reading; what comes after is thrown away. */
export type RowReceiver = (row: RawRow, resultSet: number) => boolean | void;

export class LegacyDatabase {
  readonly #config: mssql.config;
  #pool: Promise<mssql.ConnectionPool> | undefined;
  #closed = false;

  /** @param url mssql://user:password@host:port/database, with `?encrypt=true` for TLS. @throws AppError LEGACY_URL_INVALID */
  constructor(url: string, { statementMs = limits.sourceStatementMsMax }: { readonly statementMs?: number } = {}) {
    const config = configOf(url);
    this.#config = {
      ...config,
      requestTimeout: statementMs,
      options: { ...config.options, appName: "banyan-adapter" },
    };
  }

  get database(): string {
    return this.#config.database ?? "";
  }

  /** Rows as objects, for statements with few of them. @throws AppError SOURCE_AWAY, SOURCE_REFUSED */
  async query<T>(op: string, text: string, parameters: Parameters = {}): Promise<T[]> {
    const request = await this.#request(op, parameters);
    try {
      return (await request.query<T>(text)).recordset ?? [];
    } catch (error) {
      throw sourceFailure(op, error);
    }
  }

  /** Statements that must be alone in their batch or have no parameters. @throws AppError SOURCE_AWAY, SOURCE_REFUSED */
  async batch<T>(op: string, text: string): Promise<T[]> {
    const request = await this.#request(op, {});
    try {
      return (await request.batch<T>(text)).recordset ?? [];
    } catch (error) {
      throw sourceFailure(op, error);
    }
  }

  /**
   * Streams the rows of one or several result sets to `receive`.
   * @returns whether the answer was read to its end. @throws AppError SOURCE_AWAY, SOURCE_REFUSED
   */
  async read(op: string, text: string, parameters: Parameters, receive: RowReceiver): Promise<boolean> {
    const request = await this.#request(op, parameters);
    request.stream = true;
    request.arrayRowMode = true;
    let resultSet = -1;
    let ended = false;
    return new Promise<boolean>((resolve, reject) => {
      let failure: unknown;
      request.on("recordset", () => {
        resultSet += 1;
      });
      request.on("row", (row: RawRow) => {
        if (ended || failure !== undefined) return;
        try {
          if (receive(row, resultSet) !== false) return;
          ended = true;
        } catch (error) {
          failure = error;
        }
        request.cancel();
      });
      request.on("error", (error: unknown) => {
        // What is cancelled ends with ECANCEL: that is the end wished for.
        if (!ended) failure ??= sourceFailure(op, error);
      });
      request.on("done", () => (failure === undefined ? resolve(!ended) : reject(failure as Error)));
      request.query(text).catch(() => undefined); // In stream mode errors arrive as events.
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.close();
  }

  async #request(op: string, parameters: Parameters): Promise<mssql.Request> {
    if (this.#closed)
      throw new AppError({ code: "SOURCE_CLOSED", op, message: "the adapter is stopping", hint: "None." });
    const pool = await this.#connected(op);
    const request = pool.request();
    for (const [name, { type, value }] of Object.entries(parameters)) request.input(name, type, value);
    return request;
  }

  #connected(op: string): Promise<mssql.ConnectionPool> {
    this.#pool ??= new mssql.ConnectionPool(this.#config).connect().then(
      (pool) => {
        // A connection that breaks while idle is replaced by the pool; without a listener the process would end.
        pool.on("error", () => undefined);
        return pool;
      },
      (error: unknown) => {
        this.#pool = undefined;
        throw sourceFailure(op, error);
      },
    );
    return this.#pool;
  }
}

function configOf(text: string): mssql.config {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "mssql:" || url.pathname.length < 2)
    throw new AppError({
      code: "LEGACY_URL_INVALID",
      op: "connect to the legacy database",
      message: "The address of the legacy database cannot be used.",
      hint: "Set LEGACY_MSSQL_URL to mssql://user:password@host:port/database.",
    });
  const encrypt = url.searchParams.get("encrypt") === "true";
  return {
    server: url.hostname,
    port: url.port === "" ? 1433 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    connectionTimeout: limits.connectMsMax,
    pool: { min: 0, max: limits.sourceConnectionsMax, acquireTimeoutMillis: limits.connectMsMax * 2 },
    options: {
      encrypt,
      trustServerCertificate: url.searchParams.get("trustServerCertificate") !== "false",
      useUTC: true,
      abortTransactionOnError: true,
    },
  };
}
