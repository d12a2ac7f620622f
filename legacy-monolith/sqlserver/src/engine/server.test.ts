import mssql from "mssql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectionOf, startTestServer, type TestServer } from "../test-server.ts";

let server: TestServer;
let master: mssql.ConnectionPool;

beforeAll(async () => {
  server = await startTestServer({ controlPort: 0 });
  master = await server.connect("master", { pool: { max: 1 } });
}, 60_000);
afterAll(() => server.close());

const errorOf = async (work: Promise<unknown>): Promise<{ number: number; message: string; code: string }> =>
  (await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as { number: number; message: string; code: string };

test("a wrong password and an unknown name are 18456, an unknown database 4060", async () => {
  const refused = (more: Partial<mssql.config>): Promise<unknown> =>
    new mssql.ConnectionPool({ ...connectionOf(server, "master"), ...more }).connect();
  expect((await errorOf(refused({ password: "wrong" }))).message).toBe("Login failed for user 'sa'.");
  expect((await errorOf(refused({ user: "nobody" }))).message).toBe("Login failed for user 'nobody'.");
  expect((await errorOf(refused({ database: "nowhere" }))).message).toContain('Cannot open database "nowhere"');
});

test("CREATE LOGIN makes a login that gets in", async () => {
  await master.request().batch("CREATE LOGIN reporting WITH PASSWORD = 'Only-4-Tests'");
  const pool = await server.connect("master", { user: "Reporting", password: "Only-4-Tests" });
  expect((await pool.request().query("SELECT SUSER_SNAME() AS who")).recordset).toEqual([{ who: "Reporting" }]);
});

test("databases are made, listed in their spelling, entered by USE and dropped", async () => {
  await master.request().batch("CREATE DATABASE ClinicEast");
  const { recordset } = await master.request().query("SELECT name FROM sys.databases WHERE name LIKE 'clinic%'");
  expect(recordset).toEqual([{ name: "ClinicEast" }]);
  const { recordset: inside } = await master.request().batch("USE clinicEAST; SELECT DB_NAME() AS db; USE master");
  expect(inside).toEqual([{ db: "ClinicEast" }]);
  expect((await errorOf(master.request().batch("CREATE DATABASE cliniceast"))).number).toBe(1801);
  const other = await server.connect("ClinicEast");
  await other.request().query("SELECT 1 AS v");
  expect((await errorOf(master.request().batch("DROP DATABASE ClinicEast"))).number).toBe(3702);
  await other.close();
  await master.request().batch("DROP DATABASE ClinicEast");
  expect((await errorOf(master.request().batch("USE ClinicEast"))).number).toBe(911);
});

test("sp_sim_clone_database copies tables, rows and options", async () => {
  const source = await server.newDatabase({ name: "Original" });
  const pool = await server.connect(source);
  await pool
    .request()
    .batch(
      `CREATE TABLE ward (id int PRIMARY KEY); INSERT ward VALUES (1); ALTER DATABASE [${source}] SET ALLOW_SNAPSHOT_ISOLATION ON`,
    );
  await pool.close();
  const copy = await server.newDatabase({ name: "TheCopy", from: source });
  const there = await server.connect(copy);
  const { recordset } = await there
    .request()
    .query(
      "SELECT id, DB_NAME() AS db, (SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()) AS snapshot FROM ward",
    );
  expect(recordset).toEqual([{ id: 1, db: "TheCopy", snapshot: 1 }]);
});

test("faults by procedure: an error on the nth matching statement, then none", async () => {
  const pool = await server.connect(await server.newDatabase(), { pool: { max: 1 } });
  await pool.request().batch("CREATE TABLE bed (id int)");
  await pool
    .request()
    .input("kind", "error")
    .input("pattern", "INSERT bed")
    .input("nth", 2)
    .input("number", 1234)
    .execute("sp_sim_fault");
  await pool.request().query("INSERT bed VALUES (1)");
  expect((await errorOf(pool.request().query("INSERT bed VALUES (2)"))).number).toBe(1234);
  await pool.request().query("INSERT bed VALUES (3)");
  expect((await pool.request().query("SELECT COUNT(*) AS n FROM bed")).recordset).toEqual([{ n: 2 }]);
});

test("faults by procedure: a deadlock victim loses its transaction", async () => {
  const pool = await server.connect(await server.newDatabase(), { pool: { max: 1 } });
  await pool.request().batch("CREATE TABLE bed (id int)");
  await pool.request().batch("EXEC sp_sim_fault @kind = 'deadlock', @pattern = 'VALUES (2)'");
  const transaction = pool.transaction();
  await transaction.begin();
  await transaction.request().query("INSERT bed VALUES (1)");
  expect((await errorOf(transaction.request().query("INSERT bed VALUES (2)"))).number).toBe(1205);
  expect((await errorOf(transaction.rollback())).code).toBe("EABORT");
  expect((await pool.request().query("SELECT COUNT(*) AS n FROM bed")).recordset).toEqual([{ n: 0 }]);
});

test("faults by the control port: latency, a dropped connection, and what is waiting", async () => {
  const url = `${server.controlUrl}/faults`;
  const post = (body: unknown): Promise<Response> =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const pool = await server.connect("master", { pool: { max: 1 } });
  expect((await post({ kind: "latency", ms: 200, pattern: "slow" })).status).toBe(201);
  const started = performance.now();
  await pool.request().query("SELECT 1 AS slow");
  expect(performance.now() - started).toBeGreaterThan(190);
  expect((await post({ kind: "drop-connection", pattern: "gone" })).status).toBe(201);
  expect(await (await fetch(url)).json()).toMatchObject([{ kind: "drop-connection", pattern: "gone", struck: 0 }]);
  expect((await errorOf(pool.request().query("SELECT 1 AS gone"))).code).toMatch(/^ECONN/);
  expect((await pool.request().query("SELECT 2 AS v")).recordset).toEqual([{ v: 2 }]);
  expect((await post({ kind: "meteor" })).status).toBe(400);
  expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(415);
});
