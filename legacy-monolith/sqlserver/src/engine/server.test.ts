import mssql from "mssql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PgConnection } from "./pg-connection.ts";
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

test("runs on a PostgreSQL that is already there, and finds its databases again", async () => {
  await server.newDatabase({ name: "Kept" });
  const second = await startTestServer({ engineUrl: server.engineUrl("postgres"), saPassword: "Another-0ne" });
  try {
    const pool = await second.connect("Kept");
    expect((await pool.request().query("SELECT DB_NAME() AS db")).recordset).toEqual([{ db: "Kept" }]);
  } finally {
    await second.close();
  }
});

test("a database made by another version of the simulator is refused by name", async () => {
  await server.newDatabase({ name: "Elder" });
  const connection = await PgConnection.open(server.engineUrl("Elder"), "test");
  await connection.rows("UPDATE sim.prelude SET version = 'of old'");
  await connection.close();
  const start = startTestServer({ engineUrl: server.engineUrl("postgres"), saPassword: "Another-0ne" });
  await expect(start).rejects.toMatchObject({
    code: "ENGINE_VERSION",
    message: expect.stringContaining("database elder was made by another version of the simulator (of old, this is "),
  });
  await master.request().batch("DROP DATABASE Elder");
});

test("faults about capture: stopped it publishes nothing, resumed it catches up; clean-up runs on demand", async () => {
  const database = await server.newDatabase();
  const pool = await server.connect(database, { pool: { max: 1 } });
  await pool.request().batch("CREATE TABLE bed (id int PRIMARY KEY); EXEC sys.sp_cdc_enable_db");
  await pool.request().batch("EXEC sys.sp_cdc_enable_table N'dbo', N'bed', @role_name = NULL");
  const published = async (): Promise<number> =>
    (await pool.request().query("SELECT COUNT(*) AS n FROM cdc.dbo_bed_CT")).recordset[0].n;
  const until = async (wanted: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + 10_000;
    while (!(await wanted())) {
      if (performance.now() > deadline) throw new Error("it did not happen");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await pool.request().query("INSERT bed VALUES (1)");
  await pool.request().query("INSERT bed VALUES (2)");
  await until(async () => (await published()) === 2);
  await pool.request().batch("EXEC sp_sim_fault 'capture-stopped'");
  // The job looks for new orders between two scans; a scan under way may still publish what was there.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await pool.request().query("INSERT bed VALUES (3)");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await published()).toBe(2);
  await pool.request().batch("EXEC sp_sim_fault 'capture-resumed'");
  await until(async () => (await published()) === 3);
  // All but the newest become an hour older, and history is kept for a minute: the mark is the second, the first goes.
  const engine = await PgConnection.open(server.engineUrl(database), "test");
  await engine.rows(
    `UPDATE capture.transactions SET end_time = end_time - interval '1 hour'
     WHERE start_lsn < (SELECT max(start_lsn) FROM capture.transactions)`,
  );
  await engine.close();
  await pool.request().batch("EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = 1");
  await pool.request().batch("EXEC sp_sim_fault 'cleanup-now'");
  await until(async () => (await published()) === 2);
  await expect(
    pool.request().batch("EXEC sp_sim_fault 'capture-stopped', @database = 'nowhere'"),
  ).rejects.toMatchObject({ number: 911 });
});
