/** Who the caller is, end to end: the legacy session end point, the services' token, the session kept in step. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterEach, expect, test } from "vitest";
import {
  bodyOf,
  heldRules,
  startProxy,
  startTarget,
  testModel,
  type TargetHandler,
  type TestProxy,
  type TestTarget,
} from "../test-proxy.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const sessionKey = "session key of the test";
const ticket = ".EHRAUTH=ABCDEF; ASP.NET_SessionId=abcdefghijklmnopqrstuvwx; EHRCtx=pid=100001";

type Ask = { cookies: string; renew: boolean; currentPatient?: number | null };
type Site = {
  proxy: TestProxy;
  asks: Ask[];
  /** What the end point answers; undefined = hangs. */
  session: Record<string, unknown> | undefined;
  status: number;
  serviceSaw: IncomingMessage[];
  service: (request: IncomingMessage, response: ServerResponse) => void;
};

async function site(stage: "live" | "canary" | "shadow", options: { interfaceKey?: string } = {}): Promise<Site> {
  const made: Omit<Site, "proxy"> = {
    asks: [],
    status: 200,
    session: {
      kind: "staff",
      user: "AREYES  ",
      name: "Reyes, Ana",
      role: "MD",
      site: "MAIN",
      provider: true,
      currentPatient: 100001,
      currentEncounter: null,
      breakGlassPatient: null,
      setCookies: [],
    },
    serviceSaw: [],
    service: (_request, response) => void response.end("service"),
  };
  const legacy = await target(async (request, response) => {
    if (request.url !== "/Interfaces/Session.ashx") return void response.end("legacy");
    expect(request.headers["x-session-key"]).toBe(sessionKey);
    const ask = JSON.parse((await bodyOf(request)).toString()) as Ask;
    made.asks.push(ask);
    if (made.session === undefined) return;
    const setCookies = ask.renew ? [`EHRCtx=pid=${ask.currentPatient ?? "same"}; path=/`] : [];
    response.writeHead(made.status, { "content-type": "application/json" });
    response.end(JSON.stringify(made.status === 200 ? { ...made.session, setCookies } : { code: "NO_SESSION" }));
  });
  const lab = await target((request, response) => {
    made.serviceSaw.push(request);
    made.service(request, response);
  });
  const states = {
    lab: { stage: stage === "canary" ? ({ name: stage, percent: 100 } as const) : { name: stage }, epoch: 7 },
  };
  const proxy = await startProxy({
    rules: heldRules(testModel(states)),
    targets: { legacy: legacy.url, lab: lab.url },
    sessionKey,
    ...options,
  });
  open.push(proxy);
  proxy.state.setConditions(
    new Map([["lab", { watermarkAgeMs: 0, heartbeat: 1, hasParkedKey: false, fenced: false }]]),
  );
  return Object.assign(made, { proxy });
}

async function target(handler: TargetHandler): Promise<TestTarget> {
  const started = await startTarget(handler);
  open.push(started);
  return started;
}

