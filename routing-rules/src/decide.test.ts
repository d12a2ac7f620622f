import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketCount, bucketOf, isInCohort } from "./bucket.ts";
import { compile, type RevisionModel } from "./compile.ts";
import { decide } from "./decide.ts";
import { matchRule } from "./match.ts";
import { routingRequestOf } from "./request-line.ts";
import { parseRuleSet } from "./rule-set.ts";
import { checkMove, ownerOf, type Stage, stageNames } from "./stage.ts";

function revisionOf(routes: string, foldCase = false): RevisionModel {
  const text = `module: m\nservice: s\nfoldCase: ${foldCase}\nroutes:\n${routes}  - { id: all, path: { prefix: / }, effect: write, serve: legacy }\n`;
  const set = parseRuleSet([{ file: "m.yaml", text }]);
  expect(set.problems).toEqual([]);
  return compile(set.files.map((file) => file.config));
}

const ruleOf = (revision: RevisionModel, line: string, headers = {}): string | undefined =>
  matchRule(revision, routingRequestOf(line, headers))?.id;

const stageArbitrary: fc.Arbitrary<Stage> = fc.oneof(
  fc.constantFrom<Stage>({ name: "legacy" }, { name: "shadow" }, { name: "live" }, { name: "retired" }),
  fc.integer({ min: 1, max: 100 }).map((percent): Stage => ({ name: "canary", percent })),
);

describe("precedence", () => {
  test("exact wins over template, template over prefix, a longer prefix over a shorter", () => {
    const revision = revisionOf(
      "  - { id: short, path: { prefix: /a }, effect: read }\n  - { id: long, path: { prefix: /a/b }, effect: read }\n" +
        "  - { id: template, path: { template: '/a/{x}/c' }, effect: read }\n  - { id: exact, path: { exact: /a/b/c }, effect: read }\n",
    );
    expect(ruleOf(revision, "GET /a/b/c")).toBe("exact");
    expect(ruleOf(revision, "GET /a/z/c")).toBe("template");
    expect(ruleOf(revision, "GET /a/b/z")).toBe("long");
    expect(ruleOf(revision, "GET /a/z")).toBe("short");
    expect(ruleOf(revision, "GET /ab")).toBe("all");
  });

  test("a template under a parameter wins over a prefix under a literal segment", () => {
    const revision = revisionOf(
      "  - { id: prefix, path: { prefix: /a/b }, effect: read }\n  - { id: template, path: { template: '/a/{x}/{y}' }, effect: read }\n",
    );
    expect(ruleOf(revision, "GET /a/b/q")).toBe("template");
    expect(ruleOf(revision, "GET /a/b/q/r")).toBe("prefix");
  });

  test("a parameter never takes an empty segment", () => {
    const revision = revisionOf("  - { id: template, path: { template: '/a/{x}' }, effect: read }\n");
    expect(ruleOf(revision, "GET /a/")).toBe("all");
  });

  test("a method match comes before none, then more headers, then more query parameters, then order", () => {
    const revision = revisionOf(
      "  - { id: any, path: { exact: /a }, effect: read }\n  - { id: query, path: { exact: /a }, query: { k: v }, effect: read }\n" +
        "  - { id: header, path: { exact: /a }, headers: { X-Kind: one }, effect: read }\n  - { id: get, path: { exact: /a }, methods: [GET], effect: read }\n",
    );
    expect(ruleOf(revision, "GET /a?k=v", { "x-kind": "one" })).toBe("get");
    expect(ruleOf(revision, "POST /a?k=v", { "x-kind": "one" })).toBe("header");
    expect(ruleOf(revision, "POST /a?k=v")).toBe("query");
    expect(ruleOf(revision, "POST /a")).toBe("any");
  });

  test("case is folded only where the file says so", () => {
    const routes = "  - { id: page, path: { exact: /Page.aspx }, query: { Id: '*' }, effect: read }\n";
    expect(ruleOf(revisionOf(routes, true), "GET /PAGE.ASPX?ID=1")).toBe("page");
    expect(ruleOf(revisionOf(routes, false), "GET /PAGE.ASPX?ID=1")).toBe("all");
  });
});

