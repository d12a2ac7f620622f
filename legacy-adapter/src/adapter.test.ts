import { randomUUID } from "node:crypto";
import { createLogger } from "@banyan/kernel";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Adapter, startAdapter } from "./adapter.ts";
import type { ServiceStatus } from "./report/status.ts";
import { type Clinic, type ClinicServers, startClinicServers } from "./test-clinic.ts";

let servers: ClinicServers;
let clinic: Clinic;
const adapters: Adapter[] = [];
const token = "adapter-test-token";
const patience = { timeout: 30_000, interval: 25 };

beforeAll(async () => {
  servers = await startClinicServers();
}, 120_000);
afterAll(() => servers?.close());
beforeEach(async () => {
  clinic = await servers.fresh();
  await clinic.sql(
    "INSERT INTO Site VALUES ('MAIN', 'Main'); INSERT INTO Person (MRN, LName) VALUES ('A1', 'Adams'), ('B2', 'Brown')",
  );
});
afterEach(async () => {
  await Promise.all(adapters.splice(0).map((adapter) => adapter.close()));
  await clinic.close();
});

async function start(): Promise<Adapter> {
  const adapter = await startAdapter({
    legacyUrl: clinic.legacyUrl,
    services: [{ mapping: clinic.mapping, databaseUrl: clinic.target.syncUrl }],
    queue: { kind: "postgres", url: clinic.queueUrl },
    token,
    host: "127.0.0.1",
    port: 0,
    logger: createLogger({ name: "test", level: "silent" }),
    pollMs: 10,
    heartbeatMs: 50,
    leaseMs: 1_000,
  });
  adapters.push(adapter);
  return adapter;
}

const service = (adapter: Adapter): ServiceStatus | undefined => adapter.status().services[0];
const whole = (adapter: Adapter) =>
  vi.waitFor(() => expect(service(adapter)?.watermarkAgeMs).toBeTypeOf("number"), patience);

async function ask(
  adapter: Adapter,
  path: string,
  body?: unknown,
  bearer = token,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${adapter.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : { text },
  };
}

const names = async (): Promise<string[]> =>
  (await clinic.target.owner("person").orderBy("person_id").select("family_name")).map((row) => row.family_name);

