import type { Knex } from "knex";
import { expect, test, vi } from "vitest";
import type { AuditEvent } from "./audit-event.ts";
import { AuditWriter } from "./audit-writer.ts";
import { limits } from "./limits.ts";
import { silentLogger } from "./test-service.ts";

/** A database whose statements end when the test says so. */
function slowDatabase() {
  const batches: number[] = [];
  const running: PromiseWithResolvers<void>[] = [];
  const raw = (_sql: string, [json]: [string]): Promise<void> => {
    batches.push((JSON.parse(json) as unknown[]).length);
    const statement = Promise.withResolvers<void>();
    running.push(statement);
    return statement.promise;
  };
  return { db: { raw } as unknown as Knex, batches, next: () => running.shift() };
}

const event = { subtype: "read" } as AuditEvent;

test("what comes while a batch is written goes with the next one, and each caller waits for its own", async () => {
  const { db, batches, next } = slowDatabase();
  const writer = new AuditWriter(db, silentLogger, vi.fn());
  const first = writer.append([event]);
  const later = [writer.append([event]), writer.append([event, event])];
  expect([batches, writer.queued]).toEqual([[1], 4]);
  next()?.resolve();
  await first;
  await vi.waitFor(() => expect(batches).toEqual([1, 3]));
  next()?.resolve();
  await Promise.all(later);
  expect(writer.queued).toBe(0);
});

test("a batch has a bound, and a full queue refuses and tells", async () => {
  const { db, batches, next } = slowDatabase();
  const onFull = vi.fn<() => void>();
  const writer = new AuditWriter(db, silentLogger, onFull);
  const waiting = Array.from({ length: limits.auditQueueMax }, () => writer.append([event]));
  await expect(writer.append([event])).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
  expect(onFull).toHaveBeenCalledOnce();
  const drained = Promise.all(waiting).then(() => true);
  while (batches.reduce((sum, count) => sum + count, 0) < limits.auditQueueMax) {
    next()?.resolve();
    await Promise.resolve();
  }
  next()?.resolve();
  expect(await drained).toBe(true);
  expect(Math.max(...batches)).toBe(limits.auditBatchMax);
});

test("a batch that cannot be written refuses its callers, and the next one is tried", async () => {
  const { db, next } = slowDatabase();
  const writer = new AuditWriter(db, silentLogger, vi.fn());
  const [failing, after] = [writer.append([event]), writer.append([event])];
  next()?.reject(new Error("away"));
  await expect(failing).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
  next()?.resolve();
  await after;
});
