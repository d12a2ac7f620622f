/** Pairs of answers as a replica sends them, and what control makes of them: verdicts, signatures, samples nobody can read. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replicaToken, startTestBench, type TestBench, type TestControl } from "../test-control.ts";
import { openDatabase } from "../store/database.ts";
import { Vault } from "./vault.ts";

let bench: TestBench;
beforeAll(async () => {
  bench = await startTestBench();
});
afterAll(() => bench.stop());

const sampleKey = "sample key of the tests, long enough for anybody";
/** A patient nobody may find outside of a sample. */
const canary = { name: "ZYXWVUT, CANARY", ssn: "987654321" };

type Side = { body: string; type?: string; status?: number } | { failed: string };
type Pair = { legacy: Side; service: Side } & Record<string, unknown>;

const json = (value: object): Side => ({ body: JSON.stringify(value), type: "application/json; charset=utf-8" });

function frame(head: (put: (side: Side) => object) => object): Buffer {
  const bodies: Buffer[] = [];
  let offset = 0;
  const put = (side: Side): object => {
    if ("failed" in side) return side;
    const body = Buffer.from(side.body);
    bodies.push(body);
    const placed = { offset, length: body.length };
    offset += body.length;
    return { status: side.status ?? 200, headers: ["Content-Type", side.type ?? "text/html"], ms: 5, ...placed };
  };
  const text = JSON.stringify(head(put));
  return Buffer.concat([Buffer.from(`${text}\n`), ...bodies]);
}

async function send(control: TestControl, what: string, bytes: Buffer): Promise<Response> {
  return fetch(`${control.url}/api/v1/replicas/proxy-1/${what}`, {
    method: "POST",
    headers: { authorization: `Bearer ${replicaToken}`, "content-type": "application/x-banyan-observations" },
    body: new Uint8Array(bytes),
  });
}

let count = 0;
async function observe(control: TestControl, pairs: readonly Pair[], eligible = pairs.length) {
  const bytes = frame((put) => ({
    eligible: { "patient.find": eligible },
    dropped: {},
    observations: pairs.map(({ legacy, service, ...extra }) => ({
      id: `observation-${(count += 1)}`,
      module: "patient",
      rule: "patient.find",
      template: "/Services/PatientService.asmx/FindPatients",
      method: "POST",
      effect: "read",
      at: new Date().toISOString(),
      revision: 1,
      served: "legacy",
      watermarkAgeMs: 50,
      sinceMs: 12,
      parked: false,
      role: "NURS",
      site: "MAIN",
      path: `/Services/PatientService.asmx/FindPatients?ssn=${canary.ssn}`,
      ...extra,
      legacy: put(legacy),
      service: put(service),
    })),
  }));
  const answer = await send(control, "observations", bytes);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { results: { id: string; recheck: boolean }[] }).results;
}

async function reread(
  control: TestControl,
  sides: { id: string; before: Side; service: Side; after?: Side; watermarkPassed?: boolean },
): Promise<boolean> {
  const { id, before, service, after = before, watermarkPassed = true } = sides;
  const bytes = frame((put) => ({
    rechecks: [{ id, round: 0, watermarkPassed, before: put(before), service: put(service), after: put(after) }],
  }));
  const answer = await send(control, "rechecks", bytes);
  return ((await answer.json()) as { results: { again: boolean }[] }).results[0]?.again ?? false;
}

/** All rows of all tables as text, bytes as hex. */
async function everyRow(database: string): Promise<string> {
  const db = openDatabase(database);
  try {
    const tables: { tablename: string }[] = await db("pg_tables").where({ schemaname: "public" }).select("tablename");
    const texts: string[] = [];
    for (const { tablename } of tables) {
      const found: { rows: { row: string }[] } = await db.raw("SELECT to_jsonb(t)::text AS row FROM ?? t", [tablename]);
      texts.push(...found.rows.map(({ row }) => row));
    }
    return texts.join("\n");
  } finally {
    await db.destroy();
  }
}

const numbers = async (control: TestControl) => (await control.client.get("/diffs?module=patient")).body;
const right = json({ d: [{ PatNo: 1, Name: canary.name }] });
const wrong = json({ d: [{ PatNo: 1, Name: canary.name.slice(0, 6) }] });

describe("a pair", () => {
  test("of equal answers is a match, and every eligible request without a verdict was not run", async () => {
    await using control = await bench.control();
    const [result] = await observe(control, [{ legacy: right, service: right }], 4);
    expect(result?.recheck).toBe(false);
    const { numbers: found, signatures } = await numbers(control);
    expect(found.patient).toMatchObject({ eligible: 4, match: 1, "not-run": 3, comparableShare: 0.25 });
    expect(signatures).toEqual([]);
  });

  test("without knowledge of the sync, with a parked key or an old watermark is incomparable, also when it is equal", async () => {
    await using control = await bench.control();
    await observe(control, [
      { legacy: right, service: right, watermarkAgeMs: null },
      { legacy: right, service: right, parked: true },
      { legacy: right, service: right, watermarkAgeMs: 1e9 },
      { legacy: right, service: wrong, effect: "write", watermarkAgeMs: 5, sinceMs: 40 },
    ]);
    expect((await numbers(control)).numbers.patient).toMatchObject({ incomparable: 4, match: 0, comparableShare: 0 });
  });

  test("with an answer that failed was not run", async () => {
    await using control = await bench.control();
    await observe(control, [{ legacy: right, service: { failed: "timeout" } }]);
    expect((await numbers(control)).numbers.patient).toMatchObject({ "not-run": 1, match: 0 });
  });
});

