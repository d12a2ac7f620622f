/**
 * The law of capture, on random histories: several connections at once, rollbacks, savepoints, changed keys, statements over many rows.
 * Replaying the change table on an empty copy gives the table; LSNs agree with what the writers saw of each other's commits.
 */

import { seededRandom } from "@banyan/kernel";
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patience, type Row, type TestDatabase, TestEngine } from "./engine-for-tests.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
}, 60_000);
afterAll(() => engine?.stop());

const columns = [
  { name: "Id", type: "int" },
  { name: "Name", type: "nvarchar(20)" },
  { name: "Amount", type: "money" },
  { name: "Big", type: "varchar(max)" },
  { name: "Writer", type: "int" },
];

/** Applies changes in their order to an empty copy; fails on a change that does not fit what is there. */
function replay(changes: readonly Row[]): Map<number, string> {
  const copy = new Map<number, string>();
  const image = (row: Row): string => JSON.stringify([row["name"], row["amount"], row["big"], row["writer"]]);
  for (const row of changes) {
    const id = row["id"] as number;
    if (row["operation"] === 1 && !copy.delete(id)) throw new Error(`delete of a row that is not there: ${id}`);
    if (row["operation"] === 2 && copy.has(id)) throw new Error(`insert of a row that is there: ${id}`);
    if (row["operation"] === 3 && !copy.has(id)) throw new Error(`update of a row that is not there: ${id}`);
    if (row["operation"] === 2 || row["operation"] === 4) copy.set(id, image(row));
  }
  return copy;
}

async function contents(db: TestDatabase): Promise<Map<number, string>> {
  const rows = await db.rows("SELECT * FROM dbo.patient");
  return new Map(rows.map((r) => [r["id"] as number, JSON.stringify([r["name"], r["amount"], r["big"], r["writer"]])]));
}

type Commit = { readonly marker: number; readonly beganAt: number; readonly acknowledgedAt: number };

/** One writer: random transactions on its own connection. Losing a deadlock or a duplicate key is part of life: it rolls back. */
async function write(client: Client, writer: number, seed: number, transactions: number): Promise<Commit[]> {
  const random = seededRandom(seed);
  const commits: Commit[] = [];
  for (let t = 0; t < transactions; t += 1) {
    const marker = writer * 100_000 + t;
    const beganAt = performance.now();
    try {
      await client.query("BEGIN");
      for (let s = random.int(1, 4); s > 0; s -= 1) await statement(client, random, marker);
      await client.query("INSERT INTO dbo.marker VALUES ($1)", [marker]);
      if (random.chance(0.2)) {
        await client.query("ROLLBACK");
        continue;
      }
      await client.query("COMMIT");
      commits.push({ marker, beganAt, acknowledgedAt: performance.now() });
    } catch (error) {
      const { code } = error as { code?: string };
      if (!["23505", "40P01", "40001"].includes(code ?? "")) throw error;
      await client.query("ROLLBACK");
    }
  }
  return commits;
}

async function statement(client: Client, random: ReturnType<typeof seededRandom>, marker: number): Promise<void> {
  const savepoint = random.chance(0.3);
  if (savepoint) await client.query("SAVEPOINT s");
  const id = random.int(1, 60);
  const kind = random.int(1, 8);
  if (kind <= 3)
    await client.query(
      "INSERT INTO dbo.patient SELECT i, 'n' || $3::int, i * 1.5, repeat('b', 3), $3::int FROM generate_series($1::int, $2::int) i WHERE NOT EXISTS (SELECT FROM dbo.patient WHERE id = i)",
      [id, id + random.int(0, 5), marker],
    );
  else if (kind <= 5)
    await client.query(
      "UPDATE dbo.patient SET amount = amount + 1, writer = $3, big = CASE WHEN id % 2 = 0 THEN 'x' ELSE big END WHERE id BETWEEN $1 AND $2",
      [id, id + random.int(0, 10), marker],
    );
  else if (kind === 6)
    await client.query("DELETE FROM dbo.patient WHERE id BETWEEN $1 AND $2", [id, id + random.int(0, 3)]);
  else if (kind === 7)
    await client.query("UPDATE dbo.patient SET id = id + 1000 WHERE id BETWEEN $1 AND $2", [id, id + 3]);
  else
    await client.query(
      "UPDATE dbo.patient SET id = id - 1000, name = 'back' WHERE id BETWEEN $1 AND $2 AND NOT EXISTS (SELECT FROM dbo.patient p WHERE p.id = patient.id - 1000)",
      [id + 1000, id + 1010],
    );
  if (savepoint) await client.query(random.chance(0.5) ? "ROLLBACK TO SAVEPOINT s" : "RELEASE SAVEPOINT s");
}

