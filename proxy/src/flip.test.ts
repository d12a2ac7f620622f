/** Moving a module while requests, held writes and open streams are under way. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import {
  heldRules,
  rawCall,
  startProxy,
  startTarget,
  type TargetHandler,
  testModel,
  type TestProxy,
  type TestTarget,
} from "./test-proxy.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});
async function target(handler: TargetHandler): Promise<TestTarget> {
  const started = await startTarget(handler);
  open.push(started);
  return started;
}
const at = (name: "legacy" | "live" | "shadow", number: number, epoch = 0) =>
  testModel({ lab: { stage: { name }, epoch } }, number);
const fence = (proxy: TestProxy, fenced: boolean): void =>
  proxy.state.setConditions(new Map([["lab", { watermarkAgeMs: 0, heartbeat: 1, hasParkedKey: false, fenced }]]));

async function twoSides(options: { holdMsMax?: number } = {}) {
  const writes: string[] = [];
  const side =
    (name: string): TargetHandler =>
    (request, response) => {
      if (request.method === "POST") writes.push(`${name} ${String(request.headers["x-n"])}`);
      response.writeHead(200, { "x-side": name, "x-saw-epoch": request.headers["x-banyan-epoch"] ?? "none" }).end(name);
    };
  const legacy = await target(side("legacy"));
  const lab = await target(side("service"));
  const proxy = await startProxy({
    rules: heldRules(at("legacy", 1)),
    targets: { legacy: legacy.url, lab: lab.url },
    ...options,
  });
  open.push(proxy);
  return { proxy, writes };
}

test("a stage flipped 1,000 times under load: no request fails, none is decided by a mixture of two revisions", async () => {
  const { proxy } = await twoSides();
  let flips = 0;
  const flip = (): void => {
    flips += 1;
    // Odd revisions: legacy. Even ones: service, with the revision's number as epoch.
    proxy.state.swap(flips % 2 === 0 ? at("legacy", flips + 1) : at("live", flips + 1, flips + 1));
    if (flips < 1_000) setTimeout(flip, 1);
  };
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const failures: string[] = [];
  let requests = 0;
  const bySide = { legacy: 0, service: 0 };
  const call = (method: string, path: string): Promise<void> =>
    new Promise((resolve) => {
      const outgoing = httpRequest(proxy.url + path, { method, agent }, (answer) => {
        const side = answer.headers["x-side"] as "legacy" | "service";
        const epoch = answer.headers["x-saw-epoch"];
        requests += 1;
        if (answer.statusCode !== 200) failures.push(`status ${answer.statusCode}`);
        else bySide[side] += 1;
        if (side === "legacy" && epoch !== "none") failures.push("legacy was given an epoch");
        if (side === "service" && Number(epoch) % 2 !== 0)
          failures.push(`service was given epoch ${String(epoch)} of a revision that says legacy`);
        answer.resume().on("end", resolve);
      });
      outgoing.on("error", (error) => {
        failures.push(error.message);
        resolve();
      });
      outgoing.end(method === "POST" ? "x=1" : undefined);
    });
  const isDone = (): boolean => flips >= 1_000;
  const worker = async (method: string, path: string): Promise<void> => {
    while (!isDone()) await call(method, path);
  };
  flip();
  await Promise.all([
    ...Array.from({ length: 6 }, () => worker("GET", "/Lab/Results.aspx")),
    ...Array.from({ length: 4 }, () => worker("POST", "/Lab/Order.aspx")),
  ]);
  agent.destroy();
  expect(failures).toEqual([]);
  expect(flips).toBe(1_000);
  expect(bySide.legacy).toBeGreaterThan(50);
  expect(bySide.service).toBeGreaterThan(50);
  // The access log names the revision: each line's side is what that very revision says.
  const lines = proxy
    .logged()
    .split("\n")
    .filter((line) => line.includes('"proxy.access"'))
    .map((line) => JSON.parse(line));
  expect(lines.length).toBe(requests);
  for (const line of lines) expect(line.by).toBe(line.revision % 2 === 0 ? "service" : "legacy");
  expect(proxy.gates.inFlight()).toEqual({});
}, 60_000);

test("writes of a fenced module wait, reads and other modules go on, and the release sends them to the new owner in order", async () => {
  const { proxy, writes } = await twoSides();
  fence(proxy, true);
  const cookie = ".EHRAUTH=A; ASP.NET_SessionId=abcdefghijklmnopqrstuvwx";
  const write = (n: number): Promise<Response> =>
    fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x", headers: { cookie, "x-n": String(n) } });
  const held: Promise<Response>[] = [];
  for (let n = 1; n <= 5; n += 1) {
    held.push(write(n));
    while ((proxy.gates.held()["lab"] ?? 0) < n) await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await fetch(`${proxy.url}/Lab/Results.aspx`)).headers.get("x-side")).toBe("legacy");
  expect((await fetch(`${proxy.url}/Other.aspx`, { method: "POST" })).status).toBe(200);
  expect(writes.filter((one) => !one.endsWith("undefined"))).toEqual([]);
  // Release as control does it: first the revision, then the conditions without the fence.
  proxy.state.swap(at("live", 2, 1));
  expect(writes.filter((one) => !one.endsWith("undefined"))).toEqual([]);
  fence(proxy, false);
  const answers = await Promise.all(held);
  expect(
    answers.map((answer) => `${answer.status} ${answer.headers.get("x-side")} ${answer.headers.get("x-saw-epoch")}`),
  ).toEqual(Array.from({ length: 5 }, () => "200 service 1"));
  expect(writes.filter((one) => !one.endsWith("undefined"))).toEqual([1, 2, 3, 4, 5].map((n) => `service ${n}`));
});

test("past the bound a held write is 503 with Retry-After, nothing reached a side, and the module stays fenced", async () => {
  const { proxy, writes } = await twoSides({ holdMsMax: 80 });
  fence(proxy, true);
  const answer = await fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(writes).toEqual([]);
  expect(proxy.gates.isFenced("lab")).toBe(true);
});

test("a held write whose client has left is dropped", async () => {
  const { proxy, writes } = await twoSides();
  fence(proxy, true);
  const stopping = new AbortController();
  const call = fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x", signal: stopping.signal }).catch(
    () => "left",
  );
  while (!proxy.gates.held()["lab"]) await new Promise((resolve) => setImmediate(resolve));
  stopping.abort();
  expect(await call).toBe("left");
  while (proxy.gates.held()["lab"]) await new Promise((resolve) => setImmediate(resolve));
  fence(proxy, false);
  expect((await fetch(`${proxy.url}/Lab/Results.aspx`)).status).toBe(200);
  expect(writes).toEqual([]);
});

test("writes under way are counted by the epoch they were decided by, until they are answered", async () => {
  const answer = Promise.withResolvers<void>();
  const legacy = await target(async (_request, response) => {
    await answer.promise;
    response.end();
  });
  const proxy = await startProxy({ rules: heldRules(at("legacy", 1, 4)), targets: { legacy: legacy.url } });
  open.push(proxy);
  const call = fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x" });
  while (!proxy.gates.inFlight()["lab"]) await new Promise((resolve) => setImmediate(resolve));
  proxy.state.swap(at("legacy", 2, 5));
  expect(proxy.gates.inFlight()).toEqual({ lab: { "4": 1 } });
  answer.resolve();
  await call;
  expect(proxy.gates.inFlight()).toEqual({});
});

/** A WebSocket server that greets with its name and sends back what it gets, raw. */
async function socketTarget(name: string): Promise<TestTarget> {
  const started = await target((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${name}\n\n`);
  });
  started.server.on("upgrade", (request, socket) => {
    if (request.url === "/Lab/Feed/refused") {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
      return;
    }
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nX-Banyan-Secret: 1\r\n\r\n${name} ${String(request.headers["x-forwarded-for"])} ${String(request.headers["x-banyan-identity"])};`,
    );
    socket.on("error", () => socket.destroy());
    socket.pipe(socket);
  });
  return started;
}

