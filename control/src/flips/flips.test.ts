/**
 * The flip protocol against replicas on real streams and a real journal; service and adapter are stand-ins that keep the
 * state the protocol depends on (owner row, markers) and fail when a test says so.
 */

import { AppError } from "@banyan/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeReplica, connectReplica } from "../test-replica.ts";
import { startTestBench, type TestBench, type TestControl } from "../test-control.ts";
import type { AdapterPort, FlipParticipants, Ownership, OwnerPort, SyncState } from "./participants.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());

/** Both stores of one module, as far as the protocol sees them. */
class Stores implements FlipParticipants {
  ownership: Ownership = { module: "patient", epoch: 0, state: "sealed", flip: null, outbox: { pending: 0 } };
  state: SyncState = {
    watermarkAgeMs: 20,
    parkedKeys: 0,
    openConflicts: 0,
    lastReconcile: { at: new Date().toISOString(), clean: true },
    relayPending: 0,
  };
  different = 0;
  /** Markers in the store of the new owner come only while this is true. */
  carries = true;
  readonly markers = new Set<string>();
  readonly commands: string[] = [];
  /** Throws before the named command does anything; away: as if nobody answered. */
  fault: { readonly command: string; times: number; readonly retryable: boolean } | undefined;

  owner = (service: string): OwnerPort | undefined => (service === "patients" ? this.#owner : undefined);

  readonly #owner: OwnerPort = {
    read: async () => this.ownership,
    set: async ({ step, flip, epoch, state }) => {
      this.#begin(step);
      this.ownership = { ...this.ownership, epoch, state, flip };
      return this.ownership;
    },
    putMarker: async (flip) => {
      this.#begin("service-marker");
      if (this.ownership.state !== "sealed") throw new Error("a marker behind an open store proves nothing");
      this.markers.add(flip);
    },
    hasMarker: async (flip) => this.carries && this.markers.has(flip),
  };

  readonly adapter: AdapterPort = {
    stateOf: async () => this.state,
    prepare: async () => {
      this.#begin("prepare");
      return { blocks: [{ table: "PATMST", from: 900_000, to: 999_999 }] };
    },
    putMarker: async (flip) => {
      this.#begin("legacy-marker");
      this.markers.add(flip);
    },
    hasMarker: async (flip) => this.carries && this.markers.has(flip),
    reconcile: async () => {
      this.#begin("reconcile");
      return { clean: this.different === 0, different: this.different, keysChecked: 12 };
    },
  };

  #begin(command: string): void {
    const { fault } = this;
    if (fault?.command === command && fault.times > 0) {
      fault.times -= 1;
      throw new AppError({
        code: "FLIP_PARTICIPANT",
        op: command,
        message: `${command}: it did not answer`,
        hint: "none",
        retryable: fault.retryable,
      });
    }
    this.commands.push(command);
  }
}

const canary = { stage: { name: "canary", percent: 100 }, reason: "to the copy" };
const live = { stage: { name: "live" }, reason: "ready" };

async function atCanary(control: TestControl): Promise<FakeReplica> {
  const replica = await connectReplica(control.url, "proxy-1", { beats: true });
  await replica.until(1);
  for (const body of [{ stage: { name: "shadow" }, reason: "look" }, canary]) {
    expect((await control.client.post("/modules/patient/stage", body)).status).toBe(200);
  }
  await replica.until(3);
  return replica;
}

