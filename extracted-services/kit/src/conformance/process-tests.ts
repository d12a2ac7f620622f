/** What every process of a service does: answers for its health, keeps data out of metrics and logs, bounds bodies, stops cleanly. */

import { expect, test } from "vitest";
import { faceOf } from "../face.ts";
import { limits } from "../limits.ts";
import { refusalHeader } from "../refusal.ts";
import { contentOf, type ServiceUnderTest, type Start } from "./service-under-test.ts";

export function processTests(under: ServiceUnderTest, start: Start): void {
  test("is alive and ready, and says that its dry runs are proved", async () => {
    await using one = await start();
    expect((await fetch(`${one.service.url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${one.service.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ready: true, checks: { database: true, dryRun: true, stopping: false } },
    ]);
  });

  test("shows neither seeded data nor what a client sends in metrics and log lines", async () => {
    await using one = await start();
    const canaries = ["ZZCANARY", "987-65-4321", ...(under.secrets ?? [])];
    const write = await under.write(1, one.service);
    await one.ask(under.read);
    await one.ask(write);
    await one.ask({ ...under.read, path: `${under.read.path.split("?", 1)[0]}?ln=ZZCANARY&ssn=987-65-4321` });
    await one.ask({ path: "/ZZCANARY/987-65-4321", who: {} });
    await one.ask({ path: "/ZZCANARY/987-65-4321", who: {}, method: "PROPFIND" });
    await one.ask({ ...write, body: "ZZCANARY 987-65-4321" });
    await one.ask({ ...under.read, token: "ZZCANARY.987-65-4321.x" });
    const metrics = await (await fetch(`${one.service.url}/metrics`)).text();
    expect(metrics).toContain("banyan_service_requests_total");
    for (const canary of canaries) {
      expect(metrics).not.toContain(canary);
      expect(one.log.join("\n")).not.toContain(canary);
    }
  });

  test("refuses a body beyond the limit and goes on", async () => {
    await using one = await start();
    const write = await under.write(1, one.service);
    const face = faceOf(under.define().faces, write.path);
    const body = Buffer.alloc((face?.bodyBytesMax ?? limits.bodyBytesMax) + 1, "x");
    const before = await contentOf(one.database);
    const { response } = await one.ask({ ...write, body });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get(refusalHeader)).toBe("body-too-large");
    expect(await contentOf(one.database)).toEqual(before);
    expect((await one.ask(under.read)).response.status).toBe(200);
  });

  test("stops without cutting the answer it is making, and takes nothing new", async () => {
    await using one = await start();
    const lock = await one.database.owner.transaction();
    await lock.raw("SELECT FROM kit.audit_head FOR UPDATE");
    const running = one.service.send(under.read.path, under.read.who, under.read);
    await expect
      .poll(async () => one.database.owner("pg_locks").where({ granted: false }).first("pid"), { timeout: 10_000 })
      .toBeDefined();
    const stopped = one.service.stop();
    await expect(fetch(`${one.service.url}/healthz`)).rejects.toThrow();
    await lock.commit();
    expect((await running).status).toBe(200);
    await stopped;
  });
}
