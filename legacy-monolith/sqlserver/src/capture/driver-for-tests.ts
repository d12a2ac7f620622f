/**
 * Capture as a client sees it: the simulator behind its TDS port and the real driver, with the SQL text that a reader of SQL Server's
 * change tables sends (specs sqlserver-cdc.md, section 7).
 */

import mssql from "mssql";
import { afterAll, beforeAll, expect } from "vitest";
import { patience } from "./engine-for-tests.ts";
import { startTestServer, type TestServer } from "../test-server.ts";

let server: TestServer;

export type Pool = mssql.ConnectionPool;
export type Row = Record<string, unknown>;

export const zero = Buffer.alloc(10);

/** Runs T-SQL as a batch. */
export const run = async (pool: Pool, sql: string): Promise<Row[]> => (await pool.request().batch(sql)).recordset ?? [];

/** Runs T-SQL with parameters, as sp_executesql; Buffers are bound as varbinary(10). */
export async function ask<T = Row>(pool: Pool, sql: string, parameters: Record<string, unknown> = {}): Promise<T[]> {
  const request = pool.request();
  for (const [name, value] of Object.entries(parameters)) {
    if (Buffer.isBuffer(value)) request.input(name, mssql.VarBinary(10), value);
    else request.input(name, value);
  }
  return (await request.query<T>(sql)).recordset;
}

export const maxLsn = async (pool: Pool): Promise<Buffer | null> =>
  (await ask<{ max_lsn: Buffer | null }>(pool, "SELECT sys.fn_cdc_get_max_lsn() AS max_lsn;"))[0]?.max_lsn ?? null;
export const minLsn = async (pool: Pool, inst: string): Promise<Buffer | null> =>
  (await ask<{ min_lsn: Buffer | null }>(pool, "SELECT sys.fn_cdc_get_min_lsn(@inst) AS min_lsn;", { inst }))[0]
    ?.min_lsn ?? null;

/** Starts the simulator before the tests of a file and ends it after them. */
export function useServer(): void {
  beforeAll(async () => {
    server = await startTestServer();
  }, 60_000);
  afterAll(() => server?.close());
}

export const connect = (database: string): Promise<Pool> => server.connect(database);

/** A copy of a database that nobody is connected to. */
export const copyOf = async (name: string): Promise<Pool> => connect(await server.newDatabase({ from: name }));

export async function emptyDatabase(): Promise<Pool> {
  return connect(await server.newDatabase());
}

export const createPatient = `CREATE TABLE dbo.Patient (Id int IDENTITY(1,1) NOT NULL PRIMARY KEY, Mrn char(10) NOT NULL CONSTRAINT UQ_Mrn UNIQUE, Name nvarchar(60) NOT NULL,
  Born datetime NULL, Balance money NOT NULL DEFAULT 0, Note text NULL, Photo varbinary(max) NULL, Active bit NOT NULL DEFAULT 1,
  Shout AS (UPPER(Name)), Rv rowversion)`;

export async function enable(pool: Pool, table: string, more: Record<string, unknown> = {}): Promise<void> {
  const request = pool.request();
  request.input("source_schema", "dbo").input("source_name", table).input("role_name", mssql.NVarChar(128), null);
  for (const [name, value] of Object.entries(more)) request.input(name, value);
  await request.execute("sys.sp_cdc_enable_table");
}

export async function started(pool: Pool, instance: string): Promise<void> {
  await expect.poll(async () => (await minLsn(pool, instance))?.compare(zero), patience).toBe(1);
}

export async function captured(): Promise<Pool> {
  const pool = await emptyDatabase();
  await run(pool, createPatient);
  await run(pool, "EXEC sys.sp_cdc_enable_db");
  await enable(pool, "Patient");
  await started(pool, "dbo_Patient");
  return pool;
}

export const q5 = `SELECT c.[__$start_lsn], c.[__$command_id], c.[__$seqval], c.[__$operation], c.[__$update_mask], c.[Id], c.[Mrn], c.[Name]
FROM cdc.[dbo_Patient_CT] c WHERE c.[__$start_lsn] > @cursor AND c.[__$start_lsn] <= @hi
ORDER BY c.[__$start_lsn], c.[__$command_id], c.[__$seqval], c.[__$operation];`;

/** Waits until a marker row written now is published: everything committed before is, too. */
export async function caughtUp(pool: Pool): Promise<Buffer> {
  await run(
    pool,
    "IF OBJECT_ID('dbo.beat') IS NULL BEGIN CREATE TABLE dbo.beat (n int IDENTITY PRIMARY KEY, t datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()) END",
  );
  const known = await ask(pool, "SELECT capture_instance FROM cdc.change_tables WHERE capture_instance = N'dbo_beat'");
  if (known.length === 0) await enable(pool, "beat");
  const [beat] = await ask<{ n: number }>(pool, "INSERT INTO dbo.beat OUTPUT inserted.n DEFAULT VALUES");
  const seen = () => ask(pool, "SELECT n FROM cdc.dbo_beat_CT WHERE n = @n", { n: beat?.n });
  await expect.poll(async () => (await seen()).length, patience).toBe(1);
  return (await maxLsn(pool)) as Buffer;
}

export async function changesAfter(pool: Pool, cursor: Buffer): Promise<Row[]> {
  return ask(pool, q5, { cursor, hi: await caughtUp(pool) });
}
