/** The proxies' audit events in control: once each, unchangeable, whole or shown not to be, and without anything of a patient. */

import { randomUUID } from "node:crypto";
import { pseudonymWith } from "@banyan/kernel";
import knex, { type Knex } from "knex";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replicaToken, startTestBench, type TestBench, type TestControl } from "../test-control.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());

const pseudonym = pseudonymWith("key of the test, long enough for HMAC");
const spool = randomUUID();

function event(n: number, more: object = {}): object {
  return {
    requestId: String(n).padStart(32, "0"),
    at: Date.UTC(2026, 0, 5, 9, 0, n),
    module: "lab",
    rule: "lab.results",
    effect: "read",
    by: "legacy",
    status: 200,
    reason: "stage",
    failure: null,
    revision: 1,
    epoch: 0,
    kind: "staff",
    who: "AREYES",
    role: "MD",
    site: "MAIN",
    session: "abcdefghijklmnop",
    patient: pseudonym("patient", String(100_000 + n)),
    openPatient: null,
    address: "192.0.2.7",
    ...more,
  };
}

const batchOf = (events: readonly unknown[], dropped = 0): string =>
  [{ dropped }, ...events].map((one) => `${JSON.stringify(one)}\n`).join("");

async function send(control: TestControl, segment: number, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${control.url}/api/v1/replicas/r1/access-events`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${replicaToken}`,
      "content-type": "application/x-ndjson",
      "x-banyan-spool": spool,
      "x-banyan-segment": String(segment),
      ...headers,
    },
    body,
  });
  return { status: response.status, text: await response.text() };
}

async function filled(): Promise<TestControl> {
  const control = await bench.control();
  await send(control, 1, batchOf([event(1), event(2, { kind: "portal", who: pseudonym("portalUser", "jdoe") })]));
  await send(control, 2, batchOf([event(3, { module: "rx", rule: "rx.list" })], 4));
  await send(control, 3, batchOf([event(4), event(1, { requestId: "f".repeat(32) })]));
  return control;
}

const verified = async (control: TestControl) => (await control.client.get("/audit/verify")).body;

/** Someone with the database's own password, who first takes the triggers away. */
async function tamper(control: TestControl, how: (db: Knex) => Promise<unknown>): Promise<void> {
  const db = knex({ client: "pg", connection: control.database, pool: { min: 0, max: 1 } });
  try {
    await db.raw("SET session_replication_role = replica");
    await how(db);
  } finally {
    await db.destroy();
  }
}

test("batches are stored once however often they come, in a chain that verifies, gaps told included", async () => {
  await using control = await filled();
  expect((await send(control, 3, batchOf([event(4), event(1)]))).status).toBe(204);
  expect(await verified(control)).toMatchObject({
    intact: true,
    access: { intact: true, batches: 3, events: 5, dropped: 4, problems: [] },
  });
  expect(await (await fetch(`${control.url}/metrics`)).text()).toMatch(/banyan_control_access_events_dropped_total 4/);
});

test("who saw a patient is found by the pseudonym, what somebody saw by the name, newest first; looking is recorded", async () => {
  await using control = await filled();
  const auditor = await control.as("auditor", "operator");
  const ids = async (query: string): Promise<string[]> =>
    (await auditor.get(`/access-events?${query}`)).body.events.map((one: { requestId: string }) =>
      one.requestId.replace(/^0+/, ""),
    );
  expect(await ids(`patient=${pseudonym("patient", "100001")}`)).toEqual(["f".repeat(32), "1"]);
  expect(await ids("who=AREYES&limit=2")).toEqual(["f".repeat(32), "4"]);
  expect(await ids("module=rx")).toEqual(["3"]);
  expect(await ids("before=2")).toEqual(["2", "1"]);
  expect(await ids("since=2026-01-05T09:00:03Z&until=2026-01-05T09:00:04Z")).toEqual(["3"]);
  expect((await auditor.get("/access-events?patient=100001")).status).toBe(400);
  expect((await (await control.as("looker", "viewer")).get("/access-events")).status).toBe(403);
  const { entries } = (await control.client.get("/audit?limit=50")).body;
  const looks = entries.filter((one: { action: string }) => one.action === "access.read");
  expect(looks.length).toBe(5);
  expect(looks.at(-1)).toMatchObject({ who: "auditor", details: { patient: pseudonym("patient", "100001") } });
});

