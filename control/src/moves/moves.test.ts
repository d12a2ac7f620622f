import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestBench, type TestBench } from "../test-control.ts";
import { connectReplica } from "../test-replica.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());

const shadow = { stage: { name: "shadow" }, reason: "compare reads" };
const canary = (percent: number) => ({ stage: { name: "canary", percent }, reason: "try it on some" });

describe("moving a module", () => {
  test("starts at revision 1 with every module at legacy, and makes a revision a move", async () => {
    await using control = await bench.control();
    const { client } = control;
    const status = await client.get("/status");
    expect(status.body).toMatchObject({ revision: 1, kind: "seed", acknowledged: { by: 0, of: 0, waitingFor: [] } });
    expect(status.body.modules).toHaveLength(9);
    expect(status.etag).toBe('"1"');
    const moved = await client.post("/modules/lab/stage", shadow, 1);
    expect(moved).toMatchObject({ status: 200, etag: '"2"', body: { revision: 2, from: { name: "legacy" } } });
    expect((await client.post("/modules/lab/stage", canary(10))).body.revision).toBe(3);
    expect((await client.post("/modules/lab/stage", canary(12.5))).body.revision).toBe(4);
    const lab = (await client.get("/modules/lab")).body;
    expect(lab).toMatchObject({
      stageText: "canary 12.5%",
      owner: "legacy",
      epoch: 0,
      lastMove: { revision: 4, who: "admin", reason: "try it on some" },
      next: [
        { to: "shadow", available: true },
        { to: "canary", available: true },
        { to: "live", available: true, needs: expect.stringContaining("flip") },
      ],
    });
    expect(lab.history.map((entry: { revision: number }) => entry.revision)).toEqual([4, 3, 2]);
    const revisions = (await client.get("/revisions?limit=2")).body.revisions;
    expect(revisions).toMatchObject([
      { revision: 4, basedOn: 3, kind: "stage", module: "lab" },
      { revision: 3, basedOn: 2 },
    ]);
    expect((await client.get("/revisions/1")).body.modules).toEqual({});
    expect((await client.get("/revisions/99")).body.code).toBe("NOT_FOUND");
  });

  test("to live is refused where nobody could take part in the flip, and changes nothing", async () => {
    await using control = await bench.control();
    const { client } = control;
    await client.post("/modules/lab/stage", shadow);
    await client.post("/modules/lab/stage", canary(100));
    const refused = await client.post("/modules/lab/stage", {
      stage: { name: "live" },
      reason: "go live",
      force: true,
    });
    expect(refused).toMatchObject({
      status: 409,
      type: expect.stringContaining("application/problem+json"),
      body: {
        code: "FENCED_MOVE_UNAVAILABLE",
        why: expect.stringContaining("fence"),
        missing: ["service lab", "the adapter"],
      },
    });
    expect((await client.get("/status")).body.revision).toBe(3);
    const audit = (await client.get("/audit?module=lab&limit=1")).body.entries;
    expect(audit).toMatchObject([
      { action: "stage", outcome: "refused", details: { code: "FENCED_MOVE_UNAVAILABLE" } },
    ]);
  });

  test("needs the revision it is based on, and refuses a stale one", async () => {
    await using control = await bench.control();
    const { client } = control;
    expect(await client.post("/modules/lab/stage", shadow, null)).toMatchObject({
      status: 428,
      body: { code: "REVISION_REQUIRED" },
    });
    await client.post("/modules/lab/stage", shadow, 1);
    expect(await client.post("/modules/rx/stage", shadow, 1)).toMatchObject({
      status: 412,
      body: { code: "REVISION_STALE", basedOn: 1, newest: 2 },
    });
  });

  test("by two at once is done once: the other gets 412, also through another control process", async () => {
    await using control = await bench.control();
    await using other = await bench.control({}, control.database);
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        (index % 2 ? other : control).client.post("/modules/lab/stage", shadow, 1),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    expect((await other.client.get("/status")).body.revision).toBe(2);
    expect((await control.client.get("/status")).body.revision).toBe(2);
    expect((await control.client.get("/audit/verify")).body.intact).toBe(true);
  });

  test("back by rollback and kill is a new revision, too", async () => {
    await using control = await bench.control();
    const { client } = control;
    for (const kind of ["rollback", "kill"]) {
      await client.post("/modules/lab/stage", shadow);
      await client.post("/modules/lab/stage", canary(50));
      const back = await client.post(`/modules/lab/${kind}`, { reason: "wrong results" });
      expect(back.body).toMatchObject({ from: { name: "canary", percent: 50 }, to: { name: "legacy" } });
      expect((await client.get("/revisions?limit=1")).body.revisions).toMatchObject([{ kind, module: "lab" }]);
    }
    await client.post("/modules/rx/stage", shadow);
    await client.post("/modules/rx/stage", canary(5));
    const half = await client.post("/modules/rx/rollback", { reason: "look again", to: { name: "shadow" } });
    expect(half.body.to).toEqual({ name: "shadow" });
  });
});

