/**
 * The simulated SQL Server against its own engine: the same work through `mssql` on the simulator and through `pg` on the
 * PostgreSQL below it, in the same run, in rounds that alternate; each figure is a median. Client and simulator are
 * separate processes, as in use. The ratios are what counts: they say how much of the engine's speed is left.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import mssql from "mssql";
import pg from "pg";
import { type Child, startChild } from "./child.ts";

const rounds = 5;
const seedRows = 10_000;
const streamedRows = 100_000;
const statementsARound = 1_500;
/** Connections that run statements at the same time, in the figures that say so. */
const parallel = 8;

type Work = (count: number) => Promise<void>;
type Figure = {
  readonly name: string;
  readonly unit: string;
  readonly simulator: number;
  readonly engine: number;
  readonly ratio: number;
  /** Processor time that the client alone spends on each, through mssql: with an instant server it could do no more. */
  readonly clientCeiling: number;
};

const main = fileURLToPath(new URL("../legacy-monolith/sqlserver/src/main.ts", import.meta.url));
const database = "Bench";
const selectSql = "SELECT id, name, born, paid FROM patient WHERE id = ";
const streamSql = "SELECT id, name, born, paid FROM stay";

export async function benchSqlServer(options: { json: boolean }): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "banyan-bench-"));
  const secret = (name: string): string => readFileSync(join(dataDir, name), "utf8").trim();
  const child = await startChild(main, [
    "--data-dir",
    dataDir,
    "--port",
    "0",
    "--engine-port",
    "0",
    "--database",
    database,
  ]);
  try {
    const pool = await connectSimulator(Number(child.details["port"]), secret("sa-password"));
    const engine = new pg.Pool({
      host: "127.0.0.1",
      port: Number(child.details["enginePort"]),
      user: "postgres",
      password: secret("engine-password"),
      database: database.toLowerCase(),
      max: parallel,
      options: "-c search_path=dbo",
    });
    let ending = false;
    // pg's pool says that it has ended before its connections are closed; the engine's farewell on them is no failure.
    engine.on("connect", (client) =>
      client.on("error", (error) => {
        if (!ending) throw error;
      }),
    );
    await seed(pool);
    const figures = [...(await compareStatements(pool, engine)), await compareStreaming(pool, engine)];
    const memory = await streamingMemory(pool, child);
    report(figures, memory, options.json);
    ending = true;
    await pool.close();
    await engine.end();
  } finally {
    await child.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function connectSimulator(port: number, password: string): Promise<mssql.ConnectionPool> {
  return new mssql.ConnectionPool({
    server: "127.0.0.1",
    port,
    user: "sa",
    password,
    database,
    // An extra SELECT 1 at every acquire would be measured as ours.
    validateConnection: false,
    pool: { min: parallel, max: parallel },
    options: { encrypt: false },
  }).connect();
}

async function seed(pool: mssql.ConnectionPool): Promise<void> {
  const columns = "id int NOT NULL PRIMARY KEY, name nvarchar(40) NOT NULL, born datetime NULL, paid money NOT NULL";
  await pool.request().batch(`CREATE TABLE patient (${columns}); CREATE TABLE stay (${columns});
    CREATE TABLE visit (id int IDENTITY(1,1) PRIMARY KEY, patient int NOT NULL, note nvarchar(100) NULL)`);
  for (const [name, count] of [
    ["patient", seedRows],
    ["stay", streamedRows],
  ] as const) {
    const table = new mssql.Table(name);
    table.columns.add("id", mssql.Int, { nullable: false });
    table.columns.add("name", mssql.NVarChar(40), { nullable: false });
    table.columns.add("born", mssql.DateTime, { nullable: true });
    table.columns.add("paid", mssql.Money, { nullable: false });
    for (let id = 1; id <= count; id += 1) {
      table.rows.add(id, `Patient number ${id}`, new Date(Date.UTC(1950, 0, id % 20_000)), (id % 1000) / 4);
    }
    await pool.request().bulk(table);
  }
}

async function compareStatements(pool: mssql.ConnectionPool, engine: pg.Pool): Promise<Figure[]> {
  let next = 0;
  const id = (): number => (next++ % seedRows) + 1;
  const work: Readonly<Record<string, { simulator: () => Promise<unknown>; engine: () => Promise<unknown> }>> = {
    "primary-key select": {
      simulator: () => pool.request().input("id", mssql.Int, id()).query(`${selectSql}@id`),
      engine: () => engine.query({ name: "select", text: `${selectSql}$1`, values: [id()] }),
    },
    insert: {
      simulator: () =>
        pool
          .request()
          .input("patient", mssql.Int, id())
          .input("note", mssql.NVarChar(100), "seen")
          .query("INSERT INTO visit (patient, note) VALUES (@patient, @note)"),
      engine: () =>
        engine.query({
          name: "insert",
          text: "INSERT INTO visit (patient, note) VALUES ($1, $2)",
          values: [id(), "seen"],
        }),
    },
  };
  const figures: Figure[] = [];
  for (const [name, { simulator, engine: direct }] of Object.entries(work)) {
    for (const lanes of [1, parallel]) {
      const inLanes =
        (one: () => Promise<unknown>): Work =>
        async (count) => {
          const lane = async (): Promise<void> => {
            for (let done = 0; done < count / lanes; done += 1) await one();
          };
          await Promise.all(Array.from({ length: lanes }, lane));
        };
      const label = lanes === 1 ? `${name}, one connection` : `${name}, ${lanes} connections`;
      figures.push(await alternate(label, "statements/s", statementsARound, inLanes(simulator), inLanes(direct)));
    }
  }
  return figures;
}

async function compareStreaming(pool: mssql.ConnectionPool, engine: pg.Pool): Promise<Figure> {
  const simulator: Work = async (count) => expectRows(await streamOnce(pool), count);
  const direct: Work = async (count) => {
    const client = await engine.connect();
    try {
      const query = client.query(new pg.Query(streamSql));
      let rows = 0;
      await new Promise<void>((resolve, reject) => {
        query.on("row", () => {
          rows += 1;
        });
        query.on("end", () => resolve());
        query.on("error", reject);
      });
      expectRows(rows, count);
    } finally {
      client.release();
    }
  };
  return alternate(`streamed select of ${streamedRows} rows`, "rows/s", streamedRows, simulator, direct);
}

function streamOnce(pool: mssql.ConnectionPool): Promise<number> {
  const request = pool.request();
  request.stream = true;
  let rows = 0;
  return new Promise((resolve, reject) => {
    request.on("row", () => {
      rows += 1;
    });
    request.on("error", reject);
    request.on("done", () => resolve(rows));
    void request.query(streamSql);
  });
}

function expectRows(found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`${found} rows arrived instead of ${wanted}`);
}