async function prepared(): Promise<TestDatabase> {
  const db = await engine.database();
  await db.table("Patient", columns);
  await db.table("Marker", [{ name: "id", type: "int" }]);
  await db.enable("Patient");
  await db.enable("Marker");
  // Small scans, so that a backlog is cut in many places.
  await db.sql.query("SELECT capture.change_job('capture', 3, 1000, NULL, NULL, NULL, NULL)");
  return db;
}

describe("random histories", () => {
  it.each([1, 2, 3])(
    "replay to the table, and agree with the commit order the writers saw (seed %i)",
    async (seed) => {
      const db = await prepared();
      db.job();
      const writers = await Promise.all(Array.from({ length: 5 }, () => db.connection()));
      const commits = (await Promise.all(writers.map((client, w) => write(client, w + 1, seed * 100 + w, 40)))).flat();
      expect(commits.length).toBeGreaterThan(50);
      await expect.poll(() => db.value("SELECT count(*)::int FROM cdc.dbo_marker_ct"), patience).toBe(commits.length);

      expect(replay(await db.changes("dbo_Patient"))).toEqual(await contents(db));

      const lsns = new Map(
        (await db.changes("dbo_Marker")).map((row) => [row["id"] as number, String(row["start_lsn"])]),
      );
      expect(new Set(lsns.values()).size).toBe(commits.length);
      for (const earlier of commits)
        for (const later of commits)
          if (earlier.acknowledgedAt < later.beganAt)
            expect(lsns.get(earlier.marker)! < lsns.get(later.marker)!).toBe(true);
    },
    60_000,
  );

  it("never publish below a maximum that was read before", async () => {
    const db = await prepared();
    db.job();
    const writers = await Promise.all(Array.from({ length: 4 }, () => db.connection()));
    const observer = await db.connection();
    const load = { running: true };
    let cursor: Buffer = Buffer.alloc(10);
    const seen: unknown[] = [];
    const follow = async (): Promise<void> => {
      const { rows: top } = await observer.query<{ m: Buffer | null }>("SELECT sys.fn_cdc_get_max_lsn() AS m");
      const max = top[0]?.m;
      if (!max) return;
      const { rows } = await observer.query(
        'SELECT id FROM cdc.dbo_marker_ct WHERE "__$start_lsn" > $1 AND "__$start_lsn" <= $2 ORDER BY "__$start_lsn"',
        [cursor, max],
      );
      seen.push(...rows.map((row: Row) => row["id"]));
      cursor = max;
    };
    const following = (async () => {
      while (load.running) await follow();
    })();
    const commits = (await Promise.all(writers.map((client, w) => write(client, w + 1, 7000 + w, 60)))).flat();
    load.running = false;
    await following;
    await expect.poll(async () => (await follow(), seen.length), patience).toBe(commits.length);
    expect(new Set(seen)).toEqual(new Set(commits.map((commit) => commit.marker)));
  }, 60_000);

  it("survive the kill of a backend at any moment: change rows match table rows", async () => {
    const db = await prepared();
    db.job();
    const random = seededRandom(42);
    for (let round = 0; round < 8; round += 1) {
      const client = await db.connection();
      client.on("error", () => undefined);
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      const working = write(client, round + 1, 900 + round, 200).catch(() => []);
      const rowsWanted = random.int(1, 20);
      await expect
        .poll(() => db.value("SELECT count(*)::int FROM dbo.marker WHERE id / 100000 = $1", [round + 1]), {
          ...patience,
          interval: 1,
        })
        .toBeGreaterThan(rowsWanted);
      await db.sql.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      await working;
    }
    const markers = Number(await db.value("SELECT count(*)::int FROM dbo.marker"));
    await expect.poll(() => db.value("SELECT count(*)::int FROM cdc.dbo_marker_ct"), patience).toBe(markers);
    expect(replay(await db.changes("dbo_Patient"))).toEqual(await contents(db));
  }, 60_000);

  it("would be noticed: the replay refuses the seqval order of a shifted key", async () => {
    const db = await prepared();
    await db.sql.query("INSERT INTO dbo.patient SELECT i, 'n', 0, 'b', 0 FROM generate_series(1, 5) i");
    await db.sql.query("UPDATE dbo.patient SET id = id + 1");
    await db.scan();
    const changes = await db.changes("dbo_Patient");
    expect(replay(changes)).toEqual(await contents(db));
    const place = (row: Row): string => String(row["seqval"]) + String(row["operation"]);
    const bySeqval = changes.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
    expect(() => replay(bySeqval)).toThrow("insert of a row that is there");
  });
});
