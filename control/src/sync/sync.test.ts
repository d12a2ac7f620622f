import { createServer, type Server } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { ControlOptions } from "../index.ts";
import { type Client, startTestBench, type TestBench, type TestControl } from "../test-control.ts";

type Handler = (path: string, body: unknown) => { status: number; body: unknown };
const servers: Server[] = [];
const controls: TestControl[] = [];
let bench: TestBench;
const token = "adapter-token-of-the-tests";

beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench?.stop());
afterEach(async () => {
  await Promise.all(controls.splice(0).map((control) => control.close()));
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** Stands in for an adapter; `handle` decides what it answers. */
async function adapter(handle: Handler): Promise<{ url: string; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      asked.push(`${request.method} ${path}`);
      const allowed = request.headers.authorization === `Bearer ${token}`;
      const text = Buffer.concat(chunks).toString();
      const answer = allowed ? handle(path, text ? JSON.parse(text) : undefined) : { status: 401, body: {} };
      response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

const service = {
  service: "patients",
  module: "patient",
  state: "following",
  trouble: null,
  mode: "cdc",
  era: 1,
  position: "0000002a:00000899:0004",
  heartbeat: 41,
  watermarkAgeMs: 120,
  lagMs: 120,
  hasParkedKey: false,
  parked: { transactions: 0, changes: 0, oldestAt: null },
  changesPerSecond: 3,
  copiedPerSecond: 0,
  retentionHeadroomMs: 259_000_000,
  tables: [{ table: "PATMST", state: "following", copiedRows: 10, totalRows: 10, stopped: null }],
  unmappedColumns: [],
};
const status = (more: object = {}) => ({
  holder: "host-1",
  standing: "leading",
  fence: "3",
  source: { database: "EHRPROD", published: null, captureLagMs: 90, retentionMinutes: 4320 },
  queueFailures: 0,
  services: [service],
  announced: 43,
  ...more,
});

async function start(extra: Partial<ControlOptions> = {}): Promise<Client> {
  const control = await bench.control(extra);
  controls.push(control);
  return control.client;
}
const patience = { timeout: 15_000, interval: 25 };

describe("the sync, as control sees it", () => {
  test("is told to modules and replicas, and the number taken is named with the next look", async () => {
    const one = await adapter(() => ({ status: 200, body: status() }));
    const control = await start({ adapters: { urls: [one.url], token } });
    await vi.waitFor(async () => {
      const { body } = await control.get("/sync");
      expect(body).toMatchObject({ leading: one.url, services: [{ module: "patient", watermarkAgeMs: 120 }] });
    }, patience);
    const { body } = await control.get("/status");
    const module = body.modules.find((each: { module: string }) => each.module === "patient");
    expect(module.condition).toMatchObject({ heartbeat: 41, hasParkedKey: false, announced: 43 });
    expect(module.condition.watermarkAgeMs).toBeGreaterThanOrEqual(120);
    await vi.waitFor(
      () => expect(one.asked.some((line) => /^GET \/status\?by=[\w-]+&taken=43$/.test(line))).toBe(true),
      patience,
    );
  });

  test("is not known any more when the adapter falls silent", async () => {
    const one = await adapter(() => ({ status: 200, body: status() }));
    const control = await start({ adapters: { urls: [one.url], token } });
    const condition = async () =>
      (await control.get("/status")).body.modules.find((each: { module: string }) => each.module === "patient")
        .condition;
    await vi.waitFor(async () => expect(await condition()).not.toBeNull(), patience);
    await one.close();
    await vi.waitFor(async () => expect(await condition()).toBeNull(), patience);
    expect((await control.get("/sync")).body).toMatchObject({
      leading: null,
      adapters: [{ failure: "it did not answer" }],
    });
  });

  test("is asked of the adapter that leads, and orders are audited with who and why", async () => {
    const standby = await adapter(() => ({
      status: 200,
      body: status({ standing: "standing-by", services: [], fence: null }),
    }));
    const leader = await adapter((path, body) =>
      path.startsWith("/status") ? { status: 200, body: status() } : { status: 200, body: { path, body } },
    );
    const control = await start({ adapters: { urls: [standby.url, leader.url], token } });
    await vi.waitFor(async () => expect((await control.get("/sync")).body.leading).toBe(leader.url), patience);
    const answer = await control.post("/modules/patient/parked/discard", { ids: ["7"], reason: "entered in error" });
    expect(answer.body).toEqual({
      path: "/modules/patient/parked/discard",
      body: { ids: ["7"], reason: "entered in error", who: "admin" },
    });
    expect((await control.get("/audit?module=patient")).body.entries[0]).toMatchObject({
      action: "parked.discard",
      outcome: "done",
      reason: "entered in error",
      details: { ids: ["7"] },
    });
  });

  test("what the adapter refuses is passed on in its words, and audited as refused", async () => {
    const one = await adapter((path) =>
      path.startsWith("/status")
        ? { status: 200, body: status() }
        : { status: 409, body: { code: "COPY_REFUSED", message: "the sync has not begun yet", hint: "Wait." } },
    );
    const control = await start({ adapters: { urls: [one.url], token } });
    await vi.waitFor(async () => expect((await control.get("/sync")).body.leading).toBe(one.url), patience);
    const answer = await control.post("/modules/patient/sync/copy", { reason: "a test of it" });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: "ADAPTER_REFUSED", why: "the sync has not begun yet [COPY_REFUSED]" },
    });
    const { entries } = (await control.get("/audit?module=patient")).body;
    expect(entries.map((entry: { outcome: string }) => entry.outcome)).toEqual(["refused", "done"]);
  });

  test("without an adapter says that there is no sync", async () => {
    const control = await start();
    expect((await control.get("/sync")).body).toEqual({ leading: null, adapters: [], services: [] });
    expect(await control.get("/modules/patient/parked")).toMatchObject({ status: 503, body: { code: "ADAPTER_AWAY" } });
  });
});
