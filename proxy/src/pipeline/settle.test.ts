/** What a failed attempt leads to: retry, fallback, an open circuit; and for writes none of these. */

import { afterEach, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { heldRules, startProxy, startTarget, testModel, type TargetHandler, type TestTarget } from "../test-proxy.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function target(handler: TargetHandler): Promise<TestTarget> {
  const started = await startTarget(handler);
  open.push(started);
  return started;
}
const live = heldRules(testModel({ lab: { stage: { name: "live" }, epoch: 1 } }));
/** Everybody with a user is in; the caller is known by the interface key. */
const canary = heldRules(testModel({ lab: { stage: { name: "canary", percent: 100 }, epoch: 0 } }));
const interfaceKey = "interface key of the test";
const known = { "x-ifc-key": interfaceKey };

async function canaryProxy(targets: Record<string, string | string[]>) {
  const proxy = await startProxy({ rules: canary, targets, interfaceKey });
  open.push(proxy);
  proxy.state.setConditions(
    new Map([["lab", { watermarkAgeMs: 0, heartbeat: 1, hasParkedKey: false, fenced: false }]]),
  );
  return proxy;
}

test("a canary read whose service is down, breaks off or answers 5xx is answered by the owner, where the rule allows it", async () => {
  let mode: "cut" | "fail" = "fail";
  const legacy = await target((_request, response) => response.end("legacy"));
  const lab = await target((_request, response) => {
    if (mode === "cut") response.destroy();
    else response.writeHead(500).end("service broke");
  });
  const proxy = await canaryProxy({ legacy: legacy.url, lab: lab.url });
  const read = async (path: string): Promise<string> => {
    const answer = await fetch(proxy.url + path, { headers: known });
    return `${answer.status} ${await answer.text()}`;
  };
  expect(await read("/Lab/Results.aspx")).toBe("200 legacy");
  expect(await read("/Lab/Strict.aspx")).toBe("500 service broke");
  mode = "cut";
  expect(await read("/Lab/Results.aspx")).toBe("200 legacy");
  expect(await read("/Lab/Strict.aspx")).toMatch(/^502 /);
  await lab.close();
  expect(await read("/Lab/Results.aspx")).toBe("200 legacy");
  const ask = await fetch(`${proxy.url}/Lab/Ask.asmx`, { method: "POST", body: '{"a":1}', headers: known });
  expect(await ask.text()).toBe("legacy");
});

test("a service that is not configured is no reason to fail a read that may fall back", async () => {
  const legacy = await target((_request, response) => response.end("legacy"));
  const proxy = await canaryProxy({ legacy: legacy.url });
  expect(await (await fetch(`${proxy.url}/Lab/Results.aspx`, { headers: known })).text()).toBe("legacy");
  expect((await fetch(`${proxy.url}/Lab/Strict.aspx`, { headers: known })).status).toBe(502);
});

test("a read that broke off is tried once more, on another instance; a write never is", async () => {
  const calls: string[] = [];
  const broken = await target((request, response) => {
    calls.push(`broken ${request.method}`);
    request.resume();
    response.destroy();
  });
  const well = await target((request, response) => {
    calls.push(`well ${request.method}`);
    response.end("well");
  });
  const proxy = await startProxy({ rules: live, targets: { legacy: well.url, lab: [broken.url, well.url] } });
  open.push(proxy);
  expect(await (await fetch(`${proxy.url}/Lab/Strict.aspx`)).text()).toBe("well");
  expect(calls).toEqual(["broken GET", "well GET"]);
  calls.length = 0;
  const write = await fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x=1" });
  expect([write.status, calls]).toEqual([502, ["broken POST"]]);
});

test("a write whose connection was refused had not begun and goes to another instance", async () => {
  const gone = await startTarget(() => {});
  await gone.close();
  const well = await target((_request, response) => response.end("saved"));
  const proxy = await startProxy({ rules: live, targets: { legacy: well.url, lab: [gone.url, well.url] } });
  open.push(proxy);
  const write = await fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x=1" });
  expect(await write.text()).toBe("saved");
});

test("after failures in a row the circuit opens: answers come at once and the target is left alone, until it is well again", async () => {
  let calls = 0;
  let broken = true;
  const lab = await target((_request, response) => {
    calls += 1;
    if (broken) response.destroy();
    else response.end("well");
  });
  const legacy = await target((_request, response) => response.end("legacy"));
  const proxy = await startProxy({ rules: live, targets: { legacy: legacy.url, lab: lab.url } });
  open.push(proxy);
  const write = (): Promise<Response> => fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x" });
  const statuses: number[] = [];
  for (let i = 0; i < limits.breakerFailuresMax * 3; i += 1) statuses.push((await write()).status);
  expect(statuses).toContain(503);
  expect(calls).toBeLessThan(limits.breakerFailuresMax * 3);
  // The active check finds it well and closes the circuit, without a request having to try.
  broken = false;
  const until = Date.now() + 5_000;
  while ((await write()).status !== 200 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await (await write()).text()).toBe("well");
});

test("retries stop when their budget is spent", async () => {
  let calls = 0;
  const lab = await target((_request, response) => {
    calls += 1;
    // Every other answer is good, so that the circuit stays closed.
    if (calls % 2 === 1) response.destroy();
    else response.end("ok");
  });
  const legacy = await target((_request, response) => response.end("legacy"));
  const proxy = await startProxy({ rules: live, targets: { legacy: legacy.url, lab: lab.url } });
  open.push(proxy);
  const answers = await Promise.all(
    Array.from({ length: 40 }, async () => (await fetch(`${proxy.url}/Lab/Strict.aspx`)).status),
  );
  expect(answers.filter((status) => status === 502).length).toBeGreaterThan(5);
  expect(await proxy.metrics()).toMatch(/banyan_proxy_retries_refused_total [1-9]/);
});

test("a route only legacy can serve, of a retired module, is 410; a lapsed lease refuses writes at canary only", async () => {
  const legacy = await target((_request, response) => response.end("legacy"));
  const proxy = await canaryProxy({ legacy: legacy.url });
  proxy.state.lease(performance.now() - 10_000, 5_000);
  const write = (): Promise<Response> => fetch(`${proxy.url}/Lab/Order.aspx`, { method: "POST", body: "x" });
  const refused = await write();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  expect((await fetch(`${proxy.url}/Lab/Results.aspx`)).status).toBe(200);
  expect((await fetch(`${proxy.url}/anything`, { method: "POST" })).status).toBe(200);
  proxy.state.lease(performance.now(), 5_000);
  expect((await write()).status).toBe(200);
  proxy.state.swap(testModel({ shell: { stage: { name: "retired" }, epoch: 1 } }, 2));
  expect((await fetch(`${proxy.url}/anything`)).status).toBe(410);
});
