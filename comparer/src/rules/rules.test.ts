import { describe, expect, test } from "vitest";
import { compare, findings, html, json, rulesOf } from "../test-answers.ts";
import { globExpression, globsIntersect } from "./glob.ts";
import { comparisonRulesJsonSchema } from "./json-schema.ts";
import { lintComparisonRules } from "./lint.ts";
import { parseComparisonRules, readComparisonRules } from "./rule-set.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../..");

/** One rule with everything a rule needs; `more` adds to it or replaces. */
function rule(more: Record<string, unknown>): string {
  const all = {
    id: "test.rule",
    channel: "json",
    kind: "value",
    owner: "me",
    reason: "for this test only",
    expires: "2030-01-01",
    ...more,
  };
  return `rules: [${JSON.stringify(all)}]`;
}

const problemsOf = (text: string): string[] =>
  lintComparisonRules(parseComparisonRules([{ file: "rules.yaml", text }])).map(({ message }) => message);

describe("a rule", () => {
  test("covers a value only where both sides look as it says, and counts", async () => {
    const rules = rulesOf(rule({ path: "$.token", both: "[0-9a-f]{8}" }));
    expect(await compare(json({ token: "0011aabb" }), json({ token: "99887766" }), rules)).toEqual({
      verdict: "match-by-rule",
      hits: [{ rule: "test.rule", count: 1 }],
    });
    expect(await findings(json({ token: "0011aabb" }), json({ token: "" }), rules)).toEqual([
      "json $.token value blanked",
    ]);
  });

  test.each([
    ["a missing member", { token: "aa" }, {}],
    ["another type", { token: "11" }, { token: 11 }],
    ["a value that says nothing", { token: "aa" }, { token: null }],
  ])("never covers %s", async (_name, left, right) => {
    const rules = rulesOf(rule({ path: "$.token", both: "[0-9a-f]{2}" }));
    expect((await compare(json(left), json(right), rules)).verdict).toBe("different");
  });

  test("no longer covers from the day it expires, and is listed", async () => {
    const text = rule({ path: "$.token", both: "t.", expires: "2026-06-01" });
    const pair = [json({ token: "t1" }), json({ token: "t2" })] as const;
    expect((await compare(...pair, rulesOf(text, "2026-05-31"))).verdict).toBe("match-by-rule");
    const late = rulesOf(text, "2026-06-01");
    expect((await compare(...pair, late)).verdict).toBe("different");
    expect(late.expired).toEqual(["test.rule"]);
  });

  test("with a mask lets only the masked part differ, and only so far", async () => {
    const mask = { channel: "html", path: "p", mask: String.raw`\d{1,2}:\d{2} [AP]M`, skewSecondsMax: 300 };
    const rules = rulesOf(rule(mask));
    const at = (text: string) => html(`<p>${text}</p>`);
    expect(await findings(at("As of 1:59 PM"), at("As of 2:01 PM"), rules)).toEqual(["match-by-rule"]);
    expect(await findings(at("As of 1:59 PM"), at("As of 6:59 PM"), rules)).toEqual(["html p value time-zone-shift"]);
    expect(await findings(at("As of 1:59 PM"), at("Until 1:59 PM"), rules)).toEqual(["html p value other"]);
  });

  test("of order covers order and no value", async () => {
    const rules = rulesOf(rule({ path: "$", kind: "order" }));
    expect(await findings(json(["a", "b"]), json(["b", "a"]), rules)).toEqual(["match-by-rule"]);
    expect(await findings(json(["a", "b"]), json(["b", "c"]), rules)).not.toEqual(["match-by-rule"]);
  });

  test("applies to its routes only", async () => {
    const rules = rulesOf(rule({ path: "$.token", both: "t.", routes: ["other.*"] }));
    expect((await compare(json({ token: "t1" }), json({ token: "t2" }), rules)).verdict).toBe("different");
  });
});

