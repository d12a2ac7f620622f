/**
 * The simulator for tests: one server a test file (vitest gives each file its own worker), with databases that each test
 * or file makes for itself. The engine does not wait for the disk, which only a test that kills it would notice.
 *
 *   const server = await startTestServer();          // beforeAll
 *   const database = await server.newDatabase();     // empty, or a copy: newDatabase({ from: "migrated" })
 *   const pool = await server.connect(database);     // mssql pool
 *   await server.close();                            // afterAll
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@banyan/kernel";
import mssql from "mssql";
import { type RunningSqlServer, type SqlServerOptions, startSqlServer } from "./index.ts";

export type TestServer = RunningSqlServer & {
  /** Makes a database, empty or as a copy of one that nobody is connected to; gives back its name. */
  newDatabase(options?: { readonly name?: string; readonly from?: string }): Promise<string>;
  /** A pool on a database; closed with the server. */
  connect(database: string, options?: Partial<mssql.config>): Promise<mssql.ConnectionPool>;
};

let counter = 0;

export async function startTestServer(options: Partial<SqlServerOptions> = {}): Promise<TestServer> {
  const folder = options.dataDir ?? mkdtempSync(join(tmpdir(), "banyan-sqlserver-"));
  const server = await startSqlServer({
    dataDir: folder,
    port: 0,
    enginePort: 0,
    captureDelayMs: 20,
    engineSettings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
    logger: createLogger({ name: "sqlserver", level: "error" }),
    ...options,
  });
  const pools: mssql.ConnectionPool[] = [];
  const connect = async (database: string, more: Partial<mssql.config> = {}): Promise<mssql.ConnectionPool> => {
    const pool = await new mssql.ConnectionPool(connectionOf(server, database, more)).connect();
    pools.push(pool);
    return pool;
  };
  return {
    ...server,
    connect,
    async newDatabase({ name, from } = {}) {
      const made = name ?? `test_${process.pid}_${++counter}`;
      const master = await connect("master", { pool: { max: 1 } });
      if (from) await master.request().input("source", from).input("target", made).execute("sp_sim_clone_database");
      else await master.request().batch(`CREATE DATABASE [${made}]`);
      await master.close();
      return made;
    },
    async close() {
      await server.close();
      await Promise.all(pools.map(closed));
      if (!options.dataDir) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A pool waits for ever for a connection that a test left in a transaction; its server is gone already. */
function closed(pool: mssql.ConnectionPool): Promise<unknown> {
  return Promise.race([pool.close(), new Promise((resolve) => setTimeout(resolve, 500).unref())]);
}

/** What mssql needs to reach a database of the server. */
export function connectionOf(
  server: RunningSqlServer,
  database: string,
  more: Partial<mssql.config> = {},
): mssql.config {
  return {
    server: server.host,
    port: server.port,
    user: "sa",
    password: server.saPassword,
    database,
    ...more,
    options: { encrypt: false, trustServerCertificate: true, ...more.options },
  };
}
