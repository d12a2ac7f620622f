/**
 * Whatever happens at the source, and wherever the sync is cut off, both sides are equal in the end, and no source transaction
 * is applied twice. What is compared with is read here by plain queries; nothing of the adapter decides what is right.
 */

import { seededRandom } from "@banyan/kernel";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beginCopy } from "./copy/begin-copy.ts";
import { type Clinic, type ClinicServers, type RunningStream, runStream, startClinicServers } from "./test-clinic.ts";

let servers: ClinicServers;

beforeAll(async () => {
  servers = await startClinicServers();
}, 120_000);
afterAll(() => servers?.close());

/** What a legacy application may do; `n` makes it one of many. */
const write = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .nat(40)
      .map(
        (n) =>
          `INSERT INTO Person (MRN, LName, Bal) SELECT 'M' + CAST(COALESCE(MAX(PatNo), 0) + 1 AS varchar(9)), 'N${n}', ${n} FROM Person`,
      ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(20).map((n) => `UPDATE Person SET LName = 'R${n}', Bal = Bal + 1 WHERE PatNo % 7 = ${n % 7}`),
  },
  { weight: 2, arbitrary: fc.nat(20).map((n) => `DELETE FROM Person WHERE PatNo = ${n}`) },
  {
    weight: 2,
    arbitrary: fc
      .nat(30)
      .map(
        (n) =>
          `INSERT INTO Visit SELECT 'M${n % 3}', '2026-01-0${(n % 9) + 1}', COALESCE(MAX(Seq), 0) + 1, ${n}, 'V' FROM Visit`,
      ),
  },
  { weight: 2, arbitrary: fc.constant("UPDATE Visit SET Seq = Seq + 1") },
  {
    weight: 1,
    arbitrary: fc.nat(9).map((n) => `UPDATE Visit SET PatNo = ${n}, PatNm = 'moved' WHERE PatNo = ${n + 1}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(9)
      .map(
        (n) =>
          `UPDATE Person SET MRN = CASE MRN WHEN 'M${n}' THEN 'M${n + 1}' WHEN 'M${n + 1}' THEN 'M${n}' ELSE MRN END WHERE MRN IN ('M${n}', 'M${n + 1}')`,
      ),
  },
);
const history = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("transaction" as const),
        writes: fc.array(write, { minLength: 1, maxLength: 4 }),
        commits: fc.nat(9).map((n) => n > 1),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: "cut" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "copy" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "clean-up" as const }) },
  ),
  { minLength: 5, maxLength: 25 },
);

const rowsAtSource = async (clinic: Clinic) => ({
  people: (
    await clinic.sql(
      "SELECT PatNo, RTRIM(MRN) AS MRN, LName, CONVERT(varchar(30), Bal, 2) AS Bal FROM Person ORDER BY PatNo",
    )
  ).map((row) => Object.values(row)),
  visits: (
    await clinic.sql(
      "SELECT RTRIM(SiteCd) AS SiteCd, CONVERT(varchar(10), VisDt, 23) AS VisDt, Seq, PatNo, PatNm FROM Visit",
    )
  )
    .map((row) => Object.values(row).join("|"))
    .toSorted(),
});
const rowsHere = async (clinic: Clinic) => ({
  people: (
    await clinic.target
      .owner("person")
      .orderBy("person_id")
      .select("person_id", "mrn", "family_name", clinic.target.owner.raw("balance::text"))
  ).map((row) => Object.values(row)),
  visits: (
    await clinic.target
      .owner("visit")
      .select("site_code", clinic.target.owner.raw("visit_date::text"), "seq", "person_id", "person_name")
  )
    .map((row) => Object.values(row).join("|"))
    .toSorted(),
});

/** Counts how often each row is proposed at each position, even where it is not written because it is not newer. */
const probe = `CREATE TABLE probe (person_id int, position bytea, copied boolean);
  CREATE FUNCTION note_proposal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO public.probe VALUES (NEW.person_id, NEW.source_position, EXISTS (SELECT FROM sync.table_state WHERE state = 'copying'));
    RETURN NEW; END $$;
  CREATE TRIGGER note_proposal BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION note_proposal()`;

test("random histories, cuts, copies and clean-ups converge", async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.integer(), async (steps, seed) => {
      const clinic = await servers.fresh();
      const random = seededRandom(seed);
      await clinic.target.owner.raw(probe);
      let running: RunningStream | undefined = await runStream(clinic, { chunkRows: 7 });
      const start = async (): Promise<RunningStream> => (running ??= await runStream(clinic, { chunkRows: 7 }));
      try {
        await running.copied();
        for (const step of steps) {
          if (step.kind === "transaction") await transact(clinic, step);
          else if (step.kind === "cut") {
            await running?.stop();
            running = random.chance(0.5) ? await runStream(clinic, { chunkRows: 7 }) : undefined;
          } else if (step.kind === "copy") {
            const { stream, fence } = await start();
            await running?.until(() => stream.cursor !== undefined);
            const allTables = ["Site", "Person", "Visit"];
            await beginCopy(clinic.source, clinic.database, fence, {
              tables: ["Person"],
              allTables,
              newEra: false,
              who: "test",
              reason: "test",
            });
            stream.reload();
            await running?.copy.slice(random.int(0, 5));
          } else if (running) {
            // History that was applied may go at any time.
            await running.caughtUp();
            await cleanUp(clinic);
          }
        }
        await (await start()).copied();
        await running?.caughtUp();
        expect(await rowsHere(clinic)).toEqual(await rowsAtSource(clinic));
        const twice = await clinic.target
          .owner("probe")
          .where({ copied: false })
          .groupBy("person_id", "position")
          .havingRaw("count(*) > 1")
          .select("person_id");
        expect(twice).toEqual([]);
      } finally {
        await running?.stop();
        await clinic.close();
      }
    }),
    { numRuns: 12, seed: 20_261_122, endOnFailure: true },
  );
}, 300_000);

/** What the legacy database refuses (a duplicate MRN) is rolled back there, and must leave no trace here either. */
async function transact(clinic: Clinic, { writes, commits }: { writes: string[]; commits: boolean }): Promise<void> {
  const end = commits ? "COMMIT" : "ROLLBACK";
  await clinic
    .sql(`SET XACT_ABORT ON; BEGIN TRAN; ${writes.join("; ")}; ${end}`)
    .catch((error: { number?: number }) => {
      if (error.number !== 2627) throw error;
    });
}

/** Everything captured up to now is cleaned up. */
async function cleanUp(clinic: Clinic): Promise<void> {
  await clinic.sql(`DECLARE @mark binary(10) = sys.fn_cdc_get_max_lsn();
    EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_Person', @low_water_mark = @mark, @threshold = 5000`);
}

test("history cleaned up while the sync was down is reported, nothing is skipped, and a copy heals it while work goes on", async () => {
  const clinic = await servers.fresh();
  let running = await runStream(clinic);
  try {
    await running.copied();
    await clinic.sql("INSERT INTO Person (MRN, LName) VALUES ('A1', 'Adams'), ('B2', 'Brown')");
    await running.caughtUp();
    await running.stop();
    await clinic.sql("DELETE FROM Person WHERE MRN = 'A1'");
    await clinic.sql(
      "UPDATE Person SET LName = 'Unseen' WHERE MRN = 'B2'; INSERT INTO Visit VALUES ('M', '2026-01-05', 1, 1, 'x')",
    );
    await captured(clinic);
    await cleanUp(clinic);
    running = await runStream(clinic);
    await running.until(() => running.stream.state.kind === "stopped");
    const { state } = running.stream;
    expect(state).toMatchObject({
      kind: "stopped",
      code: "HISTORY_PURGED",
      message: expect.stringContaining("dbo.Person"),
    });
    expect((await rowsHere(clinic)).people.map((row) => row[2])).toEqual(["Adams", "Brown"]);
    const allTables = ["Site", "Person", "Visit"];
    await beginCopy(clinic.source, clinic.database, running.fence, {
      tables: ["Person"],
      allTables,
      newEra: false,
      who: "test",
      reason: "purged",
    });
    running.stream.reload();
    await clinic.sql("INSERT INTO Person (MRN, LName) VALUES ('C3', 'Clark')");
    await running.copied();
    await running.caughtUp();
    expect(await rowsHere(clinic)).toEqual(await rowsAtSource(clinic));
  } finally {
    await running.stop();
    await clinic.close();
  }
});

/** Waits until the capture has published what is committed. */
async function captured(clinic: Clinic): Promise<void> {
  await clinic.sql(
    "INSERT INTO dbo.adapter_flip_marker (flip, module) VALUES ('6F9619FF-8B86-4011-B42D-00C04FC964FF', 'none')",
  );
  for (;;) {
    const rows = await clinic.sql("SELECT flip FROM cdc.dbo_adapter_flip_marker_CT");
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
