/**
 * The server the differential file is run against: the simulator, or the one at SQLSERVER_CONFORMANCE_URL
 * (mssql://user:password@host:port), where a database is made for the run and dropped afterwards.
 */

import { readConfig } from "@banyan/kernel";
import type { Connection, ConnectionConfiguration } from "tedious";
import { startTestServer } from "../test-server.ts";
import { close, observe, open } from "./observe.ts";

export type ServerUnderTest = {
  readonly isSimulator: boolean;
  readonly address: Address;
  /** Made for this run. */
  readonly database: string;
  /** A new connection to the run's database. */
  connect(): Promise<Connection>;
  stop(): Promise<void>;
};

type Address = { readonly host: string; readonly port: number; readonly user: string; readonly password: string };

export async function serverUnderTest(): Promise<ServerUnderTest> {
  const url = readConfig().SQLSERVER_CONFORMANCE_URL;
  if (url !== undefined) return prepared(addressOf(new URL(url)), false, async () => undefined);
  const server = await startTestServer();
  const address = { host: server.host, port: server.port, user: "sa", password: server.saPassword };
  return prepared(address, true, () => server.close());
}

async function prepared(address: Address, isSimulator: boolean, after: () => Promise<void>): Promise<ServerUnderTest> {
  const database = `banyan_conformance_${process.pid}`;
  await inMaster(address, `CREATE DATABASE [${database}] COLLATE SQL_Latin1_General_CP1_CI_AS`);
  await inMaster(address, `ALTER DATABASE [${database}] SET ALLOW_SNAPSHOT_ISOLATION ON`);
  return {
    isSimulator,
    address,
    database,
    connect: () => open(configuration(address, database)),
    async stop() {
      await inMaster(address, `DROP DATABASE [${database}]`);
      await after();
    },
  };
}

async function inMaster(address: Address, sql: string): Promise<void> {
  const connection = await open(configuration(address, "master"));
  const { errors } = await observe(connection, sql);
  await close(connection);
  if (errors.length > 0) throw new Error(`${sql}: error ${errors.join(", ")}`);
}

function addressOf(url: URL): Address {
  return {
    host: url.hostname,
    port: Number(url.port || 1433),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

function configuration({ host, port, user, password }: Address, database: string): ConnectionConfiguration {
  return {
    server: host,
    authentication: { type: "default", options: { userName: user, password } },
    options: { port, database, encrypt: false, trustServerCertificate: true, rowCollectionOnRequestCompletion: false },
  };
}