test("the database's ordinary ways change nothing", async () => {
  await using control = await filled();
  const db = knex({ client: "pg", connection: control.database, pool: { min: 0, max: 1 } });
  for (const table of ["access_events", "access_batches"]) {
    await expect(db(table).delete()).rejects.toThrow("append-only");
    await expect(db.raw(`TRUNCATE ${table} CASCADE`)).rejects.toThrow("append-only");
  }
  await expect(db("access_events").update({ who: "X" })).rejects.toThrow("append-only");
  await db.destroy();
});

test("an event changed, removed, added, a batch removed or re-hashed, an end cut off: each is shown", async () => {
  const tamperings: [(db: Knex) => Promise<unknown>, RegExp][] = [
    [
      (db) => db("access_events").where({ batch: 2 }).update({ who: "OTHER" }),
      /one of its events is not what was written/,
    ],
    [(db) => db("access_events").where({ batch: 3, line: 1 }).delete(), /holds 1 events, 2 were written/],
    [
      (db) =>
        db.raw(
          "INSERT INTO access_events SELECT 2, 9, at, 'e', module, rule, effect, served_by, status, reason, failure, revision, epoch, kind, who, role, site, session, patient, open_patient, address FROM access_events WHERE batch = 2",
        ),
      /holds 2 events, 1 were written/,
    ],
    [(db) => db("access_batches").where({ seq: 2 }).delete(), /batches 2 to 2 are missing/],
    [(db) => db("access_batches").where({ seq: 2 }).update({ dropped: 0 }), /its content is not what was written/],
    [
      (db) =>
        db("access_batches")
          .where({ seq: 2 })
          .update({ hash: "f".repeat(64) }),
      /does not follow/,
    ],
    [(db) => db("access_batches").where({ seq: 3 }).delete(), /the last batch is not number 3/],
  ];
  for (const [how, problem] of tamperings) {
    await using control = await filled();
    await tamper(control, how);
    const { intact, changesIntact, access } = await verified(control);
    expect({ intact, changesIntact, access: access.intact }).toEqual({
      intact: false,
      changesIntact: true,
      access: false,
    });
    expect(access.problems.map((one: { problem: string }) => one.problem).join("; ")).toMatch(problem);
  }
}, 120_000);

test("what does not fit is refused whole, and its content is repeated nowhere", async () => {
  await using control = await bench.control();
  const canary = "ZYXWVUTSON";
  const bad: [string, Record<string, string>][] = [
    [batchOf([event(1), event(2, { patient: "100001" })]), {}],
    [batchOf([event(1, { name: canary })]), {}],
    [batchOf([event(1, { who: canary.repeat(50) })]), {}],
    [`${batchOf([event(1)])}${canary}\n`, {}],
    [
      batchOf([event(1)])
        .split("\n")
        .slice(1)
        .join("\n"),
      {},
    ],
    [batchOf([event(1)]), { "x-banyan-spool": "r1" }],
    [batchOf([event(1)]), { "x-banyan-segment": "0" }],
  ];
  for (const [body, headers] of bad) {
    const { status, text } = await send(control, 1, body, headers);
    expect(status).toBe(400);
    expect(text).not.toContain(canary);
    expect(text).not.toContain("100001");
  }
  expect((await send(control, 1, batchOf([event(1)]), { authorization: "Bearer nobody" })).status).toBe(401);
  expect((await verified(control)).access).toMatchObject({ batches: 0, events: 0 });
});
