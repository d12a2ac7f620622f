/** Several workers, as real processes on one port. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "@banyan/kernel";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterEach, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { type ProxyProcess, openGet, startProxyProcesses, until } from "../test-fleet.ts";
import { bodyOf, rawCall, shellRules, startTarget, temporaryFolder, testRules } from "../test-proxy.ts";
import { restartDelayMs } from "./restart-delay.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function target(...given: Parameters<typeof startTarget>) {
  const started = await startTarget(...given);
  closing.push(() => started.close());
  return started;
}

function rulesFolder() {
  const folder = temporaryFolder();
  closing.push(() => folder.remove());
  folder.write("lab.yaml", testRules);
  folder.write("shell.yaml", shellRules);
  return folder;
}

async function fleet(workers: number, env: Record<string, string>): Promise<ProxyProcess> {
  const started = await startProxyProcesses({ BANYAN_PROXY_WORKERS: String(workers), ...env });
  closing.push(() => (started.child.exitCode === null ? started.stop("SIGKILL") : undefined));
  // What a process prints may come after what it says over IPC.
  await until(() => started.workers().size === workers);
  return started;
}

/** A connection of its own a request, so that the workers take turns. */
const get = (port: number, path: string): Promise<string> =>
  rawCall(port, `GET ${path} HTTP/1.1\r\nHost: clinic\r\nConnection: close\r\n\r\n`);

const sum = (metrics: string, pattern: RegExp): number =>
  [...metrics.matchAll(new RegExp(`${pattern.source}\\S* ([\\d.]+)`, "g"))].reduce(
    (all, one) => all + Number(one[1]),
    0,
  );

test("workers share the port; each is a replica of its own with its revision on disk; their numbers are added up", async () => {
  const folder = rulesFolder();
  const legacy = await target((_request, response) => response.end("legacy"));
  const heartbeats = new Map<string, Record<string, unknown>>();
  const set = (await import("@banyan/routing-rules")).readRuleSet(folder.path);
  const control = await target(async (request: IncomingMessage, response) => {
    const [, id = "", what] = /^\/api\/v1\/replicas\/([^/?]+)\/?(\w*)/.exec(request.url ?? "") ?? [];
    if (what === "stream") {
      const files = set.files.map((file) => file.config);
      response.write(`${JSON.stringify({ type: "revision", revision: 5, files, modules: {} })}\n`);
      return;
    }
    const body = (await bodyOf(request)).toString();
    if (what === "heartbeat") heartbeats.set(id, JSON.parse(body) as Record<string, unknown>);
    response.writeHead(200, { "content-type": "application/json" }).end('{"leaseMs":5000}');
  });
  const proxy = await fleet(3, {
    BANYAN_RULES: folder.path,
    BANYAN_DATA_DIR: folder.path,
    LEGACY_URL: legacy.url,
    CONTROL_URL: control.url,
    BANYAN_REPLICA_ID: "clinic",
  });
  expect([...proxy.workers().keys()].sort()).toEqual([1, 2, 3]);
  const names = ["clinic-1", "clinic-2", "clinic-3"];
  await until(() => names.every((name) => heartbeats.get(name)?.["revision"] === 5));
  for (const name of names) expect(existsSync(join(folder.path, "replicas", `${name}.json`))).toBe(true);
  expect(heartbeats.get("clinic-1")?.["build"]).toMatch(/^\d+\.\d+\.\d+/);
  for (let count = 0; count < 9; count += 1) expect(await get(proxy.port, "/Read/page")).toMatch(/legacy$/);
  const metrics = await proxy.metrics();
  expect(sum(metrics, /banyan_proxy_responses_total\{module="shell",rule="shell.read",by="legacy",status="2xx"/)).toBe(
    9,
  );
  expect(metrics).toMatch(/banyan_proxy_revision 5$/m);
  expect(sum(metrics, /banyan_proxy_worker_up\{worker=/)).toBe(3);
  // Round robin: nobody was left out.
  const asked = names.map(
    (name) => (heartbeats.get(name)?.["requests"] as Record<string, number>)?.["shell.read"] ?? 0,
  );
  expect(asked.length).toBe(3);
  expect(await proxy.stop()).toBe(0);
}, 60_000);

test("every worker signs with one key, made at the start when none is given", async () => {
  const folder = rulesFolder();
  folder.write(
    "lab.yaml",
    testRules.replaceAll("effect: read, shadow: safe", "effect: read, serve: service, shadow: safe"),
  );
  const tokens: string[] = [];
  const legacy = await target(async (request, response) => {
    await bodyOf(request);
    const session = { kind: "staff", user: "AREYES", name: "x", role: "MD", site: "MAIN", provider: true };
    const rest = { currentPatient: null, currentEncounter: null, breakGlassPatient: null, setCookies: [] };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ...session, ...rest }));
  });
  const lab = await target((request, response) => {
    tokens.push(String(request.headers["x-banyan-identity"]));
    response.end("lab");
  });
  const proxy = await fleet(2, {
    BANYAN_RULES: folder.path,
    LEGACY_URL: legacy.url,
    BANYAN_SERVICE_URLS: `lab=${lab.url}`,
    LEGACY_SESSION_KEY: "session key of the test",
  });
  for (let count = 0; count < 4; count += 1)
    await rawCall(
      proxy.port,
      "GET /Lab/Results.aspx HTTP/1.1\r\nHost: clinic\r\nCookie: .EHRAUTH=AB; ASP.NET_SessionId=cd\r\nConnection: close\r\n\r\n",
    );
  // Connections go round the workers: with a key each, half of these would not verify.
  expect(tokens.length).toBe(4);
  const keys = createRemoteJWKSet(new URL(`${proxy.adminUrl}/.well-known/jwks.json`));
  for (const token of tokens) expect((await jwtVerify(token, keys, { audience: "lab" })).payload.sub).toBe("AREYES");
}, 60_000);

