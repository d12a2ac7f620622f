/** Snapshot handover, loop prevention and change tracking, through the driver (specs sqlserver-cdc.md, sections 8, 9, 10). */

import mssql from "mssql";
import { describe, expect, it } from "vitest";
import {
  ask,
  captured,
  caughtUp,
  changesAfter,
  createPatient,
  emptyDatabase,
  enable,
  maxLsn,
  q5,
  run,
  started,
  useServer,
  type Pool,
  type Row,
} from "./driver-for-tests.ts";

useServer();

describe("snapshot handover (section 8)", () => {
  it("takes L0 before reading in keyset chunks under SNAPSHOT, and misses nothing after it", async () => {
    const pool = await captured();
    const [current] = await ask<{ name: string }>(pool, "SELECT DB_NAME() AS name");
    await run(pool, `ALTER DATABASE [${current?.name ?? ""}] SET ALLOW_SNAPSHOT_ISOLATION ON`);
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a'), ('B', N'b'), ('C', N'c')");
    await caughtUp(pool);
    const l0 = (await maxLsn(pool)) as Buffer;
    await run(pool, "UPDATE dbo.Patient SET Name = N'late' WHERE Mrn = 'B'");
    const copy = new Map<unknown, unknown>();
    const snapshot = pool.transaction();
    await snapshot.begin(mssql.ISOLATION_LEVEL.SNAPSHOT);
    for (let last = 0; ; ) {
      const read = snapshot.request().input("n", 2).input("last", last);
      const { recordset } = await read.query<Row>(
        "SELECT TOP (@n) Id, Name FROM dbo.Patient WHERE Id > @last ORDER BY Id",
      );
      if (recordset.length === 0) break;
      for (const row of recordset) copy.set(row["Id"], row["Name"]);
      last = recordset.at(-1)?.["Id"] as number;
      await run(pool, `INSERT INTO dbo.Patient (Mrn, Name) VALUES ('N${last}', N'not in the snapshot')`);
    }
    await snapshot.commit();
    expect([...copy.values()]).toEqual(["a", "late", "c"]);
    await run(pool, "UPDATE dbo.Patient SET Name = N'later' WHERE Mrn = 'C'");
    for (const change of await changesAfter(pool, l0))
      if (change["__$operation"] === 2 || change["__$operation"] === 4) copy.set(change["Id"], change["Name"]);
    const now = await ask<Row>(pool, "SELECT Id, Name FROM dbo.Patient ORDER BY Id");
    expect([...copy]).toEqual(now.map((r) => [r["Id"], r["Name"]]));
  });

  it("gives a high watermark: log_end_lsn of sys.dm_db_log_stats", async () => {
    const pool = await captured();
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a')");
    const [end] = await ask<{ log_end_lsn: string }>(pool, "SELECT log_end_lsn FROM sys.dm_db_log_stats(DB_ID())");
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('B', N'b')");
    await caughtUp(pool);
    const text = (lsn: unknown) => (lsn as Buffer).toString("hex").replace(/^(.{8})(.{8})(.{4})$/, "$1:$2:$3");
    const lsns = (await ask<Row>(pool, "SELECT [__$start_lsn] AS l FROM cdc.dbo_Patient_CT ORDER BY 1")).map((r) =>
      text(r["l"]),
    );
    expect(lsns[0]! < end!.log_end_lsn && end!.log_end_lsn < lsns[1]!).toBe(true);
  });
});

describe("loop prevention (section 9)", () => {
  it("finds the marker row by the commit LSN of the writes it came with; a retry meets 2627", async () => {
    const pool = await captured();
    await run(
      pool,
      `CREATE TABLE dbo.adapter_origin (outbox_id uniqueidentifier PRIMARY KEY, epoch int NOT NULL, keys_json nvarchar(4000) NULL,
      at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME())`,
    );
    await enable(pool, "adapter_origin", { supports_net_changes: 0 });
    await started(pool, "dbo_adapter_origin");
    const cursor = (await maxLsn(pool)) as Buffer;
    const o = "0F8FAD5B-D9CB-469F-A165-70867728950E";
    const apply = async () => {
      const transaction = pool.transaction();
      await transaction.begin();
      try {
        await transaction.request().batch("SET XACT_ABORT ON; SET LOCK_TIMEOUT 5000");
        await transaction
          .request()
          .input("o", mssql.UniqueIdentifier, o)
          .input("e", 3)
          .input("k", '["Patient:1"]')
          .query("INSERT dbo.adapter_origin(outbox_id, epoch, keys_json) VALUES (@o,@e,@k)");
        await transaction.request().query("INSERT INTO dbo.Patient (Mrn, Name) VALUES ('OURS', N'ours')");
        await transaction.commit();
      } catch (error) {
        await transaction.rollback().catch(() => undefined);
        throw error;
      }
    };
    await apply();
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('THEIRS', N'theirs')");
    await expect(apply()).rejects.toMatchObject({ number: 2627 });
    const hi = await caughtUp(pool);
    const origins = await ask<Row>(
      pool,
      `SELECT [__$start_lsn], outbox_id, epoch FROM cdc.[dbo_adapter_origin_CT]
      WHERE [__$start_lsn] > @cursor AND [__$start_lsn] <= @hi AND [__$operation] = 2;`,
      { cursor, hi },
    );
    expect(origins.map((r) => [r["outbox_id"], r["epoch"]])).toEqual([[o, 3]]);
    const rows = await ask<Row>(pool, q5, { cursor, hi });
    expect(
      rows.map((r) => [
        String(r["Mrn"]).trim(),
        (r["__$start_lsn"] as Buffer).equals(origins[0]?.["__$start_lsn"] as Buffer),
      ]),
    ).toEqual([
      ["OURS", true],
      ["THEIRS", false],
    ]);
  });
});