/** Rounds alternate, so that whatever else the machine does falls on both; one round of each warms up. */
async function alternate(name: string, unit: string, count: number, simulator: Work, engine: Work): Promise<Figure> {
  const measured: { simulator: number[]; engine: number[]; ceiling: number[] } = {
    simulator: [],
    engine: [],
    ceiling: [],
  };
  for (let round = 0; round <= rounds; round += 1) {
    const [ours, theirs] = [await measure(simulator, count), await measure(engine, count)];
    if (round === 0) continue;
    measured.simulator.push(ours.rate);
    measured.ceiling.push(ours.ceiling);
    measured.engine.push(theirs.rate);
  }
  const [ours, theirs] = [median(measured.simulator), median(measured.engine)];
  return { name, unit, simulator: ours, engine: theirs, ratio: ours / theirs, clientCeiling: median(measured.ceiling) };
}

async function measure(work: Work, count: number): Promise<{ rate: number; ceiling: number }> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  await work(count);
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (count / (performance.now() - started)) * 1000, ceiling: (count / (user + system)) * 1_000_000 };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Resident memory of the simulator's process, in MiB, before and at its highest while streaming thrice. */
async function streamingMemory(pool: mssql.ConnectionPool, child: Child): Promise<{ before: number; highest: number }> {
  const before = child.residentMiB();
  let highest = before;
  const timer = setInterval(() => {
    highest = Math.max(highest, child.residentMiB());
  }, 20);
  for (let round = 0; round < 3; round += 1) expectRows(await streamOnce(pool), streamedRows);
  clearInterval(timer);
  return { before, highest };
}

function report(figures: readonly Figure[], memory: { before: number; highest: number }, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ figures, memory })}\n`);
    return;
  }
  const whole = (value: number): string => Math.round(value).toLocaleString("en");
  for (const { name, unit, simulator, engine, ratio, clientCeiling } of figures) {
    process.stdout.write(
      `${name}: ${whole(simulator)} ${unit} through mssql, ${whole(engine)} through pg, ratio ${ratio.toFixed(2)} ` +
        `(mssql itself could do ${whole(clientCeiling)})\n`,
    );
  }
  process.stdout.write(
    `memory of the simulator while streaming: ${memory.before.toFixed(0)} MiB before, ${memory.highest.toFixed(0)} MiB at most\n`,
  );
}
