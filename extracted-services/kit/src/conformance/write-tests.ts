/** That a write happens once, under the right owner, or not at all; and that a dry run leaves nothing. */

import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { refusalHeader } from "../refusal.ts";
import { contentOf, type ServiceUnderTest, type Start, type Started } from "./service-under-test.ts";

export function writeTests(under: ServiceUnderTest, start: Start): void {
  const unchanged = async (one: Started, work: () => Promise<void>): Promise<void> => {
    const before = await contentOf(one.database);
    await work();
    expect(await contentOf(one.database)).toEqual(before);
  };

  test("an allowed write changes something and is audited in the same transaction", async () => {
    await using one = await start();
    const before = await contentOf(one.database);
    const { response, audit } = await one.ask(await under.write(1, one.service));
    expect(response.status).toBeLessThan(400);
    expect(audit).not.toEqual([]);
    expect(audit.every(({ outcome }) => outcome === 0)).toBe(true);
    const after = await contentOf(one.database);
    const changed = [...after].filter(([table, digest]) => before.get(table) !== digest).map(([table]) => table);
    expect(changed).toEqual(expect.arrayContaining(["kit.idempotency"]));
    expect(changed.filter((table) => table.startsWith("public."))).not.toEqual([]);
  });

  test("a repeat of the same request gets the same answer and changes nothing", async () => {
    await using one = await start();
    const write = await under.write(1, one.service);
    const headers = { ...Object.fromEntries(new Headers(write.headers)), "x-request-id": randomUUID() };
    const first = await one.ask({ ...write, headers });
    expect(first.response.status).toBeLessThan(400);
    await unchanged(one, async () => {
      const second = await one.ask({ ...write, headers });
      expect([second.response.status, second.body]).toEqual([first.response.status, first.body]);
      expect(second.audit.at(-1)).toMatchObject({ rule: "refuse:replayed-answer" });
    });
  });

  test("the same key with another request is refused", async () => {
    await using one = await start();
    const headers = { "x-request-id": randomUUID() };
    const [first, other] = [await under.write(1, one.service), await under.write(2, one.service)];
    await one.ask({ ...first, headers: { ...Object.fromEntries(new Headers(first.headers)), ...headers } });
    await unchanged(one, async () => {
      const { response, audit } = await one.ask({
        ...other,
        headers: { ...Object.fromEntries(new Headers(other.headers)), ...headers },
      });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(audit.at(-1)).toMatchObject({ rule: "refuse:idempotency-mismatch", outcome: 4 });
    });
  });

  test("a token that was used for another write is refused", async () => {
    await using one = await start();
    const jti = randomUUID();
    const [first, other] = [await under.write(1, one.service), await under.write(2, one.service)];
    expect((await one.ask({ ...first, who: { ...first.who, jti } })).response.status).toBeLessThan(400);
    await unchanged(one, async () => {
      const { response, audit } = await one.ask({ ...other, who: { ...other.who, jti } });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(audit.at(-1)).toMatchObject({ rule: "refuse:token-replayed", outcome: 4 });
    });
  });

  test.each([
    ["of an old epoch", { epoch: 0 }, "epoch-old", true],
    ["of an epoch to come", { epoch: 2 }, "epoch-old", true],
    ["while the module is sealed", {}, "owner-sealed", false],
  ])("a write %s is refused as 503, audited, and changes nothing", async (_name, claims, code, open) => {
    await using one = await start(open);
    const write = await under.write(1, one.service);
    await unchanged(one, async () => {
      const { response, audit } = await one.ask({ ...write, who: { ...write.who, ...claims } });
      expect([response.status, response.headers.get(refusalHeader)]).toEqual([503, code]);
      expect(response.headers.get("retry-after")).not.toBeNull();
      expect(audit.at(-1)).toMatchObject({ rule: `refuse:${code}`, outcome: 4 });
    });
  });

  test("a write that the policy denies is refused, audited, and changes nothing", async () => {
    await using one = await start();
    const write = await under.write(1, one.service);
    await unchanged(one, async () => {
      const { audit } = await one.ask({ ...write, who: under.deniedWriter });
      expect(audit.filter(({ rule }) => rule.startsWith("deny:"))).not.toEqual([]);
    });
  });

  test("a write without a token is refused and changes nothing", async () => {
    await using one = await start();
    const { path, who: _, ...write } = await under.write(1, one.service);
    await unchanged(one, async () => {
      const response = await one.service.send(path, null, write);
      await response.text();
      expect(response.ok).toBe(false);
    });
  });

  test("a write that waits for a change of owner is refused once the owner has changed", async () => {
    await using one = await start();
    const write = await under.write(1, one.service);
    const flip = await one.database.owner.transaction();
    await flip("kit.module_owner").update({ state: "sealed" });
    const writing = one.ask(write);
    await expect
      .poll(async () => one.database.owner("pg_locks").where({ granted: false }).first("pid"), { timeout: 10_000 })
      .toBeDefined();
    await flip.commit();
    expect((await writing).response.status).toBe(503);
  });
}

export function dryRunTests(under: ServiceUnderTest, start: Start): void {
  test("a shadow's write answers as the write would, and leaves nothing but its audit row", async () => {
    await using one = await start(false);
    const write = await under.write(1, one.service);
    const before = await contentOf(one.database);
    const dry = await one.ask({ ...write, dryRun: true });
    expect(dry.audit.map(({ target }) => target)).toContain("dry-run");
    expect(await contentOf(one.database)).toEqual(before);
    await one.database.open(under.define().module, 1);
    expect((await one.ask(write)).response.status).toBe(dry.response.status);
  });

  test.each([
    ["a shadow's write that is no dry run", { purpose: "shadow" }, {}],
    ["a dry run that is no shadow's", { purpose: "care" }, { dryRun: true }],
  ])("%s is refused and changes nothing", async (_name, claims, more) => {
    await using one = await start();
    const write = await under.write(1, one.service);
    const before = await contentOf(one.database);
    const { response, audit } = await one.ask({ ...write, ...more, who: { ...write.who, ...claims } });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(audit.at(-1)).toMatchObject({ rule: "refuse:dry-run-invalid" });
    expect(await contentOf(one.database)).toEqual(before);
  });

  test("a shadow's read is answered as its original, audited as a shadow, and asks nothing of the session", async () => {
    await using one = await start();
    const { response, audit } = await one.ask({ ...under.read, who: { ...under.read.who, purpose: "shadow" } });
    expect(response.status).toBe(200);
    expect(audit.every(({ target }) => target === "shadow")).toBe(true);
    expect([...response.headers.keys()].filter((name) => /^x-banyan-(current|break)/.test(name))).toEqual([]);
  });
}
