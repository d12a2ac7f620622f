import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patience, sqlError, type TestDatabase, TestEngine } from "./engine-for-tests.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
}, 60_000);
afterAll(() => engine?.stop());

const columns = [
  { name: "Id", type: "int" },
  { name: "Name", type: "nvarchar(20)" },
  { name: "Note", type: "text" },
];

async function tracked(withColumns = true): Promise<{ db: TestDatabase; id: number }> {
  const db = await engine.database();
  const id = await db.table("Patient", columns);
  await db.sql.query(
    "SELECT capture.alter_database_tracking('change_tracking = on (change_retention = 2 days, auto_cleanup = on)')",
  );
  await db.sql.query("SELECT capture.enable_tracking($1, $2)", [id, withColumns]);
  return { db, id };
}

const version = async (db: TestDatabase): Promise<number> =>
  Number(await db.value("SELECT sys.change_tracking_current_version()"));
const minimum = async (db: TestDatabase, id: number): Promise<number> =>
  Number(await db.value("SELECT sys.change_tracking_min_valid_version($1)", [id]));
const changes = async (db: TestDatabase, id: number, since: number | null) =>
  (await db.rows(`SELECT * FROM capture.changes_${id}($1) ORDER BY id`, [since])).map((r) => [
    Number(r["sys_change_version"]),
    r["sys_change_operation"],
    r["id"],
    (r["sys_change_columns"] as Buffer | null)?.toString("hex") ?? null,
  ]);

