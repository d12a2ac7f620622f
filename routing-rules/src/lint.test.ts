import { describe, expect, test } from "vitest";
import { lint } from "./lint.ts";
import { parseRuleSet } from "./rule-set.ts";

const catchAll = "  - { id: all, path: { prefix: / }, effect: write, serve: legacy }\n";
const file = (module: string, routes: string, more = ""): { file: string; text: string } => ({
  file: `${module}.yaml`,
  text: `module: ${module}\nservice: ${module}\n${more}routes:\n${routes}`,
});
const problems = (...files: { file: string; text: string }[]): string[] =>
  lint(parseRuleSet(files)).map((problem) => `${problem.file}:${problem.line} ${problem.message}`);

describe("lint", () => {
  test("finds nothing wrong with a good set", () => {
    expect(problems(file("a", `  - { id: one, path: { exact: /one }, effect: read }\n${catchAll}`))).toEqual([]);
  });

  test("reports broken YAML with its line and reads the other files all the same", () => {
    const found = problems(
      { file: "a.yaml", text: "module: a\nservice: [\nroutes: 1\n" },
      { file: "b.yaml", text: "module: 7\n" },
    );
    expect(found.find((problem) => problem.startsWith("a.yaml"))).toMatch(/not valid YAML/);
    expect(found.filter((problem) => problem.startsWith("b.yaml")).length).toBeGreaterThan(1);
  });

  test("suggests the field that a misspelt one was meant to be", () => {
    const [problem] = lint(
      parseRuleSet([file("a", "  - id: one\n    path: { exact: /one }\n    effect: read\n    shadwo: safe\n")]),
    );
    expect(problem).toMatchObject({
      line: 7,
      message: 'routes.0: there is no field "shadwo"',
      suggestion: 'Did you mean "shadow"?',
    });
  });

  test.each([
    [
      "an id used twice",
      [
        file(
          "a",
          `  - { id: one, path: { exact: /one }, effect: read }\n  - { id: one, path: { exact: /two }, effect: read }\n${catchAll}`,
        ),
      ],
      /a.yaml:5 id "one" is already used in a.yaml line 4/,
    ],
    [
      "a patient named by a parameter that the path has not",
      [file("a", `  - { id: one, path: { template: "/p/{id}" }, effect: read, patient: { path: pid } }\n${catchAll}`)],
      /a.yaml:4 rule "one": its path has no parameter \{pid\} that could name the patient/,
    ],
    [
      "an unreachable rule",
      [
        file(
          "a",
          `  - { id: one, path: { exact: /one }, effect: read }\n  - { id: two, path: { exact: /one }, effect: read }\n${catchAll}`,
        ),
      ],
      /rule "two" can never be reached/,
    ],
    [
      "a path of two modules",
      [
        file("a", `  - { id: one, path: { exact: /one }, effect: read }\n${catchAll}`),
        file("b", "  - { id: two, path: { exact: /one }, methods: [GET], effect: read }\n"),
      ],
      /claim the same path/,
    ],
    [
      "a table owned twice",
      [
        file("a", catchAll, "tables: [PATMST]\n"),
        file("b", "  - { id: two, path: { exact: /two }, effect: read }\n", "tables: [patmst]\n"),
      ],
      /b.yaml:3 table patmst is already owned by module "a"/,
    ],
    [
      "a missing catch-all",
      [file("a", "  - { id: one, path: { exact: /one }, effect: read }\n")],
      /there is no catch-all/,
    ],
    [
      "a second catch-all",
      [file("a", `${catchAll}  - { id: more, path: { prefix: / }, effect: write, serve: legacy }\n`)],
      /second catch-all/,
    ],
    [
      "a catch-all that leads elsewhere",
      [file("a", "  - { id: all, path: { prefix: / }, effect: write }\n")],
      /does not lead to legacy/,
    ],
    [
      "a write declared safe to repeat",
      [file("a", `  - { id: one, path: { exact: /one }, effect: write, shadow: safe }\n${catchAll}`)],
      /never safe to repeat/,
    ],
    [
      "two files of one module",
      [file("a", catchAll), { ...file("a", catchAll), file: "b.yaml" }],
      /already defined in a.yaml/,
    ],
  ])("finds %s", (_, files, expected) => {
    expect(problems(...files)).toContainEqual(expect.stringMatching(expected));
  });
});
