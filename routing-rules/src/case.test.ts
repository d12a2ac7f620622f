import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { caseFolders, runCase } from "./case.ts";
import { lint } from "./lint.ts";
import { readRuleSet } from "./rule-set.ts";

const root = join(import.meta.dirname, "..");
const folders = caseFolders(join(root, "cases"));

describe.each(folders.map((folder) => [basename(folder), folder]))("case %s", (_, folder) => {
  test.each(
    runCase(folder).map(
      ({ check, decision }) => [`${check.request} -> ${check.rule}, ${check.target}`, check, decision] as const,
    ),
  )("%s", (_name, check, decision) => {
    expect({
      rule: decision.rule?.id,
      target: decision.target,
      shadow: decision.shadow ?? "none",
      fallback: decision.fallback ?? "none",
      hold: decision.hold,
    }).toEqual({
      rule: check.rule,
      target: check.target,
      shadow: check.shadow,
      fallback: check.fallback,
      hold: check.hold,
    });
  });
});

test("the EHR's own rules are without a problem", () => {
  expect(lint(readRuleSet(join(root, "ehr")))).toEqual([]);
});

test("every rule of the EHR is the expected answer of a check", () => {
  const expected = new Set(folders.flatMap((folder) => runCase(folder).map(({ check }) => check.rule)));
  const rules = readRuleSet(join(root, "ehr")).files.flatMap((file) => file.config.routes.map((route) => route.id));
  expect(rules.filter((rule) => !expected.has(rule))).toEqual([]);
});
