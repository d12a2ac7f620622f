/** Enabling, the capture loop's SQL and the functions, through the driver (specs sqlserver-cdc.md, sections 2, 4, 7). */

import mssql from "mssql";
import { describe, expect, it } from "vitest";
import {
  ask,
  captured,
  caughtUp,
  changesAfter,
  connect,
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
  type Row,
} from "./driver-for-tests.ts";

useServer();

const hex = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString("hex") : "");

describe("enabling (section 2)", () => {
  it("is seen in sys.databases, sys.tables, the metadata tables and the help procedures", async () => {
    const pool = await captured();
    expect(await ask(pool, "SELECT is_cdc_enabled FROM sys.databases WHERE database_id = DB_ID();")).toEqual([
      { is_cdc_enabled: true },
    ]);
    expect(
      await ask(pool, "SELECT is_tracked_by_cdc FROM sys.tables WHERE object_id = OBJECT_ID(@t);", {
        t: "dbo.Patient",
      }),
    ).toEqual([{ is_tracked_by_cdc: true }]);
    const [instance] = await run(
      pool,
      "EXEC sys.sp_cdc_help_change_data_capture @source_schema = N'dbo', @source_name = N'Patient'",
    );
    expect(instance).toMatchObject({
      source_schema: "dbo",
      source_table: "Patient",
      capture_instance: "dbo_Patient",
      supports_net_changes: true,
      index_column_list: "[Id]",
      captured_column_list: "[Id], [Mrn], [Name], [Born], [Balance], [Note], [Photo], [Active], [Shout], [Rv]",
    });
    expect(instance?.["create_date"]).toBeInstanceOf(Date);
    const jobs = await run(pool, "EXEC sys.sp_cdc_help_jobs");
    expect(
      jobs.map((j) => [j["job_type"], j["maxtrans"], j["pollinginterval"], j["retention"], j["continuous"]]),
    ).toEqual([
      ["capture", 500, "5", "0", true],
      ["cleanup", 0, "0", "4320", false],
    ]);
    expect(
      await run(
        pool,
        "SELECT CASE WHEN status = 4 THEN 1 ELSE 0 END AS ok FROM sys.dm_server_services WHERE servicename LIKE N'SQL Server Agent (%'",
      ),
    ).toEqual([{ ok: 1 }]);
    const columns = await ask(
      pool,
      "SELECT column_name, column_type, column_ordinal, is_computed FROM cdc.captured_columns WHERE column_ordinal IN (1, 9, 10) ORDER BY column_ordinal",
    );
    expect(columns.map((c) => Object.values(c))).toEqual([
      ["Id", "int", 1, false],
      ["Shout", "nvarchar", 9, true],
      ["Rv", "timestamp", 10, false],
    ]);
  });

  it("gives the change table the documented columns, types and order", async () => {
    const pool = await captured();
    const result = await pool.request().query("SELECT * FROM cdc.dbo_Patient_CT WHERE 1 = 0");
    const columns = result.recordset.columns;
    expect(Object.keys(columns)).toEqual([
      "__$start_lsn",
      "__$end_lsn",
      "__$seqval",
      "__$operation",
      "__$update_mask",
      "Id",
      "Mrn",
      "Name",
      "Born",
      "Balance",
      "Note",
      "Photo",
      "Active",
      "Shout",
      "Rv",
      "__$command_id",
    ]);
    expect([columns["__$start_lsn"]?.type, columns["__$start_lsn"]?.length]).toEqual([mssql.Binary, 10]);
    expect([columns["__$update_mask"]?.type, columns["__$update_mask"]?.length]).toEqual([mssql.VarBinary, 128]);
    expect([columns["Rv"]?.type, columns["Rv"]?.length, columns["Rv"]?.nullable]).toEqual([mssql.Binary, 8, true]);
    expect([columns["Id"]?.identity, columns["Id"]?.nullable]).toEqual([false, true]);
    expect([columns["Mrn"]?.type, columns["Mrn"]?.length]).toEqual([mssql.Char, 10]);
  });

  it.each([
    [22901, "EXEC sys.sp_cdc_enable_table N'dbo', N'Patient', NULL", false],
    [22905, "EXEC sys.sp_cdc_enable_db", true],
    [22931, "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Nobody', @role_name = NULL", true],
    [22930, "EXEC sys.sp_cdc_enable_table N'dbo', N'Patient', NULL, @captured_column_list = N'Id, Nope'", true],
    [22943, "EXEC sys.sp_cdc_enable_table N'dbo', N'Patient', NULL, @captured_column_list = N'Name'", true],
    [22985, "EXEC sys.sp_cdc_disable_table N'dbo', N'Patient', N'all'", true],
    [201, "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Patient'", true],
  ])("answers misuse with %i: %s", async (number, sql, databaseEnabled) => {
    const pool = await emptyDatabase();
    await run(pool, createPatient);
    if (databaseEnabled) await run(pool, "EXEC sys.sp_cdc_enable_db");
    await expect(run(pool, sql)).rejects.toMatchObject({ number });
  });

  it("refuses system databases with 22989", async () => {
    const pool = await connect("master");
    await expect(run(pool, "EXEC sys.sp_cdc_enable_db")).rejects.toMatchObject({ number: 22989 });
  });

  it("lets readers of a disabled table meet 208", async () => {
    const pool = await captured();
    await run(
      pool,
      "EXEC sys.sp_cdc_disable_table @source_schema=N'dbo', @source_name=N'Patient', @capture_instance=N'all'",
    );
    await expect(ask(pool, q5, { cursor: zero, hi: zero })).rejects.toMatchObject({ number: 208 });
    expect(await minLsn(pool, "dbo_Patient")).toEqual(zero);
  });
});