describe("decide", () => {
  const routes =
    "  - { id: r, path: { exact: /r }, methods: [GET], effect: read, shadow: safe, fallback: owner }\n" +
    "  - { id: w, path: { exact: /w }, effect: write, dryRun: true }\n  - { id: t, path: { template: '/t/{id}' }, effect: read }\n";

  test("is total: any request, any stage, any condition has exactly one decision, with reasons", () => {
    const set = parseRuleSet([
      {
        file: "m.yaml",
        text: `module: m\nservice: s\nroutes:\n${routes}  - { id: all, path: { prefix: / }, effect: write, serve: legacy }\n`,
      },
    ]);
    fc.assert(
      fc.property(
        fc.string(),
        fc.oneof(fc.webPath(), fc.string(), fc.constantFrom("/r", "/w", "/t/1", "/")),
        fc.array(fc.tuple(fc.string(), fc.string())),
        stageArbitrary,
        fc.record({
          watermarkAgeMs: fc.option(fc.nat(), { nil: undefined }),
          heartbeat: fc.nat(),
          hasParkedKey: fc.boolean(),
          fenced: fc.boolean(),
        }),
        fc.option(fc.string(), { nil: undefined }),
        fc.option(fc.option(fc.nat()), { nil: undefined }),
        (method, path, query, stage, condition, user, pin) => {
          const revision = compile(
            set.files.map((file) => file.config),
            new Map([["m", { stage, epoch: 1 }]]),
          );
          const decision = decide({
            request: { method, path, query, header: () => undefined },
            caller: { user, site: undefined },
            revision,
            conditions: new Map([["m", condition]]),
            pins: new Map(pin === undefined ? [] : [["m", pin]]),
          });
          expect(["legacy", "service", "refuse"]).toContain(decision.target);
          expect(decision.rule).toBeDefined();
          expect(decision.reasons.length).toBeGreaterThan(1);
          const follows = decision.rule?.serve === "stage";
          if (follows && decision.rule?.effect === "write") expect(decision.target).toBe(ownerOf(stage));
          if (decision.shadow !== undefined) expect(decision.shadow).not.toBe(decision.target);
          if (decision.hold) expect(decision.rule?.effect).toBe("write");
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("a pinned reader is never served by the copy before the write has arrived, and never falls back to it", () => {
    const set = parseRuleSet([{ file: "m.yaml", text: `module: m\nservice: s\nroutes:\n${routes}` }]);
    fc.assert(
      fc.property(fc.option(fc.nat(1000)), fc.nat(1000), fc.string({ minLength: 1 }), (pin, heartbeat, user) => {
        const decision = decide({
          request: routingRequestOf("GET /r"),
          caller: { user, site: undefined },
          revision: compile(
            set.files.map((file) => file.config),
            new Map([["m", { stage: { name: "canary", percent: 100 }, epoch: 1 }]]),
          ),
          conditions: new Map([["m", { watermarkAgeMs: 1, heartbeat, hasParkedKey: false, fenced: false }]]),
          pins: new Map([["m", pin]]),
        });
        const waits = pin === null || pin > heartbeat;
        expect(decision.target).toBe(waits ? "legacy" : "service");
        if (waits) expect(decision.fallback).toBeUndefined();
      }),
    );
  });
});

describe("cohorts", () => {
  test("raising the percentage moves nobody back", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (salt, key, a, b) => {
          const [low, high] = a < b ? [a, b] : [b, a];
          const bucket = bucketOf(salt, key);
          expect(bucket).toBeGreaterThanOrEqual(0);
          expect(bucket).toBeLessThan(bucketCount);
          if (isInCohort(bucket, low)) expect(isInCohort(bucket, high)).toBe(true);
        },
      ),
    );
  });

  test("a percentage takes about that share of the users", () => {
    const inside = Array.from({ length: 20_000 }, (_, n) => bucketOf("scheduling", `USER${n}`)).filter((bucket) =>
      isInCohort(bucket, 10),
    ).length;
    expect(inside / 20_000).toBeGreaterThan(0.09);
    expect(inside / 20_000).toBeLessThan(0.11);
  });
});

test("only neighbouring stages are reached, and only canary to live and back is fenced", () => {
  fc.assert(
    fc.property(stageArbitrary, stageArbitrary, (from, to) => {
      const distance = Math.abs(stageNames.indexOf(from.name) - stageNames.indexOf(to.name));
      const check = checkMove(from, to);
      if (distance > 1) expect(check.kind).toBe("notAdjacent");
      else if (ownerOf(from) !== ownerOf(to)) expect(check.kind).toBe("fenced");
      else expect(["plain", "unchanged"]).toContain(check.kind);
    }),
  );
});
