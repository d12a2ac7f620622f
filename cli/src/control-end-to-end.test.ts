import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { childEnvironment } from "@banyan/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { banyan, type Finished, root, temporaryFolder } from "./test-command.ts";

const token = "a-token-of-the-administrator";
const auditKey = "key of the audit trail, long enough for HMAC";
const folder = temporaryFolder();
const processes: ChildProcess[] = [];
let legacy: Server;
let env: Record<string, string>;
let proxyUrl: string | undefined;

/** Starts one of the servers as `npm start` does and gives back what it says when it serves. */
function start(script: string, extra: Record<string, string>): Promise<Record<string, string>> {
  const child = spawn(process.execPath, [script], {
    cwd: root,
    env: childEnvironment({ BANYAN_DATA_DIR: folder.path, BANYAN_REPLICA_TOKEN: "a-token-of-the-replicas", ...extra }),
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  processes.push(child);
  let error = "";
  child.stderr?.on("data", (chunk: Buffer) => (error += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("message", (message: { details: Record<string, string> }) => resolve(message.details));
    child.once("close", (code) => reject(new Error(`${script} ended with ${code}: ${error}`)));
  });
}

const run = (...args: string[]): Promise<Finished> => banyan(args, env);

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out } = await run(...args, "--json");
  expect(code).toBe(0);
  return JSON.parse(out) as Record<string, unknown>;
}

beforeAll(async () => {
  legacy = createServer((_, response) => response.end("legacy"));
  await new Promise<void>((resolve) => legacy.listen(0, "127.0.0.1", resolve));
  const control = await start("control/src/main.ts", {
    CONTROL_PORT: "0",
    CONTROL_DATABASE_PORT: "0",
    CONTROL_ADMIN_TOKEN: token,
  });
  const proxy = await start("proxy/src/main.ts", {
    BANYAN_PROXY_PORT: "0",
    BANYAN_PROXY_ADMIN_PORT: "0",
    BANYAN_REPLICA_ID: "ward-1",
    LEGACY_URL: `http://127.0.0.1:${(legacy.address() as AddressInfo).port}`,
    CONTROL_URL: control["url"] ?? "",
    BANYAN_AUDIT_KEY: auditKey,
  });
  proxyUrl = proxy["url"];
  // As `npm start` leaves it: the command finds address and token by itself.
  folder.write("connections.json", JSON.stringify({ controlUrl: control["url"], adminToken: token, auditKey }));
  env = { BANYAN_DATA_DIR: folder.path };
}, 60_000);

afterAll(async () => {
  for (const child of processes.reverse()) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.kill("SIGTERM")) await ended;
  }
  legacy.close();
  folder.remove();
}, 60_000);

