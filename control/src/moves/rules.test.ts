import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rulesPath, startTestBench, type TestBench } from "../test-control.ts";
import { connectReplica } from "../test-replica.ts";

let bench: TestBench;
let folder: string;
beforeAll(async () => {
  bench = await startTestBench();
  folder = mkdtempSync(join(tmpdir(), "banyan-rules-"));
  cpSync(rulesPath, folder, { recursive: true });
});
afterAll(async () => {
  await bench.stop();
  rmSync(folder, { recursive: true, force: true });
});

type File = { file: string; text: string };

/** The rules in force, one file changed. */
function changed(files: readonly File[], file: string, change: (text: string) => string): File[] {
  return files.map((each) => (each.file === file ? { file, text: change(each.text) } : each));
}

const brokenTwice = (text: string): string =>
  text.replace("effect: read", "efect: read").replace("service: lab", "service: 7");

describe("publishing rules", () => {
  test("makes a revision that keeps the stages; an older revision's rules can be published again", async () => {
    await using control = await bench.control();
    const { client } = control;
    await client.post("/modules/lab/stage", { stage: { name: "shadow" }, reason: "compare" });
    const { files } = (await client.get("/rules")).body;
    const slower = changed(files, "lab.yaml", (text) =>
      text.replace("routes:", "defaults: { timeoutMs: 60000 }\nroutes:"),
    );
    const published = await client.post("/rules", { files: slower, reason: "the lab is slow" });
    expect(published).toMatchObject({ status: 200, body: { revision: 3 } });
    expect((await client.get("/modules/lab")).body.stage).toEqual({ name: "shadow" });
    expect((await client.post("/rules", { files: slower, reason: "again" })).body.code).toBe("NOTHING_CHANGED");
    expect((await client.post("/rules", { fromRevision: 1, reason: "back" })).body.revision).toBe(4);
    expect((await client.get("/rules")).body.digest).toBe((await client.get("/revisions/1")).body.digest);
    expect((await client.post("/rules", { fromRevision: 77, reason: "back" })).body.code).toBe("NOT_FOUND");
  });

  test("with problems reports all of them with file and line, and the last good rules stay", async () => {
    await using control = await bench.control();
    const { client } = control;
    const { files } = (await client.get("/rules")).body;
    const bad = changed(changed(files, "lab.yaml", brokenTwice), "rx.yaml", () => "module: [");
    const refused = await client.post("/rules", { files: bad, reason: "oops" });
    expect(refused).toMatchObject({ status: 422, body: { code: "RULES_INVALID" } });
    const { problems } = refused.body;
    expect(new Set(problems.map((problem: { file: string }) => problem.file))).toEqual(
      new Set(["lab.yaml", "rx.yaml"]),
    );
    expect(problems.filter((problem: { file: string }) => problem.file === "lab.yaml").length).toBeGreaterThanOrEqual(
      2,
    );
    expect(problems).toContainEqual(expect.objectContaining({ suggestion: 'Did you mean "effect"?', line: 12 }));
    expect((await client.post("/lint", { files: bad })).body).toMatchObject({ ok: false, problems });
    expect((await client.get("/status")).body.revision).toBe(1);
  });

  test("that leaves out or re-draws a module on its way is refused", async () => {
    await using control = await bench.control();
    const { client } = control;
    await client.post("/modules/lab/stage", { stage: { name: "shadow" }, reason: "compare" });
    const files: File[] = (await client.get("/rules")).body.files;
    const without = files.filter(({ file }) => file !== "lab.yaml");
    expect((await client.post("/rules", { files: without, reason: "no lab" })).body.code).toBe("MODULE_IN_USE");
    await client.post("/modules/lab/stage", { stage: { name: "canary", percent: 5 }, reason: "some" });
    const salted = changed(files, "lab.yaml", (text) => `${text}cohortSalt: other\n`);
    expect((await client.post("/rules", { files: salted, reason: "salt" })).body.code).toBe("MODULE_IN_USE");
  });

  test("again from the folder takes good rules, and keeps the last good ones when the folder is bad", async () => {
    await using control = await bench.control({ rulesPath: folder });
    const { client } = control;
    const lab: string = (await client.get("/rules")).body.files.find(({ file }: File) => file === "lab.yaml").text;
    writeFileSync(join(folder, "lab.yaml"), `# a remark\n${lab}`);
    expect((await client.post("/rules/reload", { reason: "a remark" })).body.revision).toBe(2);
    writeFileSync(join(folder, "lab.yaml"), brokenTwice(lab));
    expect((await client.post("/rules/reload", { reason: "broken" })).status).toBe(422);
    expect((await client.get("/status")).body.revision).toBe(2);
    await expect(bench.control({ rulesPath: folder })).rejects.toMatchObject({
      code: "RULES_INVALID",
      message: expect.stringMatching(/lab\.yaml line \d+: .*\n.*lab\.yaml line \d+/s),
    });
    writeFileSync(join(folder, "lab.yaml"), lab);
  });
});

