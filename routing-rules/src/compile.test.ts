import { expect, test } from "vitest";
import { compile } from "./compile.ts";
import { parseRuleSet } from "./rule-set.ts";

test("where a request names the patient: a route's own word over its file's, folded where the file folds case", () => {
  const set = parseRuleSet([
    {
      file: "a.yaml",
      text: `module: a
service: a
foldCase: true
patient: { query: PID }
routes:
  - { id: a.page, path: { exact: /page }, effect: read }
  - { id: a.resource, path: { template: "/fhir/Patient/{id}/x" }, effect: read, patient: { path: id } }
  - { id: a.call, path: { exact: /call }, effect: write, patient: { json: pid } }
  - { id: a.form, path: { exact: /form }, effect: read, audit: false }
`,
    },
  ]);
  expect(set.problems).toEqual([]);
  const { rules } = compile(set.files.map((file) => file.config));
  expect(rules.map((rule) => [rule.patient, rule.audited])).toEqual([
    [{ kind: "query", name: "pid" }, true],
    [{ kind: "path", segment: 2 }, true],
    [{ kind: "json", name: "pid" }, true],
    [{ kind: "query", name: "pid" }, false],
  ]);
});
