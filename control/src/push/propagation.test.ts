import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestBench, type TestBench } from "../test-control.ts";
import { connectReplica } from "../test-replica.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());

test("forty revisions reach four replicas, each of them every one, in order", async ({ annotate }) => {
  await using control = await bench.control();
  const replicas = await Promise.all(["a", "b", "c", "d"].map((name) => connectReplica(control.url, `proxy-${name}`)));
  await Promise.all(replicas.map((replica) => replica.until(1)));
  const all: number[] = [];
  for (let revision = 2; revision <= 41; revision += 1) {
    const stage = { name: revision % 2 ? "legacy" : "shadow" };
    const asked = performance.now();
    const moved = await control.client.post("/modules/lab/stage", { stage, reason: "to and fro" }, revision - 1);
    expect(moved.status).toBe(200);
    await Promise.all(replicas.map((replica) => replica.until(revision)));
    all.push(...replicas.map((replica) => (replica.receivedAt.get(revision) ?? Number.NaN) - asked));
  }
  const expected = Array.from({ length: 41 }, (_, index) => index + 1);
  for (const replica of replicas) expect(replica.revisions.map((line) => line.revision)).toEqual(expected);
  all.sort((a, b) => a - b);
  const at = (share: number): string => (all[Math.floor((all.length - 1) * share)] ?? Number.NaN).toFixed(1);
  // The figure is reported, not asserted: a busy machine must not turn a test red.
  await annotate(
    `from the operator's request to the replica: median ${at(0.5)} ms, p99 ${at(0.99)} ms, ${all.length} samples`,
  );
  for (const replica of replicas) replica.disconnect();
});
