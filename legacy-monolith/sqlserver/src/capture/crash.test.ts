import { seededRandom } from "@banyan/kernel";
import { afterAll, beforeAll, expect, it } from "vitest";
import { patience, TestEngine } from "./engine-for-tests.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
}, 60_000);
afterAll(() => engine?.stop());

it("kill -9 of the server under load: acknowledged commits are there, change rows match table rows, LSNs go on rising", async () => {
  const db = await engine.database();
  await db.table("Patient", [
    { name: "Id", type: "int" },
    { name: "Name", type: "nvarchar(20)" },
  ]);
  await db.enable("Patient");
  await db.scan();
  db.job();
  const random = seededRandom(9);
  const acknowledged: number[] = [];
  let next = 1;
  for (let round = 0; round < 4; round += 1) {
    const clients = await Promise.all([db.connection(), db.connection(), db.connection()]);
    const writing = clients.map(async (client) => {
      for (;;) {
        const id = next;
        next += 2;
        try {
          await client.query("BEGIN");
          await client.query("INSERT INTO dbo.patient VALUES ($1, 'a'), ($1 + 1, 'b')", [id]);
          await client.query("UPDATE dbo.patient SET name = 'c' WHERE id = $1", [id]);
          await client.query("COMMIT");
          acknowledged.push(id);
        } catch {
          return; // The server was killed; whether this last commit came through is checked by the rows themselves.
        }
      }
    });
    const wanted = acknowledged.length + random.int(20, 80);
    await expect.poll(() => acknowledged.length, patience).toBeGreaterThan(wanted);
    await engine.crash();
    await Promise.all(writing);
    db.sql = await db.connection();
  }
  const rows = (await db.rows("SELECT id, name FROM dbo.patient ORDER BY id")).map((r) => [r["id"], r["name"]]);
  const present = new Set(rows.map(([id]) => id));
  expect(acknowledged.filter((id) => !present.has(id) || !present.has(id + 1))).toEqual([]);
  await expect
    .poll(() => db.value(`SELECT count(*)::int FROM cdc.dbo_patient_ct WHERE "__$operation" = 2`), patience)
    .toBe(rows.length);
  const changes = await db.changes("dbo_Patient");
  expect(changes).toHaveLength((rows.length / 2) * 4);
  const last = new Map<unknown, unknown>();
  for (const change of changes) last.set(change["id"], change["name"]);
  expect([...last].toSorted((a, b) => Number(a[0]) - Number(b[0]))).toEqual(rows);
  const mapping = await db.rows(
    "SELECT count(*)::int AS n, count(DISTINCT start_lsn)::int AS d FROM cdc.lsn_time_mapping WHERE tran_id <> '\\x00'",
  );
  expect(mapping).toEqual([{ n: rows.length / 2 + 1, d: rows.length / 2 + 1 }]);
}, 90_000);