describe("the capture loop's SQL (section 7)", () => {
  it("reads a window of transactions on commit boundaries, Q1 to Q6", async () => {
    const pool = await captured();
    const cursor = (await maxLsn(pool)) as Buffer;
    const transaction = pool.transaction();
    await transaction.begin();
    await transaction.request().query("INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A1', N'A')");
    await transaction.request().query("UPDATE dbo.Patient SET Name = N'B' WHERE Mrn = 'A1'");
    await transaction.commit();
    await run(pool, "DELETE FROM dbo.Patient WHERE Mrn = 'A1'");
    const rows = await changesAfter(pool, cursor);
    expect(
      rows.map((r) => [
        r["__$command_id"],
        r["__$operation"],
        (r["__$update_mask"] as Buffer).toString("hex"),
        r["Name"],
      ]),
    ).toEqual([
      [1, 2, "03ff", "A"],
      [2, 3, "0204", "A"],
      [2, 4, "0204", "B"],
      [1, 1, "03ff", "B"],
    ]);
    expect(rows[0]?.["Mrn"]).toBe("A1        ");
    const max = (await maxLsn(pool)) as Buffer;
    const [window] = await ask<{ hi: Buffer; n: number }>(
      pool,
      `SELECT MAX(w.start_lsn) AS hi, COUNT(*) AS n FROM (SELECT TOP (@n) start_lsn FROM cdc.lsn_time_mapping
        WHERE start_lsn > @cursor AND start_lsn <= @max AND tran_id <> 0x00 ORDER BY start_lsn) w;`,
      { n: 2, cursor, max },
    );
    expect(window?.n).toBe(2);
    expect(window?.hi).toEqual(rows[3]?.["__$start_lsn"]);
    const times = await ask<Row>(
      pool,
      `SELECT start_lsn, tran_begin_time, tran_end_time, tran_id, tran_begin_lsn FROM cdc.lsn_time_mapping
       WHERE start_lsn > @cursor AND start_lsn <= @hi ORDER BY start_lsn;`,
      { cursor, hi: window?.hi },
    );
    expect(times.map((t) => t["start_lsn"])).toEqual([rows[0]?.["__$start_lsn"], rows[3]?.["__$start_lsn"]]);
    for (const t of times) {
      expect((t["tran_begin_lsn"] as Buffer).compare(t["start_lsn"] as Buffer)).toBe(-1);
      expect((t["tran_begin_time"] as Date) <= (t["tran_end_time"] as Date)).toBe(true);
      expect([0, 3, 7]).toContain((t["tran_end_time"] as Date).getUTCMilliseconds() % 10);
    }
    const [mapped] = await ask<{ t: Date; l: Buffer }>(
      pool,
      "SELECT sys.fn_cdc_map_lsn_to_time(@hi) AS t, sys.fn_cdc_map_time_to_lsn(N'largest less than or equal', sys.fn_cdc_map_lsn_to_time(@hi)) AS l",
      { hi: window?.hi },
    );
    expect(mapped?.t).toEqual(times[1]?.["tran_end_time"]);
    expect(hex(mapped?.l) >= hex(window?.hi)).toBe(true);
  });

  it("reports schema changes and new instances, Q7", async () => {
    const pool = await captured();
    const cursor = (await maxLsn(pool)) as Buffer;
    await run(pool, "ALTER TABLE dbo.Patient ADD Extra int NULL");
    await enable(pool, "Patient", { capture_instance: "v2", supports_net_changes: 0 });
    await started(pool, "v2");
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name, Extra) VALUES ('X', N'x', 7)");
    const hi = await caughtUp(pool);
    const ddl = await ask<Row>(
      pool,
      "SELECT source_object_id, ddl_command, ddl_lsn, required_column_update FROM cdc.ddl_history WHERE ddl_lsn > @cursor AND ddl_lsn <= @hi;",
      { cursor, hi },
    );
    expect(ddl).toHaveLength(1);
    expect(ddl[0]).toMatchObject({
      ddl_command: "ALTER TABLE dbo.Patient ADD Extra int NULL",
      required_column_update: false,
    });
    const instances = await ask<Row>(
      pool,
      "SELECT capture_instance, source_object_id, object_id, start_lsn, create_date FROM cdc.change_tables ORDER BY source_object_id, start_lsn, create_date;",
    );
    expect(instances.map((i) => i["capture_instance"])).toEqual(["dbo_Patient", "v2", "dbo_beat"]);
    expect(hex(instances[1]?.["start_lsn"]) > hex(instances[0]?.["start_lsn"])).toBe(true);
    const columns = await ask<Row>(
      pool,
      `SELECT ct.capture_instance, cc.column_name, cc.column_type, cc.column_ordinal FROM cdc.captured_columns cc
      JOIN cdc.change_tables ct ON ct.object_id = cc.object_id ORDER BY ct.capture_instance, cc.column_ordinal;`,
    );
    expect(columns.findLast((c) => c["capture_instance"] === "v2")).toMatchObject({
      column_name: "Extra",
      column_type: "int",
      column_ordinal: 11,
    });
    await expect(ask(pool, "SELECT Extra FROM cdc.dbo_Patient_CT")).rejects.toMatchObject({ number: 207 });
    expect(await ask(pool, "SELECT Extra FROM cdc.v2_CT")).toEqual([{ Extra: 7 }]);
    await expect(enable(pool, "Patient", { capture_instance: "v3" })).rejects.toMatchObject({ number: 22962 });
    await expect(enable(pool, "beat", { capture_instance: "V2" })).rejects.toMatchObject({ number: 22926 });
  });

  it("pages inside a huge transaction by keyset", async () => {
    const pool = await captured();
    const cursor = (await maxLsn(pool)) as Buffer;
    const table = new mssql.Table("dbo.Patient");
    table.columns.add("Mrn", mssql.Char(10), { nullable: false });
    table.columns.add("Name", mssql.NVarChar(60), { nullable: false });
    table.columns.add("Balance", mssql.Money, { nullable: false });
    table.columns.add("Active", mssql.Bit, { nullable: false });
    for (let i = 0; i < 2500; i += 1) table.rows.add(`M${i}`, `n${i}`, 0, true);
    await pool.request().bulk(table);
    const hi = await caughtUp(pool);
    const seen: Row[] = [];
    let last: Row = { __$start_lsn: cursor, __$command_id: 0 };
    for (;;) {
      const page = await ask<Row>(
        pool,
        `SELECT TOP (1000) [__$start_lsn], [__$command_id], [__$operation], Mrn FROM cdc.dbo_Patient_CT
        WHERE [__$start_lsn] <= @hi AND ([__$start_lsn] > @lsn OR ([__$start_lsn] = @lsn AND [__$command_id] > @command)) ORDER BY [__$start_lsn], [__$command_id], [__$seqval], [__$operation]`,
        { hi, lsn: last["__$start_lsn"], command: last["__$command_id"] },
      );
      if (page.length === 0) break;
      seen.push(...page);
      last = page.at(-1) as Row;
    }
    expect(seen.map((r) => String(r["Mrn"]).trim())).toEqual(Array.from({ length: 2500 }, (_, i) => `M${i}`));
  }, 30_000);
});

