import knex, { type Knex } from "knex";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestBench, type TestBench, type TestControl } from "../test-control.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());

/** Someone with the database's own password, who first takes the triggers away. */
async function tamper(control: TestControl, how: (db: Knex) => Promise<unknown>): Promise<void> {
  const db = knex({ client: "pg", connection: control.database, pool: { min: 0, max: 1 } });
  try {
    await db.raw("SET session_replication_role = replica");
    await how(db);
  } finally {
    await db.destroy();
  }
}

async function busyControl(): Promise<TestControl> {
  const control = await bench.control();
  for (const module of ["lab", "rx", "patient", "portal"])
    await control.client.post(`/modules/${module}/stage`, { stage: { name: "shadow" }, reason: `compare ${module}` });
  await control.client.post("/modules/lab/stage", { stage: { name: "live" }, reason: "too early" });
  return control;
}

const verify = async (control: TestControl) => (await control.client.get("/audit/verify")).body;

describe("the audit trail", () => {
  test("holds who, why and when of everything done and refused, and verifies", async () => {
    await using control = await busyControl();
    const verified = await verify(control);
    expect(verified).toMatchObject({ intact: true, rows: 6, problems: [] });
    const { entries } = (await control.client.get("/audit?limit=2")).body;
    expect(entries).toMatchObject([
      {
        seq: 6,
        who: "admin",
        via: "adminToken",
        action: "stage",
        outcome: "refused",
        module: "lab",
        reason: "too early",
      },
      { seq: 5, outcome: "done", module: "portal", revision: 5 },
    ]);
    expect(entries[0]).toMatchObject({ hash: verified.headHash, previousHash: entries[1].hash });
    const older = (await control.client.get("/audit?before=3&limit=10")).body.entries;
    expect(older.map((entry: { seq: number }) => entry.seq)).toEqual([2, 1]);
  });

  test("cannot be changed through the database's ordinary ways", async () => {
    await using control = await busyControl();
    const db = knex({ client: "pg", connection: control.database, pool: { min: 0, max: 1 } });
    await expect(db("audit").where({ seq: 2 }).update({ reason: "other" })).rejects.toThrow("append-only");
    await expect(db("audit").where({ seq: 2 }).delete()).rejects.toThrow("append-only");
    await expect(db.raw("TRUNCATE audit")).rejects.toThrow("append-only");
    await expect(db("revisions").where({ number: 2 }).update({ reason: "other" })).rejects.toThrow("append-only");
    await expect(db("rule_sets").delete()).rejects.toThrow("append-only");
    await db.destroy();
  });

  test("shows a changed row", async () => {
    await using control = await busyControl();
    await tamper(control, (db) => db("audit").where({ seq: 3 }).update({ who: "somebody else" }));
    expect(await verify(control)).toMatchObject({
      intact: false,
      problems: [{ seq: 3, problem: "its content is not what was written" }],
    });
  });

  test("shows a change inside the details, and one whose hash was made to fit", async () => {
    await using control = await busyControl();
    await tamper(control, (db) =>
      db("audit")
        .where({ seq: 3 })
        .update({ details: JSON.stringify({ forced: true }) }),
    );
    expect((await verify(control)).intact).toBe(false);
    const other = await busyControl();
    await tamper(other, (db) =>
      db("audit")
        .where({ seq: 3 })
        .update({ hash: "f".repeat(64) }),
    );
    const { problems } = await verify(other);
    expect(problems.map((problem: { seq: number }) => problem.seq)).toEqual([3, 4]);
    await other.close();
  });

  test("shows a removed row, in the middle and at the end", async () => {
    await using control = await busyControl();
    await tamper(control, (db) => db("audit").where({ seq: 4 }).delete());
    expect((await verify(control)).problems[0]).toEqual({ seq: 5, problem: "rows 4 to 4 are missing" });
    const other = await busyControl();
    await tamper(other, (db) => db("audit").where("seq", ">", 4).delete());
    expect((await verify(other)).problems).toEqual([{ seq: 6, problem: "rows 5 to 6 are missing at the end" }]);
    await other.close();
  });

  test("shows reordered rows", async () => {
    await using control = await busyControl();
    await tamper(control, async (db) => {
      await db("audit").where({ seq: 3 }).update({ seq: 99 });
      await db("audit").where({ seq: 4 }).update({ seq: 3 });
      await db("audit").where({ seq: 99 }).update({ seq: 4 });
    });
    const { intact, problems } = await verify(control);
    expect(intact).toBe(false);
    expect(problems.map((problem: { seq: number }) => problem.seq)).toEqual(expect.arrayContaining([3, 4, 5]));
  });
});
