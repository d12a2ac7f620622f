import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Clinic, type ClinicServers, type RunningStream, runStream, startClinicServers } from "../test-clinic.ts";
import { discard, type RetryContext, retryParked } from "./retry-parked.ts";

let servers: ClinicServers;
let clinic: Clinic;
let running: RunningStream;

beforeAll(async () => {
  servers = await startClinicServers();
}, 120_000);
afterAll(() => servers?.close());
beforeEach(async () => {
  clinic = await servers.fresh();
  await clinic.target.owner.raw("ALTER TABLE person ADD CONSTRAINT no_poison CHECK (family_name <> 'POISON')");
  running = await runStream(clinic);
});
afterEach(async () => {
  await running.stop();
  await clinic.close();
});

const context = (): RetryContext => ({
  database: clinic.database,
  fence: running.fence,
  targets: running.stream.targets,
  plans: running.stream.plans,
});
const parked = () =>
  clinic.target.owner("sync.parked_transaction").orderBy("position").select("state", "lanes", "code");
const names = async (): Promise<string[]> =>
  (await clinic.target.owner("person").orderBy("person_id").select("family_name")).map((row) => row.family_name);

/** Adams and Brown are there; Adams becomes poison, then Adamson; Brown becomes Browning in between. */
async function poison(): Promise<void> {
  await clinic.sql("INSERT INTO Person (MRN, LName) VALUES ('A1', 'Adams'), ('B2', 'Brown')");
  await running.caughtUp();
  await clinic.sql("UPDATE Person SET LName = 'POISON', Bal = 1 WHERE MRN = 'A1'");
  await clinic.sql("UPDATE Person SET LName = 'Browning' WHERE MRN = 'B2'");
  await running.caughtUp();
  await clinic.sql("UPDATE Person SET Bal = Bal + 10 WHERE MRN = 'A1'");
  await clinic.sql("INSERT INTO Visit VALUES ('M', '2026-01-05', 1, 1, 'POISON')");
  await clinic.sql("UPDATE Person SET Bal = 5 WHERE MRN = 'B2'");
  await running.caughtUp();
}

describe("a row the service's database refuses", () => {
  test("is parked with its key alone: successors of the key wait in order, every other key goes on", async () => {
    await poison();
    expect(await names()).toEqual(["Adams", "Browning"]);
    expect(await parked()).toEqual([
      { state: "failed", lanes: ["person:1"], code: "23514" },
      { state: "waiting", lanes: ["person:1"], code: null },
      { state: "waiting", lanes: ["person:1"], code: null },
    ]);
    expect(await clinic.target.owner("person").where({ person_id: 2 }).pluck("balance")).toEqual(["5.0000"]);
    expect(await clinic.target.owner("visit")).toEqual([]);
  });

  test("applies with its successors, in order, once its cause is gone", async () => {
    await poison();
    expect(await retryParked(context())).toEqual({ applied: 0, failed: 1, waiting: 2 });
    await clinic.target.owner.raw("ALTER TABLE person DROP CONSTRAINT no_poison");
    expect(await retryParked(context())).toEqual({ applied: 3, failed: 0, waiting: 0 });
    expect(await names()).toEqual(["POISON", "Browning"]);
    expect(await clinic.target.owner("person").where({ person_id: 1 }).pluck("balance")).toEqual(["11.0000"]);
    expect(await clinic.target.owner("visit").pluck("person_name")).toEqual(["POISON"]);
  });

  test("is healed by a correction at the source that waits behind it", async () => {
    await poison();
    await clinic.sql("UPDATE Person SET LName = 'Adamson' WHERE MRN = 'A1'");
    await running.caughtUp();
    expect(await retryParked(context())).toEqual({ applied: 4, failed: 0, waiting: 0 });
    expect(await names()).toEqual(["Adamson", "Browning"]);
    running.stream.reload();
    await clinic.sql("UPDATE Person SET LName = 'Adam' WHERE MRN = 'A1'");
    await running.caughtUp();
    expect(await names()).toEqual(["Adam", "Browning"]);
  });

  test("is given up only with a name and a reason, and is kept", async () => {
    await poison();
    const [first] = await clinic.target.owner("sync.parked_transaction").orderBy("position").pluck("id");
    expect(await discard(context(), [String(first)], { who: "ops", reason: "entered in error" })).toBe(1);
    expect(await clinic.target.owner("sync.discarded").select("discarded_by", "reason")).toEqual([
      { discarded_by: "ops", reason: "entered in error" },
    ]);
    const [kept] = await clinic.target.owner("sync.discarded").pluck("changes");
    expect(kept).toMatchObject([{ operation: 3 }, { operation: 4, legacy_row: { LName: "POISON" } }]);
  });

  test("parks its whole source transaction, and closes the lanes of every row in it", async () => {
    await clinic.sql("INSERT INTO Person (MRN, LName) VALUES ('A1', 'Adams'), ('B2', 'Brown'), ('C3', 'Clark')");
    await running.caughtUp();
    await clinic.sql(
      "BEGIN TRAN; UPDATE Person SET LName = 'Browne' WHERE MRN = 'B2'; UPDATE Person SET LName = 'POISON' WHERE MRN = 'A1'; COMMIT",
    );
    await clinic.sql("UPDATE Person SET Bal = 7 WHERE MRN = 'B2'");
    await clinic.sql("UPDATE Person SET Bal = 8 WHERE MRN = 'C3'");
    await running.caughtUp();
    expect(await names()).toEqual(["Adams", "Brown", "Clark"]);
    expect((await parked()).map((one) => [one.state, one.lanes.toSorted()])).toEqual([
      ["failed", ["person:1", "person:2"]],
      ["waiting", ["person:2"]],
    ]);
    expect(await clinic.target.owner("person").orderBy("person_id").pluck("balance")).toEqual([
      "0.0000",
      "0.0000",
      "8.0000",
    ]);
  });

  test("stays parked over a restart of the adapter", async () => {
    await poison();
    await running.stop();
    running = await runStream(clinic);
    await clinic.sql("UPDATE Person SET Bal = 99 WHERE MRN = 'A1'");
    await running.caughtUp();
    expect((await parked()).length).toBe(4);
  });
});