describe("numbers each side issues itself", () => {
  const rules = rulesOf(rule({ path: "$[].id", oneToOne: "record" }));
  const ids = (...all: number[]) => json(all.map((id, index) => ({ id, at: `place ${index}` })));

  test("may differ as long as they pair one to one", async () => {
    expect(await findings(ids(7, 8, 7), ids(70, 80, 70), rules)).toEqual(["match-by-rule"]);
  });

  test.each([
    ["one number on the left means two on the right", ids(7, 8, 7), ids(70, 80, 71)],
    ["two numbers on the left mean one on the right", ids(7, 8, 9), ids(70, 80, 80)],
    ["a number also stands for itself elsewhere", ids(7, 8), ids(8, 8)],
  ])("count as differences where %s", async (_name, left, right) => {
    expect(await findings(left, right, rules)).toContain("json $[].id value identifier");
    expect(await findings(right, left, rules)).toContain("json $[].id value identifier");
  });
});

describe("lint refuses a rule that", () => {
  test.each([
    [
      "covers a clinical value",
      `${rule({ path: "$.d[].Dose", both: "x[0-9]" })}\nclinical: [{ channel: json, paths: ["$.d[].*"], why: doses }]`,
      /clinical value: json, doses/,
    ],
    ["says nothing of how values look", rule({ path: "$.a" }), /exactly one way/],
    ["says it in two ways", rule({ path: "$.a", both: "x1", oneToOne: "x" }), /exactly one way/],
    ["takes any value", rule({ path: "$.a", both: ".*" }), /takes any value/],
    ["masks any text", rule({ path: "$.a", mask: "[A-Z ]+" }), /masks any text/],
    ["ends in a wildcard", rule({ path: "$.**", both: "x[0-9]" }), /ends in a wildcard/],
    ["covers the status", rule({ channel: "status", path: "code", both: "50[0-9]" }), /covers status/],
    ["has a condition on values and is about order", rule({ path: "$", kind: "order", both: "x1" }), /about order/],
    ["covers a class without a cause", rule({ path: "$.a", transforms: ["other"] }), /names no cause/],
    ["bounds moments without a mask", rule({ path: "$.a", both: "x1", skewSecondsMax: 5 }), /without mask/],
    ["has no reason", rule({ path: "$.a", both: "x1", reason: "" }), /reason/],
    ["covers what is missing", rule({ path: "$.a", both: "x1", kind: "missing" }), /kind/],
    ["is no rule", "rules: {", /not valid YAML/],
  ])("%s", (_name, text, expected) => {
    expect(problemsOf(text).join("\n")).toMatch(expected);
    expect(() => rulesOf(text)).toThrow(/rules.yaml:1/);
  });

  test("has the id of another", () => {
    const two = `${rule({ path: "$.a", both: "x1" }).slice(0, -1)}, ${rule({ path: "$.b", both: "x1" }).slice(8)}`;
    expect(problemsOf(two)).toEqual(['rule "test.rule" is already defined in rules.yaml line 1']);
  });
});

describe("globs", () => {
  test("a star stays within a step, two do not", () => {
    expect(globExpression("form#*/x/@value").test("form#f/x/@value")).toBe(true);
    expect(globExpression("form#*/@value").test("form#f/x/@value")).toBe(false);
    expect(globExpression("**/@value").test("form#f/x/@value")).toBe(true);
    expect(globExpression("$.d[].a").test("$.d[].a")).toBe(true);
  });

  test.each([
    ["a*", "*b", true],
    ["a/*", "a/b/c", false],
    ["a/**", "a/b/c", true],
    ["$.d[].*", "$.d[].Name", true],
    ["x*y", "xz", false],
    ["*/p.asof", "pre#**", true],
  ])("%s and %s meet: %s", (left, right, expected) => {
    expect([globsIntersect(left, right), globsIntersect(right, left)]).toEqual([expected, expected]);
  });
});

test("the published JSON Schema is the one that the rule language gives", () => {
  expect(JSON.parse(readFileSync(join(folder, "schema.json"), "utf8"))).toEqual(comparisonRulesJsonSchema());
});

test("the rules that ship with the EHR are in order, and each says who answers for it", () => {
  const set = readComparisonRules(join(folder, "rules/ehr"));
  expect(lintComparisonRules(set)).toEqual([]);
  expect(set.files.flatMap(({ config }) => config.rules).length).toBeGreaterThan(10);
});
