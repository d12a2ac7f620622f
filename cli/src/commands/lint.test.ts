import { afterAll, expect, test } from "vitest";
import { banyan, temporaryFolder } from "../test-command.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("the EHR's own rules have nothing to mend", async () => {
  const { code, out, error } = await banyan(["lint"]);
  expect({ code, error }).toEqual({ code: 0, error: "" });
  expect(out).toMatch(/^ok {2}\d+ rules in 9 files, nothing to mend\n$/);
});

test("all problems come at once, each with a file that can be opened, its line and a suggestion, and exit code 1", async () => {
  const file = folder.write(
    "one.yaml",
    `module: one
service: one
routes:
  - { id: one.a, path: { exact: /A }, effect: read }
  - { id: one.a, path: { exact: /A }, efect: read, effect: read }
  - { id: one.b, path: { exact: B }, effect: read }
`,
  );
  const { code, out } = await banyan(["lint", folder.path]);
  expect(code).toBe(1);
  expect(out).toContain(`${file}:5  routes.1: there is no field "efect"\n    -> Did you mean "effect"?`);
  expect(out).toContain(`${file}:6`);
  expect(out).toContain("2 problems");
  const json = await banyan(["lint", "--json", folder.path]);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({
    files: 1,
    problems: [
      { file, line: 5 },
      { file, line: 6 },
    ],
  });
});

test("a folder that is not there is an error that says what to do", async () => {
  const { code, out, error } = await banyan(["lint", "no/such/folder"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(error).toContain("no/such/folder: it does not exist");
  expect(error).toContain("Name a rule file or a folder of them. [RULES_UNREADABLE]");
});
