import { seededRandom } from "@banyan/kernel";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Clinic, type ClinicServers, type RunningStream, runStream, startClinicServers } from "../test-clinic.ts";
import type { ReconcileReport } from "./reconciliation.ts";

let servers: ClinicServers;
let clinic: Clinic;
let running: RunningStream;

beforeAll(async () => {
  servers = await startClinicServers();
}, 120_000);
afterAll(() => servers?.close());
beforeEach(async () => {
  clinic = await servers.fresh();
  await clinic.sql(
    "INSERT INTO Site VALUES ('MAIN', 'Main'); DECLARE @i int = 0; WHILE @i < 100 BEGIN INSERT INTO Person (MRN, LName, Bal) VALUES (CONCAT('M', @i), 'Name', @i); SET @i = @i + 1 END; INSERT INTO Visit VALUES ('MAIN', '2026-01-05', 1, 1, 'x'), ('MAIN', '2026-01-05', 2, 1, 'y')",
  );
  running = await runStream(clinic);
  await running.copied();
});
afterEach(async () => {
  await running.stop();
  await clinic.close();
});

const person = (report: ReconcileReport) => report.tables.find(({ table }) => table === "Person");

async function tamper(): Promise<void> {
  const { owner } = clinic.target;
  await owner("person").where({ person_id: 5 }).delete();
  await owner("person").where({ person_id: 40 }).update({ family_name: "Other", balance: 1 });
  await owner("person").insert({ person_id: 900, mrn: "GHOST" });
  await owner("visit").where({ seq: 2 }).update({ person_name: "Y" });
}

describe("reconcile", () => {
  test("finds nothing when both sides are equal, and says how much it compared", async () => {
    const report = await running.reconcile(false);
    expect(report.state).toBe("done");
    expect(
      report.tables.map((one) => [one.table, one.sourceRows, one.targetRows, one.missing + one.extra + one.different]),
    ).toEqual([
      ["Person", 100, 100, 0],
      ["Site", 1, 1, 0],
      ["Visit", 2, 2, 0],
    ]);
  });

  test("tells missing, extra and different rows by key, and which columns differ, down to the case of a letter", async () => {
    await tamper();
    const report = await running.reconcile(false);
    expect(report.differences.map((one) => [one.table, one.kind, one.key, one.columns])).toEqual([
      ["Person", "different", [40], ["family_name", "balance"]],
      ["Person", "extra", [900], []],
      ["Person", "missing", [5], []],
      ["Visit", "different", ["MAIN", "2026-01-05", 2], ["person_name"]],
    ]);
    expect(await clinic.target.owner("person").where({ person_id: 900 })).toHaveLength(1);
  });

  test("repairs what it found from the source, once", async () => {
    await tamper();
    const report = await running.reconcile(true);
    expect(person(report)).toMatchObject({ missing: 1, extra: 1, different: 1, repaired: 3, refused: 0 });
    const again = await running.reconcile(false);
    expect(again.differences).toEqual([]);
  });

  test("neither reports nor repairs what is only on its way", async () => {
    const random = seededRandom(3);
    const writing = new AbortController();
    const writer = (async () => {
      for (let n = 0; !writing.signal.aborted; n += 1) {
        const id = random.int(1, 110);
        await clinic.sql(
          random.pick([
            `UPDATE Person SET LName = 'w${n}' WHERE PatNo BETWEEN ${id} AND ${id + 20}`,
            `DELETE FROM Person WHERE PatNo = ${id}`,
            `INSERT INTO Person (MRN, LName) VALUES ('W${n}', 'new')`,
          ]),
        );
      }
    })();
    for (let round = 0; round < 5; round += 1) {
      const report = await running.reconcile(true);
      expect(report.differences.filter(({ kind }) => kind !== "in-flight")).toEqual([]);
    }
    writing.abort();
    await writer;
    await running.caughtUp();
    expect((await running.reconcile(false)).differences).toEqual([]);
  });

  test("leaves a key alone on which something is parked, or that has changes the source does not know yet", async () => {
    const { owner } = clinic.target;
    await owner.raw("ALTER TABLE person ADD CONSTRAINT no_poison CHECK (family_name <> 'POISON')");
    await clinic.sql("UPDATE Person SET LName = 'POISON' WHERE PatNo = 7");
    await running.caughtUp();
    await owner("person").where({ person_id: 8 }).update({ family_name: "Written here" });
    const changes = [{ table: "Person", key: { PatNo: 8 }, old: { LName: "Name" }, new: { LName: "Written here" } }];
    await owner("kit.outbox").insert({
      audit_seq: 1,
      module: "clinic",
      epoch: 1,
      request_id: "r",
      who: "w",
      changes: JSON.stringify(changes),
      recorded_at: owner.fn.now(),
    });
    const report = await running.reconcile(true);
    expect(report.differences.map((one) => [one.key, one.kind, one.repair])).toEqual([
      [[7], "different", "refused"],
      [[8], "different", "refused"],
    ]);
    expect(await owner("person").where({ person_id: 8 }).pluck("family_name")).toEqual(["Written here"]);
  });

  test("refuses to repair a module that the service owns", async () => {
    await clinic.target.open("clinic", 2);
    await tamper();
    expect(await running.reconcile(true)).toMatchObject({
      state: "failed",
      failure: expect.stringContaining("owns the module"),
    });
    expect(await clinic.target.owner("person").where({ person_id: 900 })).toHaveLength(1);
  });
});
