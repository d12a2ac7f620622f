/** Audit events of real requests: who, what, whose, which side, why; and nothing of a patient in them. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { pseudonymWith } from "@banyan/kernel";
import { compile, parseRuleSet } from "@banyan/routing-rules";
import { afterEach, expect, test } from "vitest";
import { bodyOf, heldRules, startProxy, startTarget } from "../test-proxy.ts";

const key = "audit key of the test, long enough for it";
const pseudonym = pseudonymWith(key);
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const rules = `
module: chart
service: chart
foldCase: true
patient: { query: pid }
routes:
  - { id: chart.page, path: { exact: /Chart.aspx }, methods: [GET], effect: read }
  - { id: chart.save, path: { exact: /Chart.aspx }, methods: [POST], effect: write }
  - { id: chart.call, path: { exact: /Call.asmx }, methods: [POST], effect: write, patient: { json: pid } }
  - { id: chart.resource, path: { template: "/fhir/Patient/{id}" }, effect: read, patient: { path: id } }
  - { id: chart.script, path: { exact: /script.js }, effect: read, audit: false }
  - { id: all, path: { prefix: / }, effect: write, serve: legacy }
`;
const ticket = ".EHRAUTH=ABCDEF; ASP.NET_SessionId=abcdefghijklmnopqrstuvwx; EHRCtx=pid=100009&enc=1";

async function site(answer: (request: IncomingMessage, response: ServerResponse) => void = (_, r) => void r.end("ok")) {
  const set = parseRuleSet([{ file: "chart.yaml", text: rules }]);
  if (set.problems.length > 0) throw new Error(set.problems.map((one) => one.message).join());
  const state = {
    session: {
      kind: "staff",
      user: "AREYES  ",
      name: "Reyes, Ana",
      role: "MD",
      site: "MAIN",
      provider: true,
      currentPatient: 100009,
      currentEncounter: null,
      breakGlassPatient: null,
      setCookies: [],
    } as Record<string, unknown> | undefined,
    status: 200,
    asked: 0,
  };
  const legacy = await startTarget(async (request, response) => {
    if (request.url !== "/Interfaces/Session.ashx") return answer(request, response);
    await bodyOf(request);
    state.asked += 1;
    if (!state.session) return undefined;
    response.writeHead(state.status, { "content-type": "application/json" });
    return response.end(JSON.stringify(state.session));
  });
  open.push(legacy);
  const lines: string[] = [];
  const proxy = await startProxy({
    rules: heldRules(
      compile(
        set.files.map((file) => file.config),
        new Map(),
        7,
      ),
    ),
    targets: { legacy: legacy.url },
    sessionKey: "session key of the test",
    interfaceKey: "interface key of the test",
    audit: { sink: { write: (line) => void lines.push(line) }, key, sources: [] },
  });
  open.push(proxy);
  const recorded = async (count: number): Promise<Record<string, unknown>[]> => {
    while (lines.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { proxy, lines, recorded, state };
}

test("a read of a patient: who, what, whose, from where, which side, why, by which revision", async () => {
  const { proxy, recorded } = await site();
  const answer = await fetch(`${proxy.url}/Chart.aspx?x=1&PID=100001`, { headers: { cookie: ticket } });
  await answer.text();
  const [event] = await recorded(1);
  expect(event).toEqual({
    requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    at: expect.any(Number),
    module: "chart",
    rule: "chart.page",
    effect: "read",
    by: "legacy",
    status: 200,
    reason: "stage",
    failure: null,
    revision: 7,
    epoch: 0,
    kind: "staff",
    who: "AREYES",
    role: "MD",
    site: "MAIN",
    session: expect.stringMatching(/^[\w-]{16}$/),
    patient: pseudonym("patient", "100001"),
    openPatient: pseudonym("patient", "100009"),
    address: "127.0.0.1",
  });
});

test("the patient is found in query, path and JSON body as the rule says", async () => {
  const { proxy, recorded } = await site();
  const post = { method: "POST", headers: { "content-type": "application/json" } };
  await fetch(`${proxy.url}/Chart.aspx?pid=100%3001`);
  await fetch(`${proxy.url}/fhir/Patient/100002?pid=9`);
  await fetch(`${proxy.url}/Call.asmx`, { ...post, body: '{"pid":100003}' });
  await fetch(`${proxy.url}/Call.asmx`, { ...post, body: '{"pid":"100004"}' });
  await fetch(`${proxy.url}/Call.asmx`, { ...post, body: "not json" });
  await fetch(`${proxy.url}/Chart.aspx?rapid=7&pid=`);
  const found = (await recorded(6)).map((event) => event["patient"]);
  const ids = ["100001", "100002", "100003", "100004"].map((id) => pseudonym("patient", id));
  expect(found).toEqual([...ids, null, null]);
});

test("the legacy system is asked once a session who it is, after the answer, and never waited for", async () => {
  const { proxy, recorded, state } = await site();
  const held = state.session;
  state.session = undefined;
  const before = performance.now();
  await Promise.all(
    Array.from({ length: 5 }, async () =>
      (await fetch(`${proxy.url}/Chart.aspx`, { headers: { cookie: ticket } })).text(),
    ),
  );
  // The end point hangs: a request that waited for it would take its whole time-out.
  expect(performance.now() - before).toBeLessThan(1_500);
  state.session = held;
  expect((await recorded(5)).map((event) => event["kind"])).toEqual(Array(5).fill("unknown"));
  const asked = state.asked;
  for (let count = 0; count < 4; count += 1) await fetch(`${proxy.url}/Chart.aspx`, { headers: { cookie: ticket } });
  const events = await recorded(9);
  expect(events.slice(5).map((event) => event["who"])).toEqual(Array(4).fill("AREYES"));
  expect(state.asked).toBeLessThanOrEqual(asked + 2);
}, 15_000);

test("portal users and their patients are pseudonyms; nobody's address but staff's is kept", async () => {
  const { proxy, recorded, state } = await site();
  state.session = { kind: "portal", portal: { user: "jdoe", patient: 100005, proxyFor: 100006 }, setCookies: [] };
  await fetch(`${proxy.url}/Chart.aspx`, { headers: { cookie: ".PORTALAUTH=FEDCBA" } });
  await fetch(`${proxy.url}/Chart.aspx`, { headers: { "x-ifc-key": "interface key of the test" } });
  await fetch(`${proxy.url}/Chart.aspx`);
  const events = await recorded(3);
  const seen = events.map(({ kind, who, patient, address }) => ({ kind, who, patient, address }));
  expect(seen.find((one) => one.kind === "portal")).toEqual({
    kind: "portal",
    who: pseudonym("portalUser", "jdoe"),
    patient: pseudonym("patient", "100006"),
    address: null,
  });
  for (const kind of ["interface", "anonymous"])
    expect(seen.find((one) => one.kind === kind)).toEqual({ kind, who: null, patient: null, address: null });
});

test("refusals and failures are recorded as such; what is no patient's data is not", async () => {
  const { proxy, recorded, lines } = await site((request, response) => {
    if (request.url === "/Chart.aspx?pid=1") request.socket.destroy();
    else response.writeHead(403).end();
  });
  await fetch(`${proxy.url}/script.js`);
  await fetch(`${proxy.url}/Chart.aspx?pid=2`, { method: "POST", body: "x" });
  await fetch(`${proxy.url}/Chart.aspx?pid=1`, { method: "POST", body: "x" });
  await fetch(`${proxy.url}/Chart.aspx`, { method: "POST", body: "x".repeat(5_000_000) }).catch(() => undefined);
  const events = await recorded(3);
  expect(events.map(({ status, by, failure, effect }) => [status, by, failure, effect])).toEqual([
    [403, "legacy", null, "write"],
    [502, "proxy", "answerCut", "write"],
    [413, "proxy", "bodyTooLarge", "write"],
  ]);
  expect(lines.join("")).not.toContain("script");
});

test("nothing a request holds of a patient comes into an event", async () => {
  const { proxy, recorded, lines } = await site();
  const canary = "ZYXWVUTSON";
  await fetch(`${proxy.url}/Chart.aspx?pid=078-05-1120&ln=${canary}`, {
    method: "POST",
    headers: { cookie: `${ticket}; name=${canary}`, "user-agent": canary, referer: `http://x/${canary}` },
    body: canary,
  });
  await fetch(`${proxy.url}/fhir/Patient/${canary}`);
  await recorded(2);
  for (const trace of [canary, "078-05", "Reyes, Ana", "ABCDEF", "100009"]) expect(lines.join("")).not.toContain(trace);
});

test("without a key nobody is named", async () => {
  const lines: string[] = [];
  const legacy = await startTarget((_request, response) => response.end("ok"));
  const proxy = await startProxy({
    targets: { legacy: legacy.url },
    audit: { sink: { write: (line) => void lines.push(line) }, key: undefined, sources: [] },
  });
  open.push(legacy, proxy);
  await fetch(`${proxy.url}/Read/x?pid=100001`, { headers: { cookie: "EHRCtx=pid=100001" } });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ patient: null, openPatient: null, kind: "anonymous" });
});
