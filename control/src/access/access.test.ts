import { exportJWK, generateKeyPair, SignJWT } from "jose";
import nock from "nock";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { endpoints } from "../api/application.ts";
import { adminToken, clientOf, replicaToken, startTestBench, type TestBench } from "../test-control.ts";
import { mayActAs, roles } from "./role.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());
afterEach(() => nock.cleanAll());

describe("roles", () => {
  test("open each end point to those who hold the role, and to nobody else", async () => {
    await using control = await bench.control();
    const tokens = new Map(
      await Promise.all(
        roles.map(async (role) => {
          const made = await control.client.post("/tokens", { name: `${role}-person`, role });
          return [role, made.body.token as string] as const;
        }),
      ),
    );
    for (const endpoint of endpoints) {
      const path = endpoint.path.replaceAll(/:\w+/g, "1");
      const ask = (authorization: string | undefined) =>
        fetch(`${control.url}/api/v1${path}`, {
          method: endpoint.method.toUpperCase(),
          ...(authorization === undefined ? {} : { headers: { authorization } }),
        });
      for (const role of roles) {
        const { status } = await ask(`Bearer ${tokens.get(role)}`);
        const at = `${endpoint.method} ${path} as ${role}`;
        if (!mayActAs(role, endpoint.role)) expect(status, at).toBe(403);
        // Allowed, and then: a change without If-Match goes no further.
        else if (endpoint.changes) expect(status, at).toBe(428);
        else expect([200, 400, 404, 503], at).toContain(status);
      }
      for (const nobody of [undefined, "Bearer wrong-token", `Bearer ${replicaToken}`, `Basic ${adminToken}`])
        expect((await ask(nobody)).status).toBe(401);
    }
  });

  test("of changes: every one of them asks for If-Match", () => {
    const readers = endpoints.filter((endpoint) => !endpoint.changes).map((endpoint) => endpoint.path);
    const posts = endpoints.filter((endpoint) => endpoint.method !== "get" && !endpoint.changes);
    expect(readers).toContain("/status");
    expect(posts.map((endpoint) => endpoint.path).sort()).toEqual(["/dry-run", "/explain", "/lint"]);
  });
});

describe("tokens", () => {
  test("are shown once, stored hashed, and end by date or by hand", async () => {
    await using control = await bench.control();
    const { client } = control;
    const made = await client.post("/tokens", { name: "ann", role: "viewer" });
    expect(made.status).toBe(201);
    const ann = clientOf(control, made.body.token);
    expect((await ann.get("/whoami")).body).toEqual({ who: "ann", role: "viewer", via: "token" });
    const listed = await client.get("/tokens");
    expect(JSON.stringify(listed.body)).not.toContain(made.body.token);
    expect(JSON.stringify((await client.get("/audit")).body)).not.toContain(made.body.token);
    expect((await client.post("/tokens", { name: "ann", role: "admin" })).body.code).toBe("ALREADY_THERE");
    expect((await client.post("/tokens", { name: "admin", role: "viewer" })).body.code).toBe("BODY_INVALID");
    await client.remove("/tokens/ann", { reason: "left the clinic" });
    expect((await ann.get("/whoami")).status).toBe(401);
    const late = await client.post("/tokens", { name: "bob", role: "viewer", expiresAt: "2001-01-01T00:00:00Z" });
    expect((await clientOf(control, late.body.token).get("/whoami")).status).toBe(401);
  });

  test("that are too short stop the start", async () => {
    await expect(bench.control({ adminToken: "short" })).rejects.toMatchObject({ code: "TOKEN_TOO_SHORT" });
  });
});

