/** Opens a wire server over a scripted backend, and real clients to it, for tests. */

import sql from "mssql";
import { Connection } from "tedious";
import { selfSignedCertificate } from "./certificate.ts";
import { type Script, type ScriptedBackend, scriptedBackend } from "./scripted-backend.ts";
import { createTdsServer, type TdsServer, type TdsServerOptions } from "./server.ts";

export type TestServer = TdsServer & { readonly backend: ScriptedBackend };

const certificate = selfSignedCertificate();

export async function serve(script: Script = {}, more: Partial<TdsServerOptions> = {}): Promise<TestServer> {
  const backend = scriptedBackend(script);
  const server = await createTdsServer({ backend, host: "127.0.0.1", port: 0, tls: certificate, ...more });
  return Object.defineProperty(server, "backend", { value: backend }) as TestServer;
}

export function mssqlConfig(port: number, options: sql.config["options"] & { packetSize?: number } = {}): sql.config {
  return {
    server: "127.0.0.1",
    port,
    user: "sa",
    password: "Pässwörd 1€",
    database: "EHRPROD",
    pool: { max: 1, min: 0 },
    options: { encrypt: false, trustServerCertificate: true, ...options },
  };
}

export function connect(
  port: number,
  options: sql.config["options"] & { packetSize?: number } = {},
): Promise<sql.ConnectionPool> {
  return new sql.ConnectionPool(mssqlConfig(port, options)).connect();
}

/** tedious without mssql around it. */
export async function tedious(port: number): Promise<Connection> {
  const connection = new Connection({
    server: "127.0.0.1",
    authentication: { type: "default", options: { userName: "sa", password: "x" } },
    options: { port, encrypt: false },
  });
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  return connection;
}