describe("a difference", () => {
  test("is unconfirmed, then confirmed by a second look at both sides past the watermark, and named by its class", async () => {
    await using control = await bench.control();
    const [seen] = await observe(control, [{ legacy: right, service: wrong }]);
    expect(seen?.recheck).toBe(true);
    expect((await numbers(control)).numbers.patient).toMatchObject({ "diff-unconfirmed": 1 });
    const id = seen?.id ?? "";
    expect(await reread(control, { id, before: right, service: wrong, watermarkPassed: false })).toBe(true);
    expect(await reread(control, { id, before: right, service: wrong })).toBe(false);
    const { numbers: found, signatures } = await numbers(control);
    expect(found.patient).toMatchObject({ "diff-unconfirmed": 0, "diff-confirmed": 1 });
    expect(signatures).toMatchObject([
      { rule: "patient.find", channel: "json", kind: "value", transform: "truncation", seen: 1, confirmed: 1 },
    ]);
  });

  test("that is gone at the second look is transient; legacy that disagrees with itself proves nothing", async () => {
    await using control = await bench.control();
    const [late, unstable] = await observe(control, [
      { legacy: right, service: wrong },
      { legacy: right, service: wrong },
    ]);
    await reread(control, { id: late?.id ?? "", before: right, service: right });
    const other = json({ d: [{ PatNo: 1, Name: "SOMEBODY, ELSE" }] });
    await reread(control, { id: unstable?.id ?? "", before: right, service: wrong, after: other });
    const { numbers: found, signatures } = await numbers(control);
    expect(found.patient).toMatchObject({ transient: 1, incomparable: 1, "diff-confirmed": 0, "diff-unconfirmed": 0 });
    expect(signatures).toMatchObject([{ seen: 2, transient: 1, unstable: 1, confirmed: 0 }]);
  });

  test("of which one part is gone at the second look confirms the other part alone", async () => {
    await using control = await bench.control();
    const both = json({ d: [{ PatNo: 1, Name: canary.name, City: "SPRINGFIELD" }] });
    const twice = json({ d: [{ PatNo: 1, Name: canary.name.slice(0, 6), City: "CHICOPEE" }] });
    const once = json({ d: [{ PatNo: 1, Name: canary.name.slice(0, 6), City: "SPRINGFIELD" }] });
    const [seen] = await observe(control, [{ legacy: both, service: twice }]);
    await reread(control, { id: seen?.id ?? "", before: both, service: once });
    const { signatures } = await numbers(control);
    const byPath = Object.fromEntries(
      signatures.map((one: { path: string; confirmed: number; transient: number }) => [one.path, one]),
    );
    expect(byPath["$.d[].Name"]).toMatchObject({ confirmed: 1, transient: 0 });
    expect(byPath["$.d[].City"]).toMatchObject({ confirmed: 0, transient: 1 });
  });

  test("of many answers is one signature with first, latest and a bounded reservoir of samples", async () => {
    await using control = await bench.control({ shadow: { sampleKey } });
    for (let index = 0; index < 12; index += 1) await observe(control, [{ legacy: right, service: wrong }]);
    const { signatures } = await numbers(control);
    expect(signatures).toMatchObject([{ seen: 12 }]);
    const { samples } = (await control.client.get(`/diffs/${signatures[0].id}`)).body;
    const slots = samples.map((sample: { slot: string }) => sample.slot);
    expect(slots).toEqual(expect.arrayContaining(["first", "latest"]));
    expect(slots.length).toBeLessThanOrEqual(5);
  });
});

describe("patient data", () => {
  test("is readable in no row of the store, and revealing a sample needs an admin and leaves an entry", async () => {
    await using control = await bench.control({ shadow: { sampleKey } });
    await observe(control, [{ legacy: right, service: wrong }]);
    const dump = await everyRow(control.database);
    expect(dump).toContain("patient.find");
    for (const secret of [canary.name, canary.ssn, "ZYXWVU"]) {
      expect(dump).not.toContain(secret);
      expect(dump).not.toContain(Buffer.from(secret).toString("hex"));
      expect(dump).not.toContain(Buffer.from(secret).toString("base64").slice(0, 8));
    }
    const [{ id }] = (await numbers(control)).signatures;
    const operator = await control.as("olga", "operator");
    expect((await operator.post(`/diffs/${id}/reveal`, { reason: "curious" })).status).toBe(403);
    const opened = await control.client.post(`/diffs/${id}/reveal`, { reason: "truncated name" });
    expect(opened.body.differences[0].values).toMatchObject({ left: canary.name, right: "ZYXWVU" });
    expect(opened.body.request.path).toContain(canary.ssn);
    const [entry] = (await control.client.get("/audit?limit=1")).body.entries;
    expect(entry).toMatchObject({ action: "diffs.reveal", reason: "truncated name", details: { signature: id } });
    expect(JSON.stringify(entry)).not.toContain("ZYXW");
  });

  test("in a sample opens with its own key and under its own name only", () => {
    const vault = new Vault(sampleKey);
    const sealed = vault.seal("one", Buffer.from("text"));
    expect(vault.open("one", sealed).toString()).toBe("text");
    expect(() => vault.open("two", sealed)).toThrow(/does not open/);
    expect(() => new Vault("another key").open("one", sealed)).toThrow(/does not open/);
  });
});

test("a replay compares the kept samples by the rules of now", async () => {
  await using control = await bench.control({ shadow: { sampleKey } });
  await observe(control, [{ legacy: right, service: wrong }]);
  expect((await control.client.post("/replay", { module: "patient" })).body).toEqual({
    samples: 1,
    verdicts: { different: 1 },
  });
});

test("what is no frame of pairs is refused without quoting it", async () => {
  await using control = await bench.control();
  const answer = await send(control, "observations", Buffer.from(`{"eligible":"${canary.name}"}\nrest`));
  expect(answer.status).toBe(400);
  expect(await answer.text()).not.toContain("ZYXW");
});