describe("OIDC", () => {
  const issuer = "https://login.clinic.example";
  const options = { oidc: { issuer, audience: "banyan-control", jwksUrl: undefined, roleClaim: "roles" } };

  async function provider() {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" };
    const token = (
      claims: object,
      extra: { audience?: string; issuer?: string; life?: string; key?: Parameters<SignJWT["sign"]>[0] } = {},
    ) =>
      new SignJWT({ preferred_username: "dr.lee", roles: ["staff", "banyan-operator"], ...claims })
        .setProtectedHeader({ alg: "ES256", kid: "k1" })
        .setSubject("u-17")
        .setIssuer(extra.issuer ?? issuer)
        .setAudience(extra.audience ?? "banyan-control")
        .setExpirationTime(extra.life ?? "5m")
        .sign(extra.key ?? privateKey);
    return { jwk, token };
  }

  test("lets people of the identity provider in with the role of their claim, finding its keys once", async () => {
    await using control = await bench.control(options);
    const { jwk, token } = await provider();
    const discovery = nock(issuer)
      .get("/.well-known/openid-configuration")
      .reply(200, { jwks_uri: `${issuer}/keys` })
      .get("/keys")
      .reply(200, { keys: [jwk] });
    const lee = clientOf(control, await token({}));
    expect((await lee.get("/whoami")).body).toEqual({ who: "dr.lee (u-17)", role: "operator", via: "oidc" });
    expect((await lee.get("/status")).status).toBe(200);
    expect((await lee.get("/tokens")).status).toBe(403);
    expect(discovery.isDone()).toBe(true);
    const why = async (text: Promise<string>) => (await clientOf(control, await text).get("/whoami")).body;
    expect(await why(token({}, { audience: "other" }))).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await why(token({}, { issuer: "https://evil.example" }))).toMatchObject({ code: "UNAUTHENTICATED" });
    expect((await why(token({}, { life: "-1m" }))).why).toContain("expired");
    expect(await why(token({ roles: ["staff"] }))).toMatchObject({ code: "FORBIDDEN" });
    const forged = (await generateKeyPair("ES256")).privateKey;
    expect(await why(token({}, { key: forged }))).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("that cannot be reached is named, and tokens of the table still work", async () => {
    await using control = await bench.control(options);
    const { jwk, token } = await provider();
    nock(issuer).get("/.well-known/openid-configuration").replyWithError("connection refused");
    const text = await token({});
    expect((await clientOf(control, text).get("/whoami")).body).toMatchObject({ code: "OIDC_AWAY", status: 503 });
    expect((await control.client.get("/whoami")).status).toBe(200);
    nock(issuer)
      .get("/.well-known/openid-configuration")
      .reply(200, { jwks_uri: `${issuer}/keys` })
      .get("/keys")
      .reply(500)
      .get("/keys")
      .reply(200, { keys: [jwk] });
    expect((await clientOf(control, text).get("/whoami")).body.code).toBe("OIDC_AWAY");
    expect((await clientOf(control, text).get("/whoami")).body.role).toBe("operator");
  });
});

test("what does not fit is refused with every problem named, and nothing unknown is taken", async () => {
  await using control = await bench.control();
  const { client } = control;
  const wrong = await client.post("/modules/lab/stage", {
    stage: { name: "canary", percent: 200 },
    reason: "",
    extra: 1,
  });
  expect(wrong).toMatchObject({ status: 400, body: { code: "BODY_INVALID" } });
  expect(wrong.body.problems).toHaveLength(3);
  expect((await client.get("/audit?limit=9999")).status).toBe(400);
  expect((await client.get("/no/such/thing")).body.code).toBe("NOT_FOUND");
  const raw = (body: string) =>
    fetch(`${control.url}/api/v1/lint`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      body,
    });
  expect(((await (await raw("{ not json")).json()) as { code: string }).code).toBe("BODY_INVALID");
  expect((await raw(JSON.stringify({ files: [{ file: "a.yaml", text: "x".repeat(5_000_000) }] }))).status).toBe(413);
  const metrics = await (await fetch(`${control.url}/metrics`)).text();
  expect(metrics).toContain('banyan_control_refusals_total{code="BODY_TOO_LARGE"} 1');
  expect(metrics).toContain("banyan_control_revision 1");
  expect(await (await fetch(`${control.url}/healthz`)).json()).toEqual({ status: "ok" });
});
