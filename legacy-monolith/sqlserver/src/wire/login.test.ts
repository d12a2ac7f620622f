import knex from "knex";
import sql from "mssql";
import { afterEach, describe, expect, it } from "vitest";
import { SqlError } from "../contract.ts";
import { column, type Script } from "./scripted-backend.ts";
import type { TdsServerOptions } from "./server.ts";
import { connect, mssqlConfig, serve, type TestServer } from "./test-clients.ts";

let server: TestServer;

async function started(script: Script = {}, more: Partial<TdsServerOptions> = {}): Promise<TestServer> {
  server = await serve(script, more);
  return server;
}

afterEach(() => server.close());

const answerOne: Script = {
  batch(_text, sink) {
    sink.columns([column("one", { name: "int" })]);
    sink.row(["1"]);
    sink.done({ kind: "select", rowCount: 1 });
  },
};

describe("login", () => {
  it("hands user, password, database, host and application to the backend as the client gave them", async () => {
    await started();
    const config = mssqlConfig(server.port, { appName: "Chart “½”" });
    const pool = await new sql.ConnectionPool(config).connect();
    await pool.close();
    expect(server.backend.logins[0]).toMatchObject({
      user: "sa",
      password: "Pässwörd 1€",
      database: "EHRPROD",
      application: "Chart “½”",
      language: "us_english",
    });
  });

  it("answers a bad login with 18456, which the driver reports as ELOGIN", async () => {
    await started({
      login() {
        throw new SqlError(18456, 14, "Login failed for user 'sa'.");
      },
    });
    const failure = await connect(server.port).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ELOGIN", message: "Login failed for user 'sa'." });
    expect(server.connections).toBe(0);
  });

  it.each([
    ["encrypt: false", { encrypt: false }],
    ["encrypt: true", { encrypt: true }],
  ])("serves mssql with %s", async (_name, options) => {
    await started(answerOne);
    const pool = await connect(server.port, options);
    expect((await pool.request().batch<{ one: number }>("select 1 as one")).recordset).toEqual([{ one: 1 }]);
    expect(server.connections).toBe(1);
    await pool.close();
  });

  it("tells a client that insists on encryption when the server has none", async () => {
    await started({}, { encrypt: "off" });
    const failure = await connect(server.port, { encrypt: true }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "EENCRYPT" });
  });

  it("refuses clients without encryption when it is required, and serves the others", async () => {
    await started(answerOne, { encrypt: "required" });
    await expect(connect(server.port, { encrypt: false })).rejects.toThrow();
    const pool = await connect(server.port, { encrypt: true });
    expect((await pool.request().batch("select 1")).recordset).toHaveLength(1);
    await pool.close();
  });

  it.each([512, 4096, 32767])("carries long texts both ways in packets of %i bytes", async (packetSize) => {
    await started({
      batch(text, sink) {
        sink.columns([column("text", { name: "nvarchar", length: -1 })]);
        sink.row([text]);
        sink.done({ kind: "select", rowCount: 1 });
      },
    });
    const pool = await connect(server.port, { packetSize });
    const text = `select '${"Ünïcode → ".repeat(9000)}'`;
    const result = await pool.request().batch<{ text: string }>(text);
    expect(result.recordset[0]?.text).toBe(text);
    await pool.close();
  });

  it("serves knex", async () => {
    await started({
      procedure(_name, _args, sink) {
        void answerOne.batch?.("", sink, new AbortController().signal);
        return { returnStatus: 0, outputs: [] };
      },
    });
    const config = mssqlConfig(server.port);
    const db = knex({
      client: "mssql",
      connection: { server: config.server, port: server.port, user: "sa", password: "x", database: "EHRPROD" },
    });
    expect(await db.raw("select 1 as one")).toEqual([{ one: 1 }]);
    await db.destroy();
  });

  it("refuses the login beyond the limit of connections with 17809", async () => {
    await started(answerOne, { limits: { connectionsMax: 1 } });
    const first = await connect(server.port);
    // mssql opens its lasting connections only when they are asked for.
    await first.request().batch("select 1");
    const failure = await connect(server.port).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining("maximum number of user connections") });
    await first.close();
  });
});
