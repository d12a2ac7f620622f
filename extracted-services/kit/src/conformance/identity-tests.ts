/** Who is believed: each way a token can be wrong, and no token at all. */

import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { refusalHeader } from "../refusal.ts";
import { startTestIssuer } from "../test-service.ts";
import { auditOf, type ServiceUnderTest, type Start, type Started } from "./service-under-test.ts";

export function identityTests(under: ServiceUnderTest, start: Start): void {
  const service = () => under.define().name;
  const cases: readonly (readonly [name: string, reason: string, token: (one: Started) => Promise<string>])[] = [
    [
      "an expired token",
      "expired",
      (one) => one.service.issuer.token(under.read.who, { service: service(), ageSeconds: 70 }),
    ],
    [
      "a token for another service",
      "audience",
      (one) => one.service.issuer.token(under.read.who, { service: "another" }),
    ],
    [
      "a token that would be good for too long",
      "claims",
      (one) => one.service.issuer.token(under.read.who, { service: service(), lifeSeconds: 3_600 }),
    ],
    [
      "a token from the future",
      "claims",
      (one) => one.service.issuer.token(under.read.who, { service: service(), ageSeconds: -30 }),
    ],
    [
      "a token that somebody else signed",
      "signature",
      async () => {
        const stranger = await startTestIssuer();
        await stranger.stop();
        return stranger.token(under.read.who, { service: service() });
      },
    ],
    ["what is no token", "signature", async () => "not.a.token"],
    [
      "a token with a claim that makes no sense",
      "claims",
      (one) => one.service.issuer.token({ ...under.read.who, kind: "staff", role: "BOSS" }, { service: service() }),
    ],
  ];

  test.each(cases)("%s is refused as 401, and audited", async (_name, reason, token) => {
    await using one = await start();
    const { response, audit } = await one.ask({ ...under.read, token: await token(one) });
    expect([response.status, response.headers.get(refusalHeader)]).toEqual([401, "identity-refused"]);
    expect(audit).toMatchObject([{ rule: "refuse:identity-refused", reason, outcome: 4 }]);
  });

  test("a token that aged within the allowed clock skew is taken", async () => {
    await using one = await start();
    const token = await one.service.issuer.token(under.read.who, { service: service(), ageSeconds: -3 });
    expect((await one.ask({ ...under.read, token })).response.status).toBe(200);
  });

  test("without a token nothing is given, whatever other headers claim, and that is audited", async () => {
    await using one = await start();
    const requestId = randomUUID();
    const response = await one.service.send(under.read.path, null, {
      ...under.read,
      headers: {
        "x-request-id": requestId,
        "x-banyan-epoch": "1",
        "x-user": "ADMIN",
        "x-banyan-role": "ADMN",
        authorization: "Bearer x",
        cookie: ".EHRAUTH=abcdef",
      },
    });
    await response.text();
    expect(response.ok).toBe(false);
    const audit = await auditOf(one.database, requestId);
    expect(audit.map(({ agent, outcome }) => [agent.id, outcome])).toContainEqual(["anonymous", 4]);
  });
}