const read = (proxy: TestProxy, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${proxy.url}/Lab/Strict.aspx`, { headers });

test("a service gets a signed token for itself, the epoch, and no cookie that would open the legacy system", async () => {
  const { proxy, serviceSaw } = await site("live");
  await read(proxy, { cookie: ticket, "x-banyan-identity": "forged", "x-banyan-epoch": "99" });
  const { headers } = serviceSaw[0] as IncomingMessage;
  expect(headers.cookie).toBe("EHRCtx=pid=100001");
  expect(headers["x-banyan-epoch"]).toBe("7");
  const keys = createRemoteJWKSet(new URL(`${proxy.adminUrl}/.well-known/jwks.json`));
  const { payload, protectedHeader } = await jwtVerify(String(headers["x-banyan-identity"]), keys, {
    issuer: "banyan-proxy",
    audience: "lab",
  });
  expect(protectedHeader.alg).toBe("EdDSA");
  expect(payload).toMatchObject({ sub: "AREYES", role: "MD", site: "MAIN", kind: "staff", pat: 100001, epoch: 7 });
  expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
  await expect(jwtVerify(String(headers["x-banyan-identity"]), keys, { audience: "rx" })).rejects.toThrow();
});

test("each write has a token of its own that names the request; reads share one and name none", async () => {
  const one = await site("live");
  const claims = (request: IncomingMessage | undefined) =>
    JSON.parse(
      Buffer.from(String(request?.headers["x-banyan-identity"]).split(".")[1] ?? "", "base64url").toString(),
    ) as Record<string, unknown>;
  await read(one.proxy, { cookie: ticket });
  await read(one.proxy, { cookie: ticket });
  const write = () =>
    fetch(`${one.proxy.url}/Lab/Order.aspx`, { method: "POST", headers: { cookie: ticket }, body: "x" });
  await write();
  await write();
  const [first, second, third, fourth] = one.serviceSaw;
  expect(first?.headers["x-banyan-identity"]).toBe(second?.headers["x-banyan-identity"]);
  expect(claims(first)["jti"]).toBeUndefined();
  expect(claims(third)["jti"]).toBe(third?.headers["x-request-id"]);
  expect(claims(fourth)["jti"]).toBe(fourth?.headers["x-request-id"]);
  expect(claims(third)["jti"]).not.toBe(claims(fourth)["jti"]);
  expect([first, third].map((request) => claims(request)["purpose"])).toEqual([undefined, undefined]);
});

test("the current patient is asked afresh for every diverted page, never taken from the cache", async () => {
  const one = await site("live");
  const patientSeen = async (): Promise<unknown> => {
    await read(one.proxy, { cookie: ticket });
    const token = String(one.serviceSaw.at(-1)?.headers["x-banyan-identity"]).split(".")[1] ?? "";
    return JSON.parse(Buffer.from(token, "base64url").toString()).pat;
  };
  expect(await patientSeen()).toBe(100001);
  one.session = { ...one.session, currentPatient: 100002 };
  expect(await patientSeen()).toBe(100002);
  expect(one.asks.every((ask) => ask.renew)).toBe(true);
});

test("a diverted page renews the legacy session, and the patient it opened is there before the browser has the page", async () => {
  const one = await site("live");
  one.service = (_request, response) => {
    const own = ["own=1", "EHRCtx=pid=9; path=/", "EHRCtx=elsewhere; path=/Lab"];
    response.writeHead(200, { "x-banyan-current-patient": "100077", "Set-Cookie": own }).end("page");
  };
  const answer = await read(one.proxy, { cookie: ticket });
  expect(await answer.text()).toBe("page");
  expect(answer.headers.get("x-banyan-current-patient")).toBeNull();
  expect(answer.headers.getSetCookie()).toEqual(["own=1", "EHRCtx=elsewhere; path=/Lab", "EHRCtx=pid=100077; path=/"]);
  expect(one.asks.map((ask) => ask.currentPatient)).toEqual([undefined, 100077]);
});

test("when the legacy session cannot be kept in step the page is not shown: the next legacy page could show another patient", async () => {
  const one = await site("live");
  one.service = (_request, response) => {
    one.session = undefined;
    one.status = 500;
    one.session = { kind: "none" };
    response.writeHead(200, { "x-banyan-current-patient": "100077" }).end("page of 100077");
  };
  const answer = await read(one.proxy, { cookie: ticket });
  expect(answer.status).toBe(503);
  expect(await answer.text()).not.toContain("100077");
});

test("at canary one lookup serves many requests of a browser, at the same time and for some seconds", async () => {
  const one = await site("canary");
  one.proxy.state.setConditions(new Map());
  await Promise.all(Array.from({ length: 20 }, async () => (await read(one.proxy, { cookie: ticket })).text()));
  await read(one.proxy, { cookie: ticket });
  expect(one.asks).toEqual([{ cookies: ".EHRAUTH=ABCDEF; ASP.NET_SessionId=abcdefghijklmnopqrstuvwx", renew: false }]);
});

test("modules that do not need to know the caller never ask", async () => {
  const one = await site("canary");
  await fetch(`${one.proxy.url}/Read/page`, { headers: { cookie: ticket } });
  await fetch(`${one.proxy.url}/Lab/Order.aspx`, { method: "POST", headers: { cookie: ticket } });
  await read(one.proxy);
  expect(one.asks).toEqual([]);
});

test("cookies that name nobody, an end point that fails or hangs: the caller is unknown and legacy serves", async () => {
  for (const [status, session] of [
    [404, {}],
    [500, {}],
    [200, { kind: "martian" }],
    [200, undefined],
  ] as const) {
    const one = await site("canary");
    one.status = status;
    one.session = session;
    expect(await (await read(one.proxy, { cookie: ticket })).text()).toBe("legacy");
    expect(one.serviceSaw).toEqual([]);
  }
}, 20_000);

test("the interface key is a principal of its own; a wrong one is nobody", async () => {
  const one = await site("canary", { interfaceKey: "interface key of the test" });
  expect(await (await read(one.proxy, { "x-ifc-key": "interface key of the test" })).text()).toBe("service");
  const token = String(one.serviceSaw[0]?.headers["x-banyan-identity"]).split(".")[1] ?? "";
  expect(JSON.parse(Buffer.from(token, "base64url").toString())).toMatchObject({ kind: "interface", sub: "interface" });
  expect(await (await read(one.proxy, { "x-ifc-key": "guessed" })).text()).toBe("legacy");
});

test("a portal user is known by the portal's cookie, with the patient it may see", async () => {
  const one = await site("live");
  one.session = { kind: "portal", portal: { user: "jdoe", patient: 100005, proxyFor: null }, setCookies: [] };
  await read(one.proxy, { cookie: ".PORTALAUTH=FEDCBA" });
  const token = String(one.serviceSaw[0]?.headers["x-banyan-identity"]).split(".")[1] ?? "";
  expect(JSON.parse(Buffer.from(token, "base64url").toString())).toMatchObject({
    kind: "portal",
    sub: "jdoe",
    pat: 100005,
  });
});

test("who wrote at canary reads from the owner afterwards, and on any other replica by the cookie the write gave", async () => {
  const one = await site("canary");
  const other = await site("canary");
  expect(await (await read(one.proxy, { cookie: ticket })).text()).toBe("service");
  const written = await fetch(`${one.proxy.url}/Lab/Order.aspx`, {
    method: "POST",
    headers: { cookie: ticket },
    body: "x=1",
  });
  const [pin = ""] = written.headers.getSetCookie();
  expect(pin).toMatch(/^\.BANYANPIN=lab~[0-9a-f]{12}; path=\/; max-age=30; HttpOnly; SameSite=Lax$/);
  expect(await (await read(one.proxy, { cookie: ticket })).text()).toBe("legacy");
  expect(await (await read(one.proxy, { cookie: ticket.replace("ABCDEF", "FEDCBA") })).text()).toBe("service");
  expect(await (await read(other.proxy, { cookie: ticket })).text()).toBe("service");
  expect(await (await read(other.proxy, { cookie: `${ticket}; ${pin.split(";")[0]}` })).text()).toBe("legacy");
});

test("only a write at canary of somebody with a session gives that cookie", async () => {
  const cookies = async (stage: "live" | "canary", path: string, cookie: string): Promise<string[]> => {
    const { proxy } = await site(stage);
    const answer = await fetch(proxy.url + path, { method: "POST", headers: { cookie }, body: "x=1" });
    return answer.headers.getSetCookie().filter((one) => one.startsWith(".BANYANPIN"));
  };
  expect(await cookies("canary", "/Lab/Order.aspx", "EHRCtx=1")).toEqual([]);
  expect(await cookies("canary", "/Other.aspx", ticket)).toEqual([]);
  expect(await cookies("live", "/Lab/Order.aspx", ticket)).toEqual([]);
});

test("a shadow goes to the service after the answer, with token, without renewing anything, once", async () => {
  const one = await site("shadow");
  const shadowed = Promise.withResolvers<IncomingMessage>();
  one.service = (request, response) => {
    response.setHeader("Set-Cookie", "shadow=1");
    response.end("shadow");
    shadowed.resolve(request);
  };
  const answer = await fetch(`${one.proxy.url}/Lab/Results.aspx?pid=1`, { headers: { cookie: ticket } });
  expect(await answer.text()).toBe("legacy");
  expect(answer.headers.getSetCookie()).toEqual([]);
  const { headers, url } = await shadowed.promise;
  expect(url).toBe("/Lab/Results.aspx?pid=1");
  expect(headers["x-banyan-shadow"]).toBe("1");
  const token = String(headers["x-banyan-identity"]).split(".")[1] ?? "";
  expect(JSON.parse(Buffer.from(token, "base64url").toString())).toMatchObject({ sub: "AREYES", purpose: "shadow" });
  expect(headers.cookie).toBe("EHRCtx=pid=100001");
  expect(one.asks.every((ask) => !ask.renew)).toBe(true);
  await fetch(`${one.proxy.url}/Lab/Results.aspx`, { headers: { "x-banyan-shadow": "1" } });
  expect(await one.proxy.metrics()).toMatch(/banyan_proxy_shadow_dropped_total\{reason="loop"\} 1/);
  expect(one.serviceSaw.length).toBe(1);
});

test("a request that waits for the session end point is decided by the revision of after the wait, whole", async () => {
  const one = await site("canary");
  one.session = undefined;
  const waiting = read(one.proxy, { "x-n": "1", cookie: ticket });
  while (one.asks.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  one.proxy.state.swap(testModel({ lab: { stage: { name: "live" }, epoch: 8 } }, 2));
  expect(await (await waiting).text()).toBe("service");
  expect(one.serviceSaw[0]?.headers["x-banyan-epoch"]).toBe("8");
}, 10_000);

test("the shadow of a write says that it is one: dry run, purpose shadow, a token of its own", async () => {
  const one = await site("shadow");
  const shadowed = Promise.withResolvers<IncomingMessage>();
  one.service = (request, response) => {
    response.end("as if");
    shadowed.resolve(request);
  };
  await fetch(`${one.proxy.url}/Lab/Move.aspx`, {
    method: "POST",
    headers: { cookie: ticket, "x-banyan-dry-run": "0" },
    body: "x=1",
  });
  const { headers } = await shadowed.promise;
  expect(headers["x-banyan-dry-run"]).toBe("1");
  const token = String(headers["x-banyan-identity"]).split(".")[1] ?? "";
  expect(JSON.parse(Buffer.from(token, "base64url").toString())).toMatchObject({
    purpose: "shadow",
    jti: headers["x-request-id"],
  });
});
