import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeChange, type EncodedChange } from "./mapping/row-change.ts";
import { type Notes, startNotes } from "./test-notes.ts";
import { startTestServices, type TestClaims, type TestServices } from "./test-service.ts";

let services: TestServices;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services.stop());

const events = async ({ database }: Notes, requestId: string) =>
  (
    await database
      .owner<{ event: { rule: string; outcome: number; reason: string | null } }>("kit.audit_event")
      .whereRaw("event ->> 'requestId' = ?", [requestId])
      .orderBy("seq")
      .pluck("event")
  ).map(({ rule, outcome, reason }: { rule: string; outcome: number; reason: string | null }) => [
    rule,
    outcome,
    reason,
  ]);

describe("a write", () => {
  test("commits its change, its outbox entry, its audit row and its answer together", async () => {
    await using notes = await startNotes(services);
    const answer = await notes.order({ end: "commit", changes: true }, { requestId: "r1" });
    expect(await answer.json()).toEqual({
      kind: "done",
      value: { id: 1 },
      replayed: false,
      outboxId: expect.any(Number),
    });
    const { owner } = notes.database;
    const [entry] = await owner("kit.outbox").select("module", "epoch", "request_id", "who", "changes", "audit_seq");
    expect(entry).toMatchObject({ module: "note", epoch: "1", request_id: "r1", who: "USER1" });
    expect((entry.changes as EncodedChange[]).map(decodeChange)).toEqual([
      { table: "NOTE", key: { NoteNo: 1 }, old: null, new: { NoteNo: 1 } },
    ]);
    expect(await owner("kit.audit_event").where({ seq: entry.audit_seq }).pluck("event")).toMatchObject([
      { requestId: "r1", rule: "N2", action: "C", outcome: 0, agent: { id: "USER1", role: "FDSK", site: "MAIN" } },
    ]);
    expect(await owner("kit.idempotency").pluck("answer")).toEqual([{ value: { id: 1 } }]);
  });

  test("that names no row for legacy leaves no outbox entry", async () => {
    await using notes = await startNotes(services);
    expect(await (await notes.order({ end: "commit" })).json()).not.toHaveProperty("outboxId");
    expect(await notes.database.owner("kit.outbox")).toEqual([]);
  });

  test("that the domain undoes leaves only an audit row with the reason, and may be tried again with its key", async () => {
    await using notes = await startNotes(services);
    const answer = await notes.order({ end: "roll-back", changes: true }, { requestId: "r1" });
    expect(await answer.json()).toEqual({ kind: "rolled-back", value: { taken: true } });
    expect(await events(notes, "r1")).toEqual([["N2", 4, "SLOT_TAKEN"]]);
    expect(await notes.database.owner("kit.outbox")).toEqual([]);
    expect(await notes.database.owner("kit.idempotency")).toEqual([]);
    const again = await notes.order({ end: "roll-back", changes: true }, { requestId: "r1" });
    expect(await again.json()).toMatchObject({ kind: "rolled-back" });
  });

  test("that fails is rolled back, audited as failed, and its error's words go nowhere", async () => {
    await using notes = await startNotes(services);
    const answer = await notes.order({ end: "throw", changes: true }, { requestId: "r1" });
    expect([answer.status, await answer.text()]).toEqual([500, "The request failed.\n"]);
    expect(await events(notes, "r1")).toEqual([["N2", 4, "failed"]]);
    expect(await notes.database.owner("kit.outbox")).toEqual([]);
  });

  test("that asks the policy nothing is rolled back", async () => {
    await using notes = await startNotes(services);
    const answer = await notes.order({ end: "ask-nothing", changes: true });
    expect(answer.status).toBe(500);
    expect(await notes.database.owner("kit.outbox")).toEqual([]);
  });

  test("that the policy denies is rolled back and audited as denied", async () => {
    await using notes = await startNotes(services);
    const answer = await notes.order({ end: "commit", action: "note.burn", changes: true }, { requestId: "r1" });
    expect(await answer.json()).toMatchObject({ kind: "denied", decision: { reason: "unmapped-action" } });
    expect(await events(notes, "r1")).toEqual([["deny:unmapped-action", 4, "unmapped-action"]]);
    expect(await notes.database.owner("kit.outbox")).toEqual([]);
  });

  test("that meets a locked row too long is answered 503 and may be repeated", async () => {
    await using notes = await startNotes(services);
    const lock = await notes.database.owner.transaction();
    await lock.raw("LOCK TABLE kit.dry_run_probe");
    const sql = "SET LOCAL lock_timeout = 50; INSERT INTO kit.dry_run_probe VALUES ('x')";
    expect((await notes.order({ end: "commit", sql }, { requestId: "r1" })).status).toBe(503);
    await lock.rollback();
    expect((await notes.order({ end: "commit", sql }, { requestId: "r1" })).status).toBe(200);
  });
});

