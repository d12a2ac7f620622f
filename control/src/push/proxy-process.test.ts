/** The protocol against the real thing: proxy processes as they are started in production, known here by their address only. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childEnvironment, type Listening, listen, type ReadyMessage } from "@banyan/kernel";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replicaToken, rulesPath, startTestBench, type TestBench, type TestControl } from "../test-control.ts";

let bench: TestBench;
let legacy: Listening;
const folder = mkdtempSync(join(tmpdir(), "banyan-proxies-"));
const proxies: ChildProcess[] = [];
beforeAll(async () => {
  bench = await startTestBench();
  legacy = await listen((_request, response) => response.end("legacy"), {
    host: "127.0.0.1",
    port: 0,
    name: "legacy of the test",
    portVariable: "none",
  });
});
afterAll(async () => {
  for (const proxy of proxies) proxy.kill("SIGKILL");
  await legacy.close();
  await bench.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function startProxy(id: string, control: TestControl): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../../proxy/src/main.ts")], {
    env: childEnvironment({
      BANYAN_DATA_DIR: folder,
      BANYAN_RULES: rulesPath,
      BANYAN_PROXY_PORT: "0",
      BANYAN_PROXY_ADMIN_PORT: "0",
      BANYAN_REPLICA_ID: id,
      BANYAN_REPLICA_TOKEN: replicaToken,
      CONTROL_URL: control.url,
      LEGACY_URL: legacy.url,
    }),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  proxies.push(child);
  const [message] = (await once(child, "message")) as [ReadyMessage];
  return { child, url: String(message.details["url"]) };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("two proxy processes take revisions, acknowledge them, report what was asked, and leave when they stop", async () => {
  await using control = await bench.control();
  const acknowledged = async () => (await control.client.get("/status")).body.acknowledged;
  const started = await Promise.all(["proxy-1", "proxy-2"].map((id) => startProxy(id, control)));
  await until(async () => (await acknowledged()).by === 2);
  const moved = await control.client.post("/modules/lab/stage", { stage: { name: "shadow" }, reason: "compare" });
  expect(moved.body).toMatchObject({ revision: 2, replicas: ["proxy-1", "proxy-2"] });
  await until(async () => (await acknowledged()).by === 2);
  for (const { url } of started) {
    for (let count = 0; count < 5; count += 1)
      expect(await (await fetch(`${url}/Lab/LabResults.aspx?pid=${count}`)).text()).toBe("legacy");
  }
  const dryRun = async () =>
    (await control.client.post("/dry-run", { module: "lab", stage: { name: "canary", percent: 10 } })).body;
  await until(async () => (await dryRun()).requestsChanged === 10);
  expect((await dryRun()).changes[0]).toMatchObject({ template: "/Lab/LabResults.aspx", requestsLastDay: 10 });
  for (const { child } of started) child.kill("SIGTERM");
  await until(async () => (await control.client.get("/replicas")).body.replicas.length === 0);
});