describe("a flip", () => {
  test("to live and back passes every step in order, raises the epoch twice and holds writes only meanwhile", async () => {
    const stores = new Stores();
    await using control = await bench.control({ participants: stores });
    const replica = await atCanary(control);
    const forward = await control.client.post("/modules/patient/stage", live);
    expect(forward).toMatchObject({ status: 200, body: { revision: 4, to: { name: "live" } } });
    await replica.until(4);
    await replica.untilFences([]);
    expect(replica.revisions.at(-1)?.modules["patient"]).toEqual({ stage: { name: "live" }, epoch: 1 });
    expect(stores.commands).toEqual(["prepare", "legacy-marker", "reconcile", "open"]);
    expect(stores.ownership).toMatchObject({ epoch: 1, state: "open" });
    const journal = (await control.client.get(`/flips/${forward.body.flip}`)).body;
    expect(journal.steps.map((step: { step: string }) => step.step)).toEqual([
      "prepare",
      "fence",
      "drain",
      "seal",
      "catch-up",
      "commit",
      "open",
      "release",
    ]);
    expect(journal).toMatchObject({ outcome: "committed", facts: { blocks: [{ table: "PATMST" }] } });

    stores.commands.length = 0;
    const back = await control.client.post("/modules/patient/stage", canary);
    expect(back).toMatchObject({ status: 200, body: { revision: 5 } });
    await replica.until(5);
    expect(replica.revisions.at(-1)?.modules["patient"]?.epoch).toBe(2);
    expect(stores.commands).toEqual(["prepare", "seal", "service-marker", "reconcile", "open"]);
    expect(stores.ownership).toMatchObject({ epoch: 2, state: "sealed" });
    const fences = replica.conditions.map((line) => line.fences.join());
    expect(fences.filter((fence, index) => fence !== fences[index - 1])).toEqual(["", "patient", "", "patient", ""]);
    expect((await control.client.get("/audit/verify")).body.intact).toBe(true);
    replica.disconnect();
  });

  test("waits under the fence for the last write of the old epoch, and commits only then", async () => {
    const stores = new Stores();
    await using control = await bench.control({ participants: stores });
    const replica = await atCanary(control);
    replica.inFlight = { patient: { "0": 1 } };
    const moving = control.client.post("/modules/patient/stage", live);
    await replica.untilFences(["patient"]);
    await replica.beat();
    await untilStep(control, "drain");
    expect(stores.commands).toEqual(["prepare"]);
    replica.inFlight = { patient: { "0": 0 } };
    await replica.beat();
    expect(await moving).toMatchObject({ status: 200, body: { to: { name: "live" } } });
    replica.disconnect();
  });

  test("is given up when the marker does not arrive within the longest hold: the old owner goes on, reopened", async () => {
    const stores = new Stores();
    await using control = await bench.control({ participants: stores });
    const replica = await atCanary(control);
    expect((await control.client.post("/modules/patient/stage", live)).status).toBe(200);
    await replica.until(4);
    stores.carries = false;
    const refused = await control.client.post("/modules/patient/rollback", { reason: "trouble", to: canary.stage });
    expect(refused).toMatchObject({ status: 409, body: { code: "FLIP_ABORTED" } });
    expect(refused.body.why).toContain("marker");
    expect(stores.ownership).toMatchObject({ epoch: 1, state: "open" });
    await replica.untilFences([]);
    expect(replica.revisions.at(-1)?.modules["patient"]).toEqual({ stage: { name: "live" }, epoch: 1 });
    replica.disconnect();
  });

  test("is refused in PREPARE, without any hold, when keys are parked, in conflict or not reconciled", async () => {
    const stores = new Stores();
    await using control = await bench.control({ participants: stores });
    const replica = await atCanary(control);
    const healthy = stores.state;
    for (const [trouble, word] of [
      [{ parkedKeys: 2 }, "parked"],
      [{ openConflicts: 1 }, "conflicts"],
      [{ lastReconcile: null }, "never reconciled"],
      [{ lastReconcile: { at: new Date().toISOString(), clean: false } }, "differences"],
      [{ lastReconcile: { at: "2020-01-01T00:00:00Z", clean: true } }, "minutes old"],
    ] as const) {
      stores.state = { ...healthy, ...trouble };
      const refused = await control.client.post("/modules/patient/stage", live);
      expect(refused).toMatchObject({ status: 409, body: { code: "FLIP_ABORTED" } });
      expect(refused.body.why).toContain(word);
    }
    expect(replica.conditions.some((line) => line.fences.length > 0)).toBe(false);
    expect(stores.commands).toEqual([]);
    replica.disconnect();
  });

  test("is given up when keys changed since prepare differ", async () => {
    const stores = new Stores();
    stores.different = 3;
    await using control = await bench.control({ participants: stores });
    const replica = await atCanary(control);
    const refused = await control.client.post("/modules/patient/stage", live);
    expect(refused.body).toMatchObject({ code: "FLIP_ABORTED", why: expect.stringContaining("3 of 12 keys") });
    expect(replica.revisions.at(-1)?.revision).toBe(3);
    replica.disconnect();
  });

  test("asks a participant again that did not answer, and goes only forward after its commit", async () => {
    const stores = new Stores();
    await using control = await bench.control({ participants: stores });
    const replica = await atCanary(control);
    stores.fault = { command: "open", times: 3, retryable: true };
    const moving = control.client.post("/modules/patient/stage", live);
    await untilStep(control, "open");
    const open = (await control.client.get("/flips")).body.flips[0];
    const late = await control.client.post(`/flips/${open.id}/abort`, { reason: "changed my mind" });
    expect(late).toMatchObject({ status: 409, body: { code: "FLIP_UNDER_WAY" } });
    expect(await moving).toMatchObject({ status: 200, body: { to: { name: "live" } } });
    replica.disconnect();
  });

  test("can be given up by a person before its commit, and keeps other moves of the module out meanwhile", async () => {
    const stores = new Stores();
    await using control = await bench.control({ participants: stores });
    const replica = await atCanary(control);
    replica.inFlight = { patient: { "0": 1 } };
    const moving = control.client.post("/modules/patient/stage", live);
    await replica.untilFences(["patient"]);
    await untilStep(control, "drain");
    const other = await control.client.post("/modules/patient/stage", { stage: { name: "shadow" }, reason: "not now" });
    expect(other).toMatchObject({ status: 409, body: { code: "FLIP_UNDER_WAY" } });
    const { id } = (await control.client.get("/flips")).body.flips[0];
    expect((await control.client.post(`/flips/${id}/abort`, { reason: "wrong day" })).body.outcome).toBe("aborted");
    expect(await moving).toMatchObject({ status: 409, body: { why: expect.stringContaining("wrong day") } });
    await replica.untilFences([]);
    replica.disconnect();
  });

  test("is finished by another control process when the first one stops in the midst of it", async () => {
    const stores = new Stores();
    const first = await bench.control({ participants: stores });
    const replica = await atCanary(first);
    replica.inFlight = { patient: { "0": 1 } };
    const abandoned = first.client.post("/modules/patient/stage", live);
    await replica.untilFences(["patient"]);
    await untilStep(first, "drain");
    replica.disconnect();
    const dead = first.close();
    await abandoned.catch(() => undefined);
    await dead;
    await using second = await bench.control({ participants: stores }, first.database);
    const again = await connectReplica(second.url, "proxy-1", { beats: true });
    await again.untilFences([]);
    // Nobody serves a write by a revision without knowing of the fence.
    expect(again.revisions[0]?.fences).toEqual(["patient"]);
    expect(again.revisions.at(-1)?.modules["patient"]).toEqual({ stage: { name: "live" }, epoch: 1 });
    expect((await second.client.get("/flips")).body.flips[0]).toMatchObject({ outcome: "committed" });
    again.disconnect();
  });
});

async function untilStep(control: TestControl, step: string): Promise<void> {
  await expect
    .poll(async () => (await control.client.get("/flips")).body.flips[0]?.step, { interval: 10, timeout: 5_000 })
    .toBe(step);
}
