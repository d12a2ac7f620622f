import { seededRandom } from "@banyan/kernel";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Clinic, type ClinicServers, type RunningStream, runStream, startClinicServers } from "../test-clinic.ts";
import { ServiceDatabase, type Transaction } from "../target/service-database.ts";
import { beginCopy } from "./begin-copy.ts";

let servers: ClinicServers;
let clinic: Clinic;
let running: RunningStream | undefined;

beforeAll(async () => {
  servers = await startClinicServers();
}, 120_000);
afterAll(() => servers?.close());
beforeEach(async () => {
  clinic = await servers.fresh();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await clinic.close();
});

const addPeople = (count: number, prefix = "M") =>
  clinic.sql(
    `DECLARE @i int = 0; WHILE @i < ${count} BEGIN INSERT INTO Person (MRN, LName) VALUES (CONCAT('${prefix}', @i), 'Name'); SET @i = @i + 1 END`,
  );
const names = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await clinic.target.owner("person").select("mrn", "family_name")).map((row) => [row.mrn, row.family_name]),
  );
const sourceNames = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await clinic.sql<{ MRN: string; LName: string }>("SELECT RTRIM(MRN) AS MRN, LName FROM Person")).map((row) => [
      row.MRN,
      row.LName,
    ]),
  );

describe("copying", () => {
  test("rows from before the capture arrive, and the table is whole when the stream has passed the proof", async () => {
    await clinic.sql(
      "INSERT INTO Site VALUES ('MAIN', 'Main'), ('EAST', 'East'); INSERT INTO Visit VALUES ('MAIN', '2026-01-05', 1, 1, 'x'), ('EAST', '2026-01-05', 1, 1, 'y')",
    );
    await addPeople(50);
    running = await runStream(clinic);
    await running.copied();
    expect(await names()).toEqual(await sourceNames());
    expect(await clinic.target.owner("visit").count("* as n")).toEqual([{ n: "2" }]);
  });

  test("random writes during a copy in small chunks, killed and taken up again, leave both sides equal", async () => {
    await addPeople(300);
    const random = seededRandom(7);
    running = await runStream(clinic, { chunkRows: 20 });
    await running.until(() => running?.stream.cursor !== undefined);
    for (let round = 0; round < 30; round += 1) {
      const id = random.int(1, 320);
      await clinic.sql(
        random.pick([
          `UPDATE Person SET LName = 'r${round}' WHERE PatNo BETWEEN ${id} AND ${id + 10}`,
          `DELETE FROM Person WHERE PatNo BETWEEN ${id} AND ${id + 3}`,
          `INSERT INTO Person (MRN, LName) VALUES ('N${round}', 'new')`,
        ]),
      );
      await running.copy.slice(1);
      if (round % 7 === 3) {
        await running.stop();
        running = await runStream(clinic, { chunkRows: 20 });
        await running.until(() => running?.stream.cursor !== undefined);
      }
    }
    await running.copied();
    expect(await names()).toEqual(await sourceNames());
  });

  test("a second copy removes rows that are gone at the source and mends rows that differ, while changes flow", async () => {
    await addPeople(20);
    running = await runStream(clinic);
    await running.copied();
    await clinic.target.owner("person").where({ person_id: 3 }).update({ family_name: "tampered" });
    await clinic.target.owner("person").insert({ person_id: 900, mrn: "GHOST", source_position: Buffer.alloc(12) });
    await running.heartbeats.beat();
    const request = {
      tables: ["Person"],
      allTables: ["Site", "Person", "Visit"],
      newEra: false,
      who: "test",
      reason: "test",
    };
    await beginCopy(clinic.source, clinic.database, running.fence, request);
    running.stream.reload();
    await running.copied();
    expect(await names()).toEqual(await sourceNames());
  });

  test("a row the service's database refuses is parked alone; the rest of its chunk arrives", async () => {
    await addPeople(30);
    await clinic.target.owner.raw("ALTER TABLE person ADD CONSTRAINT no_m7 CHECK (mrn <> 'M7')");
    running = await runStream(clinic);
    await running.copied();
    expect(Object.keys(await names())).toHaveLength(29);
    expect(await clinic.target.owner("sync.parked_transaction").select("state", "lanes", "code")).toEqual([
      { state: "failed", lanes: ["person:8"], code: "23514" },
    ]);
  });

  test("a late chunk does not bring back a row that was deleted after it was read", async () => {
    await addPeople(5);
    const held = Promise.withResolvers<void>();
    const read = Promise.withResolvers<void>();
    const slow = new (class extends ServiceDatabase {
      override async fenced<T>(op: string, fence: bigint, work: (tx: Transaction) => Promise<T>): Promise<T> {
        if (op === "copy a chunk") {
          read.resolve();
          await held.promise;
        }
        return super.fenced(op, fence, work);
      }
    })(clinic.target.syncUrl);
    running = await runStream(clinic, { copyDatabase: slow });
    await running.until(() => running?.stream.cursor !== undefined);
    const copying = running.copy.slice();
    await read.promise;
    await clinic.sql("DELETE FROM Person WHERE MRN = 'M2'");
    await running.caughtUp();
    held.resolve();
    await copying;
    await running.caughtUp();
    expect(Object.keys(await names())).not.toContain("M2");
    await slow.close();
  });
});
