import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { banyan, temporaryFolder } from "../test-command.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());
const write = (name: string, text: string): string => folder.write(name, text);

const corpus = (name: string): string => `tests/shadow-corpus/answers/${name}.http`;
const shipped = ["--rules", "comparer/rules/ehr"];

describe("two files", () => {
  test("that say the same in other bytes are equal", async () => {
    const [left, right] = [write("a.json", '{"a":1,"b":[2]}'), write("b.json", '{ "b": [2], "a": 1 }')];
    const { code, out } = await banyan(["compare", left, right]);
    expect([code, out]).toEqual([0, expect.stringContaining("equal")]);
  });

  test("that differ are shown side by side, with where and how", async () => {
    const [left, right] = [
      write("a.json", '{"Sig":"Take 1 tablet daily"}'),
      write("b.json", '{"Sig":"Take 1 tablet"}'),
    ];
    const { code, out } = await banyan(["compare", left, right]);
    expect(code).toBe(1);
    expect(out).toMatch(/json\s+\$\.Sig\s+value, truncation/);
    expect(out).toMatch(/Take 1 tablet daily\s+│ Take 1 tablet/);
  });

  test("that cannot be compared say why, with an exit code of their own", async () => {
    const deep = write("a.json", "[".repeat(300) + "]".repeat(300));
    const { code, out } = await banyan(["compare", deep, write("b.json", "[]")]);
    expect([code, out]).toEqual([3, expect.stringContaining("incomparable")]);
  });
});

describe("whole answers", () => {
  test("are equal by the shipped rules of their route, and the rules are named", async () => {
    const { code, out } = await banyan([
      "compare",
      corpus("chart.a"),
      corpus("chart.b"),
      ...shipped,
      "--route",
      "patient.chart",
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/equal by rule[\s\S]*page\.clock {2}1 time/);
  });

  test("are different without rules, as JSON for scripts", async () => {
    const { code, out } = await banyan(["compare", corpus("chart.a"), corpus("chart.b"), "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      verdict: "different",
      differences: [{ channel: "html", path: "table.top/tr/td", kind: "value" }],
      hits: [],
    });
  });
});

test.each([
  ["a file that is not there", ["compare", "no-such-file.json", "no-such-file.json"]],
  ["one file", ["compare", "package.json"]],
  ["a type nobody knows", ["compare", "package.json", "package.json", "--type", "docx"]],
])("%s is a usage error", async (_name, args) => {
  const { code, out, error } = await banyan(args);
  expect([code, out]).toEqual([2, ""]);
  expect(error).not.toBe("");
});

test("broken rules are refused with file and line, and nothing is compared", async () => {
  const rules = write(
    "rules.yaml",
    'rules:\n  - { id: a.b, channel: json, path: "$.a", kind: value, both: ".*", owner: me, reason: because of nothing, expires: 2030-01-01 }\n',
  );
  const { code, error } = await banyan(["compare", "package.json", "package.json", "--rules", rules]);
  expect([code, error]).toEqual([1, expect.stringContaining("rules.yaml:2")]);
});
