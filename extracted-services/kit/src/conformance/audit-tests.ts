/** That every access leaves its row, and that the chain shows what was done to the rows afterwards. */

import { expect, test } from "vitest";
import { verifyAudit } from "../audit-verification.ts";
import { refusalHeader } from "../refusal.ts";
import type { ServiceUnderTest, Start } from "./service-under-test.ts";

export function auditTests(under: ServiceUnderTest, start: Start): void {
  test("an allowed read leaves its row: who, what, by which rule", async () => {
    await using one = await start();
    const { response, audit } = await one.ask(under.read);
    expect(response.status).toBe(200);
    expect(audit.length).toBeGreaterThan(0);
    for (const event of audit) {
      expect(event).toMatchObject({
        type: "rest",
        outcome: 0,
        agent: { id: under.read.who.sub ?? "USER1" },
        observer: { service: under.define().name },
        target: "service",
      });
      expect(under.define().policy.rules.map(({ id }) => id)).toContain(event.rule);
    }
  });

  test("a denied read leaves its row, and nothing is given", async () => {
    await using one = await start();
    const { response, audit } = await one.ask(under.deniedRead);
    expect(response.ok).toBe(false);
    expect(audit.filter(({ rule }) => rule.startsWith("deny:"))).not.toEqual([]);
  });

  test("no read is answered while the audit cannot be written", async () => {
    await using one = await start();
    await one.database.owner.raw("REVOKE EXECUTE ON FUNCTION kit.append_audit(jsonb) FROM ??", [
      `${under.define().name}_service`,
    ]);
    const { response } = await one.ask(under.read);
    expect([response.status, response.headers.get(refusalHeader)]).toEqual([503, "audit-unavailable"]);
  });

  test("the chain names a row that was changed, removed or moved, and one cut off at the end", async () => {
    await using one = await start();
    for (let count = 0; count < 5; count += 1) await one.ask(under.read);
    const { owner } = one.database;
    const intact = await verifyAudit(owner);
    expect(intact).toMatchObject({ intact: true, problems: [] });
    expect(intact.rows).toBeGreaterThanOrEqual(5);
    const tamper = async (statement: string) => {
      const trx = await owner.transaction();
      await trx.raw("SET LOCAL session_replication_role = replica");
      await trx.raw(
        "CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT seq, event, prev_hash, hash FROM kit.audit_event",
      );
      await trx.raw(statement);
      await trx.commit();
      const { problems } = await verifyAudit(owner);
      return problems;
    };
    const kept = await owner("kit.audit_event").select("seq", "event", "prev_hash", "hash");
    const restore = async () => {
      const trx = await owner.transaction();
      await trx.raw("SET LOCAL session_replication_role = replica");
      await trx("kit.audit_event").delete();
      await trx("kit.audit_event").insert(kept.map((row) => ({ ...row, event: JSON.stringify(row.event) })));
      await trx.commit();
      expect(await verifyAudit(owner)).toMatchObject({ intact: true });
    };
    expect(
      await tamper("UPDATE kit.audit_event SET event = jsonb_set(event, '{agent,id}', '\"OTHER\"') WHERE seq = 3"),
    ).toEqual([{ seq: 3, problem: expect.stringContaining("content") }]);
    await restore();
    expect(await tamper("DELETE FROM kit.audit_event WHERE seq = 3")).toContainEqual({
      seq: 4,
      problem: expect.stringContaining("rows 3 to 3 are missing"),
    });
    await restore();
    const swapped = await tamper(`
      UPDATE kit.audit_event a SET event = b.event, prev_hash = b.prev_hash, hash = b.hash
      FROM kept b WHERE a.seq IN (2, 3) AND b.seq = 5 - a.seq`);
    expect(new Set(swapped.map(({ seq }) => seq))).toEqual(new Set([2, 3, 4]));
    await restore();
    expect(await tamper(`DELETE FROM kit.audit_event WHERE seq = ${intact.rows}`)).toEqual([
      { seq: intact.rows, problem: expect.stringContaining("missing at the end") },
    ]);
  });
}
