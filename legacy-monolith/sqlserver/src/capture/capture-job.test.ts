import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patience, sqlError, type TestDatabase, TestEngine } from "./engine-for-tests.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
}, 60_000);
afterAll(() => engine?.stop());

const columns = [
  { name: "Id", type: "int" },
  { name: "Name", type: "nvarchar(20)" },
];

async function captured(): Promise<TestDatabase> {
  const db = await engine.database();
  await db.table("Patient", columns);
  await db.enable("Patient");
  return db;
}

const lastId = (db: TestDatabase) => () => db.value('SELECT max(id) FROM cdc."dbo_patient_ct"');
const insert = (db: TestDatabase, id: number) => db.sql.query("INSERT INTO dbo.patient VALUES ($1, 'n')", [id]);
const mapping = "SELECT * FROM cdc.lsn_time_mapping ORDER BY start_lsn";
const newest = async (db: TestDatabase) => {
  const row = (await db.rows(mapping)).at(-1);
  if (!row) throw new Error("lsn_time_mapping is empty");
  return { lsn: row["start_lsn"] as Buffer, tranId: row["tran_id"] as Buffer };
};

describe("the log", () => {
  it("publishes a late committer above what is published already, in the next free place", async () => {
    const db = await captured();
    await db.scan();
    await insert(db, 1);
    await insert(db, 2);
    const hold = await db.connection();
    await hold.query("BEGIN");
    // What a scan sees when transaction 1 took its place earlier but became visible later.
    await hold.query(
      "UPDATE capture.transactions SET start_lsn = '\\x00' WHERE start_lsn IS NULL AND commit_position = (SELECT min(commit_position) FROM capture.transactions WHERE start_lsn IS NULL)",
    );
    await hold.query("SELECT capture.scan(500, 305, 0)");
    await hold.query("UPDATE capture.transactions SET start_lsn = NULL WHERE start_lsn = '\\x00'");
    await hold.query("COMMIT");
    const published = await db.value<Buffer>("SELECT sys.fn_cdc_get_max_lsn()");
    await db.scan();
    const late = await db.value<Buffer>("SELECT sys.fn_cdc_get_max_lsn()");
    expect(late.compare(published)).toBe(1);
    expect((await db.changes("dbo_Patient")).map((r) => r["id"])).toEqual([2, 1]);
    await insert(db, 3);
    await db.scan();
    expect((await db.changes("dbo_Patient")).map((r) => r["id"])).toEqual([2, 1, 3]);
  });

  it("keeps times server-local and in 1/300 s, begin before end", async () => {
    const db = await captured();
    await insert(db, 1);
    await db.scan();
    for (const row of await db.rows(`SELECT tran_begin_time <= tran_end_time AS ordered, extract(milliseconds FROM tran_end_time)::int % 10 AS digit,
      abs(extract(epoch FROM tran_end_time - (now() AT TIME ZONE 'America/New_York'))) < 60 AS local, tran_id, tran_begin_lsn < start_lsn AS began FROM cdc.lsn_time_mapping`)) {
      expect(row).toMatchObject({ ordered: true, local: true, began: true });
      expect([0, 3, 7]).toContain(row["digit"]);
      expect((row["tran_id"] as Buffer).length).toBe(6);
    }
  });

  it("writes a placeholder with tran_id 0x00 when idle, which moves max_lsn", async () => {
    const db = await captured();
    await db.scan();
    const before = await db.value<Buffer>("SELECT sys.fn_cdc_get_max_lsn()");
    expect(await db.value("SELECT capture.scan(500, 3600, 0)")).toBe(0);
    expect(await db.value("SELECT sys.fn_cdc_get_max_lsn()")).toEqual(before);
    expect(await db.value("SELECT capture.scan(500, 0, 0)")).toBe(0);
    const idle = await newest(db);
    expect(idle.lsn.compare(before)).toBe(1);
    expect(idle.tranId).toEqual(Buffer.from([0]));
    await insert(db, 1);
    await db.scan();
    expect((await newest(db)).lsn.compare(idle.lsn)).toBe(1);
  });

  it("puts every commit before the call below log_end_lsn, and every one begun after it above", async () => {
    const db = await captured();
    await insert(db, 1);
    const end = await db.value<string>("SELECT log_end_lsn FROM sys.dm_db_log_stats(5)");
    await insert(db, 2);
    await db.scan();
    const rows = await db.rows(
      `SELECT id, capture.lsn_text("__$start_lsn") AS lsn FROM cdc.dbo_patient_ct ORDER BY id`,
    );
    expect(String(rows[0]?.["lsn"]) < end && end < String(rows[1]?.["lsn"])).toBe(true);
    expect(end).toMatch(/^[0-9a-f]{8}:[0-9a-f]{8}:[0-9a-f]{4}$/);
  });
});

