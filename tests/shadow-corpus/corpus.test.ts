import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compileRules, readComparisonRules } from "@banyan/comparer";
import { readRuleSet } from "@banyan/routing-rules";
import { beforeAll, describe, expect, test } from "vitest";
import { readCorpus } from "./corpus.ts";
import { describeCorpus, judgeCorpus, type Outcome, scoreOf } from "./corpus-report.ts";

const root = join(import.meta.dirname, "../..");
/** Rules as of the day the answers were captured: a rule that expires later must not turn the corpus red. */
const asOf = "2026-11-22";
const pairs = readCorpus();
let outcomes: Outcome[];

beforeAll(async () => {
  const rules = compileRules(readComparisonRules(join(root, "comparer/rules/ehr")), asOf);
  outcomes = await judgeCorpus(pairs, rules);
  process.stdout.write(`${describeCorpus(outcomes)}\n`);
});

describe("the corpus", () => {
  test("has at least sixty pairs of both kinds, about a third of them set aside", () => {
    const heldOut = pairs.filter((pair) => pair.heldOut).length;
    expect(pairs.length).toBeGreaterThanOrEqual(60);
    expect(heldOut / pairs.length).toBeGreaterThan(0.25);
    expect(heldOut / pairs.length).toBeLessThan(0.42);
  });

  test("names each pair once", () => {
    expect(new Set(pairs.map(({ id }) => id)).size).toBe(pairs.length);
  });

  test("holds no answer that no pair uses", () => {
    const files = readdirSync(join(import.meta.dirname, "answers"));
    const used = new Set(pairs.flatMap(({ answers }) => answers.map((name) => `${name}.http`)));
    expect(files.filter((file) => !used.has(file))).toEqual([]);
  });

  test("names routes that exist", () => {
    const rules = readRuleSet(join(root, "routing-rules/ehr"));
    const known = new Set(rules.files.flatMap(({ config }) => config.routes.map(({ id }) => id)));
    expect(pairs.map(({ route }) => route).filter((route) => !known.has(route))).toEqual([]);
  });
});

for (const heldOut of [false, true]) {
  describe(heldOut ? "pairs set aside" : "pairs the rules were written with", () => {
    const some = (): Outcome[] => outcomes.filter(({ pair }) => pair.heldOut === heldOut);

    test("every defect is found", () => {
      const missed = some().filter(({ pair, verdict }) => pair.label === "defect" && verdict.verdict !== "different");
      expect(missed.map(({ pair, verdict }) => `${pair.id}: ${verdict.verdict}`)).toEqual([]);
      expect(scoreOf(some()).recall).toBe(1);
    });

    test("at least 98 of 100 found differences are defects", () => {
      const { precision } = scoreOf(some());
      const wrong = some().filter(({ pair, verdict }) => pair.label === "harmless" && verdict.verdict === "different");
      expect(wrong.map(({ pair }) => pair.id)).toEqual([]);
      expect(precision).toBeGreaterThanOrEqual(0.98);
    });

    test("every defect is named by channel, path, kind and class", () => {
      const unnamed = some().filter(({ pair, named }) => pair.label === "defect" && !named);
      expect(unnamed.map(({ pair }) => pair.id)).toEqual([]);
    });
  });
}