describe("change tracking (section 10)", () => {
  async function tracked(): Promise<Pool> {
    const pool = await emptyDatabase();
    await run(pool, createPatient);
    await run(pool, "ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 2 DAYS, AUTO_CLEANUP = ON)");
    await run(pool, "ALTER TABLE dbo.Patient ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = ON)");
    return pool;
  }
  const versions =
    "SELECT CHANGE_TRACKING_CURRENT_VERSION() AS now, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'dbo.Patient')) AS least";
  const changes = `SELECT ct.SYS_CHANGE_VERSION, ct.SYS_CHANGE_CREATION_VERSION, ct.SYS_CHANGE_OPERATION, ct.SYS_CHANGE_COLUMNS, ct.SYS_CHANGE_CONTEXT, ct.Id, p.Name
    FROM CHANGETABLE(CHANGES dbo.Patient, @v) AS ct LEFT JOIN dbo.Patient p ON p.Id = ct.Id ORDER BY ct.Id`;

  it("gives one net row a key with version, operation, columns and context", async () => {
    const pool = await tracked();
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a'), ('B', N'b')");
    expect(await ask(pool, versions)).toEqual([{ now: "1", least: "0" }]);
    await pool
      .request()
      .input("origin", mssql.VarBinary(128), Buffer.from("banyan"))
      .query("WITH CHANGE_TRACKING_CONTEXT(@origin) UPDATE dbo.Patient SET Name = N'aa' WHERE Mrn = 'A'");
    await run(pool, "DELETE FROM dbo.Patient WHERE Mrn = 'B'");
    const rows = await ask<Row>(pool, changes, { v: 1 });
    expect(
      rows.map((r) => [
        r["SYS_CHANGE_VERSION"],
        r["SYS_CHANGE_OPERATION"],
        (r["SYS_CHANGE_CONTEXT"] as Buffer | null)?.toString("latin1") ?? null,
        r["Id"],
        r["Name"],
      ]),
    ).toEqual([
      ["2", "U", "banyan", 1, "aa"],
      ["3", "D", null, 2, null],
    ]);
    const mask = rows[0]?.["SYS_CHANGE_COLUMNS"] as Buffer;
    const [named] = await pool
      .request()
      .input("m", mssql.VarBinary(4100), mask)
      .query<Row>(`SELECT CHANGE_TRACKING_IS_COLUMN_IN_MASK(COLUMNPROPERTY(OBJECT_ID('dbo.Patient'), 'Name', 'ColumnId'), @m) AS name,
      CHANGE_TRACKING_IS_COLUMN_IN_MASK(COLUMNPROPERTY(OBJECT_ID('dbo.Patient'), 'Mrn', 'ColumnId'), @m) AS mrn`)
      .then((r) => r.recordset);
    expect([Number(named?.["name"]), Number(named?.["mrn"])]).toEqual([1, 0]);
    const [inserted] = await ask<Row>(pool, changes, { v: 0 });
    expect(inserted).toMatchObject({
      SYS_CHANGE_OPERATION: "I",
      SYS_CHANGE_VERSION: "2",
      SYS_CHANGE_CREATION_VERSION: "1",
      SYS_CHANGE_COLUMNS: null,
    });
  });

  it("resets on TRUNCATE: what was stored before is below the minimum", async () => {
    const pool = await tracked();
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a')");
    await run(pool, "TRUNCATE TABLE dbo.Patient");
    const [row] = await ask<{ now: string; least: string }>(pool, versions);
    expect(Number(row?.least)).toBeGreaterThan(1);
    expect(Number(row?.now)).toBeGreaterThanOrEqual(Number(row?.least));
    expect(await ask(pool, changes, { v: 1 })).toEqual([]);
  });

  it("answers 22105 for a table that is not tracked and 22104 without an alias", async () => {
    const pool = await emptyDatabase();
    await run(pool, createPatient);
    await expect(ask(pool, changes, { v: 0 })).rejects.toMatchObject({ number: 22105 });
    await expect(ask(pool, "SELECT * FROM CHANGETABLE(CHANGES dbo.Patient, 0)")).rejects.toMatchObject({
      number: 22104,
    });
    await expect(run(pool, "ALTER TABLE dbo.Patient ENABLE CHANGE_TRACKING")).rejects.toMatchObject({ number: 5089 });
  });
});