describe("the capture job", () => {
  it("publishes what is committed, some time later and without being asked", async () => {
    const db = await captured();
    db.job();
    await insert(db, 1);
    await expect.poll(lastId(db), patience).toBe(1);
  });

  it("holds the backlog while stopped and publishes it whole, in order, after the start", async () => {
    const db = await captured();
    db.job();
    await insert(db, 1);
    await expect.poll(lastId(db), patience).toBe(1);
    await db.sql.query("SELECT capture.want_job('capture', false)");
    const idleReader = () => db.value("SELECT pg_try_advisory_xact_lock(capture.reader_lock())");
    await expect.poll(idleReader, patience).toBe(true);
    for (let id = 2; id <= 5; id += 1) await insert(db, id);
    expect(await lastId(db)()).toBe(1);
    await db.sql.query("SELECT capture.want_job('capture', true)");
    await expect.poll(lastId(db), patience).toBe(5);
    expect((await db.changes("dbo_Patient")).map((r) => r["id"])).toEqual([1, 2, 3, 4, 5]);
  });

  it("obeys maxtrans, and takes changed settings only after a restart", async () => {
    const db = await captured();
    const sizes = () => db.rows("SELECT tran_count FROM capture.scan_sessions ORDER BY session_id");
    await db.sql.query("SELECT capture.want_job('capture', false)");
    await db.sql.query("SELECT capture.change_job('capture', 2, NULL, NULL, NULL, NULL, NULL)");
    for (let id = 1; id <= 6; id += 1) await insert(db, id);
    await db.sql.query("SELECT capture.want_job('capture', true)");
    db.job();
    await expect.poll(lastId(db), patience).toBe(6);
    expect(Math.max(...(await sizes()).map((r) => Number(r["tran_count"])))).toBe(2);
  });

  it("waits its polling interval between scans", async () => {
    const db = await captured();
    await db.scan();
    await db.sql.query("SELECT capture.change_job('capture', NULL, NULL, NULL, 3600, NULL, NULL)");
    db.job();
    const reading = () => db.value("SELECT NOT pg_try_advisory_xact_lock(capture.reader_lock())");
    await expect.poll(reading, patience).toBe(true);
    // The first scan may still run; a row committed after it has to wait an hour, or for a restart.
    await expect
      .poll(
        () =>
          db.value(
            "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'banyan capture' AND datname = current_database() AND state = 'idle' AND query LIKE '%capture.scan%'",
          ),
        patience,
      )
      .toBe(1);
    await insert(db, 1);
    expect(await lastId(db)()).toBeNull();
    await db.sql.query("SELECT capture.want_job('capture', true)");
    await expect.poll(lastId(db), patience).toBe(1);
  });

  it("takes the simulator's options at once: polling in milliseconds, idle placeholders", async () => {
    const db = await captured();
    await db.sql.query("SELECT capture.set_option('poll_ms', '3600000')");
    db.job();
    const placeholders = () => db.value("SELECT count(*)::int FROM cdc.lsn_time_mapping WHERE tran_id = '\\x00'");
    await expect
      .poll(() => db.value("SELECT NOT pg_try_advisory_xact_lock(capture.reader_lock())"), patience)
      .toBe(true);
    expect(await placeholders()).toBe(0);
    await db.sql.query("SELECT capture.set_option('idle_placeholder_seconds', '0.01')");
    await db.sql.query("SELECT capture.set_option('poll_ms', '5')");
    await expect.poll(placeholders, patience).toBeGreaterThan(2);
    expect((await sqlError(db.sql.query("SELECT capture.set_option('speed', '5')"))).number).toBe(40000);
  });

  it("runs once when not continuous", async () => {
    const db = await captured();
    await db.sql.query("SELECT capture.change_job('capture', NULL, NULL, 0::smallint, NULL, NULL, NULL)");
    await insert(db, 1);
    db.job();
    await expect.poll(lastId(db), patience).toBe(1);
    await expect
      .poll(() => db.value("SELECT wanted FROM capture.jobs WHERE job_type = 'capture'"), patience)
      .toBe(false);
  });

  it("goes on after its connection is cut, without loss or doubling", async () => {
    const db = await captured();
    db.job();
    for (let id = 1; id <= 60; id += 1) {
      await insert(db, id);
      if (id % 10 === 0)
        await db.sql.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'banyan capture' AND datname = current_database()",
        );
    }
    await expect.poll(lastId(db), patience).toBe(60);
    expect((await db.changes("dbo_Patient")).map((r) => r["id"])).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it("shows its scans and errors in the health views", async () => {
    const db = await captured();
    await insert(db, 1);
    await db.scan();
    await db.sql.query("SELECT capture.scan(500, 3600, 7)");
    const [total] = await db.rows("SELECT * FROM sys.dm_cdc_log_scan_sessions WHERE session_id = 0");
    expect(total).toMatchObject({ tran_count: 2, empty_scan_count: 7, error_count: 0, scan_phase: "Done" });
    expect(total?.["last_commit_cdc_time"]).toBeInstanceOf(Date);
    await db.sql.query("SELECT capture.record_error(2628, 'String or binary data would be truncated.')");
    expect(await db.rows("SELECT error_number, error_message FROM sys.dm_cdc_errors")).toEqual([
      { error_number: 2628, error_message: "String or binary data would be truncated." },
    ]);
    expect(
      await db.value("SELECT status FROM sys.dm_server_services WHERE servicename LIKE 'SQL Server Agent (%'"),
    ).toBe(4);
  });

  it("adds, drops and refuses jobs", async () => {
    const db = await captured();
    await db.sql.query("SELECT capture.drop_job('cleanup')");
    expect((await sqlError(db.sql.query("SELECT capture.drop_job('cleanup')"))).number).toBe(22990);
    expect((await sqlError(db.sql.query("SELECT capture.want_job('backup', true)"))).number).toBe(22991);
    await db.sql.query("SELECT capture.add_job('cleanup', NULL, NULL, NULL, NULL, NULL, 60, 100)");
    expect(
      await db.rows("SELECT retention::int, threshold::int FROM capture.help_jobs() WHERE job_type = 'cleanup'"),
    ).toEqual([{ retention: 60, threshold: 100 }]);
  });
});

describe("clean-up", () => {
  async function history(): Promise<{ db: TestDatabase; lsns: Buffer[] }> {
    const db = await captured();
    for (let id = 1; id <= 4; id += 1) await insert(db, id);
    await db.scan();
    return { db, lsns: (await db.rows(mapping)).map((r) => r["start_lsn"] as Buffer) };
  }
  const min = (db: TestDatabase) => db.value<Buffer>("SELECT sys.fn_cdc_get_min_lsn('dbo_Patient')");

  it("raises the minimum before any row goes; direct reads then miss rows silently", async () => {
    const { db, lsns } = await history();
    await db.sql.query("SELECT capture.raise_low_water('dbo_patient', $1)", [lsns[3]]);
    expect(await min(db)).toEqual(lsns[3]);
    expect((await db.changes("dbo_Patient")).map((r) => r["id"])).toEqual([1, 2, 3, 4]);
    expect(await db.value("SELECT capture.delete_chunk(1)::int")).toBe(1);
    while ((await db.value("SELECT capture.delete_chunk(1)::int")) !== 0);
    expect((await db.changes("dbo_Patient")).map((r) => r["id"])).toEqual([3, 4]);
    expect(await db.rows(mapping)).toHaveLength(2);
    expect(
      (
        await sqlError(
          db.rows("SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_patient($1, $2, 'all')", [lsns[1], lsns[4]]),
        )
      ).number,
    ).toBe(313);
  });

  it("keeps mapping entries another instance still reaches", async () => {
    const { db, lsns } = await history();
    await db.enable("Patient", { instance: "v2" });
    await db.scan();
    await db.sql.query("SELECT capture.raise_low_water('v2', (SELECT sys.fn_cdc_get_max_lsn()))");
    await db.value("SELECT capture.delete_chunk(100)");
    expect((await db.rows(mapping)).map((r) => r["start_lsn"])).toEqual(expect.arrayContaining(lsns));
  });

  it("refuses a mark that is no entry (22964), off the timeline (22957), or an unknown instance (22920)", async () => {
    const { db, lsns } = await history();
    const clean = async (instance: string, mark: Buffer | null) =>
      (await sqlError(db.sql.query("SELECT capture.raise_low_water($1, $2)", [instance, mark]))).number;
    expect(await clean("dbo_Patient", Buffer.alloc(10, 0x11))).toBe(22964);
    await db.sql.query("SELECT capture.raise_low_water('dbo_Patient', $1)", [lsns[3]]);
    expect(await clean("dbo_Patient", lsns[2] as Buffer)).toBe(22957);
    expect(await clean("nobody", null)).toBe(22920);
  });

  it("as a job keeps what is younger than the retention, counted from the newest entry", async () => {
    const { db, lsns } = await history();
    await db.sql.query(
      "UPDATE capture.transactions SET end_time = end_time - interval '3 days' WHERE start_lsn <= $1",
      [lsns[2]],
    );
    db.job();
    await db.sql.query("SELECT capture.want_job('cleanup', true)");
    await expect.poll(async () => (await db.changes("dbo_Patient")).map((r) => r["id"]), patience).toEqual([2, 3, 4]);
    expect(await min(db)).toEqual(lsns[2]);
    expect(await db.value("SELECT wanted FROM capture.jobs WHERE job_type = 'cleanup'")).toBe(false);
  });
});
