/** One test for each behaviour of capture that specs sqlserver-cdc.md lists in section 13, through the driver. */

import mssql from "mssql";
import { describe, expect, it } from "vitest";
import {
  ask,
  captured,
  caughtUp,
  changesAfter,
  connect,
  copyOf,
  createPatient,
  emptyDatabase,
  enable,
  maxLsn,
  minLsn,
  q5,
  run,
  started,
  useServer,
  zero,
  type Pool,
  type Row,
} from "./driver-for-tests.ts";
import { patience } from "./engine-for-tests.ts";

useServer();

describe("behaviours of section 13", () => {
  it("holds the backlog while the job is stopped and catches up after the start", async () => {
    const pool = await captured();
    await run(pool, "EXEC sys.sp_cdc_stop_job @job_type = N'capture'");
    await connect("master");
    const before = (await caughtUpStopped(pool)) as Buffer;
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a')");
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('B', N'b')");
    expect(await maxLsn(pool)).toEqual(before);
    await expect(
      run(
        pool,
        "EXEC sys.sp_cdc_change_job @job_type = N'capture', @pollinginterval = 0; EXEC sys.sp_cdc_start_job @job_type = N'capture'",
      ),
    ).resolves.toBeDefined();
    const rows = await changesAfter(pool, before);
    expect(rows.map((r) => String(r["Mrn"]).trim())).toEqual(["A", "B"]);
  });

  /** Waits until the stopped job has let go of the log, so that no scan is under way. */
  async function caughtUpStopped(pool: Pool): Promise<Buffer | null> {
    await expect
      .poll(
        async () =>
          run(pool, "EXEC sys.sp_cdc_scan").then(
            () => true,
            () => false,
          ),
        patience,
      )
      .toBe(true);
    return maxLsn(pool);
  }

  it("refuses a second log reader with 22903, and scans by hand when the job is stopped", async () => {
    const pool = await captured();
    await expect(run(pool, "EXEC sys.sp_cdc_scan")).rejects.toMatchObject({ number: 22903 });
    await run(pool, "EXEC sys.sp_cdc_stop_job");
    await caughtUpStopped(pool);
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a')");
    await run(pool, "EXEC sys.sp_cdc_scan");
    expect(await ask(pool, "SELECT COUNT(*) AS n FROM cdc.dbo_Patient_CT")).toEqual([{ n: 1 }]);
  });

  it("gives one commit LSN to a transaction over several tables, with triggers' side effects in order", async () => {
    const pool = await captured();
    await run(
      pool,
      "CREATE TABLE dbo.Audit (n int IDENTITY PRIMARY KEY, Mrn char(10) NOT NULL, What varchar(20) NOT NULL)",
    );
    await run(
      pool,
      `CREATE TRIGGER dbo.TR_Patient ON dbo.Patient AFTER INSERT, UPDATE AS BEGIN
      SET NOCOUNT ON; INSERT INTO dbo.Audit (Mrn, What) SELECT Mrn, CASE WHEN EXISTS (SELECT 1 FROM deleted) THEN 'upd' ELSE 'ins' END FROM inserted; END`,
    );
    await enable(pool, "Audit");
    await started(pool, "dbo_Audit");
    await run(
      pool,
      "BEGIN TRAN; INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a'), ('B', N'b'); UPDATE dbo.Patient SET Name = N'z' WHERE Mrn = 'B'; COMMIT",
    );
    await caughtUp(pool);
    const rows = await ask<Row>(
      pool,
      `SELECT [__$start_lsn] AS lsn, [__$command_id] AS c, [__$operation] AS op, 'P' AS t FROM cdc.dbo_Patient_CT
      UNION ALL SELECT [__$start_lsn], [__$command_id], [__$operation], 'A' FROM cdc.dbo_Audit_CT ORDER BY c, op`,
    );
    expect(rows.map((r) => [r["c"], r["t"], r["op"]])).toEqual([
      [1, "P", 2],
      [2, "P", 2],
      [3, "A", 2],
      [4, "A", 2],
      [5, "P", 3],
      [5, "P", 4],
      [6, "A", 2],
    ]);
    expect(new Set(rows.map((r) => (r["lsn"] as Buffer).toString("hex"))).size).toBe(1);
  });

  it("shows nothing of rolled-back work, in transactions, savepoints and failed statements", async () => {
    const pool = await captured();
    const cursor = (await maxLsn(pool)) as Buffer;
    await run(pool, "BEGIN TRAN; INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'gone'); ROLLBACK");
    await run(
      pool,
      "BEGIN TRAN; INSERT INTO dbo.Patient (Mrn, Name) VALUES ('B', N'stays'); SAVE TRAN s; UPDATE dbo.Patient SET Name = N'gone'; ROLLBACK TRAN s; COMMIT",
    );
    await expect(
      run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('C', N'gone'), ('B', N'duplicate')"),
    ).rejects.toMatchObject({ number: 2627 });
    const rows = await changesAfter(pool, cursor);
    expect(rows.map((r) => [r["__$command_id"], r["__$operation"], r["Name"]])).toEqual([[1, 2, "stays"]]);
  });

  it("shows a changed primary or unique key as deletes, then inserts", async () => {
    const pool = await emptyDatabase();
    await run(
      pool,
      "CREATE TABLE dbo.Patient (Id int NOT NULL PRIMARY KEY, Mrn char(10) NULL UNIQUE, Name nvarchar(60) NULL)",
    );
    await run(pool, "EXEC sys.sp_cdc_enable_db");
    await enable(pool, "Patient");
    await started(pool, "dbo_Patient");
    await run(pool, "INSERT INTO dbo.Patient VALUES (1, 'A', N'a'), (2, 'B', N'b')");
    const cursor = await caughtUp(pool);
    await run(pool, "UPDATE dbo.Patient SET Id = Id + 1");
    await run(pool, "UPDATE dbo.Patient SET Mrn = 'C' WHERE Id = 2");
    const rows = await changesAfter(pool, cursor);
    expect(rows.map((r) => [r["__$operation"], r["__$command_id"], r["Id"]])).toEqual([
      [1, 1, 1],
      [1, 2, 2],
      [2, 3, 2],
      [2, 4, 3],
      [1, 1, 2],
      [2, 2, 2],
    ]);
    expect(rows[0]?.["__$seqval"]).toEqual(rows[2]?.["__$seqval"]);
  });

  it("gives NULL for large objects, computed columns, and binary(8) for rowversion as documented", async () => {
    const pool = await captured();
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name, Note, Photo) VALUES ('A', N'a', 'old', 0x01)");
    await run(pool, "UPDATE dbo.Patient SET Name = N'b'");
    await run(pool, "UPDATE dbo.Patient SET Photo = 0x02, Note = 'new'");
    await run(pool, "DELETE FROM dbo.Patient");
    await caughtUp(pool);
    const rows = await ask<Row>(
      pool,
      "SELECT [__$operation] AS op, Note, Photo, Shout, Rv FROM cdc.dbo_Patient_CT ORDER BY [__$start_lsn], [__$command_id], [__$operation]",
    );
    const hex = (value: unknown) => (Buffer.isBuffer(value) ? value.toString("hex") : value);
    expect(rows.map((r) => [r["op"], r["Note"], hex(r["Photo"]), r["Shout"]])).toEqual([
      [2, "old", "01", null],
      [3, null, null, null],
      [4, "old", "01", null],
      [3, null, "01", null],
      [4, "new", "02", null],
      [1, null, "02", null],
    ]);
    expect(rows.every((r) => (r["Rv"] as Buffer).length === 8)).toBe(true);
    const [, before, after] = rows.map((r) => hex(r["Rv"]));
    expect(String(after) > String(before)).toBe(true);
  });

  it("raises min_lsn before deleting, then leaves direct readers without the rows and without an error", async () => {
    const pool = await captured();
    for (const mrn of ["A", "B", "C"]) await run(pool, `INSERT INTO dbo.Patient (Mrn, Name) VALUES ('${mrn}', N'x')`);
    const hi = await caughtUp(pool);
    const marks = await ask<{ l: Buffer }>(
      pool,
      "SELECT [__$start_lsn] AS l FROM cdc.dbo_Patient_CT ORDER BY [__$start_lsn]",
    );
    const clean = (mark: Buffer | null) =>
      pool
        .request()
        .input("capture_instance", "dbo_Patient")
        .input("low_water_mark", mssql.VarBinary(10), mark)
        .input("threshold", mssql.BigInt, 1)
        .execute("sys.sp_cdc_cleanup_change_table");
    await clean(marks[1]?.l ?? null);
    expect(await minLsn(pool, "dbo_Patient")).toEqual(marks[1]?.l);
    const left = await ask<Row>(pool, q5, { cursor: zero, hi });
    expect(left.map((r) => String(r["Mrn"]).trim())).toEqual(["B", "C"]);
    await expect(clean(Buffer.alloc(10, 7))).rejects.toMatchObject({ number: 22964 });
    await expect(clean(marks[0]?.l ?? null)).rejects.toMatchObject({ number: 22964 });
    await expect(run(pool, "EXEC sys.sp_cdc_cleanup_change_table N'nobody', NULL")).rejects.toMatchObject({
      number: 22920,
    });
    await clean(null);
  });

  it("refuses TRUNCATE with 4711 and renaming a captured column with 4928", async () => {
    const pool = await captured();
    await expect(run(pool, "TRUNCATE TABLE dbo.Patient")).rejects.toMatchObject({ number: 4711 });
    await expect(run(pool, "EXEC sp_rename 'dbo.Patient.Name', 'FullName', 'COLUMN'")).rejects.toMatchObject({
      number: 4928,
    });
  });

  it("goes on through DROP COLUMN and ALTER COLUMN", async () => {
    const pool = await captured();
    await run(pool, "ALTER TABLE dbo.Patient ALTER COLUMN Mrn nvarchar(100) NOT NULL");
    await run(pool, "ALTER TABLE dbo.Patient DROP COLUMN Photo");
    await run(pool, `INSERT INTO dbo.Patient (Mrn, Name) VALUES (N'${"x".repeat(100)}', N'a')`);
    await caughtUp(pool);
    const result = await pool.request().query("SELECT Mrn, Photo FROM cdc.dbo_Patient_CT");
    expect(result.recordset[0]).toEqual({ Mrn: "x".repeat(100), Photo: null });
    expect(result.recordset.columns["Mrn"]?.length).toBe(200);
    const history = await ask<Row>(pool, "SELECT required_column_update AS r FROM cdc.ddl_history ORDER BY ddl_lsn");
    expect(history.map((h) => h["r"])).toEqual([true, false]);
  });

  it("goes on when an uncaptured key column, or the table, is renamed", async () => {
    const pool = await emptyDatabase();
    await run(pool, createPatient);
    await run(pool, "EXEC sys.sp_cdc_enable_db");
    await enable(pool, "Patient", { captured_column_list: "Id, Name" });
    await started(pool, "dbo_Patient");
    await run(pool, "EXEC sp_rename 'dbo.Patient.Mrn', 'RecordNumber', 'COLUMN'");
    await run(pool, "INSERT INTO dbo.Patient (RecordNumber, Name) VALUES ('A', N'a')");
    await run(pool, "UPDATE dbo.Patient SET Name = N'b', RecordNumber = 'B'");
    await run(pool, "EXEC sp_rename 'dbo.Patient', 'Person'");
    await run(pool, "UPDATE dbo.Person SET Name = N'c'");
    await caughtUp(pool);
    const rows = await ask<Row>(
      pool,
      "SELECT [__$operation] AS op, Name FROM cdc.dbo_Patient_CT ORDER BY [__$start_lsn], [__$command_id], [__$operation]",
    );
    expect(rows.map((r) => [r["op"], r["Name"]])).toEqual([
      [2, "a"],
      [1, "a"],
      [2, "b"],
      [3, "b"],
      [4, "c"],
    ]);
  });

  it("refuses to drop the primary key, and drops the instances with the table", async () => {
    const pool = await emptyDatabase();
    await run(
      pool,
      "CREATE TABLE dbo.Patient (Id int NOT NULL CONSTRAINT PK_Patient PRIMARY KEY, Name nvarchar(60) NULL)",
    );
    await run(pool, "EXEC sys.sp_cdc_enable_db");
    await enable(pool, "Patient");
    await started(pool, "dbo_Patient");
    await expect(run(pool, "ALTER TABLE dbo.Patient DROP CONSTRAINT PK_Patient")).rejects.toMatchObject({
      number: 4929,
    });
    await run(pool, "DROP TABLE dbo.Patient");
    expect(await run(pool, "EXEC sys.sp_cdc_help_change_data_capture")).toEqual([]);
    await expect(run(pool, "SELECT * FROM cdc.dbo_Patient_CT")).rejects.toMatchObject({ number: 208 });
  });

  it("captures while the table's own triggers are disabled", async () => {
    const pool = await captured();
    const cursor = (await maxLsn(pool)) as Buffer;
    await run(
      pool,
      "CREATE TRIGGER dbo.TR_No ON dbo.Patient AFTER INSERT AS BEGIN RAISERROR('no', 16, 1); ROLLBACK; END",
    );
    await run(pool, "ALTER TABLE dbo.Patient DISABLE TRIGGER ALL");
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a')");
    expect((await changesAfter(pool, cursor)).map((r) => r["Name"])).toEqual(["a"]);
  });

  it("works on in a copy of the database", async () => {
    const original = await captured();
    await run(original, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a')");
    await caughtUp(original);
    const [current] = await ask<{ name: string }>(original, "SELECT DB_NAME() AS name");
    await original.close();
    const copy = await copyOf(current?.name ?? "");
    await run(copy, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('B', N'b')");
    expect((await changesAfter(copy, zero)).map((r) => r["Name"])).toEqual(["a", "b"]);
    expect(await ask(copy, "SELECT is_cdc_enabled AS e FROM sys.databases WHERE database_id = DB_ID()")).toEqual([
      { e: true },
    ]);
  });

  it("shows health: sessions with an aggregate, latency and last commit", async () => {
    const pool = await captured();
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a')");
    await caughtUp(pool);
    const [total] = await ask<Row>(
      pool,
      "SELECT session_id, latency, tran_count, empty_scan_count, last_commit_cdc_time, error_count FROM sys.dm_cdc_log_scan_sessions WHERE session_id = 0",
    );
    expect(total).toMatchObject({ session_id: 0, error_count: 0 });
    expect(total?.["tran_count"]).toBeGreaterThan(2);
    expect(total?.["last_commit_cdc_time"]).toBeInstanceOf(Date);
    expect(await ask(pool, "SELECT entry_time, error_number, error_message FROM sys.dm_cdc_errors")).toEqual([]);
  });
});
