/**
 * What capture's own tests stand on: a PostgreSQL of their own with the simulator's template in it, a database for each test, and catalog rows
 * made by hand, so that these tests fail for capture's reasons only. Behaviour seen through the driver is tested elsewhere.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import { createLogger } from "@banyan/kernel";
import { Client } from "pg";
import { CaptureJob, type CaptureJobOptions } from "./capture-job.ts";
import { captureStatements } from "./capture-sql.ts";

/** For `expect.poll`: what is awaited comes within milliseconds, unless the machine is busy. */
export const patience = { timeout: 15_000, interval: 10 } as const;

export type Row = Record<string, unknown>;

/** `int`, `nvarchar(20)`, `varchar(max)` … → type, PostgreSQL's type, catalog numbers. */
const types: Readonly<Record<string, readonly [physical: string, bytes: number, precision: number, scale: number]>> = {
  int: ["int4", 4, 10, 0],
  bit: ["int2", 1, 1, 0],
  money: ["numeric(19,4)", 8, 19, 4],
  "nvarchar(20)": ["bpchar COLLATE sim.ci", 40, 0, 0],
  "varchar(max)": ["bpchar COLLATE sim.ci", -1, 0, 0],
  text: ["bpchar COLLATE sim.ci", 16, 0, 0],
  timestamp: ["bytea DEFAULT int8send(nextval('sim.rowversion'))", 8, 0, 0],
};

export type TestColumn = { readonly name: string; readonly type: string; readonly computed?: string };

export class TestDatabase {
  readonly name: string;
  readonly url: string;
  private readonly open: Client[] = [];
  private readonly jobs: CaptureJob[] = [];
  /** A connection for single statements. */
  sql!: Client;

  constructor(name: string, url: string) {
    this.name = name;
    this.url = url;
  }

  async connection(): Promise<Client> {
    const client = new Client({ connectionString: this.url });
    // A connection that a test cuts reports it through the query that fails.
    client.on("error", () => undefined);
    await client.connect();
    this.open.push(client);
    return client;
  }

  async rows(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.sql.query<Row>(sql, [...values])).rows;
  }

  async value<T>(sql: string, values: readonly unknown[] = []): Promise<T> {
    return Object.values((await this.rows(sql, values))[0] ?? {})[0] as T;
  }

  /** A table in schema dbo with catalog rows; the first `key` columns are the primary key. @returns its object id */
  async table(name: string, columns: readonly TestColumn[], key = 1): Promise<number> {
    const physical = name.toLowerCase();
    const parts = columns.map(({ name: column, type, computed }) => {
      const sql = types[type]?.[0] ?? "int4";
      return `"${column.toLowerCase()}" ${sql}${computed ? ` GENERATED ALWAYS AS (${computed}) STORED` : ""}`;
    });
    const keys = columns.slice(0, key).map((column) => `"${column.name.toLowerCase()}"`);
    if (key > 0) parts.push(`CONSTRAINT "pk_${physical}" PRIMARY KEY (${keys.join(", ")}) DEFERRABLE`);
    await this.sql.query(`CREATE TABLE dbo."${physical}" (${parts.join(", ")})`);
    const id = await this.value<number>(
      "INSERT INTO sim.objects (object_id, name, physical, type) VALUES (nextval('sim.object_ids'), $1, $2, 'U') RETURNING object_id",
      [name, physical],
    );
    for (const [index, column] of columns.entries()) await this.catalogColumn(id, index + 1, column);
    if (key > 0) {
      await this.sql.query("INSERT INTO sim.indexes VALUES ($1, 1, $2::text, $2::text, true, true)", [
        id,
        `pk_${physical}`,
      ]);
      for (let i = 1; i <= key; i += 1)
        await this.sql.query("INSERT INTO sim.index_columns VALUES ($1, 1, $2::int, $2::int)", [id, i]);
    }
    return id;
  }

  async catalogColumn(id: number, ordinal: number, { name, type, computed }: TestColumn): Promise<void> {
    const [, bytes, precision, scale] = types[type] ?? ["int4", 4, 10, 0];
    await this.sql.query(
      `INSERT INTO sim.columns (object_id, column_id, name, physical, type_name, max_length, precision, scale, is_nullable, computed_text)
       VALUES ($1, $2, $3::text, lower($3::text), $4, $5, $6, $7, true, $8)`,
      [id, ordinal, name, type.replace(/\(.*/, ""), bytes, precision, scale, computed ?? null],
    );
  }

  async enable(name: string, more: { instance?: string; columns?: string; net?: number } = {}): Promise<void> {
    if (!(await this.value<boolean>("SELECT capture.is_enabled()"))) await this.sql.query("SELECT capture.enable_db()");
    await this.sql.query("SELECT capture.enable_table('dbo', $1, NULL, $2, $3, NULL, $4, NULL, NULL)", [
      name,
      more.instance ?? null,
      more.net ?? null,
      more.columns ?? null,
    ]);
  }

  job(options: Partial<CaptureJobOptions> = {}): CaptureJob {
    const job = new CaptureJob({
      database: this.name,
      url: this.url,
      pollMs: 5,
      logger: createLogger({ name: "test", level: "silent" }),
      ...options,
    });
    this.jobs.push(job);
    return job;
  }

  /** Publishes everything committed, without a job. */
  async scan(): Promise<number> {
    return this.value<number>("SELECT capture.scan(10000, 305, 0)");
  }

  /** Rows of a change table in their order, `__$` left out of the names, binary as hex. */
  async changes(instance: string): Promise<Row[]> {
    const rows = await this.rows(
      `SELECT * FROM cdc."${instance.toLowerCase()}_ct" ORDER BY "__$start_lsn", "__$command_id", "__$seqval", "__$operation"`,
    );
    return rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [
          key.replace("__$", ""),
          Buffer.isBuffer(value) ? value.toString("hex") : value,
        ]),
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.jobs.map((job) => job.stop()));
    await Promise.all(this.open.map((client) => client.end().catch(() => undefined)));
  }
}