describe("functions (section 4)", () => {
  const all = "SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_Patient(@from, @to, N'all')";

  it("give all and net changes of a closed interval", async () => {
    const pool = await captured();
    await run(
      pool,
      "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a'), ('B', N'b'); UPDATE dbo.Patient SET Name = N'aa' WHERE Mrn = 'A'; DELETE FROM dbo.Patient WHERE Mrn = 'B'",
    );
    const to = await caughtUp(pool);
    const from = (await minLsn(pool, "dbo_Patient")) as Buffer;
    const rows = await ask<Row>(pool, all, { from, to });
    expect(Object.keys(rows[0] ?? {}).slice(0, 6)).toEqual([
      "__$start_lsn",
      "__$seqval",
      "__$operation",
      "__$update_mask",
      "Id",
      "Mrn",
    ]);
    expect(Object.keys(rows[0] ?? {})).not.toContain("__$command_id");
    expect(rows.map((r) => r["__$operation"])).toEqual([2, 2, 4, 1]);
    const old = await ask<Row>(
      pool,
      "SELECT [__$operation] AS op FROM cdc.fn_cdc_get_all_changes_dbo_Patient(@from, @to, N' All Update OLD ')",
      { from, to },
    );
    expect(old.map((r) => r["op"])).toEqual([2, 2, 3, 4, 1]);
    const net = await ask<Row>(
      pool,
      "SELECT [__$operation] AS op, [__$update_mask] AS mask, Name FROM cdc.fn_cdc_get_net_changes_dbo_Patient(@from, @to, N'all')",
      { from, to },
    );
    expect(net).toEqual([{ op: 2, mask: null, Name: "aa" }]);
    const [flags] = await ask<Row>(
      pool,
      `SELECT sys.fn_cdc_get_column_ordinal(N'dbo_Patient', N'name') AS o, sys.fn_cdc_is_bit_set(3, 0x0204) AS b,
      sys.fn_cdc_has_column_changed(N'dbo_Patient', N'Mrn', 0x0204) AS h`,
    );
    expect(flags).toEqual({ o: 3, b: true, h: false });
  });

  it("answer bad arguments with 313, level 16, state 3", async () => {
    const pool = await captured();
    await run(pool, "INSERT INTO dbo.Patient (Mrn, Name) VALUES ('A', N'a')");
    const to = await caughtUp(pool);
    const below = (
      await ask<{ l: Buffer }>(pool, "SELECT sys.fn_cdc_decrement_lsn(sys.fn_cdc_get_min_lsn(N'dbo_Patient')) AS l")
    )[0]?.l;
    await expect(ask(pool, all, { from: below, to })).rejects.toMatchObject({
      number: 313,
      class: 16,
      state: 3,
      message:
        "An insufficient number of arguments were supplied for the procedure or function cdc.fn_cdc_get_all_changes_ ... .",
    });
    const above = (await ask<{ l: Buffer }>(pool, "SELECT sys.fn_cdc_increment_lsn(@to) AS l", { to }))[0]?.l;
    await expect(ask(pool, all, { from: to, to: above })).rejects.toMatchObject({ number: 313 });
  });
});
