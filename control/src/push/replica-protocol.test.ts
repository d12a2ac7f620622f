import { fixedClock } from "@banyan/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { replicaToken, startTestBench, type TestBench, type TestControl } from "../test-control.ts";
import { connectReplica } from "../test-replica.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());

const shadow = { stage: { name: "shadow" }, reason: "compare reads" };
const standings = async (control: TestControl) =>
  Object.fromEntries(
    (await control.client.get("/replicas")).body.replicas.map((replica: { id: string; standing: string }) => [
      replica.id,
      replica.standing,
    ]),
  );

/** Until the database knows what a replica just said. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("a replica's stream", () => {
  test("brings the whole state at once and every revision after it, with rules as objects", async () => {
    await using control = await bench.control();
    const replica = await connectReplica(control.url, "proxy-1");
    await replica.until(1);
    expect(replica.revisions[0]?.files.map((file) => file.module)).toContain("lab");
    expect(replica.revisions[0]?.modules).toEqual({});
    await replica.untilFences([]);
    await control.client.post("/modules/lab/stage", shadow);
    await replica.until(2);
    expect(replica.revisions[1]?.modules).toEqual({ lab: { stage: { name: "shadow" }, epoch: 0 } });
    replica.disconnect();
  });

  test("brings conditions whole", async () => {
    await using control = await bench.control();
    const replica = await connectReplica(control.url, "proxy-1");
    control.conditions.report("rx", { watermarkAgeMs: null, heartbeat: 4, hasParkedKey: true });
    await replica.untilConditions((line) => "rx" in line.conditions);
    expect(replica.conditions.at(-1)?.conditions).toEqual({
      rx: { watermarkAgeMs: null, heartbeat: 4, hasParkedKey: true },
    });
    replica.disconnect();
  });

  test("opened a second time under one name cuts the first", async () => {
    await using control = await bench.control();
    const first = await connectReplica(control.url, "proxy-1");
    const second = await connectReplica(control.url, "proxy-1");
    await first.closed;
    await control.client.post("/modules/lab/stage", shadow);
    await second.until(2);
    expect(first.receivedAt.has(2)).toBe(false);
    second.disconnect();
  });

  test("needs the replica token and a fitting name", async () => {
    await using control = await bench.control();
    const open = (path: string, token: string) =>
      fetch(`${control.url}/api/v1/replicas/${path}/stream`, { headers: { authorization: `Bearer ${token}` } });
    expect((await open("proxy-1", "wrong")).status).toBe(401);
    expect((await open("proxy%20one", replicaToken)).status).toBe(400);
    expect((await control.client.get("/replicas")).body.replicas).toEqual([]);
  });
});

describe("status and moves", () => {
  test("show who has acknowledged, and wait for the others before anything is moved again", async () => {
    await using control = await bench.control();
    const { client } = control;
    const quick = await connectReplica(control.url, "quick");
    const slow = await connectReplica(control.url, "slow", { acknowledges: false });
    await until(async () => (await standings(control))["quick"] === "current");
    expect((await client.get("/status")).body.acknowledged).toEqual({ by: 1, of: 2, waitingFor: ["slow"] });
    const refused = await client.post("/modules/lab/stage", shadow);
    expect(refused).toMatchObject({
      status: 409,
      body: { code: "REPLICAS_BEHIND", why: expect.stringContaining("slow") },
    });
    const moving = client.post("/modules/lab/stage", shadow);
    await slow.say("ack", { revision: 1 });
    expect((await moving).status).toBe(200);
    await slow.until(2);
    await slow.say("ack", { revision: 2, refused: "disk full" });
    expect((await client.post("/modules/rx/stage", shadow)).body.why).toContain("disk full");
    expect(await standings(control)).toEqual({ quick: "current", slow: "refused" });
    quick.disconnect();
    slow.disconnect();
  });

  test("count an evicted replica out, cut it, and take it back once it acknowledges the newest revision", async () => {
    await using control = await bench.control();
    const { client } = control;
    const replica = await connectReplica(control.url, "proxy-1", { acknowledges: false });
    expect((await client.post("/replicas/nobody/evict", { reason: "not there" })).status).toBe(404);
    expect((await client.post("/replicas/proxy-1/evict", { reason: "its disk is gone" })).status).toBe(200);
    await replica.closed;
    const beat = await replica.say("heartbeat", {});
    expect(beat.status).toBe(409);
    expect(await beat.json()).toMatchObject({ code: "REPLICA_EVICTED" });
    expect((await client.post("/modules/lab/stage", shadow)).status).toBe(200);
    const back = await connectReplica(control.url, "proxy-1");
    await back.until(2);
    await until(async () => (await standings(control))["proxy-1"] === "current");
    expect((await back.say("heartbeat", {})).status).toBe(200);
    back.disconnect();
  });

  test("a kill may evict the replica that holds it up, by name, in the same step", async () => {
    await using control = await bench.control();
    const { client } = control;
    await client.post("/modules/lab/stage", shadow);
    const stuck = await connectReplica(control.url, "stuck", { acknowledges: false });
    const held = await client.post("/modules/lab/kill", { reason: "wrong results" });
    expect(held.body).toMatchObject({ code: "REPLICAS_BEHIND", hint: expect.stringContaining("--evict stuck") });
    expect((await client.post("/modules/lab/kill", { reason: "wrong results", evict: ["nobody"] })).status).toBe(404);
    expect((await client.post("/modules/lab/kill", { reason: "wrong results", evict: ["stuck"] })).status).toBe(200);
    expect((await client.get("/audit?module=lab&limit=1")).body.entries[0].details.evicted).toEqual(["stuck"]);
    await stuck.closed;
  });

  test("go by leases: a silent replica holds nobody up, a heartbeat makes it count again", async () => {
    const clock = fixedClock(new Date("2026-03-01T08:00:00Z"));
    await using control = await bench.control({ clock });
    const replica = await connectReplica(control.url, "proxy-1", { acknowledges: false });
    expect(await standings(control)).toEqual({ "proxy-1": "behind" });
    clock.advance(limits.leaseMs);
    expect(await standings(control)).toEqual({ "proxy-1": "silent" });
    expect((await control.client.post("/modules/lab/stage", shadow)).status).toBe(200);
    expect(await (await replica.say("heartbeat", { build: "9.9" })).json()).toMatchObject({ leaseMs: limits.leaseMs });
    expect(await standings(control)).toEqual({ "proxy-1": "behind" });
    replica.disconnect();
  });
});

describe("heartbeats", () => {
  test("carry build, fences and writes under way by module and epoch", async () => {
    await using control = await bench.control();
    const replica = await connectReplica(control.url, "proxy-1");
    await replica.until(1);
    await replica.say("heartbeat", {
      build: "0.1.0",
      revision: 1,
      fences: ["lab"],
      inFlight: { lab: { 3: 2 } },
      held: { lab: 5 },
      startedAt: "2026-03-01T08:00:00Z",
      adminUrl: "http://127.0.0.1:9",
    });
    expect((await control.client.get("/replicas")).body.replicas).toMatchObject([
      { build: "0.1.0", connected: true, fences: ["lab"], inFlight: { lab: { 3: 2 } }, held: { lab: 5 } },
    ]);
    expect((await replica.say("heartbeat", { inFlight: { lab: { 3: -1 } } })).status).toBe(400);
    replica.disconnect();
  });

  test("of a replica that lost an acknowledgement make control send the revision again", async () => {
    await using control = await bench.control();
    const replica = await connectReplica(control.url, "proxy-1", { acknowledges: false });
    await replica.until(1);
    replica.acknowledges = true;
    await replica.say("heartbeat", { revision: 1 });
    await until(async () => (await standings(control))["proxy-1"] === "current");
    expect(replica.revisions.map((line) => line.revision)).toEqual([1, 1]);
    replica.disconnect();
  });

  test("of somebody who never opened a stream are refused, and leaving takes a replica off the list", async () => {
    await using control = await bench.control();
    const replica = await connectReplica(control.url, "proxy-1");
    await replica.until(1);
    expect((await replica.leave()).status).toBe(204);
    await replica.closed;
    expect((await control.client.get("/replicas")).body.replicas).toEqual([]);
    expect((await replica.say("heartbeat", {})).status).toBe(404);
    expect((await replica.say("ack", { revision: 1 })).status).toBe(404);
  });
});
