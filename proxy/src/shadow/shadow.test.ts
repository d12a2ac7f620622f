/** Shadows end to end on real sockets: what each side is sent, what the comparison gets, and what never happens to a clinician. */

import { once } from "node:events";
import { EventEmitter } from "node:events";
import { decodeJwt } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import {
  bodyOf,
  heldRules,
  startProxy,
  startTarget,
  type TestProxy,
  type TestTarget,
  testModel,
} from "../test-proxy.ts";

type Side = {
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};
type SentAnswer = { status?: number; failed?: string; headers?: string[]; offset: number; length: number };
type Sent = {
  readonly path: string;
  readonly json: {
    observations?: Record<string, unknown>[];
    rechecks?: Record<string, unknown>[];
    eligible?: Record<string, number>;
    dropped?: Record<string, Record<string, number>>;
  };
  readonly text: (answer: unknown) => string;
};

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Legacy with its session end point, a service, and a control that takes pairs. */
async function clinic(options: { stage?: "shadow" | "live"; recheck?: boolean; service?: string } = {}) {
  const legacySaw: Side[] = [];
  const serviceSaw: Side[] = [];
  const asked: Record<string, unknown>[] = [];
  const staff = (user: string, change: Record<string, unknown> = {}) => ({
    kind: "staff",
    user,
    name: user,
    role: "NURS",
    site: "MAIN",
    provider: false,
    currentPatient: 100001,
    currentEncounter: null,
    breakGlassPatient: null,
    setCookies: [],
    portal: null,
    ...change,
  });
  const legacy = await startTarget(async (request, response) => {
    if (request.url === "/Interfaces/Session.ashx") {
      const ask = JSON.parse((await bodyOf(request)).toString()) as Record<string, unknown>;
      asked.push(ask);
      const cookies = ["ASP.NET_SessionId=shadowsession; Path=/", ".EHRAUTH=SHADOWTICKET; Path=/"];
      const isShadow = ask["shadow"] !== undefined || String(ask["cookies"]).includes("SHADOWTICKET");
      response.end(JSON.stringify(isShadow ? staff("SHDNURS", { setCookies: cookies }) : staff("NURSE1")));
      return;
    }
    legacySaw.push({ url: request.url, headers: request.headers });
    response.setHeader("content-type", "text/html").end("<p>legacy</p>");
  });
  const service = await startTarget((request, response) => {
    serviceSaw.push({ url: request.url, headers: request.headers });
    response.setHeader("x-banyan-current-patient", "100009");
    response.setHeader("set-cookie", "EHRCtx=pid=1; path=/");
    response.setHeader("content-type", "text/html").end(options.service ?? "<p>service</p>");
  });
  const sent: Sent[] = [];
  const arrived = new EventEmitter();
  const control = await startTarget(async (request, response) => {
    const bytes = await bodyOf(request);
    const at = bytes.indexOf(10);
    const json = JSON.parse(bytes.subarray(0, at).toString()) as Sent["json"];
    const raw = bytes.subarray(at + 1);
    sent.push({
      path: request.url ?? "",
      json,
      text: (answer) => {
        const { offset, length } = answer as SentAnswer;
        return raw.subarray(offset, offset + length).toString();
      },
    });
    const ids = [...(json.observations ?? []), ...(json.rechecks ?? [])].map((one) => one["id"]);
    const flag = json.rechecks ? { again: true } : { recheck: options.recheck ?? false };
    response.end(JSON.stringify({ results: ids.map((id) => ({ id, ...flag })) }));
    arrived.emit("sent");
  });
  const proxy = await startProxy({
    targets: { legacy: legacy.url, lab: service.url },
    sessionKey: "session key of the tests",
    observations: { url: control.url, token: "replica-token-of-the-tests", replica: "proxy-1", recheckMs: [10, 30] },
    rules: heldRules(testModel({ lab: { stage: { name: options.stage ?? "shadow" }, epoch: 3 } })),
  });
  for (const one of [legacy, service, control] satisfies TestTarget[]) closers.push(() => one.close());
  closers.push(() => proxy.close());
  const untilSent = async (fits: (sent: Sent) => boolean): Promise<Sent> => {
    for (;;) {
      const found = sent.find(fits);
      if (found) return found;
      await once(arrived, "sent");
    }
  };
  return { proxy, legacySaw, serviceSaw, asked, sent, untilSent };
}

const cookie = "ASP.NET_SessionId=abc; .EHRAUTH=TICKET; theme=dark";
const read = (proxy: TestProxy, init: RequestInit = {}): Promise<Response> =>
  fetch(`${proxy.url}/Lab/Results.aspx?pid=100001`, { ...init, headers: { cookie, ...init.headers } });

