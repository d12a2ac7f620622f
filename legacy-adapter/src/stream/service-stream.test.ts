import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Clinic, type ClinicServers, type RunningStream, runStream, startClinicServers } from "../test-clinic.ts";

let servers: ClinicServers;
let clinic: Clinic;
let running: RunningStream;

beforeAll(async () => {
  servers = await startClinicServers();
}, 120_000);
afterAll(() => servers?.close());
beforeEach(async () => {
  clinic = await servers.fresh();
  running = await runStream(clinic);
});
afterEach(async () => {
  await running.stop();
  await clinic.close();
});

const people = () =>
  clinic.target.owner("person").orderBy("person_id").select("person_id", "mrn", "family_name", "balance");

describe("following", () => {
  test("inserts, updates and deletes arrive, with padding, money and code as the service's model has them", async () => {
    await clinic.sql("INSERT INTO Person (MRN, LName, Bal) VALUES ('A1', 'Adams', 12.5), ('B2', 'Brown', -3)");
    await clinic.sql("UPDATE Person SET LName = 'Adamson' WHERE MRN = 'A1'; DELETE FROM Person WHERE MRN = 'B2'");
    await running.caughtUp();
    expect(await people()).toEqual([{ person_id: 1, mrn: "A1", family_name: "Adamson", balance: "12.5000" }]);
  });

  test("a transaction that was rolled back leaves no trace", async () => {
    await clinic.sql("BEGIN TRAN; INSERT INTO Person (MRN, LName) VALUES ('A1', 'Adams'); ROLLBACK");
    await clinic.sql("INSERT INTO Person (MRN, LName) VALUES ('B2', 'Brown')");
    await running.caughtUp();
    expect((await people()).map((row) => row.mrn)).toEqual(["B2"]);
  });

  test("two rows that swap a unique value in one statement arrive", async () => {
    await clinic.sql("INSERT INTO Person (MRN, LName) VALUES ('A1', 'Adams'), ('B2', 'Brown')");
    await running.caughtUp();
    await clinic.sql("UPDATE Person SET MRN = CASE MRN WHEN 'A1' THEN 'B2' ELSE 'A1' END");
    await running.caughtUp();
    expect((await people()).map((row) => [row.mrn, row.family_name])).toEqual([
      ["B2", "Adams"],
      ["A1", "Brown"],
    ]);
  });

  test("a changed key moves the row, also when a bulk change shifts every key onto its neighbour's", async () => {
    await clinic.sql(
      "INSERT INTO Visit (SiteCd, VisDt, Seq, PatNo, PatNm) VALUES ('M', '2026-01-05', 1, 7, 'one'), ('M', '2026-01-05', 2, 7, 'two')",
    );
    await running.caughtUp();
    await clinic.sql("UPDATE Visit SET Seq = Seq + 1");
    await running.caughtUp();
    const rows = await clinic.target.owner("visit").orderBy("seq").select("seq", "person_name");
    expect(rows).toEqual([
      { seq: 2, person_name: "one" },
      { seq: 3, person_name: "two" },
    ]);
  });

  test("windows follow each other without gap or overlap", async () => {
    for (let n = 0; n < 20; n += 1) await clinic.sql(`INSERT INTO Person (MRN, LName) VALUES ('M${n}', 'x')`);
    await running.caughtUp();
    const windows = await clinic.target
      .owner("sync.applied_window")
      .orderBy("id")
      .select<{ after_position: Buffer; to_position: Buffer; transactions: number }[]>("*");
    for (const [index, one] of windows.slice(1).entries())
      expect(one.after_position).toEqual(windows[index]?.to_position);
    expect(windows.reduce((sum, one) => sum + one.transactions, 0)).toBeGreaterThanOrEqual(20);
  });
});
