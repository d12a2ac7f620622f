/** That the policy is the written one, case by case, and that every case is audited. */

import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { AuditEvent } from "../audit-event.ts";
import { decide } from "../policy.ts";
import { openContext } from "../request-context.ts";
import { policyCases, policyDocument } from "./policy-table.ts";
import type { ServiceUnderTest, Start } from "./service-under-test.ts";

export function policyTests(under: ServiceUnderTest, start: Start): void {
  test("the written table is what the rules say", async () => {
    const { name, policy } = under.define();
    await expect(policyDocument(name, policy)).toMatchFileSnapshot(under.policyFile);
  });

  test("every case is decided as written and leaves its audit row", async () => {
    await using one = await start();
    const { policy } = under.define();
    const request = { headers: {}, socket: {} } as Parameters<typeof openContext>[1];
    const cases = policyCases(policy).map((one) => ({ ...one, requestId: randomUUID() }));
    await Promise.all(
      cases.map(async ({ principal, access, decision, requestId }) => {
        const context = openContext(one.service.context, { ...request } as typeof request, principal, requestId);
        expect(await context.authorise(access)).toEqual(decision);
      }),
    );
    const rows: { event: AuditEvent }[] = await one.database.owner("kit.audit_event").select("event");
    const audited = new Map(rows.map(({ event }) => [event.requestId, [event.rule, event.outcome]]));
    const expected = cases
      .filter(({ action }) => policy.actions[action]?.unaudited !== true)
      .map(({ requestId, decision }) => [requestId, [decision.rule, decision.allowed ? 0 : 4]] as const);
    expect(expected.filter(([id, row]) => String(audited.get(id)) !== String(row))).toEqual([]);
  });

  test("an action the table does not name is denied to everybody", () => {
    const { policy } = under.define();
    const invented = { ...policy, actions: {} };
    for (const { action, principal, access } of policyCases(policy)) {
      expect(decide(invented, principal, access), action).toMatchObject({ reason: "unmapped-action" });
    }
  });
}
