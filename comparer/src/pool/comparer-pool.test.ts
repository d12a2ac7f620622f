import { afterEach, describe, expect, test } from "vitest";
import type { Answer } from "../answer/answer.ts";
import { defaultBudget } from "../limits.ts";
import { compileRules } from "../rules/rule-model.ts";
import { parseComparisonRules } from "../rules/rule-set.ts";
import { type ComparerPool, comparerPool, type ComparerPoolOptions } from "./comparer-pool.ts";

let pool: ComparerPool | undefined;
afterEach(() => pool?.close());

function started(options: ComparerPoolOptions = {}): ComparerPool {
  pool = comparerPool({ workers: 1, ...options });
  return pool;
}

const json = (value: unknown): Answer => ({
  status: 200,
  headers: [["Content-Type", "application/json"]],
  body: Buffer.from(JSON.stringify(value)),
});

/** A rule whose expression takes for ever on a long row of the letter a. */
function rulesOf(id: string, both: string) {
  const text = `rules: [{ id: ${id}, channel: json, path: $.token, kind: value, both: "${both}", owner: me, reason: for the test only, expires: 2030-01-01 }]`;
  return compileRules(parseComparisonRules([{ file: "test.yaml", text }]), "2026-01-01");
}

describe("the pool", () => {
  test("gives the verdict that the comparison itself gives", async () => {
    const { compare } = bound(started());
    expect(await compare(json({ a: 1, b: 2 }), json({ b: 2, a: 1 }), { route: "x" })).toEqual({ verdict: "match" });
    expect(await compare(json({ a: 1 }), json({ a: "1" }), { route: "x" })).toMatchObject({
      differences: [{ finding: { kind: "type", transform: "string-number" }, values: { left: "1", right: "1" } }],
    });
  });

  test("uses the rules each comparison comes with", async () => {
    const { compare } = bound(started());
    const pair = [json({ token: "t1" }), json({ token: "t2" })] as const;
    const rules = rulesOf("test.token", "t[0-9]");
    expect(await compare(...pair, { route: "x", rules })).toEqual({
      verdict: "match-by-rule",
      hits: [{ rule: "test.token", count: 1 }],
    });
    expect(await compare(...pair, { route: "x" })).toMatchObject({ verdict: "different" });
  });

  test("leaves the bytes of the answers with the caller", async () => {
    const batch = Buffer.from('{"a":1}{"a":2}');
    const [left, right] = [batch.subarray(0, 7), batch.subarray(7)].map((body) => ({ ...json(0), body }));
    if (!left || !right) throw new Error("no pair");
    expect(await started().compare(left, right, { route: "x" })).toMatchObject({ verdict: "different" });
    expect(batch.toString()).toBe('{"a":1}{"a":2}');
  });

  test("ends a comparison that outlives its budget, and goes on with the next", async () => {
    const { compare } = bound(started({ budget: { ...defaultBudget, timeMsMax: 200 }, graceMs: 100 }));
    const slow = rulesOf("test.slow", "(a+)+b");
    const pair = [json({ token: `${"a".repeat(40)}c` }), json({ token: "ab" })] as const;
    const [first, second] = await Promise.all([
      compare(...pair, { route: "x", rules: slow }),
      compare(json(1), json(1), { route: "x" }),
    ]);
    expect(first).toEqual({ verdict: "incomparable", why: "time-budget" });
    expect(second).toEqual({ verdict: "match" });
  });

  test("calls a comparison that kills its worker incomparable, and goes on with the next", async () => {
    const { compare } = bound(started());
    // No answer is known to do that, so the rules are broken instead.
    const broken = { ...rulesOf("test.x", "t[0-9]"), source: { configs: [{}], asOf: "" } } as never;
    expect(await compare(json(1), json(2), { route: "x", rules: broken })).toEqual({
      verdict: "incomparable",
      why: "crashed",
    });
    expect(await compare(json(1), json(1), { route: "x" })).toEqual({ verdict: "match" });
  });

  test("does not run what finds the queue full, by number or by bytes", async () => {
    const { compare } = bound(started({ queueMax: 1 }));
    const verdicts = await Promise.all([1, 2, 3].map(() => compare(json(1), json(1), { route: "x" })));
    expect(verdicts).toEqual([{ verdict: "match" }, { verdict: "match" }, { verdict: "not-run", why: "busy" }]);
    await pool?.close();
    const small = started({ queuedBytesMax: 10 });
    expect(await small.compare(json("long enough"), json(1), { route: "x" })).toEqual({
      verdict: "not-run",
      why: "busy",
    });
  });

  test("answers everything that waits or runs when it is closed", async () => {
    const closing = started();
    const verdicts = [1, 2].map(() => closing.compare(json(1), json(1), { route: "x" }));
    await closing.close();
    expect(await Promise.all(verdicts)).toEqual([1, 2].map(() => ({ verdict: "not-run", why: "closed" })));
    expect(await closing.compare(json(1), json(1), { route: "x" })).toEqual({ verdict: "not-run", why: "closed" });
    expect(closing.size).toBe(0);
  });
});

function bound(of: ComparerPool): Pick<ComparerPool, "compare"> {
  return { compare: (left, right, options) => of.compare(left, right, options) };
}
