/**
 * kill -9 at 100 random moments under load: of the simulator's process, of its engine, or of both. After each restart every
 * acknowledged transaction is there whole, none is there in part, and what was never committed is not there; the rows that
 * capture has published, replayed from nothing, give the table.
 */

import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Random, seededRandom } from "@banyan/kernel";
import mssql from "mssql";
import { expect, test } from "vitest";

const kills = 100;
/** Replaying the whole history takes longer each time, so it is done after every tenth kill and at the end. */
const killsBetweenReplays = 10;
const writers = 3;
/** Rows of the transaction that is never committed belong to this writer. */
const neverCommits = 99;
const database = "KillTest";
const main = fileURLToPath(new URL("../main.ts", import.meta.url));

type Simulator = { readonly process: ChildProcess; readonly port: number; readonly enginePid: number };
/** Key → value of one writer's rows. */
type Rows = Map<number, number>;
type Writer = {
  readonly id: number;
  /** What was acknowledged. */
  rows: Rows;
  /** What it will be if the transaction that was under way has made it. */
  underWay: Rows | undefined;
  nextKey: number;
};

const dataDir = mkdtempSync(join(tmpdir(), "banyan-kill-"));

test(`${kills} kills under load lose no acknowledged commit, leave nothing of the others, and change rows match the table`, async () => {
  const random = seededRandom(20_261_122);
  const all: Writer[] = Array.from({ length: writers }, (_, id) => ({
    id,
    rows: new Map(),
    underWay: undefined,
    nextKey: 1,
  }));
  let acknowledged = 0;
  let simulator = await start();
  try {
    await onDatabase(simulator, "master", (pool) => pool.request().batch(`CREATE DATABASE ${database}`));
    await onDatabase(simulator, database, prepare);
    for (let round = 1; round <= kills; round += 1) {
      acknowledged += await loadUntilKilled(simulator, all, random);
      simulator = await start();
      await onDatabase(simulator, database, async (pool) => {
        await checkRows(pool, all);
        if (round % killsBetweenReplays === 0) await checkReplay(pool);
      });
    }
  } finally {
    kill(simulator.process.pid);
    kill(simulator.enginePid);
    rmSync(dataDir, { recursive: true, force: true });
  }
  // The load was real.
  expect(acknowledged).toBeGreaterThan(3 * kills);
}, 900_000);

/** A taken-over engine is part of what is tested: whatever was left running, the next start copes with. */
async function start(): Promise<Simulator> {
  const args = ["--data-dir", dataDir, "--port", "0", "--engine-port", "0", "--control-port", "0"];
  const child = fork(main, args, { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [] });
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint += chunk.toString("utf8");
  });
  const details = await new Promise<Record<string, number>>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`the simulator ended with exit code ${code} while starting: ${complaint}`)),
    );
    child.once("message", (message: { details: Record<string, number> }) => resolve(message.details));
  });
  child.removeAllListeners("exit");
  return { process: child, port: details["port"] ?? 0, enginePid: details["enginePid"] ?? 0 };
}

async function prepare(pool: mssql.ConnectionPool): Promise<void> {
  await pool
    .request()
    .batch("CREATE TABLE ledger (writer int NOT NULL, k int NOT NULL, v int NOT NULL, PRIMARY KEY (writer, k))");
  await pool.request().batch("EXEC sys.sp_cdc_enable_db");
  await pool.request().batch("EXEC sys.sp_cdc_enable_table N'dbo', N'ledger', @role_name = NULL");
}

/** @returns how many transactions were acknowledged */
async function loadUntilKilled(simulator: Simulator, all: readonly Writer[], random: Random): Promise<number> {
  const idle = await connect(simulator, database);
  const open = idle.transaction();
  await open.begin();
  await open.request().query(`INSERT ledger VALUES (${neverCommits}, 1, 1), (${neverCommits}, 2, 2)`);
  let acknowledged = 0;
  const pools = await Promise.all(all.map(() => connect(simulator, database)));
  const lanes = all.map(async (writer, index) => {
    const pool = pools[index] as mssql.ConnectionPool;
    for (;;) {
      try {
        await writeOnce(pool, writer, random);
        acknowledged += 1;
      } catch (error) {
        if (!isLoss(error)) throw error;
        return;
      }
    }
  });
  const stopped = Promise.all(lanes);
  stopped.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, random.int(20, 300)));
  const victims = random.pick([
    [simulator.process.pid],
    [simulator.enginePid],
    [simulator.process.pid, simulator.enginePid],
  ]);
  for (const pid of victims) kill(pid);
  // A simulator whose engine died ends by itself, with exit code 1.
  const ended = new Promise((resolve) => simulator.process.once("exit", resolve));
  if (simulator.process.exitCode === null && simulator.process.signalCode === null) await ended;
  await stopped;
  return acknowledged;
}

