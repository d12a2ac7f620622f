/** The checklist before a forward move, measured from what really stands in the store and what the participants answer. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FlipParticipants, SyncState } from "../flips/participants.ts";
import { limits } from "../limits.ts";
import { addCounts, minuteOf } from "../shadow/shadow-store.ts";
import { openDatabase } from "../store/database.ts";
import { startTestBench, type TestBench, type TestControl } from "../test-control.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());

const healthy: SyncState = {
  watermarkAgeMs: 40,
  parkedKeys: 0,
  openConflicts: 0,
  lastReconcile: { at: new Date().toISOString(), clean: true },
  relayPending: 0,
};

function participants(state: () => SyncState): FlipParticipants {
  const unused = (): never => {
    throw new Error("readiness only looks");
  };
  return {
    owner: () => ({
      read: async () => ({ module: "patient", epoch: 0, state: "sealed", flip: null, outbox: { pending: 0 } }),
      set: unused,
      putMarker: unused,
      hasMarker: unused,
    }),
    adapter: {
      stateOf: async () => state(),
      prepare: unused,
      putMarker: unused,
      hasMarker: unused,
      reconcile: unused,
    },
  };
}

/** A day of shadow mode as the comparison would have counted it. */
async function compared(control: TestControl, outcomes: Readonly<Record<string, number>>): Promise<void> {
  const db = openDatabase(control.database);
  try {
    const key = { minute: minuteOf(new Date()), module: "patient", rule: "patient.detail" };
    await addCounts(
      db,
      Object.entries(outcomes).map(([outcome, amount]) => ({ ...key, outcome, amount })),
    );
    await db("shadow_self_tests").insert({
      minute: key.minute,
      module: "patient",
      mutation: "dropped-field",
      injected: 9,
      missed: outcomes["missed"] ?? 0,
    });
  } finally {
    await db.destroy();
  }
}

const states = async (control: TestControl): Promise<Record<string, string>> => {
  const { body } = await control.client.get("/modules/patient/readiness");
  return Object.fromEntries(body.gates.map((gate: { gate: string; state: string }) => [gate.gate, gate.state]));
};

const goodDay = { eligible: 200, match: 198, incomparable: 2, "ms:legacy": 4_000, "ms:service": 3_000 };
const canary = { stage: { name: "canary", percent: 5 }, reason: "looks good" };

describe("readiness", () => {
  test("without any measurement has no data, and a forward move is refused with what is missing", async () => {
    await using control = await bench.control({ requireReady: true });
    expect(await states(control)).toEqual({
      "sync lag": "no data",
      "parked keys": "no data",
      conflicts: "no data",
      reconcile: "no data",
      "comparable share": "no data",
      "confirmed differences": "no data",
      "comparer's self-test": "no data",
      "latency ratio": "no data",
      "service health": "no data",
    });
    const { client } = control;
    expect((await client.post("/modules/patient/stage", { stage: { name: "shadow" }, reason: "look" })).status).toBe(
      200,
    );
    const refused = await client.post("/modules/patient/stage", canary);
    expect(refused).toMatchObject({ status: 409, body: { code: "NOT_READY", why: expect.stringContaining("9 of 9") } });
  });

  test("can be passed over by force with a reason, and the audit trail names every gate that was not passed", async () => {
    await using control = await bench.control({ requireReady: true });
    const { client } = control;
    await client.post("/modules/patient/stage", { stage: { name: "shadow" }, reason: "look" });
    expect((await client.post("/modules/patient/stage", { ...canary, force: true })).status).toBe(200);
    const [entry] = (await client.get("/audit?module=patient&limit=1")).body.entries;
    expect(entry.details.notReady).toHaveLength(9);
  });

  test("with everything measured and good lets the move through", async () => {
    await using control = await bench.control({ requireReady: true, participants: participants(() => healthy) });
    await compared(control, goodDay);
    expect(new Set(Object.values(await states(control)))).toEqual(new Set(["pass"]));
    await control.client.post("/modules/patient/stage", { stage: { name: "shadow" }, reason: "look" });
    expect((await control.client.post("/modules/patient/stage", canary)).status).toBe(200);
  });

  test("fails by the one gate that fails", async () => {
    let state = healthy;
    await using control = await bench.control({ requireReady: true, participants: participants(() => state) });
    await compared(control, goodDay);
    const failing = async (): Promise<string[]> =>
      Object.entries(await states(control))
        .filter(([, one]) => one === "not ready")
        .map(([gate]) => gate);
    for (const [change, gate] of [
      [{ watermarkAgeMs: 1e7 }, "sync lag"],
      [{ parkedKeys: 1 }, "parked keys"],
      [{ openConflicts: 1 }, "conflicts"],
      [{ lastReconcile: { at: new Date().toISOString(), clean: false } }, "reconcile"],
      [
        { lastReconcile: { at: new Date(Date.now() - limits.reconcileAgeMsMax - 1e4).toISOString(), clean: true } },
        "reconcile",
      ],
    ] as const) {
      state = { ...healthy, ...change };
      expect(await failing()).toEqual([gate]);
    }
  });

  test("counts dropped shadows against the comparable share and takes too few comparisons for none", async () => {
    await using few = await bench.control({ participants: participants(() => healthy) });
    await compared(few, { eligible: 50, match: 50 });
    expect(await states(few)).toMatchObject({ "comparable share": "no data", "confirmed differences": "no data" });
    await using blind = await bench.control({ participants: participants(() => healthy) });
    await compared(blind, { ...goodDay, eligible: 1_000, missed: 1 });
    expect(await states(blind)).toMatchObject({ "comparable share": "not ready", "comparer's self-test": "not ready" });
  });
});