describe("change tracking", () => {
  it("counts versions by commit and nets changes to one row a key", async () => {
    const { db, id } = await tracked();
    expect(await version(db)).toBe(0);
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z')");
    const synced = await version(db);
    expect(synced).toBe(1);
    await db.sql.query(
      "BEGIN; UPDATE dbo.patient SET name = 'A' WHERE id = 1; UPDATE dbo.patient SET name = 'AA' WHERE id = 1; COMMIT",
    );
    await db.sql.query("DELETE FROM dbo.patient WHERE id = 2");
    await db.sql.query("INSERT INTO dbo.patient VALUES (4, 'd', NULL)");
    expect(await version(db)).toBe(4);
    expect(await changes(db, id, synced)).toEqual([
      [2, "U", 1, "0000000002000000"],
      [3, "D", 2, null],
      [4, "I", 4, null],
    ]);
    expect(await changes(db, id, 4)).toEqual([]);
    expect(await changes(db, id, 0)).toHaveLength(4);
  });

  it("collects changed columns over several updates, readable by CHANGE_TRACKING_IS_COLUMN_IN_MASK", async () => {
    const { db, id } = await tracked();
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', 'x')");
    await db.sql.query("UPDATE dbo.patient SET name = 'b'");
    await db.sql.query("UPDATE dbo.patient SET note = 'y'");
    const [row] = await changes(db, id, 1);
    expect(row).toEqual([3, "U", 1, "000000000200000003000000"]);
    const inMask = (column: number) =>
      db.value("SELECT sys.change_tracking_is_column_in_mask($1, $2)", [column, Buffer.from(String(row?.[3]), "hex")]);
    expect([await inMask(1), await inMask(2), await inMask(3)]).toEqual([0, 1, 1]);
    expect(await db.value("SELECT sys.change_tracking_is_column_in_mask(9, NULL)")).toBe(1);
  });

  it("gives no columns when they are not tracked", async () => {
    const { db, id } = await tracked(false);
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', 'x')");
    await db.sql.query("UPDATE dbo.patient SET name = 'b'");
    expect(await changes(db, id, 1)).toEqual([[2, "U", 1, null]]);
  });

  it("shows a changed key as a delete and an insert", async () => {
    const { db, id } = await tracked();
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', 'x'), (2, 'b', 'x')");
    await db.sql.query("UPDATE dbo.patient SET id = id + 1");
    expect(await changes(db, id, 1)).toEqual([
      [2, "D", 1, null],
      [2, "I", 2, null],
      [2, "I", 3, null],
    ]);
  });

  it("carries the writer's context", async () => {
    const { db, id } = await tracked();
    await db.sql.query(
      "BEGIN; SELECT set_config('sim.tracking_context', '\\x0a0b', true); INSERT INTO dbo.patient VALUES (1, 'a', 'x'); COMMIT",
    );
    await db.sql.query("INSERT INTO dbo.patient VALUES (2, 'b', 'x')");
    const rows = await db.rows(`SELECT id, sys_change_context FROM capture.changes_${id}(0) ORDER BY id`);
    expect(rows).toEqual([
      { id: 1, sys_change_context: Buffer.from([10, 11]) },
      { id: 2, sys_change_context: null },
    ]);
  });

  it("shows nothing of rolled-back work, and no version for it", async () => {
    const { db, id } = await tracked();
    await db.sql.query("BEGIN; INSERT INTO dbo.patient VALUES (1, 'a', 'x'); ROLLBACK");
    await db.sql.query("BEGIN; SAVEPOINT s; INSERT INTO dbo.patient VALUES (2, 'a', 'x'); ROLLBACK TO s; COMMIT");
    expect(await version(db)).toBe(0);
    expect(await changes(db, id, 0)).toEqual([]);
  });

  it("never shows a version before a lower one: commits take turns", async () => {
    const { db, id } = await tracked();
    const writers = await Promise.all([db.connection(), db.connection(), db.connection()]);
    let seen = 0;
    let total = 0;
    const missed: number[] = [];
    const load = { running: true };
    const reading = (async () => {
      while (load.running) {
        await db.sql.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
        const now = await version(db);
        const fresh = await changes(db, id, seen);
        await db.sql.query("COMMIT");
        for (const [at] of fresh) if (Number(at) > now) missed.push(Number(at));
        total += fresh.length;
        seen = now;
      }
    })();
    await Promise.all(
      writers.map(async (writer, w) => {
        for (let i = 0; i < 60; i += 1)
          await writer.query("INSERT INTO dbo.patient VALUES ($1, 'n', NULL)", [w * 1000 + i]);
      }),
    );
    load.running = false;
    await reading;
    total += (await changes(db, id, seen)).length;
    expect(missed).toEqual([]);
    expect(total).toBe(180);
    expect(await version(db)).toBe(180);
  });

  it("lets the next committer wait until the one that has its version already is through", async () => {
    const { db, id } = await tracked();
    const first = await db.connection();
    // Runs the deferred trigger now: the version is taken, the commit still to come.
    await first.query("BEGIN; INSERT INTO dbo.patient VALUES (1, 'a', NULL); SET CONSTRAINTS ALL IMMEDIATE");
    const second = await db.connection();
    const waiting = second.query("INSERT INTO dbo.patient VALUES (2, 'b', NULL)");
    await expect
      .poll(() => db.value("SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"), patience)
      .toBe(1);
    expect(await version(db)).toBe(0);
    await first.query("COMMIT");
    await waiting;
    expect((await changes(db, id, 0)).map(([at, , key]) => [at, key])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it("asks for a new start after TRUNCATE and after clean-up", async () => {
    const { db, id } = await tracked();
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', 'x')");
    const synced = await version(db);
    expect(await minimum(db, id)).toBe(0);
    await db.sql.query("TRUNCATE dbo.patient");
    expect(await minimum(db, id)).toBeGreaterThan(synced);
    expect(await changes(db, id, synced)).toEqual([]);
    await db.sql.query("INSERT INTO dbo.patient VALUES (2, 'a', 'x')");
    const later = await version(db);
    expect(await minimum(db, id)).toBeLessThanOrEqual(later);
    await db.sql.query("UPDATE capture.tracking_commits SET commit_time = commit_time - interval '3 days'");
    expect(Number(await db.value("SELECT capture.clean_tracking()"))).toBe(1);
    expect(await minimum(db, id)).toBe(later);
    expect(await version(db)).toBe(later);
  });

  it("answers misuse with SQL Server's numbers", async () => {
    const db = await engine.database();
    const id = await db.table("Patient", columns);
    const keyless = await db.table("Keyless", columns, 0);
    const number = async (sql: string) => (await sqlError(db.sql.query(sql))).number;
    const on = "SELECT capture.alter_database_tracking('change_tracking = on')";
    expect(await number(`SELECT capture.enable_tracking(${id}, true)`)).toBe(5089);
    await db.sql.query(on);
    expect(await number(on)).toBe(5088);
    expect(await number(`SELECT capture.enable_tracking(${keyless}, true)`)).toBe(4997);
    expect(await number(`SELECT capture.disable_tracking(${id})`)).toBe(4998);
    expect(await number(`SELECT capture.check_tracked(${id})`)).toBe(22105);
    await db.sql.query(`SELECT capture.enable_tracking(${id}, true)`);
    expect(await number(`SELECT capture.enable_tracking(${id}, true)`)).toBe(4996);
    expect(await number("SELECT capture.alter_database_tracking('change_tracking = off')")).toBe(22115);
    expect(await number(`SELECT capture.before_ddl(${id}, 'drop_primary_key', 'pk_patient')`)).toBe(22110);
    await db.sql.query(`SELECT capture.disable_tracking(${id})`);
    await db.sql.query("SELECT capture.alter_database_tracking('change_tracking = off')");
    expect(await db.value("SELECT sys.change_tracking_current_version()")).toBeNull();
  });

  it("works beside change data capture on the same table", async () => {
    const { db, id } = await tracked();
    await db.enable("Patient");
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', 'x')");
    await db.scan();
    expect(await db.changes("dbo_Patient")).toHaveLength(1);
    expect(await changes(db, id, 0)).toHaveLength(1);
    expect((await sqlError(db.sql.query("TRUNCATE dbo.patient"))).number).toBe(4711);
  });
});