describe("the command with a control plane and a proxy", () => {
  test("status shows the first revision, every module at legacy and sync without data", async () => {
    const { code, out, error } = await run("status");
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out).toMatch(/^revision 1 {2}acknowledged by 1 of 1 replica /);
    expect(out).toMatch(/^scheduling +legacy +legacy +0 +no data yet$/m);
    expect(out).toMatch(/^ward-1 +current +1 +\S+ +0 +0 /m);
  });

  test("a module goes to shadow, to canary, is explained, and rolls back; the audit trail has it all and is intact", async () => {
    const shadow = await run("stage", "scheduling", "shadow", "--reason", "first look");
    expect(shadow).toMatchObject({ code: 0, error: "" });
    expect(shadow.out).toBe("scheduling  legacy -> shadow  (revision 2, running on 1 of 1 replicas)\n");
    const canary = ["stage", "scheduling", "canary", "--percent", "100", "--reason", "all users"];
    // Nothing was compared and no sync runs: control says so, and takes a reason for going on all the same.
    expect((await run(...canary)).error).toContain("[NOT_READY]");
    const moved = await json(...canary, "--force");
    expect(moved).toMatchObject({ revision: 3, to: { name: "canary", percent: 100 } });
    const explained = await json("explain", "GET", "/Sched/DayView.aspx", "--user", "JSMITH", "--site", "1");
    expect(explained).toMatchObject({ module: "scheduling", stage: "canary 100%", owner: "legacy", target: "legacy" });
    // No sync reports how old the service's data are: nobody may read them yet, and it says so.
    expect(JSON.stringify(explained["reasons"])).toContain("watermarkUnknown");
    const rollback = await run("rollback", "scheduling", "--reason", "that was enough");
    expect(rollback.out).toContain("scheduling  canary 100% -> legacy  (revision 4");
    const audit = await run("audit");
    expect(audit.out).toMatch(/rollback +scheduling +done +4 +that was enough/);
    const verified = await run("audit", "--verify");
    expect(verified.code).toBe(0);
    expect(verified.out).toMatch(/^intact {2}\d+ entries/);
  });

  test("a refused move says why and what to do next, exit code 1, and is in the audit trail", async () => {
    const { code, out, error } = await run("stage", "lab", "live", "--reason", "in one leap");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(error).toMatch(
      /^banyan stage lab: moving lab from legacy to live was refused\n {2}why {3}.+\n {2}next {2}.+\[STAGE_NOT_ADJACENT\]\n$/,
    );
    expect((await run("audit", "--module", "lab")).out).toContain("refused STAGE_NOT_ADJACENT");
  });

  test("a change based on a revision that is not the newest is refused", async () => {
    const { code, out } = await run("kill", "lab", "--reason", "stale", "--if-revision", "1", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "REVISION_STALE" } });
  });

  test("readiness names every gate that has no data and calls the module not ready", async () => {
    const { code, out } = await run("readiness", "lab");
    expect(code).toBe(0);
    expect(out).toContain("lab  legacy -> shadow\n  control would make this move now");
    expect(out).toMatch(/not ready: 9 of 9 gates have no data yet/);
    expect(out).toMatch(/^reconcile +no data/m);
  });

  test("a freeze window stops a move forward, force goes past it, kill is never frozen", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await json("freeze", "add", "--module", "rx", "--until", until, "--reason", "holidays");
    expect((await run("freeze")).out).toMatch(new RegExp(`^ *${String(id)} +rx +in force .* admin +holidays$`, "m"));
    const frozen = await run("stage", "rx", "shadow", "--reason", "hurry");
    expect(frozen.code).toBe(1);
    expect(frozen.error).toContain("[FROZEN]");
    expect(await run("stage", "rx", "shadow", "--reason", "hurry", "--force")).toMatchObject({ code: 0 });
    expect(await run("kill", "rx", "--reason", "enough")).toMatchObject({ code: 0 });
    expect(await run("freeze", "remove", String(id), "--reason", "over")).toMatchObject({ code: 0 });
    expect((await run("freeze", "list")).out).toBe("no freeze window\n");
  });

  test("a dry run counts what changes and changes nothing", async () => {
    const before = await json("status");
    const { code, out } = await run("dry-run", "--module", "patient", "--stage", "shadow");
    expect(code).toBe(0);
    expect(out).toContain("no path template changes owner");
    const again = await run("dry-run", "--module", "patient", "--stage", "shadow", "--json");
    expect(JSON.parse(again.out)).toMatchObject({ requestsChanged: 0 });
    expect(out).toContain("control would accept it; nothing was changed");
    expect((await run("dry-run", "routing-rules/ehr")).out).toContain("no path template changes owner");
    expect((await json("status"))["revision"]).toBe(before["revision"]);
  });

  test("changed rules are published, run on the replica, and are shown as a revision; wrong ones and the same ones are refused", async () => {
    const rules = temporaryFolder();
    for (const name of readdirSync(join(root, "routing-rules/ehr")))
      rules.write(name, readFileSync(join(root, "routing-rules/ehr", name), "utf8"));
    const same = await run("publish", rules.path, "--reason", "nothing new");
    expect(same.code).toBe(1);
    expect(same.error).toContain("[NOTHING_CHANGED]");
    const lab = readFileSync(join(root, "routing-rules/ehr/lab.yaml"), "utf8");
    rules.write("lab.yaml", lab.replace("effect: write", "effect: wrote"));
    const wrong = await run("publish", rules.path, "--reason", "a slip");
    expect(wrong.code).toBe(1);
    expect(wrong.error).toMatch(/lab\.yaml/);
    rules.write("lab.yaml", lab.replace("id: lab.results", "id: lab.result-page"));
    const published = await run("publish", rules.path, "--reason", "a better name");
    expect(published).toMatchObject({ code: 0, error: "" });
    const revision = Number(/revision (\d+)/.exec(published.out)?.[1]);
    expect(await json("explain", "GET", "/Lab/LabResults.aspx")).toMatchObject({ rule: "lab.result-page", revision });
    while (((await json("replicas"))["replicas"] as { acknowledged: number }[])[0]?.acknowledged !== revision);
    await (await fetch(`${proxyUrl}/Lab/LabResults.aspx?pid=100042`)).text();
    expect((await run("revisions")).out).toMatch(
      new RegExp(`^ *${revision} +\\S+ \\S+ +rules +admin \\(admin\\) +a better name$`, "m"),
    );
    expect((await run("revisions", "show", String(revision))).out).toContain("reason    a better name");
    const file = await run("revisions", "show", String(revision), "--file", "lab.yaml");
    expect(file.out).toContain("id: lab.result-page");
    expect((await run("revisions", "show", "1", "--file", "none.yaml")).code).toBe(2);
    rules.remove();
  });

  test("who asked for a patient's data is found by the number, which never leaves this machine; asking is in the trail", async () => {
    const found = async (): Promise<unknown[]> =>
      (await json("audit", "--access", "--patient", "100042"))["events"] as unknown[];
    while ((await found()).length === 0);
    expect(await found()).toMatchObject([{ rule: "lab.result-page", effect: "read", kind: "anonymous" }]);
    expect((await run("audit", "--access", "--patient", "100043")).out).toBe("no event\n");
    expect((await run("audit", "--access", "--who", "AREYES")).out).toBe("no event\n");
    const trail = await run("audit", "--json");
    expect(trail.out).toContain('"access.read"');
    expect(trail.out).not.toContain("100042");
    const unknown = await banyan(["audit", "--access", "--patient", "1", "--control", "http://127.0.0.1:1"]);
    expect(unknown.error).toContain("[AUDIT_KEY_UNKNOWN]");
    const verified = await run("audit", "--verify");
    expect(verified.code).toBe(0);
    expect(verified.out).toMatch(/^intact {2}\d+ entries of changes[^]*^intact {2}\d+ events? in \d+ batch/m);
  });

  test("a token lets its holder in as what it says until it is revoked; approvals are given, listed and withdrawn", async () => {
    const made = await run("tokens", "add", "anna", "operator");
    const text = /banyan_\S+/.exec(made.out)?.[0] ?? "";
    expect((await run("tokens")).out).toMatch(/^anna +operator +good +never +admin /m);
    expect((await run("tokens")).out).not.toContain(text);
    const approved = await run("approve", "rx", "shadow", "--reason", "looked at it", "--hours", "2", "--token", text);
    expect(approved).toMatchObject({ code: 0, error: "" });
    const id = /approval (\d+): rx to shadow/.exec(approved.out)?.[1] ?? "";
    expect((await run("approvals")).out).toMatch(new RegExp(`^ *${id} +rx +shadow +anna .* looked at it$`, "m"));
    expect(await run("approvals", "withdraw", id, "--reason", "not yet")).toMatchObject({ code: 0 });
    expect((await run("approvals", "withdraw", id, "--reason", "again")).error).toContain("[NOT_FOUND]");
    expect((await run("tokens", "add", "ben", "viewer", "--token", text)).error).toContain("[FORBIDDEN]");
    expect(await run("tokens", "revoke", "anna", "--reason", "left")).toMatchObject({ code: 0 });
    expect((await run("status", "--token", text)).code).toBe(1);
    expect((await run("tokens")).out).toMatch(/^anna +operator +revoked /m);
  });

  test("a replica is evicted by name with a reason in the audit trail, an unknown one is refused", async () => {
    const { code, out } = await run("evict", "ward-9", "--reason", "gone");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(await run("evict", "ward-1", "--reason", "a drill")).toMatchObject({ code: 0 });
    expect((await run("audit")).out).toContain("a drill");
  });

  test("a wrong token and an address where nothing answers are told apart", async () => {
    const token = await run("status", "--token", "somebody-elses-token");
    expect(token.code).toBe(1);
    expect(token.error).toContain("--token TOKEN");
    const nobody = await run("status", "--control", "http://127.0.0.1:1");
    expect(nobody.code).toBe(1);
    expect(nobody.error).toContain("nothing answers at http://127.0.0.1:1 (named by --control)");
  });
});