/** One transaction of a few statements: rows inserted, changed, deleted. */
async function writeOnce(pool: mssql.ConnectionPool, writer: Writer, random: Random): Promise<void> {
  const next: Rows = new Map(writer.rows);
  const transaction = pool.transaction();
  await transaction.begin();
  const run = (sql: string, key: number, value: number): Promise<unknown> =>
    transaction.request().input("w", writer.id).input("k", key).input("v", value).query(sql);
  for (let statement = random.int(1, 3); statement > 0; statement -= 1) {
    const known = [...next.keys()];
    const value = random.int(1, 1_000_000);
    if (known.length < 5 || random.chance(0.5)) {
      const key = writer.nextKey++;
      await run("INSERT ledger VALUES (@w, @k, @v)", key, value);
      next.set(key, value);
    } else if (random.chance(0.7)) {
      const key = random.pick(known);
      await run("UPDATE ledger SET v = @v WHERE writer = @w AND k = @k", key, value);
      next.set(key, value);
    } else {
      const key = random.pick(known);
      await run("DELETE ledger WHERE writer = @w AND k = @k AND @v > 0", key, value);
      next.delete(key);
    }
  }
  writer.underWay = next;
  await transaction.commit();
  writer.rows = next;
  writer.underWay = undefined;
}

/** The connection went with the server; anything else is a failure of the test. */
const isLoss = (error: unknown): boolean =>
  /^(ECONN|ESOCKET|ENOTOPEN|ECANCEL|EABORT|ENOTBEGUN|EINVALIDSTATE)/.test(String((error as { code?: unknown }).code)) ||
  /session is in the kill state/.test(String((error as { message?: unknown }).message));

async function checkRows(pool: mssql.ConnectionPool, all: readonly Writer[]): Promise<void> {
  const { recordset } = await pool
    .request()
    .query<{ writer: number; k: number; v: number }>("SELECT writer, k, v FROM ledger");
  expect(recordset.filter(({ writer }) => writer === neverCommits)).toEqual([]);
  for (const writer of all) {
    const found = sorted(new Map(recordset.filter((row) => row.writer === writer.id).map(({ k, v }) => [k, v])));
    // A commit that was sent and not answered may have happened, whole.
    const made = writer.underWay !== undefined && JSON.stringify(found) === JSON.stringify(sorted(writer.underWay));
    if (made && writer.underWay) writer.rows = writer.underWay;
    writer.underWay = undefined;
    expect(found).toEqual(sorted(writer.rows));
  }
}

const sorted = (rows: Rows): [number, number][] => [...rows].toSorted(([a], [b]) => a - b);

/** Waits until capture has published what there is; a change that is lost or doubled never gets there. */
async function checkReplay(pool: mssql.ConnectionPool): Promise<void> {
  const { recordset } = await pool
    .request()
    .query<{ writer: number; k: number; v: number }>("SELECT writer, k, v FROM ledger ORDER BY writer, k");
  const wanted = recordset.map(({ writer, k, v }) => `${writer} ${k} ${v}`);
  const deadline = performance.now() + 20_000;
  for (;;) {
    const replayed = await replay(pool);
    if (JSON.stringify(replayed) === JSON.stringify(wanted)) return;
    if (performance.now() > deadline) expect(replayed).toEqual(wanted);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function replay(pool: mssql.ConnectionPool): Promise<string[]> {
  const { recordset } = await pool.request().query<{ operation: number; writer: number; k: number; v: number }>(
    `SELECT [__$operation] AS operation, writer, k, v FROM cdc.dbo_ledger_CT
     ORDER BY [__$start_lsn], [__$command_id], [__$seqval], [__$operation]`,
  );
  const rows = new Map<string, number>();
  for (const { operation, writer, k, v } of recordset) {
    const key = `${writer} ${k}`;
    if (operation === 2 && rows.has(key)) throw new Error(`the insert of ${key} was captured twice`);
    if (operation !== 2 && rows.get(key) === undefined)
      throw new Error(`a change of ${key} was captured without its insert`);
    if ((operation === 1 || operation === 3) && rows.get(key) !== v)
      throw new Error(`the old value of ${key} is not what it was`);
    if (operation === 1) rows.delete(key);
    else if (operation !== 3) rows.set(key, v);
  }
  const keys = [...rows.keys()].toSorted((left, right) => {
    const [a = [], b = []] = [left, right].map((key) => key.split(" ").map(Number));
    return (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0);
  });
  return keys.map((key) => `${key} ${rows.get(key)}`);
}

function connect(simulator: Simulator, name: string): Promise<mssql.ConnectionPool> {
  const pool = new mssql.ConnectionPool({
    server: "127.0.0.1",
    port: simulator.port,
    user: "sa",
    password: readFileSync(join(dataDir, "sa-password"), "utf8").trim(),
    database: name,
    pool: { max: 1 },
    options: { encrypt: false },
  });
  // A killed server is no surprise here; the request under way reports it.
  pool.on("error", () => undefined);
  return pool.connect();
}

async function onDatabase(
  simulator: Simulator,
  name: string,
  work: (pool: mssql.ConnectionPool) => Promise<unknown>,
): Promise<void> {
  const pool = await connect(simulator, name);
  await work(pool);
  await pool.close();
}

function kill(pid: number | undefined): void {
  try {
    if (pid) process.kill(pid, "SIGKILL");
  } catch (error) {
    // It has ended already, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