describe("explain", () => {
  test("says where a request goes and why, without repeating the URL", async () => {
    await using control = await bench.control();
    const { client } = control;
    await client.post("/modules/lab/stage", { stage: { name: "shadow" }, reason: "compare" });
    await client.post("/modules/lab/stage", { stage: { name: "canary", percent: 100 }, reason: "all" });
    const asked = { method: "GET", url: "/lab/labresults.aspx?name=ZZCANARY", user: "JSMITH" };
    const unknown = await client.post("/explain", asked);
    expect(unknown.body).toMatchObject({ target: "legacy", rule: "lab.results", revision: 3, stage: { percent: 100 } });
    expect(unknown.body.reasons.at(-1)).toMatchObject({ code: "watermarkUnknown" });
    expect(JSON.stringify(unknown.body)).not.toContain("ZZCANARY");
    control.conditions.report("lab", { watermarkAgeMs: 20, heartbeat: 3, hasParkedKey: false });
    expect((await client.post("/explain", asked)).body).toMatchObject({ target: "service", shadow: "legacy" });
    expect((await client.post("/explain", { ...asked, pins: { lab: 9 } })).body.target).toBe("legacy");
    const whole = await client.post("/explain", { method: "POST", url: "http://ehr:8080/Lab/LabOrder.aspx" });
    expect(whole.body).toMatchObject({ target: "legacy", rule: "lab.order", effect: "write" });
    expect((await client.post("/explain", { method: "get", url: "nothing" })).body.problems).toHaveLength(2);
  });
});

describe("a dry run", () => {
  test("of a stage names the templates that change owner and weighs them with the last day's requests", async () => {
    await using control = await bench.control();
    const { client } = control;
    const replica = await connectReplica(control.url, "proxy-1");
    await replica.until(1);
    await replica.say("heartbeat", { requests: { "lab.results": 40, "lab.order": 2, "shell.catch-all": 5 } });
    await replica.say("heartbeat", { requests: { "lab.results": 60 } });
    await client.post("/modules/lab/stage", { stage: { name: "shadow" }, reason: "compare" });
    const dry = await client.post("/dry-run", { module: "lab", stage: { name: "canary", percent: 10 } });
    expect(dry.body).toMatchObject({
      summary: "3 path templates change owner; 100 of the 107 requests of the last day took them",
      requestsOfCatchAll: 5,
      refusal: null,
      from: { name: "shadow" },
    });
    expect(dry.body.changes[0]).toEqual({
      template: "/Lab/LabResults.aspx",
      methods: ["GET", "HEAD"],
      requestsLastDay: 100,
      before: { module: "lab", rule: "lab.results", served: "legacy" },
      after: { module: "lab", rule: "lab.results", served: "service for 10%" },
    });
    const live = await client.post("/dry-run", { module: "lab", stage: { name: "live" } });
    expect(live.body.refusal.code).toBe("STAGE_NOT_ADJACENT");
    expect((await client.get("/status")).body.revision).toBe(2);
    replica.disconnect();
  });

  test("of rules shows what the catch-all loses and another module takes over", async () => {
    await using control = await bench.control();
    const { client } = control;
    const { files } = (await client.get("/rules")).body;
    const taken = changed(
      files,
      "lab.yaml",
      (text) => `${text}  - id: lab.labels\n    path: { prefix: /Labels }\n    effect: read\n    serve: service\n`,
    );
    const dry = await client.post("/dry-run", { files: taken });
    expect(dry.body.changes).toEqual([
      expect.objectContaining({
        template: "/Labels",
        before: { module: "shell", rule: "shell.catch-all", served: "legacy" },
        after: { module: "lab", rule: "lab.labels", served: "service" },
      }),
    ]);
    expect((await client.post("/dry-run", { files: changed(files, "lab.yaml", brokenTwice) })).status).toBe(422);
  });
});
