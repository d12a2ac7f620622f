import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyAudit } from "./audit-verification.ts";
import { type Notes, startNotes } from "./test-notes.ts";
import { startTestServices, type TestServices } from "./test-service.ts";

const controlToken = "token-of-control-in-tests";
let services: TestServices;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services.stop());

type Answer = { status: number; body: Record<string, unknown> };
const client = (notes: Notes, token: string = controlToken) => {
  const call = async (path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${notes.service.url}${path}`, {
      method: body ? "POST" : "GET",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return {
    read: () => call("/ownership"),
    set: (flip: string, step: string, epoch: number, state: string) => call("/ownership", { flip, step, epoch, state }),
    mark: (flip: string) => call("/ownership/marker", { flip }),
    marked: (flip: string) => call(`/ownership/markers/${flip}`),
    call,
  };
};
const late = { status: 409, body: { code: "LATE_COMMAND" } };

/** Forward to epoch 2, as a flip does from the state the tests start with (open at 1 is undone first). */
async function startSealed(): Promise<Notes> {
  const notes = await startNotes(services, { controlToken });
  await notes.database.owner("kit.module_owner").update({ state: "sealed", epoch: 0 });
  return notes;
}

describe("/ownership", () => {
  test("lets nobody in without control's token, and nobody at all when there is none", async () => {
    await using notes = await startSealed();
    expect((await client(notes, "another-token-of-somebody").read()).status).toBe(401);
    expect((await fetch(`${notes.service.url}/ownership`)).status).toBe(401);
    await using closed = await startNotes(services);
    expect((await client(closed, "undefined").read()).status).toBe(401);
  });

  test("opens for a forward flip, seals and goes on for the reverse one, and opens again for the next", async () => {
    await using notes = await startSealed();
    const { read, set } = client(notes);
    const [forward, reverse, again] = [randomUUID(), randomUUID(), randomUUID()];
    expect((await read()).body).toMatchObject({ module: "note", epoch: 0, state: "sealed", flip: null, step: null });
    expect(await set(forward, "open", 1, "open")).toMatchObject({ status: 200, body: { epoch: 1, state: "open" } });
    expect((await notes.order({ end: "commit" })).status).toBe(200);
    await set(reverse, "seal", 1, "sealed");
    expect((await notes.order({ end: "commit" })).status).toBe(503);
    expect(await set(reverse, "open", 2, "sealed")).toMatchObject({ body: { epoch: 2, state: "sealed" } });
    expect(await set(again, "open", 3, "open")).toMatchObject({ body: { epoch: 3, state: "open", flip: again } });
    expect(await verifyAudit(notes.database.owner)).toMatchObject({ intact: true });
    const subtypes = await notes.database
      .owner("kit.audit_event")
      .whereRaw("event -> 'agent' ->> 'id' = 'control'")
      .orderBy("seq")
      .pluck("event");
    expect(subtypes.map(({ subtype }: { subtype: string }) => subtype)).toEqual([
      "owner-open",
      "owner-seal",
      "owner-open",
      "owner-open",
    ]);
  });

  test("answers a repeated command as done, and does it once", async () => {
    await using notes = await startSealed();
    const { set } = client(notes);
    const flip = randomUUID();
    const first = await set(flip, "open", 1, "open");
    expect(await set(flip, "open", 1, "open")).toEqual(first);
    expect(await notes.database.owner("kit.owner_change")).toHaveLength(1);
  });

  test("refuses what comes late: an aborted flip's seal, another flip's while sealed, a lower epoch", async () => {
    await using notes = await startSealed();
    const { set, read } = client(notes);
    const [forward, aborted, next] = [randomUUID(), randomUUID(), randomUUID()];
    await set(forward, "open", 1, "open");
    await set(aborted, "seal", 1, "sealed");
    expect(await set(next, "seal", 1, "sealed")).toMatchObject(late);
    await set(aborted, "reopen", 1, "open");
    expect(await set(aborted, "seal", 1, "sealed")).toMatchObject(late);
    await set(next, "seal", 1, "sealed");
    await set(next, "reopen", 1, "open");
    expect(await set(aborted, "seal", 1, "sealed")).toMatchObject(late);
    expect(await set(randomUUID(), "seal", 0, "sealed")).toMatchObject(late);
    expect((await read()).body).toMatchObject({ epoch: 1, state: "open" });
  });

  test("waits for the write that holds the row, so that a seal is true of all writes", async () => {
    await using notes = await startSealed();
    const { set } = client(notes);
    await set(randomUUID(), "open", 1, "open");
    const order: string[] = [];
    const lock = await notes.database.owner.transaction();
    await lock.raw("SELECT FROM kit.module_owner FOR SHARE");
    const sealing = set(randomUUID(), "seal", 1, "sealed").then(() => order.push("sealed"));
    await expect.poll(() => notes.database.owner("pg_locks").where({ granted: false }).first("pid")).toBeDefined();
    order.push("write ends");
    await lock.commit();
    await sealing;
    expect(order).toEqual(["write ends", "sealed"]);
  });

  test("puts a flip's marker behind the last write, once, and only while sealed by it", async () => {
    await using notes = await startSealed();
    const { set, mark, marked, read } = client(notes);
    const flip = randomUUID();
    await set(randomUUID(), "open", 1, "open");
    await notes.order({ end: "commit", changes: true });
    expect(await mark(flip)).toMatchObject(late);
    await set(flip, "seal", 1, "sealed");
    const first = await mark(flip);
    expect(await mark(flip)).toEqual(first);
    const rows = await notes.database.owner("kit.outbox").orderBy("id").select("id", "flip");
    expect(rows).toMatchObject([{ flip: null }, { flip, id: String(first.body["outboxId"]) }]);
    expect((await read()).body["outbox"]).toEqual({ pending: 2 });
    await notes.database.owner("kit.relay_position").update({ outbox_id: first.body["outboxId"] });
    expect((await read()).body["outbox"]).toEqual({ pending: 0 });
    expect((await marked(flip)).body).toEqual({ present: false });
    await notes.database.owner("sync.flip_marker").insert({ flip });
    expect((await marked(flip)).body).toEqual({ present: true });
  });

  test("refuses a command that makes no sense", async () => {
    await using notes = await startSealed();
    const { call, set } = client(notes);
    expect((await call("/ownership", { flip: "x" })).status).toBe(400);
    expect((await set(randomUUID(), "seal", 1, "open")).status).toBe(400);
    const response = await fetch(`${notes.service.url}/ownership`, {
      method: "POST",
      headers: { authorization: `Bearer ${controlToken}`, "content-type": "application/json" },
      body: "{",
    });
    expect(response.status).toBe(400);
  });
});

test("/audit/verification tells whether the chain is whole, to control only", async () => {
  await using notes = await startNotes(services, { controlToken });
  await notes.order({ end: "commit" });
  const { call } = client(notes);
  const whole = await call("/audit/verification");
  expect(whole).toMatchObject({ status: 200, body: { intact: true, rows: 2, problems: [] } });
  await notes.database.owner.raw("ALTER TABLE kit.audit_event DISABLE TRIGGER USER");
  await notes.database.owner("kit.audit_event").where({ seq: 1 }).delete();
  expect(await call("/audit/verification")).toMatchObject({
    body: { intact: false, problems: [{ seq: 2 }, { seq: 2 }] },
  });
  expect((await client(notes, "another-token-of-somebody").call("/audit/verification")).status).toBe(401);
});