test("a worker that dies is replaced while the others serve", async () => {
  const folder = rulesFolder();
  const legacy = await target((_request, response) => response.end("legacy"));
  const proxy = await fleet(2, { BANYAN_RULES: folder.path, LEGACY_URL: legacy.url });
  const before = proxy.workers();
  process.kill(before.get(2) ?? 0, "SIGKILL");
  await until(
    async () => (await get(proxy.port, "/Read/page")).endsWith("legacy") && proxy.workers().get(2) !== before.get(2),
  );
  await until(async () => /worker_up\{worker="2"\} 1/.test(await proxy.metrics()));
  expect(await proxy.metrics()).toMatch(/banyan_proxy_worker_deaths_total\{worker="2"\} 1/);
  expect(proxy.workers().get(1)).toBe(before.get(1));
  for (let count = 0; count < 6; count += 1) expect(await get(proxy.port, "/Read/page")).toMatch(/legacy$/);
}, 60_000);

test("a worker that hangs is killed and replaced; a scrape meanwhile does without it", async () => {
  const folder = rulesFolder();
  const legacy = await target((_request, response) => response.end("legacy"));
  const proxy = await fleet(2, { BANYAN_RULES: folder.path, LEGACY_URL: legacy.url });
  const hung = proxy.workers().get(2) ?? 0;
  process.kill(hung, "SIGSTOP");
  expect(await proxy.metrics()).toMatch(/banyan_proxy_worker_metrics_missing_total 1/);
  await until(() => proxy.workers().get(2) !== hung);
  expect(proxy.events("proxy.worker_hung")).toMatchObject([{ count: 2, pid: hung }]);
}, 60_000);

test("SIGTERM lets every worker end its running answers, then all end with code 0", async () => {
  const folder = rulesFolder();
  const running: (() => void)[] = [];
  const legacy = await target((_request, response) => {
    running.push(() => response.end("late"));
  });
  const proxy = await fleet(2, { BANYAN_RULES: folder.path, LEGACY_URL: legacy.url });
  const calls = Array.from({ length: 6 }, () => openGet(proxy.port, "/Read/slow"));
  await until(() => running.length === 6);
  const stopped = proxy.stop();
  await until(() => proxy.events("proxy.draining").length === 2);
  for (const end of running) end();
  expect(await stopped).toBe(0);
  for (const call of calls) expect(call.text()).toMatch(/^HTTP\/1\.1 200 [^]*late$/);
  for (const pid of proxy.workers().values()) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
}, 60_000);

test("rules that do not read are told once and end the start with code 1", async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../main.ts", import.meta.url))], {
    env: childEnvironment({
      BANYAN_PROXY_PORT: "0",
      BANYAN_PROXY_ADMIN_PORT: "0",
      BANYAN_PROXY_WORKERS: "4",
      BANYAN_RULES: "/nowhere",
    }),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  expect((await once(child, "close"))[0]).toBe(1);
  expect(errors.match(/RULES_UNREADABLE/g)?.length).toBe(1);
  expect(errors).toContain("WORKER_NOT_STARTED");
});

test("the place of a worker that keeps dying young is filled ever later, up to a bound", () => {
  const delays = [0, 1, 2, 3, 8, 20, 2_000].map(restartDelayMs);
  expect(delays.slice(0, 4)).toEqual([0, 100, 200, 400]);
  expect(delays.slice(4)).toEqual([limits.workerRestartMsMax, limits.workerRestartMsMax, limits.workerRestartMsMax]);
});
