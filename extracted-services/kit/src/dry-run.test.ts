import { afterAll, beforeAll, expect, test } from "vitest";
import { proveDryRun } from "./dry-run.ts";
import { startNotes } from "./test-notes.ts";
import { startTestServices, type TestServices } from "./test-service.ts";

let services: TestServices;
beforeAll(async () => {
  services = await startTestServices();
});
afterAll(() => services.stop());

test("a service whose roll-back leaves something finds out at start, and takes no dry run", async () => {
  await using notes = await startNotes(services);
  const { context } = notes.service;
  const { db } = context;
  const leaking = new Proxy(db, {
    get: (target, name, receiver) =>
      name === "transaction"
        ? async () => {
            const trx = await target.transaction();
            Object.assign(trx, { rollback: async () => trx.commit() });
            return trx;
          }
        : (Reflect.get(target, name, receiver) as unknown),
  });
  expect(await proveDryRun({ ...context, db: leaking })).toBe(false);
  expect(await proveDryRun(context)).toBe(true);
});

test("a dry run answers as the write would, without an owner, and leaves only its audit row", async () => {
  await using notes = await startNotes(services);
  await notes.database.seal("note");
  const answer = await notes.order({ end: "commit", changes: true }, { dryRun: true, requestId: "r1" });
  expect(await answer.json()).toEqual({ kind: "done", value: { id: 1 }, replayed: false });
  const { owner } = notes.database;
  expect([await owner("kit.outbox"), await owner("kit.idempotency")]).toEqual([[], []]);
  const events = await owner("kit.audit_event").whereRaw("event ->> 'requestId' = 'r1'").pluck("event");
  expect(events).toMatchObject([{ target: "dry-run", rule: "N2", outcome: 0 }]);
});