export class TestEngine {
  private readonly directory: string;
  private postgres: EmbeddedPostgres;
  private admin: Client;
  private readonly databases: TestDatabase[] = [];

  private constructor(directory: string, postgres: EmbeddedPostgres, admin: Client) {
    this.directory = directory;
    this.postgres = postgres;
    this.admin = admin;
  }

  static async start(): Promise<TestEngine> {
    const directory = mkdtempSync(join(tmpdir(), "banyan-capture-"));
    const { postgres, admin } = await startIn(directory, 0);
    await admin.query("CREATE DATABASE sim_template");
    const template = new Client({ connectionString: postgres.url("sim_template") });
    await template.connect();
    await template.query("SET check_function_bodies = off");
    const prelude = new URL("../translate/prelude/", import.meta.url);
    for (const file of readdirSync(prelude).toSorted())
      await template.query(readFileSync(new URL(file, prelude), "utf8"));
    await template.query(captureStatements());
    await template.end();
    return new TestEngine(directory, postgres, admin);
  }

  /** Kills the whole server with signal 9 and starts it again on the same port and data. */
  async crash(): Promise<void> {
    const { port, pid } = this.postgres;
    this.admin.on("error", () => undefined);
    process.kill(pid, "SIGKILL");
    await this.postgres.failed.catch(() => undefined);
    ({ postgres: this.postgres, admin: this.admin } = await startIn(this.directory, port));
  }

  async database(): Promise<TestDatabase> {
    const name = `t${this.databases.length + 1}`;
    await this.admin.query(`CREATE DATABASE ${name} TEMPLATE sim_template`);
    const database = new TestDatabase(name, this.postgres.url(name));
    database.sql = await database.connection();
    this.databases.push(database);
    return database;
  }

  async stop(): Promise<void> {
    await Promise.all(this.databases.map((database) => database.close()));
    await this.admin.end();
    await this.postgres.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function startIn(directory: string, port: number): Promise<{ postgres: EmbeddedPostgres; admin: Client }> {
  const postgres = await startEmbeddedPostgres({
    dataDir: join(directory, "data"),
    port,
    password: "for-tests-only",
    name: "test engine",
    portVariable: "none",
  });
  const admin = new Client({ connectionString: postgres.url() });
  await admin.connect();
  return { postgres, admin };
}

/** The error a statement fails with: SQL Server's number and text. */
export async function sqlError(work: Promise<unknown>): Promise<{ number: number; state: number; message: string }> {
  try {
    await work;
  } catch (error) {
    const { message, detail } = error as { message: string; detail?: string };
    const [number, , state] = (detail ?? "").split("|").map(Number);
    return { number: number ?? 0, state: state ?? 0, message };
  }
  throw new Error("no error was raised");
}
