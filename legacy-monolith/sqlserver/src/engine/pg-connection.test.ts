import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { engineLimits as limits } from "../limits.ts";
import { EngineError, EngineGone, PgConnection } from "./pg-connection.ts";

const dataDir = mkdtempSync(join(tmpdir(), "banyan-pg-connection-"));
let engine: EmbeddedPostgres;
let connection: PgConnection;

beforeAll(async () => {
  engine = await startEmbeddedPostgres({
    dataDir,
    port: 0,
    password: "test-only",
    name: "test engine",
    portVariable: "NONE",
  });
}, 60_000);
afterAll(async () => {
  await engine.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  connection = await PgConnection.open(engine.url(), "test");
});
afterEach(() => connection.close());

test("delivers rows as arrays of text, with NULL as null", async () => {
  expect(await connection.rows("SELECT 1, $1::numeric, NULL, true", ["2.50"])).toEqual([["1", "2.50", null, "t"]]);
});

test("runs several steps in one round trip and reports each one's count", async () => {
  const outcomes = await connection.run([
    { sql: "CREATE TEMP TABLE n (v int)" },
    { sql: "INSERT INTO n SELECT generate_series(1, $1::int)", values: ["7"] },
    { sql: "SELECT v FROM n" },
  ]);
  expect(outcomes.map((outcome) => [outcome.command, outcome.rowCount])).toEqual([
    ["CREATE", 0],
    ["INSERT", 7],
    ["SELECT", 7],
  ]);
});

test("makes the steps of a run outside a transaction one transaction", async () => {
  await connection.script("CREATE TEMP TABLE n (v int)");
  const failing = connection.run([{ sql: "INSERT INTO n VALUES (1)" }, { sql: "SELECT 1/0" }]);
  await expect(failing).rejects.toMatchObject({ step: 1, code: "22012" });
  expect(await connection.rows("SELECT count(*) FROM n")).toEqual([["0"]]);
});

test("prepares a statement again when its first preparation was skipped by an error before it", async () => {
  await expect(connection.run([{ sql: "SELECT 1/0" }, { sql: "SELECT 5" }])).rejects.toBeInstanceOf(EngineError);
  expect(await connection.rows("SELECT 5")).toEqual([["5"]]);
});

test("keeps a bounded number of prepared statements in the engine", async () => {
  for (let i = 0; i < limits.preparedStatementsMax + 20; i += 1) await connection.rows(`SELECT ${i}`);
  const [[count]] = (await connection.rows("SELECT count(*) FROM pg_prepared_statements")) as [[string]];
  expect(Number(count)).toBeLessThanOrEqual(limits.preparedStatementsMax + 1);
});

test("reports the state of the transaction", async () => {
  await connection.run([{ sql: "BEGIN" }]);
  expect(connection.transactionStatus).toBe("T");
  await expect(connection.rows("SELECT 1/0")).rejects.toBeInstanceOf(EngineError);
  expect(connection.transactionStatus).toBe("E");
  await connection.run([{ sql: "ROLLBACK" }]);
  expect(connection.transactionStatus).toBe("I");
});

test("cancels a running statement when the signal aborts, and goes on afterwards", async () => {
  const abort = new AbortController();
  const running = connection.run([{ sql: "SELECT pg_sleep(30)" }], { signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  await expect(running).rejects.toMatchObject({ code: "57014" });
  expect(await connection.rows("SELECT 2")).toEqual([["2"]]);
});

test("stops reading while the reader is slow, and loses no row", async () => {
  let seen = 0;
  let open: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const running = connection.run(
    [{ sql: "SELECT v, repeat('x', 100) FROM generate_series(1, 50000) v", onRow: () => (seen += 1) }],
    { drained: () => (seen === 10 ? gate : undefined) },
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  const whilePaused = seen;
  open?.();
  await running;
  expect(whilePaused).toBeLessThan(5_000);
  expect(seen).toBe(50_000);
});

test("copies rows in", async () => {
  await connection.script("CREATE TEMP TABLE c (a int, b text)");
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from("1\tone\n2\t");
    yield Buffer.from("\\N\n");
  }
  expect(await connection.copyIn("COPY c FROM STDIN", chunks())).toBe(2);
  expect(await connection.rows("SELECT * FROM c ORDER BY a")).toEqual([
    ["1", "one"],
    ["2", null],
  ]);
});

test("says that the engine is gone when its process ends the connection", async () => {
  const other = await PgConnection.open(engine.url(), "killer");
  const running = expect(connection.run([{ sql: "SELECT pg_sleep(30)" }])).rejects.toBeInstanceOf(EngineGone);
  await other.rows("SELECT pg_terminate_backend($1::int)", [String(connection.processId)]);
  await running;
  await expect(connection.gone).rejects.toBeInstanceOf(EngineGone);
  await expect(connection.rows("SELECT 1")).rejects.toBeInstanceOf(EngineGone);
  await other.close();
});
