import { fixedClock } from "@banyan/kernel";
import { afterEach, describe, expect, test } from "vitest";
import { createIdentityCheck } from "./identity.ts";
import { silentLogger, startTestIssuer, type TestClaims, type TestIssuer } from "./test-service.ts";

const clock = fixedClock(new Date("2026-11-22T12:00:00Z"));
const open: TestIssuer[] = [];
const issuer = async (): Promise<TestIssuer> => {
  const made = await startTestIssuer(clock);
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});
const checkWith = (...keyUrls: string[]) =>
  createIdentityCheck({ service: "notes", keyUrls, clock, logger: silentLogger });

describe("the identity check", () => {
  test("takes no token for an anonymous caller", async () => {
    expect(await checkWith()(undefined)).toEqual({
      kind: "principal",
      principal: { kind: "anonymous", purpose: "care" },
    });
  });

  test("reads each kind of caller as the proxy signed it", async () => {
    const proxy = await issuer();
    const check = checkWith(proxy.url);
    const read = async (claims: TestClaims) => await check(await proxy.token(claims, { service: "notes" }));
    expect(await read({ role: "PHYS", pat: 7, enc: 8, btg: 9, jti: "w1", purpose: "shadow", epoch: 3 })).toEqual({
      kind: "principal",
      principal: {
        kind: "staff",
        user: "USER1",
        name: "USER, TEST",
        role: "PHYS",
        site: "MAIN",
        provider: false,
        currentPatient: 7,
        currentEncounter: 8,
        breakGlassPatient: 9,
        purpose: "shadow",
        epoch: 3,
        session: "session-of-the-tests",
        tokenId: "w1",
      },
    });
    expect(await read({ kind: "portal", pat: 7, proxyFor: 8 })).toMatchObject({
      principal: { kind: "portal", patient: 7, proxyFor: 8, purpose: "care" },
    });
    expect(await read({ kind: "interface" })).toMatchObject({ principal: { kind: "interface", user: "interface" } });
  });

  test("takes tokens of any of the proxies, and of one that came back with a new key under another address", async () => {
    const [one, other, stranger] = [await issuer(), await issuer(), await issuer()];
    const check = checkWith(one.url, other.url);
    for (const proxy of [one, other]) {
      expect(await check(await proxy.token({}, { service: "notes" }))).toMatchObject({ kind: "principal" });
    }
    expect(await check(await stranger.token({}, { service: "notes" }))).toMatchObject({ reason: "signature" });
  });

  test("says that it cannot know, not that the token is bad, while keys cannot be had", async () => {
    const [gone, there] = [await issuer(), await issuer()];
    const token = await gone.token({}, { service: "notes" });
    await open.splice(open.indexOf(gone), 1)[0]?.stop();
    expect(await checkWith(gone.url, there.url)(token)).toEqual({
      kind: "refused",
      refusal: "keys-unavailable",
      reason: "keys",
    });
    expect(await checkWith(gone.url, there.url)(await there.token({}, { service: "notes" }))).toMatchObject({
      kind: "principal",
    });
  });

  test("refuses a token that was good a moment ago as soon as it expires", async () => {
    const proxy = await issuer();
    const check = checkWith(proxy.url);
    const token = await proxy.token({}, { service: "notes" });
    expect(await check(token)).toMatchObject({ kind: "principal" });
    clock.advance(66_000);
    expect(await check(token)).toMatchObject({ kind: "refused", reason: "expired" });
  });

  test("refuses a token for several services, one without expiry, and one signed in another way", async () => {
    const proxy = await issuer();
    const check = checkWith(proxy.url);
    const several = await proxy.token({}, { service: ["notes", "other"] as unknown as string });
    expect(await check(several)).toMatchObject({ kind: "refused", reason: "claims" });
    const [, body] = (await proxy.token({}, { service: "notes" })).split(".");
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${body}.`;
    expect(await check(unsigned)).toMatchObject({ kind: "refused", reason: "signature" });
    expect(await check("x".repeat(10_000))).toMatchObject({ kind: "refused", reason: "claims" });
  });
});
