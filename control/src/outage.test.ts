import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestBench, type TestBench } from "./test-control.ts";
import { connectReplica } from "./test-replica.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());

test("with the database away every answer says so, streams stay open", async () => {
  await using control = await bench.control();
  const { client } = control;
  const replica = await connectReplica(control.url, "proxy-1");
  await replica.until(1);
  await bench.server.stop();
  const status = await client.get("/status");
  expect(status).toMatchObject({ status: 503, body: { code: "DATABASE_AWAY", why: expect.any(String) } });
  expect((await client.post("/modules/lab/stage", { stage: { name: "shadow" }, reason: "now" }, 1)).status).toBe(503);
  expect((await replica.say("heartbeat", {})).status).toBe(503);
  expect((await fetch(`${control.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${control.url}/healthz`)).status).toBe(200);
  const asked = { method: "GET", url: "/Lab/LabResults.aspx" };
  expect((await client.post("/explain", asked, null)).body.rule).toBe("lab.results");
  control.conditions.report("lab", { watermarkAgeMs: 5, heartbeat: 1, hasParkedKey: false });
  await replica.untilConditions((line) => "lab" in line.conditions);
  replica.disconnect();
});

test("a database that is not there stops the start with a message that says what to check", async () => {
  await expect(bench.control({ databaseUrl: "postgres://nobody@127.0.0.1:1/none" })).rejects.toMatchObject({
    code: "CONTROL_MIGRATION_FAILED",
    hint: expect.stringContaining("DATABASE_URL"),
  });
});
