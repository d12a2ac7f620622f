import { expect, test } from "vitest";
import { banyan } from "../test-command.ts";

const offline = ["--rules", "routing-rules/ehr"];
const canary = (percent: number): string[] => ["--stages", JSON.stringify({ lab: { name: "canary", percent } })];
const labResults = ["explain", "get", "/lab/LABRESULTS.aspx?last=Canarious", ...offline];

test("a request is explained offline from a folder of rules and stages on the command line", async () => {
  const { code, out } = await banyan([...labResults, ...canary(100), "--user", "JSMITH"]);
  expect(code).toBe(0);
  expect(out).toContain("GET /Lab/LabResults.aspx  ->  service lab");
  expect(out).toContain("lab, at canary 100%, owner legacy");
  expect(out).toMatch(/2\. canary 100%: bucket \d+ of 10000 is in the cohort/);
});

test("without stages every module is at legacy", async () => {
  const { out } = await banyan([...labResults, "--json"]);
  expect(JSON.parse(out)).toMatchObject({ target: "legacy", rule: "lab.results", stage: "legacy", owner: "legacy" });
});

test("an old watermark given on the command line sends the reader to the owner", async () => {
  const conditions = JSON.stringify({ lab: { watermarkAgeMs: 20_000 } });
  const { out } = await banyan([
    ...labResults,
    ...canary(100),
    "--user",
    "JSMITH",
    "--conditions",
    conditions,
    "--json",
  ]);
  const answer = JSON.parse(out) as { target: string; reasons: { code: string }[] };
  expect(answer.target).toBe("legacy");
  expect(answer.reasons.map((reason) => reason.code)).toEqual(["rule", "cohort", "watermarkOld"]);
});

test("a host before the path is left out and the query, which may name a patient, is not repeated", async () => {
  const { code, out } = await banyan([
    "explain",
    "GET",
    "http://ehr.clinic.example/Lab/LabResults.aspx?last=Canarious",
    ...offline,
  ]);
  expect(code).toBe(0);
  expect(out).toContain("GET /Lab/LabResults.aspx");
  expect(out).not.toContain("Canarious");
});

test("a path the proxy refuses is not explained as if it were routed", async () => {
  const { code, error } = await banyan(["explain", "GET", "/Lab/%2e%2e/Default.aspx", ...offline]);
  expect(code).toBe(1);
  expect(error).toContain("the proxy answers 400");
});

test.each([
  [["--stages", "{lab}"], "what is written is not JSON"],
  [["--stages", '{"lab":{"name":"canary"}}'], "lab.percent"],
  [["--stages", '{"labb":{"name":"live"}}'], 'no module "labb"'],
  [["--header", "SOAPAction"], "name:value"],
])("what cannot be meant is a usage error with exit code 2: %j", async (args, words) => {
  const { code, out, error } = await banyan([...labResults, ...args]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(error).toContain(words);
});