describe("a module at shadow", () => {
  test("answers from legacy alone, and the pair goes to control with both bodies", async () => {
    const { proxy, serviceSaw, untilSent } = await clinic();
    const answer = await read(proxy);
    expect(await answer.text()).toBe("<p>legacy</p>");
    expect(answer.headers.get("set-cookie")).toBeNull();
    const { json, text } = await untilSent((one) => (one.json.observations?.length ?? 0) > 0);
    const [seen] = json.observations ?? [];
    expect(seen).toMatchObject({
      rule: "lab.read",
      module: "lab",
      effect: "read",
      served: "legacy",
      role: "NURS",
      site: "MAIN",
      watermarkAgeMs: null,
      path: "/Lab/Results.aspx?pid=100001",
      legacy: { status: 200 },
      service: { status: 200 },
    });
    expect(text(seen?.["legacy"])).toBe("<p>legacy</p>");
    expect(text(seen?.["service"])).toBe("<p>service</p>");
    expect((seen?.["service"] as SentAnswer | undefined)?.headers?.join()).not.toMatch(/x-banyan/i);
    expect(json.eligible).toEqual({ "lab.read": 1 });
    const [shadow] = serviceSaw;
    expect(shadow?.headers["cookie"]).toBe("theme=dark");
    expect(decodeJwt(String(shadow?.headers["x-banyan-identity"]))).toMatchObject({ sub: "NURSE1", purpose: "shadow" });
  });

  test("only looks at the clinician's session: it is neither renewed nor moved by any shadow", async () => {
    const { proxy, asked, untilSent } = await clinic();
    await read(proxy);
    await untilSent((one) => (one.json.observations?.length ?? 0) > 0);
    const clinicians = asked.filter((ask) => String(ask["cookies"]).includes("TICKET") && ask["shadow"] === undefined);
    expect(clinicians.length).toBeGreaterThan(0);
    for (const ask of clinicians) {
      expect(ask["renew"]).toBe(false);
      expect(ask).not.toHaveProperty("currentPatient");
    }
  });

  test("reads both sides again as the shadow account, with the clinician's patient, when control asks", async () => {
    const { proxy, legacySaw, serviceSaw, asked, untilSent } = await clinic({ recheck: true });
    await read(proxy);
    const { json } = await untilSent((one) => one.json.rechecks?.[0]?.["round"] === 1);
    expect(json.rechecks?.[0]).toMatchObject({
      before: { status: 200 },
      service: { status: 200 },
      after: { status: 200 },
    });
    // The clinician's own request, then legacy, service, legacy in each of two rounds.
    expect(legacySaw).toHaveLength(5);
    for (const again of legacySaw.slice(1)) {
      expect(again.headers["cookie"]).toContain("SHADOWTICKET");
      expect(again.headers["cookie"]).not.toContain(".EHRAUTH=TICKET");
      expect(again.headers["x-banyan-shadow"]).toBe("1");
    }
    expect(asked.filter((ask) => ask["shadow"] !== undefined)).toEqual([
      expect.objectContaining({ shadow: { role: "NURS", site: "MAIN" } }),
    ]);
    const moved = asked.filter((ask) => "currentPatient" in ask);
    expect(moved.every((ask) => String(ask["cookies"]).includes("SHADOWTICKET"))).toBe(true);
    expect(moved[0]).toMatchObject({ currentPatient: 100001 });
    expect(decodeJwt(String(serviceSaw.at(-1)?.headers["x-banyan-identity"]))).toMatchObject({
      sub: "SHDNURS",
      pat: 100001,
      purpose: "shadow",
    });
  });

  test("a write that allows it is shadowed as a dry run and never read again", async () => {
    const { proxy, serviceSaw, untilSent } = await clinic({ recheck: true });
    await fetch(`${proxy.url}/Lab/Move.aspx`, { method: "POST", headers: { cookie }, body: "tm=0930" });
    await untilSent((one) => one.json.observations?.[0]?.["effect"] === "write");
    expect(serviceSaw[0]?.headers["x-banyan-dry-run"]).toBe("1");
    await read(proxy);
    const { json } = await untilSent((one) => (one.json.rechecks?.length ?? 0) > 0);
    expect(json.rechecks).toHaveLength(1);
    expect(serviceSaw.filter((one) => one.url === "/Lab/Move.aspx")).toHaveLength(1);
  });

  test("too large an answer is no shadow, and is counted by rule and reason", async () => {
    const { proxy, untilSent } = await clinic({ service: "x".repeat(2_000_000) });
    await read(proxy);
    const { json } = await untilSent((one) => (one.json.observations?.length ?? 0) > 0);
    expect(json.observations?.[0]?.["service"]).toEqual({ failed: "tooLarge" });
    expect(await proxy.metrics()).toContain('banyan_proxy_shadow_total{module="lab",result="tooLarge"} 1');
  });
});

test("a module at live is compared with legacy in a session of the shadow account", async () => {
  const { proxy, legacySaw, untilSent } = await clinic({ stage: "live" });
  expect(await (await read(proxy)).text()).toBe("<p>service</p>");
  const { json, text } = await untilSent((one) => (one.json.observations?.length ?? 0) > 0);
  expect(json.observations?.[0]).toMatchObject({ served: "service" });
  expect(text(json.observations?.[0]?.["legacy"])).toBe("<p>legacy</p>");
  expect(legacySaw.every((one) => String(one.headers["cookie"]).includes("SHADOWTICKET"))).toBe(true);
});

test("control away costs pairs, counted, and no clinician's answer", async () => {
  const legacy = await startTarget((_request, response) => void response.end("legacy"));
  const service = await startTarget((_request, response) => void response.end("service"));
  const proxy = await startProxy({
    targets: { legacy: legacy.url, lab: service.url },
    observations: { url: "http://127.0.0.1:9", token: undefined, replica: "proxy-1" },
    rules: heldRules(testModel({ lab: { stage: { name: "shadow" }, epoch: 0 } })),
  });
  closers.push(
    () => legacy.close(),
    () => service.close(),
    () => proxy.close(),
  );
  expect(await (await read(proxy)).text()).toBe("legacy");
  await expect
    .poll(() => proxy.metrics(), { timeout: 5_000 })
    .toContain('banyan_proxy_shadow_lost_total{reason="controlAway"} 1');
});