describe("a write that nothing names", () => {
  test("by nobody, or with a token that is for reads, is refused and audited", async () => {
    await using notes = await startNotes(services);
    const send = async (who: TestClaims | null, requestId: string) => {
      const init = { method: "POST", body: JSON.stringify({ end: "commit" }), headers: { "x-request-id": requestId } };
      return (await notes.service.send("/notes", who, init)).status;
    };
    expect(await send(null, "r1")).toBe(401);
    expect(await send({ jti: undefined }, "r2")).toBe(401);
    expect(await events(notes, "r1")).toEqual([["refuse:identity-missing", 4, "identity-missing"]]);
    expect(await events(notes, "r2")).toEqual([["refuse:identity-refused", 4, "identity-refused"]]);
  });
});

describe("two requests with one key", () => {
  test("at the same time run once: the second waits and gets the first one's answer", async () => {
    await using notes = await startNotes(services);
    const order = { end: "commit", changes: true, sql: "SELECT pg_sleep(0.1)" } as const;
    const answers = await Promise.all(
      [1, 2, 3].map(
        async () => (await notes.order(order, { requestId: "r1" })).json() as Promise<{ replayed: boolean }>,
      ),
    );
    expect(answers.map(({ replayed }) => replayed).sort()).toEqual([false, true, true]);
    expect(await notes.database.owner("kit.outbox")).toHaveLength(1);
  });

  test("of two users are two requests", async () => {
    await using notes = await startNotes(services);
    const init = {
      method: "POST",
      body: JSON.stringify({ end: "commit", changes: true }),
      headers: { "idempotency-key": "k" },
    };
    for (const sub of ["USER1", "USER2"]) await (await notes.service.send("/notes", { sub }, init)).text();
    expect(await notes.database.owner("kit.outbox").pluck("who")).toEqual(["USER1", "USER2"]);
  });

  test("whose answer was too long to be kept: the repeat is refused, never run again", async () => {
    await using notes = await startNotes(services);
    await notes.order({ end: "commit", changes: true }, { requestId: "r1" });
    await notes.database.owner("kit.idempotency").update({ answer: null });
    const again = await notes.order({ end: "commit", changes: true }, { requestId: "r1" });
    expect([again.status, await again.json()]).toMatchObject([409, { refusal: { code: "idempotency-no-answer" } }]);
    expect(await notes.database.owner("kit.outbox")).toHaveLength(1);
  });
});

describe("the outbox", () => {
  test("gives numbers in commit order: a reader that goes on behind the last one it saw never misses an entry", async () => {
    await using notes = await startNotes(services);
    const writers = 60;
    let writing = true;
    const seen: number[] = [];
    const reading = (async () => {
      for (;;) {
        const last = writing ? undefined : "the writers were done before this look";
        const rows: { id: string }[] = await notes.database
          .owner("kit.outbox")
          .where("id", ">", seen.at(-1) ?? 0)
          .orderBy("id")
          .select("id");
        seen.push(...rows.map(({ id }) => Number(id)));
        if (last) return;
      }
    })();
    await Promise.all(
      Array.from({ length: writers }, (_, index) =>
        notes.order({ end: "commit", changes: true, sql: `SELECT pg_sleep(${((index * 7) % 10) / 500})` }),
      ),
    );
    writing = false;
    await reading;
    expect(seen).toHaveLength(writers);
    expect(await notes.database.owner("kit.outbox").orderBy("audit_seq").pluck("id")).toEqual(seen.map(String));
  });
});

describe("identifiers", () => {
  test("come from the reserved blocks in order, and inserts are refused when they are used up", async () => {
    await using notes = await startNotes(services);
    await notes.database.reserveIds("NOTE", 10, 11);
    await notes.database.reserveIds("NOTE", 30, 30);
    const take = async () =>
      (await notes.order({ end: "commit", ids: true })).json() as Promise<{ value: unknown; refusal: unknown }>;
    expect([(await take()).value, (await take()).value, (await take()).value]).toEqual([
      { id: 10 },
      { id: 11 },
      { id: 30 },
    ]);
    expect((await take()).refusal).toMatchObject({ code: "ids-exhausted", status: 503 });
  });

  test("of an undone write are issued again, and a metric tells how many are left", async () => {
    await using notes = await startNotes(services);
    await notes.database.reserveIds("NOTE", 10, 19);
    await notes.order({ end: "roll-back", ids: true });
    expect(await (await notes.order({ end: "commit", ids: true })).json()).toMatchObject({ value: { id: 10 } });
    expect(await (await fetch(`${notes.service.url}/metrics`)).text()).toContain(
      'banyan_service_ids_left{name="NOTE",service="notes"} 9',
    );
  });

  test("of a dry run without a block are a stand-in that is no real identifier", async () => {
    await using notes = await startNotes(services);
    const answer = await notes.order({ end: "commit", ids: true }, { dryRun: true });
    expect(await answer.json()).toMatchObject({ kind: "done", value: { id: 2_000_000_000 } });
  });
});