async function openSocket(
  port: number,
  path: string,
): Promise<{ socket: Socket; text(): string; ended: Promise<unknown> }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("error", () => socket.destroy());
  const ended = once(socket, "close");
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: clinic\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Banyan-Identity: forged\r\n\r\n`,
  );
  while (!text.includes(";") && !socket.destroyed) await new Promise((resolve) => setTimeout(resolve, 5));
  return { socket, text: () => text, ended };
}

test("a WebSocket passes both ways from the first request on, with headers of this hop; a refusal passes too", async () => {
  const legacy = await socketTarget("legacy");
  const proxy = await startProxy({ targets: { legacy: legacy.url } });
  open.push(proxy);
  const one = await openSocket(proxy.port, "/Lab/Feed/live");
  expect(one.text()).toMatch(/^HTTP\/1\.1 101 /);
  expect(one.text()).toContain("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  expect(one.text()).toContain("legacy 127.0.0.1 undefined;");
  expect(one.text()).not.toContain("x-banyan-secret");
  one.socket.write("ping;");
  while (!one.text().includes("ping;")) await new Promise((resolve) => setTimeout(resolve, 5));
  one.socket.destroy();
  const refused = await rawCall(
    proxy.port,
    "GET /Lab/Feed/refused HTTP/1.1\r\nHost: c\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\n",
  );
  expect(refused).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*no$/);
  await legacy.close();
  const gone = await rawCall(
    proxy.port,
    "GET /Lab/Feed/live HTTP/1.1\r\nHost: c\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\n",
  );
  expect(gone).toMatch(/^HTTP\/1\.1 50[23] /);
});

test("WebSockets and event streams of the flipped module are closed soon, those of others stay, and new ones go to the new side", async () => {
  const legacy = await socketTarget("legacy");
  const lab = await socketTarget("service");
  const proxy = await startProxy({ rules: heldRules(at("legacy", 1)), targets: { legacy: legacy.url, lab: lab.url } });
  open.push(proxy);
  const moved = await openSocket(proxy.port, "/Lab/Feed/live");
  const stays = await openSocket(proxy.port, "/Read/live");
  const stream = await fetch(`${proxy.url}/Lab/Feed/sse`, { headers: { accept: "text/event-stream" } });
  proxy.state.swap(at("legacy", 2));
  proxy.state.swap(at("live", 3, 1));
  await moved.ended;
  // 1012, service restart.
  expect(Buffer.from(moved.text().slice(-4), "latin1")).toEqual(Buffer.from([0x88, 2, 3, 0xf4]));
  expect(await stream.text()).toBe("data: legacy\n\n");
  expect(stays.socket.destroyed).toBe(false);
  stays.socket.write("still;");
  while (!stays.text().includes("still;")) await new Promise((resolve) => setTimeout(resolve, 5));
  const fresh = await openSocket(proxy.port, "/Lab/Feed/live");
  expect(fresh.text()).toContain("service 127.0.0.1 undefined;");
  for (const one of [stays, fresh]) one.socket.destroy();
  expect(await proxy.metrics()).toMatch(/banyan_proxy_streams_total\{result="closedByFlip"\} 2/);
});

test("told to stop, the proxy ends running answers and open streams, takes nothing new, and is not ready meanwhile", async () => {
  const answer = Promise.withResolvers<void>();
  const legacy = await target(async (_request, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.write("begun ");
    await answer.promise;
    response.end("ended");
  });
  const proxy = await startProxy({ targets: { legacy: legacy.url } });
  const running = await fetch(`${proxy.url}/long`);
  expect((await fetch(`${proxy.adminUrl}/readyz`)).status).toBe(200);
  const closing = proxy.close();
  expect((await fetch(`${proxy.adminUrl}/readyz`)).status).toBe(503);
  await expect(fetch(`${proxy.url}/new`)).rejects.toThrow();
  answer.resolve();
  expect(await running.text()).toBe("begun ended");
  await closing;
});