describe("an adapter", () => {
  test("copies an existing database, follows it, and tells how far behind it is", async () => {
    const adapter = await start();
    await whole(adapter);
    expect(await names()).toEqual(["Adams", "Brown"]);
    await clinic.sql("UPDATE Person SET LName = 'Adamson' WHERE MRN = 'A1'");
    await vi.waitFor(async () => expect(await names()).toEqual(["Adamson", "Brown"]), patience);
    const status = adapter.status();
    expect(status).toMatchObject({ standing: "leading", source: { retentionMinutes: 4320 } });
    expect(service(adapter)).toMatchObject({
      state: "following",
      hasParkedKey: false,
      tables: [{ state: "following" }, { state: "following" }, { state: "following" }],
    });
    expect(service(adapter)?.watermarkAgeMs).toBeLessThan(5_000);
    const { body } = await ask(adapter, "/metrics");
    expect(body["text"]).toContain('banyan_sync_stream_state{service="clinic",state="following",code=""} 1');
    expect(body["text"]).toMatch(/banyan_sync_rows_copied_total\{service="clinic"\} 3/);
  });

  test("stands by while another leads, refuses to act, and takes over when that one goes", async () => {
    const first = await start();
    await vi.waitFor(() => expect(first.status().standing).toBe("leading"), patience);
    const second = await start();
    await whole(first);
    expect(second.status().standing).toBe("standing-by");
    expect(await ask(second, "/modules/clinic/parked/retry", {})).toMatchObject({
      status: 409,
      body: { code: "NOT_LEADING" },
    });
    await first.close();
    adapters.splice(adapters.indexOf(first), 1);
    await vi.waitFor(() => expect(second.status().standing).toBe("leading"), patience);
    await clinic.sql("UPDATE Person SET LName = 'Browning' WHERE MRN = 'B2'");
    await vi.waitFor(async () => expect(await names()).toContain("Browning"), patience);
  });

  test("lets nobody in without the token", async () => {
    const adapter = await start();
    expect(await ask(adapter, "/status", undefined, "wrong-token-of-some-length")).toMatchObject({ status: 401 });
    expect(await ask(adapter, "/healthz", undefined, "")).toMatchObject({ status: 200 });
  });

  test("shows what is parked without its rows, tries it again and discards it only with a reason", async () => {
    const adapter = await start();
    await whole(adapter);
    await clinic.target.owner.raw("ALTER TABLE person ADD CONSTRAINT no_poison CHECK (family_name <> 'POISON')");
    await clinic.sql(
      "UPDATE Person SET LName = 'POISON' WHERE MRN = 'A1'; UPDATE Person SET LName = 'POISON' WHERE MRN = 'B2'",
    );
    await vi.waitFor(async () => {
      const { body } = await ask(adapter, "/modules/clinic/parked");
      expect(body["parked"]).toHaveLength(2);
    }, patience);
    const { body } = await ask(adapter, "/modules/clinic/parked");
    expect(JSON.stringify(body)).not.toContain("POISON");
    expect(service(adapter)?.hasParkedKey).toBe(true);
    const [one] = body["parked"] as { id: string; lanes: string[] }[];
    expect(one?.lanes).toEqual(["person:1"]);
    expect(await ask(adapter, "/modules/clinic/parked/discard", { ids: [one?.id], who: "ops" })).toMatchObject({
      status: 400,
    });
    const discard = { ids: [one?.id], who: "ops", reason: "entered in error" };
    expect((await ask(adapter, "/modules/clinic/parked/discard", discard)).body).toMatchObject({ discarded: 1 });
    await clinic.target.owner.raw("ALTER TABLE person DROP CONSTRAINT no_poison");
    expect((await ask(adapter, "/modules/clinic/parked/retry", {})).body).toEqual({
      applied: 1,
      failed: 0,
      waiting: 0,
    });
    await vi.waitFor(() => expect(service(adapter)?.hasParkedKey).toBe(false), patience);
  });

  test("reconciles when asked, as a job, and keeps the report", async () => {
    const adapter = await start();
    await whole(adapter);
    await clinic.target.owner("person").where({ person_id: 2 }).update({ family_name: "tampered" });
    const { body } = await ask(adapter, "/modules/clinic/reconcile", { repair: true, who: "ops" });
    const report = () => ask(adapter, `/modules/clinic/reconciles/${String(body["id"])}`);
    await vi.waitFor(async () => expect((await report()).body["state"]).toBe("done"), patience);
    expect((await report()).body["differences"]).toMatchObject([
      { table: "Person", key: [2], columns: ["family_name"], repair: "done" },
    ]);
    expect(await names()).toEqual(["Adams", "Brown"]);
    expect((await ask(adapter, "/modules/clinic/state")).body).toMatchObject({
      parkedKeys: 0,
      lastReconcile: { clean: false },
    });
  });

  test("a flip's marker, committed once, is in the service's database when everything before it is", async () => {
    const adapter = await start();
    await whole(adapter);
    const flip = randomUUID();
    await clinic.sql("UPDATE Person SET LName = 'Before' WHERE MRN = 'A1'");
    await ask(adapter, `/flips/${flip}/marker`, { module: "clinic" });
    await ask(adapter, `/flips/${flip}/marker`, { module: "clinic" });
    expect((await ask(adapter, `/flips/${flip}/marker`)).body).toEqual({ present: true });
    await vi.waitFor(
      async () => expect(await clinic.target.owner("sync.flip_marker").pluck("flip")).toEqual([flip]),
      patience,
    );
    expect(await names()).toContain("Before");
  });

  test("waits for a legacy database that is not prepared, and says so", async () => {
    await clinic.sql("DROP TABLE dbo.adapter_lease");
    const adapter = await start();
    await vi.waitFor(() => expect(adapter.status().standing).toBe("unprepared"), patience);
    const { body } = await ask(adapter, "/check");
    expect(JSON.stringify(body)).toContain("dbo.adapter_lease is not there");
    await ask(adapter, "/enable", {});
    await whole(adapter);
  });
});