describe("a freeze window", () => {
  test("stops forward moves of its module, neither rollback nor kill; force passes it and is audited", async () => {
    await using control = await bench.control();
    const { client } = control;
    await client.post("/modules/rx/stage", shadow);
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    const window = await client.post("/freeze-windows", { module: "rx", endsAt, reason: "go-live of the pharmacy" });
    expect(window.status).toBe(201);
    expect(await client.post("/modules/rx/stage", canary(1))).toMatchObject({
      status: 409,
      body: { code: "FROZEN", why: expect.stringContaining("go-live of the pharmacy") },
    });
    expect((await client.post("/modules/lab/stage", shadow)).status).toBe(200);
    expect((await client.post("/modules/rx/stage", { ...canary(1), force: true })).status).toBe(200);
    expect((await client.get("/audit?module=rx&limit=1")).body.entries[0].details).toMatchObject({
      forced: true,
      frozenBy: [window.body.id],
    });
    expect((await client.post("/modules/rx/kill", { reason: "double doses" })).status).toBe(200);
    const removed = await client.remove(`/freeze-windows/${window.body.id}`, { reason: "over early" });
    expect(removed.body).toEqual({ removed: window.body.id });
    expect((await client.get("/freeze-windows")).body.freezeWindows).toEqual([]);
    expect((await client.post("/modules/rx/stage", shadow)).status).toBe(200);
  });

  test("that is over, ends before it starts, or is of no module is refused", async () => {
    await using control = await bench.control();
    const post = (body: object) => control.client.post("/freeze-windows", { reason: "because", ...body });
    expect((await post({ endsAt: "2001-01-01T00:00:00Z" })).body.code).toBe("LIMIT_REACHED");
    const wrongWay = await post({ startsAt: "2101-01-01T00:00:00Z", endsAt: "2100-01-01T00:00:00Z" });
    expect(wrongWay.body.code).toBe("BODY_INVALID");
    expect((await post({ module: "nothing", endsAt: "2100-01-01T00:00:00Z" })).body.code).toBe("MODULE_UNKNOWN");
    expect((await control.client.remove("/freeze-windows/abc", { reason: "because" })).status).toBe(404);
  });
});

describe("approvals", () => {
  test("by another person let one forward move pass, once", async () => {
    await using control = await bench.control({ approvalsNeeded: 1 });
    const { client } = control;
    const ann = await control.as("ann", "operator");
    const bob = await control.as("bob", "operator");
    expect((await ann.post("/modules/lab/stage", shadow)).body.code).toBe("APPROVAL_MISSING");
    await ann.post("/approvals", { module: "lab", stage: { name: "shadow" }, reason: "my own" });
    expect((await ann.post("/modules/lab/stage", shadow)).body.code).toBe("APPROVAL_MISSING");
    const given = await bob.post("/approvals", { module: "lab", stage: { name: "shadow" }, reason: "looked at it" });
    expect(given.status).toBe(201);
    expect((await ann.post("/modules/lab/stage", shadow)).status).toBe(200);
    expect((await client.get("/audit?module=lab&limit=1")).body.entries[0].details.approvedBy).toEqual(["bob"]);
    await ann.post("/modules/lab/rollback", { reason: "back again" });
    expect((await ann.post("/modules/lab/stage", shadow)).body.code).toBe("APPROVAL_MISSING");
    const again = await bob.post("/approvals", { module: "lab", stage: { name: "shadow" }, reason: "once more" });
    expect((await bob.remove(`/approvals/${again.body.id}`, { reason: "changed my mind" })).status).toBe(200);
    expect((await ann.post("/modules/lab/stage", shadow)).body.code).toBe("APPROVAL_MISSING");
  });
});

test("readiness names the next move, whether it may be made, and every gate nobody measures", async () => {
  await using control = await bench.control();
  const { body } = await control.client.get("/modules/lab/readiness");
  expect(body).toMatchObject({ from: { name: "legacy" }, to: { name: "shadow" }, mayMove: true, ready: false });
  expect(body.gates).toContainEqual(expect.objectContaining({ gate: "reconcile", state: "no data" }));
  expect((await control.client.get("/modules/nothing/readiness")).body.code).toBe("MODULE_UNKNOWN");
});

test("a restart goes on with the newest revision, whatever the rules folder holds by then", async () => {
  const first = await bench.control();
  await first.client.post("/modules/lab/stage", shadow);
  const replica = await connectReplica(first.url, "proxy-1");
  await replica.until(2);
  await first.close();
  await using second = await bench.control({ rulesPath: "no/such/folder" }, first.database);
  const status = await second.client.get("/status");
  expect(status.body.revision).toBe(2);
  expect(status.body.replicas).toMatchObject([{ id: "proxy-1", acknowledged: 2, connected: false }]);
  expect((await second.client.post("/modules/lab/stage", canary(1))).body.revision).toBe(3);
});
