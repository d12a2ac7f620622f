/** The tie to the control plane, against a stand-in of it that speaks the protocol over real HTTP. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogger, systemClock } from "@banyan/kernel";
import { parseRuleSet } from "@banyan/routing-rules";
import {
  bodyOf,
  heldRules,
  shellRules,
  startProxy,
  startTarget,
  temporaryFolder,
  testModel,
  testRules,
  type TestProxy,
  type TestTarget,
} from "../test-proxy.ts";
import { controlLink } from "./control-link.ts";

const token = "replica token of the test";
const files = parseRuleSet([
  { file: "lab.yaml", text: testRules },
  { file: "shell.yaml", text: shellRules },
]).files.map((file) => file.config);
const revision = (number: number, stage: object = { name: "legacy" }, epoch = 0): object => ({
  type: "revision",
  revision: number,
  files,
  modules: { lab: { stage, epoch } },
});

class StandIn {
  acks: { revision: number; refused?: string }[] = [];
  heartbeats: Record<string, unknown>[] = [];
  deleted = 0;
  leaseMs = 5_000;
  announced: Record<string, number> = {};
  heartbeatStatus = 200;
  lines: object[] = [revision(1)];
  streams: ServerResponse[] = [];
  port = 0;
  #server = createServer((request, response) => void this.#answer(request, response));

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
    const path = request.url?.split("?")[0];
    if (path === "/api/v1/replicas/r1/stream") {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      this.streams.push(response);
      for (const line of this.lines) response.write(`${JSON.stringify(line)}\n`);
      response.write("\n");
      return;
    }
    const body = JSON.parse((await bodyOf(request)).toString() || "{}");
    if (path === "/api/v1/replicas/r1/ack") this.acks.push(body);
    if (path === "/api/v1/replicas/r1/heartbeat") this.heartbeats.push(body);
    if (path === "/api/v1/replicas/r1" && request.method === "DELETE") this.deleted += 1;
    const status = path?.endsWith("/heartbeat") ? this.heartbeatStatus : 200;
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify({ leaseMs: this.leaseMs, announced: this.announced }));
  }

  async start(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  push(line: object | string): void {
    for (const stream of this.streams) stream.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

let control: StandIn;
let legacy: TestTarget;
let lab: TestTarget;
let folder: ReturnType<typeof temporaryFolder>;
const proxies: TestProxy[] = [];
beforeEach(async () => {
  control = new StandIn();
  await control.start();
  folder = temporaryFolder();
  legacy = await startTarget((_request, response) => response.end("legacy"));
  lab = await startTarget((_request, response) => response.end("service"));
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
  await control.stop().catch(() => undefined);
  await Promise.all([legacy.close(), lab.close()]);
  folder.remove();
});

const savedFile = (): string => join(folder.path, "replicas", "r1.json");
async function replica(url = `http://127.0.0.1:${control.port}`): Promise<TestProxy> {
  const proxy = await startProxy({
    rules: controlLink({
      url,
      token,
      id: "r1",
      savedFile: savedFile(),
      first: heldRules(testModel({}, 0)),
      build: "test",
      logger: createLogger({ name: "proxy", level: "silent" }),
      clock: systemClock,
    }),
    targets: { legacy: legacy.url, lab: lab.url },
    interfaceKey: "interface key of the test",
  });
  proxies.push(proxy);
  return proxy;
}
async function until(what: () => boolean, msMax = 8_000): Promise<void> {
  const limit = Date.now() + msMax;
  while (!what()) {
    if (Date.now() > limit) throw new Error("it did not come about in time");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const read = async (proxy: TestProxy): Promise<string> => (await fetch(`${proxy.url}/Lab/Strict.aspx`)).text();

test("a revision is applied at once, on disk before it is acknowledged, and serves", async () => {
  const proxy = await replica();
  await until(() => control.acks.length === 1);
  expect(control.acks).toEqual([{ revision: 1 }]);
  control.push(revision(2, { name: "live" }, 1));
  await until(() => control.acks.length === 2);
  expect(JSON.parse(readFileSync(savedFile(), "utf8")).revision.revision).toBe(2);
  expect(await read(proxy)).toBe("service");
});

test("a revision that does not fit is refused with a reason and the last good one stays; so is one that goes back", async () => {
  const proxy = await replica();
  await until(() => control.acks.length === 1);
  control.push(revision(5, { name: "live" }, 1));
  await until(() => proxy.state.model?.number === 5);
  control.push(revision(6, { name: "sideways" }));
  await until(() => control.acks.some((ack) => ack.revision === 6));
  expect(control.acks.at(-1)?.refused).toContain("modules.lab.stage");
  control.push(revision(4));
  await until(() => control.acks.some((ack) => ack.revision === 4));
  expect(control.acks.at(-1)?.refused).toBe("revision went back from 5 to 4");
  control.push("{ not json");
  control.push({ ...revision(3), force: true });
  await until(() => proxy.state.model?.number === 3);
  expect(await read(proxy)).toBe("legacy");
});

test("a fence holds writes, is told to control at once and survives a restart; the release lets them go to the new owner", async () => {
  const proxy = await replica();
  await until(() => control.acks.length === 1);
  control.push({ type: "conditions", conditions: {}, fences: ["lab"] });
  await until(() => control.heartbeats.some((beat) => (beat["fences"] as string[]).includes("lab")));
  const write = fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x" });
  await until(() => control.heartbeats.some((beat) => (beat["held"] as Record<string, number>)["lab"] === 1));
  expect(JSON.parse(readFileSync(savedFile(), "utf8")).fences).toEqual(["lab"]);
  control.push(revision(2, { name: "live" }, 1));
  control.push({ type: "conditions", conditions: {}, fences: [] });
  expect(await (await write).text()).toBe("service");
  await until(() => JSON.parse(readFileSync(savedFile(), "utf8")).fences.length === 0);
  control.push({ type: "conditions", conditions: {}, fences: ["lab"] });
  await until(() => JSON.parse(readFileSync(savedFile(), "utf8")).fences.length === 1);
  await proxies.splice(0)[0]?.close();
  await control.stop();
  const again = await replica();
  expect(again.gates.isFenced("lab")).toBe(true);
});

test("with control away from the start the saved revision serves; a damaged one is said and the first rules serve", async () => {
  await replica();
  await until(() => control.acks.length === 1);
  control.push(revision(7, { name: "live" }, 1));
  await until(() => control.acks.some((ack) => ack.revision === 7));
  await proxies.splice(0)[0]?.close();
  expect(control.deleted).toBe(1);
  await control.stop();
  const second = await replica();
  expect(second.state.model?.number).toBe(7);
  expect(await read(second)).toBe("service");
  await proxies.splice(0)[0]?.close();
  writeFileSync(savedFile(), '{"revision":{"type":"rev');
  const third = await replica();
  expect(third.state.model?.number).toBe(0);
  expect(await read(third)).toBe("legacy");
});

test("control going away and coming back: everything is served on, but writes at canary once the lease has lapsed", async () => {
  control.leaseMs = 300;
  control.lines = [
    revision(1, { name: "canary", percent: 50 }),
    { type: "conditions", conditions: { lab: { watermarkAgeMs: 0, heartbeat: 1 } }, fences: [] },
  ];
  const proxy = await replica();
  await until(() => control.acks.length === 1 && proxy.state.leaseIsValid);
  const write = async (): Promise<number> =>
    (await fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x" })).status;
  const { port } = control;
  await control.stop();
  await until(() => !proxy.state.leaseIsValid);
  expect(await write()).toBe(503);
  expect(await read(proxy)).toBe("legacy");
  expect((await fetch(`${proxy.url}/Other.aspx`, { method: "POST" })).status).toBe(200);
  const back = new StandIn();
  back.lines = [revision(2, { name: "live" }, 1)];
  await back.start(port);
  control = back;
  await until(() => back.acks.length === 1);
  expect(await read(proxy)).toBe("service");
});

test("watermarks grow older while control is silent", async () => {
  const proxy = await replica();
  await until(() => control.acks.length === 1);
  control.push({ type: "conditions", conditions: { lab: { watermarkAgeMs: 100, heartbeat: 3 } }, fences: [] });
  await until(() => proxy.state.conditions.get("lab")?.heartbeat === 3);
  await until(() => (proxy.state.conditions.get("lab")?.watermarkAgeMs ?? 0) > 250);
});

test("heartbeats tell build, revision, and how often each rule was asked, by rule id alone", async () => {
  const proxy = await replica();
  await until(() => control.acks.length === 1);
  await fetch(`${proxy.url}/Lab/Strict.aspx?ssn=078-05-1120`);
  await until(() => control.heartbeats.some((beat) => Object.keys(beat["requests"] as object).length > 0));
  const beat = control.heartbeats.find((one) => Object.keys(one["requests"] as object).length > 0);
  expect(beat).toMatchObject({ build: "test", revision: 1, requests: { "lab.strict": 1 }, inFlight: {} });
  expect(JSON.stringify(control.heartbeats)).not.toContain("078");
});

test("an evicted replica opens its stream anew and acknowledges, which lets it in again", async () => {
  const proxy = await replica();
  await until(() => control.acks.length === 1);
  control.heartbeatStatus = 409;
  await until(() => control.streams.length === 2);
  control.heartbeatStatus = 200;
  await until(() => control.acks.length >= 2 && proxy.state.leaseIsValid);
  expect(control.acks.at(-1)).toEqual({ revision: 1 });
});

test("a module that is being prepared is acknowledged with its next epoch at once, and taken back when it no longer is", async () => {
  await replica();
  await until(() => control.acks.length === 1);
  control.push({ type: "conditions", conditions: {}, fences: [], preparing: { lab: 4 } });
  await until(() => JSON.stringify(control.heartbeats.at(-1)?.["prepared"]) === '{"lab":4}');
  control.push({ type: "conditions", conditions: {}, fences: [] });
  await until(() => JSON.stringify(control.heartbeats.at(-1)?.["prepared"]) === "{}");
});

test("a pin gets its number from the heartbeat after the write, and reads go to the copy once control says it is applied", async () => {
  const conditions = (heartbeat: number) => ({
    type: "conditions",
    conditions: { lab: { watermarkAgeMs: 0, heartbeat } },
    fences: [],
  });
  control.lines = [revision(1, { name: "canary", percent: 100 }), conditions(40)];
  control.announced = { lab: 41 };
  const proxy = await replica();
  await until(() => control.acks.length === 1 && proxy.state.leaseIsValid);
  const session = { "x-ifc-key": "interface key of the test", cookie: ".EHRAUTH=AB; ASP.NET_SessionId=cd" };
  const readAs = async () => (await fetch(`${proxy.url}/Lab/Strict.aspx`, { headers: session })).text();
  expect(await readAs()).toBe("service");
  await fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", headers: session, body: "x" });
  expect(await readAs()).toBe("legacy");
  const beats = control.heartbeats.length;
  await until(() => control.heartbeats.length >= beats + 2);
  control.push(conditions(41));
  await until(() => proxy.state.conditions.get("lab")?.heartbeat === 41);
  expect(await readAs()).toBe("legacy");
  control.push(conditions(42));
  await until(() => proxy.state.conditions.get("lab")?.heartbeat === 42);
  expect(await readAs()).toBe("service");
}, 15_000);
