import { fixedClock } from "@banyan/kernel";
import { describe, expect, test } from "vitest";
import { sessionsMax, slidingMs } from "../limits.ts";
import { createSessionStore, isSessionId, newSessionId } from "./session-store.ts";

const clockAtNoon = () => fixedClock(new Date("2026-11-22T17:00:00Z"));

describe("session store", () => {
  test("ids are 24 characters a-z0-5 and do not repeat", () => {
    const ids = Array.from({ length: 200 }, newSessionId);
    expect(ids.every((id) => /^[a-z0-5]{24}$/.test(id) && isSessionId(id))).toBe(true);
    expect(new Set(ids).size).toBe(200);
    expect(isSessionId("abcdefghijklmnopqrstuvw9")).toBe(false);
  });

  test("a used session goes on, a look does not renew it, an unused one ends", () => {
    const clock = clockAtNoon();
    const store = createSessionStore(clock);
    const { id, session } = store.create();
    session.CurPatNo = 100001;
    clock.advance(slidingMs - 1);
    expect(store.find(id)?.CurPatNo).toBe(100001);
    clock.advance(slidingMs - 1);
    expect(store.peek(id)?.session.CurPatNo).toBe(100001);
    clock.advance(1);
    expect(store.peek(id)).toBeUndefined();
    expect(store.find(id)).toBeUndefined();
  });

  test("above its bound it drops the session unused for longest and says so", () => {
    let evicted = 0;
    const store = createSessionStore(clockAtNoon(), () => {
      evicted += 1;
    });
    const first = store.create().id;
    const second = store.create().id;
    for (let count = store.size; count < sessionsMax; count += 1) store.create();
    expect(store.find(first)).toBeDefined();
    store.create();
    expect([store.size, evicted]).toEqual([sessionsMax, 1]);
    expect(store.find(first)).toBeDefined();
    expect(store.find(second)).toBeUndefined();
  });
});
