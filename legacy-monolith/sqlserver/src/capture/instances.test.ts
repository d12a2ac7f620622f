import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patience, sqlError, TestEngine } from "./engine-for-tests.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
}, 60_000);
afterAll(() => engine?.stop());

const columns = [
  { name: "Id", type: "int" },
  { name: "Name", type: "nvarchar(20)" },
  { name: "Note", type: "text" },
];
const zero = Buffer.alloc(10);

async function enabledDatabase() {
  const db = await engine.database();
  const id = await db.table("Patient", columns);
  await db.sql.query("SELECT capture.enable_db()");
  return { db, id };
}

const enable = "SELECT capture.enable_table($1, $2, $3, $4, $5, $6, $7, NULL, NULL)";

describe("enabling and disabling", () => {
  it("answers each misuse with SQL Server's number", async () => {
    const db = await engine.database();
    await db.table("Patient", columns);
    await db.table("Keyless", columns, 0);
    const failed = async (...values: unknown[]) =>
      (await sqlError(db.sql.query(enable, [...values, ...Array.from({ length: 7 - values.length }, () => null)])))
        .number;
    expect(await failed("dbo", "Patient")).toBe(22901);
    expect((await sqlError(db.sql.query("SELECT capture.disable_db()"))).number).toBe(22901);
    await db.sql.query("SELECT capture.enable_db()");
    expect((await sqlError(db.sql.query("SELECT capture.enable_db()"))).number).toBe(22905);
    expect(await failed("dbo", "Nothing")).toBe(22931);
    expect(await failed("dbo", "Patient", "")).toBe(22907);
    expect(await failed("dbo", "Keyless", null, null, 1)).toBe(22939);
    expect(await failed("dbo", "Patient", null, null, null, null, "Id, Nope")).toBe(22930);
    expect(await failed("dbo", "Patient", null, null, null, null, "Name, Note")).toBe(22943);
    expect((await sqlError(db.sql.query("SELECT capture.disable_table('dbo', 'Patient', 'all')"))).number).toBe(22985);
    await db.enable("Patient", { instance: "one" });
    expect(await failed("dbo", "Keyless", null, "ONE")).toBe(22926);
    expect((await sqlError(db.sql.query("SELECT capture.disable_table('dbo', 'Patient', 'two')"))).number).toBe(22960);
    await db.enable("Patient", { instance: "two" });
    expect(await failed("dbo", "Patient", null, "three")).toBe(22962);
  });

  it("refuses a database that has a schema named cdc, and system databases", async () => {
    const db = await engine.database();
    await db.sql.query("CREATE SCHEMA cdc");
    expect((await sqlError(db.sql.query("SELECT capture.enable_db()"))).number).toBe(22906);
  });

  it("describes an instance as sp_cdc_help_change_data_capture does", async () => {
    const { db, id } = await enabledDatabase();
    await db.enable("Patient", { columns: "Name, [Id]" });
    const [row] = await db.rows("SELECT * FROM capture.help('dbo', 'patient')");
    expect(row).toMatchObject({
      source_schema: "dbo",
      source_table: "Patient",
      capture_instance: "dbo_Patient",
      source_object_id: id,
      start_lsn: null,
      end_lsn: null,
      supports_net_changes: 1,
      role_name: null,
      index_name: "pk_patient",
      index_column_list: "[Id]",
      captured_column_list: "[Id], [Name]",
    });
    expect(await db.rows("SELECT * FROM capture.help(NULL, NULL)")).toHaveLength(1);
  });

  it("makes the two jobs with the first table, with documented defaults", async () => {
    const { db } = await enabledDatabase();
    expect(await db.rows("SELECT * FROM capture.help_jobs()")).toHaveLength(0);
    await db.enable("Patient");
    expect(
      await db.rows(
        "SELECT job_type, job_name, maxtrans, maxscans, continuous, pollinginterval::int, retention::int, threshold::int FROM capture.help_jobs()",
      ),
    ).toEqual([
      {
        job_type: "capture",
        job_name: `cdc.${db.name}_capture`,
        maxtrans: 500,
        maxscans: 10,
        continuous: 1,
        pollinginterval: 5,
        retention: 0,
        threshold: 0,
      },
      {
        job_type: "cleanup",
        job_name: `cdc.${db.name}_cleanup`,
        maxtrans: 0,
        maxscans: 0,
        continuous: 0,
        pollinginterval: 0,
        retention: 4320,
        threshold: 5000,
      },
    ]);
  });

  it("tells sys.tables and sys.databases", async () => {
    const { db, id } = await enabledDatabase();
    const tracked = "SELECT is_tracked_by_cdc FROM sys.tables WHERE object_id = $1";
    expect(await db.value(tracked, [id])).toBe(0);
    await db.enable("Patient");
    expect(await db.value(tracked, [id])).toBe(1);
    expect(await db.value("SELECT is_cdc_enabled FROM sys.databases WHERE name = $1", [db.name])).toBe(1);
  });

  it("has min_lsn zero until the scan reached the enabling transaction", async () => {
    const { db } = await enabledDatabase();
    await db.enable("Patient");
    const min = () => db.value<Buffer>("SELECT sys.fn_cdc_get_min_lsn('DBO_PATIENT')");
    expect(await min()).toEqual(zero);
    expect(await db.value("SELECT sys.fn_cdc_get_max_lsn()")).toBeNull();
    await db.scan();
    expect((await min()).compare(zero)).toBe(1);
    expect(await min()).toEqual(await db.value("SELECT sys.fn_cdc_get_max_lsn()"));
    expect(await db.value("SELECT sys.fn_cdc_get_min_lsn('unknown')")).toEqual(zero);
  });

  it("takes instance, functions and rows away at once, and lets the table be captured anew", async () => {
    const { db } = await enabledDatabase();
    await db.enable("Patient");
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', NULL)");
    await db.sql.query("SELECT capture.disable_table('dbo', 'Patient', 'dbo_patient')");
    await expect(db.changes("dbo_Patient")).rejects.toThrow("does not exist");
    expect(await db.value("SELECT count(*)::int FROM sim.objects WHERE name LIKE '%dbo_Patient%'")).toBe(0);
    await db.sql.query("INSERT INTO dbo.patient VALUES (2, 'b', NULL)");
    await db.enable("Patient");
    await db.sql.query("INSERT INTO dbo.patient VALUES (3, 'c', NULL)");
    await db.scan();
    expect((await db.changes("dbo_Patient")).map((r) => r["id"])).toEqual([3]);
  });

  it("disables a database whole and enables it again with rising LSNs", async () => {
    const { db } = await enabledDatabase();
    await db.enable("Patient");
    await db.scan();
    const before = await db.value<Buffer>("SELECT sys.fn_cdc_get_max_lsn()");
    await db.sql.query("SELECT capture.disable_db()");
    expect(await db.value("SELECT sim.is_cdc_enabled($1)", [db.name])).toBe(0);
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', NULL)");
    await db.enable("Patient");
    await db.scan();
    expect((await db.value<Buffer>("SELECT sys.fn_cdc_get_max_lsn()")).compare(before)).toBe(1);
  });

  it("shows a commit in the first instance below, and in both from, the second one's start", async () => {
    const { db } = await enabledDatabase();
    await db.enable("Patient", { instance: "v1" });
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', NULL)");
    await db.enable("Patient", { instance: "v2" });
    await db.sql.query("INSERT INTO dbo.patient VALUES (2, 'b', NULL)");
    await db.scan();
    const start = (await db.value<Buffer>("SELECT sys.fn_cdc_get_min_lsn('v2')")).toString("hex");
    const v1 = await db.changes("v1");
    const v2 = await db.changes("v2");
    expect(v1.filter((r) => String(r["start_lsn"]) < start).map((r) => r["id"])).toEqual([1]);
    expect(v2.map((r) => r["id"])).toEqual([2]);
    expect(v2.every((r) => String(r["start_lsn"]) >= start)).toBe(true);
  });

  it("waits for writers of the table before it starts", async () => {
    const { db } = await enabledDatabase();
    const writer = await db.connection();
    await writer.query("BEGIN; INSERT INTO dbo.patient VALUES (1, 'before', NULL)");
    const progress = { enabled: false };
    const enabling = (async () => {
      await db.enable("Patient");
      progress.enabled = true;
    })();
    const other = await db.connection();
    await expect
      .poll(
        async () => (await other.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).rowCount,
        patience,
      )
      .toBe(1);
    expect(progress.enabled).toBe(false);
    await writer.query("COMMIT; INSERT INTO dbo.patient VALUES (2, 'after', NULL)");
    await enabling;
    await writer.query("INSERT INTO dbo.patient VALUES (3, 'after', NULL)");
    await db.scan();
    const ids = (await db.changes("dbo_Patient")).map((r) => r["id"]);
    expect(ids).toContain(3);
    expect(ids).not.toContain(1);
  });

  it("keeps the names of long instances in the catalog", async () => {
    const { db } = await enabledDatabase();
    const instance = "I".repeat(100);
    await db.enable("Patient", { instance });
    const [row] = await db.rows("SELECT name, physical FROM sim.objects WHERE type = 'U' AND name = $1", [
      `${instance}_CT`,
    ]);
    expect(row?.["name"]).toBe(`${instance}_CT`);
    expect(await db.rows(`SELECT * FROM cdc."${String(row?.["physical"])}"`)).toEqual([]);
  });
});

describe("table functions", () => {
  async function history() {
    const { db } = await enabledDatabase();
    await db.enable("Patient");
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'c', NULL)");
    await db.sql.query("UPDATE dbo.patient SET name = 'A1' WHERE id = 1");
    await db.sql.query("DELETE FROM dbo.patient WHERE id = 2");
    await db.scan();
    const min = await db.value<Buffer>("SELECT sys.fn_cdc_get_min_lsn('dbo_Patient')");
    const max = await db.value<Buffer>("SELECT sys.fn_cdc_get_max_lsn()");
    return { db, min, max };
  }
  const all = 'SELECT * FROM cdc."fn_cdc_get_all_changes_dbo_patient"($1, $2, $3)';
  const net = 'SELECT * FROM cdc."fn_cdc_get_net_changes_dbo_patient"($1, $2, $3)';
  const step = (lsn: Buffer, by: number): Buffer => {
    const next = Buffer.from(lsn);
    next.writeUInt16BE(next.readUInt16BE(8) + by, 8);
    return next;
  };

  it("gives all changes of a closed interval, without command_id and end_lsn", async () => {
    const { db, min, max } = await history();
    const rows = await db.rows(all, [min, max, " ALL "]);
    expect(Object.keys(rows[0] ?? {})).toEqual([
      "__$start_lsn",
      "__$seqval",
      "__$operation",
      "__$update_mask",
      "id",
      "name",
      "note",
    ]);
    expect(rows.map((r) => r["__$operation"])).toEqual([2, 2, 2, 4, 1]);
    expect((await db.rows(all, [min, max, "all update old"])).map((r) => r["__$operation"])).toEqual([
      2, 2, 2, 3, 4, 1,
    ]);
    expect((await db.rows(all, [max, max, "all"])).map((r) => r["__$operation"])).toEqual([1]);
  });

  it.each([
    ["NULL", (_min: Buffer, max: Buffer) => [null, max, "all"]],
    ["below the minimum", (min: Buffer, max: Buffer) => [step(min, -1), max, "all"]],
    ["above the maximum", (min: Buffer, max: Buffer) => [min, step(max, 1), "all"]],
    ["an empty interval", (min: Buffer, max: Buffer) => [max, min, "all"]],
    ["an unknown filter", (min: Buffer, max: Buffer) => [min, max, "most"]],
  ])("answers %s with 313, state 3", async (_, values) => {
    const { db, min, max } = await history();
    expect(await sqlError(db.rows(all, values(min, max)))).toEqual({
      number: 313,
      state: 3,
      message:
        "An insufficient number of arguments were supplied for the procedure or function cdc.fn_cdc_get_all_changes_ ... .",
    });
    expect(await sqlError(db.rows(net, values(min, max)))).toMatchObject({
      number: 313,
      message:
        "An insufficient number of arguments were supplied for the procedure or function cdc.fn_cdc_get_net_changes_ ... .",
    });
  });

  it("nets changes to one row a key; insert and delete cancel", async () => {
    const { db, min, max } = await history();
    const outline = (rows: Record<string, unknown>[]) =>
      rows.map((r) => [r["__$operation"], r["id"], r["name"]]).toSorted();
    expect(outline(await db.rows(net, [min, max, "all"]))).toEqual([
      [2, 1, "A1"],
      [2, 3, "c"],
    ]);
    expect(outline(await db.rows(net, [min, max, "all with merge"]))).toEqual([
      [5, 1, "A1"],
      [5, 3, "c"],
    ]);
    await db.sql.query("UPDATE dbo.patient SET name = 'x' WHERE id = 1; DELETE FROM dbo.patient WHERE id = 3");
    await db.sql.query("UPDATE dbo.patient SET note = 'y' WHERE id = 1");
    await db.scan();
    const later = await db.value<Buffer>("SELECT sys.fn_cdc_get_max_lsn()");
    const rows = await db.rows(net, [step(max, 1), later, "all with mask"]);
    expect(
      rows.map((r) => [r["__$operation"], r["id"], (r["__$update_mask"] as Buffer | null)?.toString("hex")]),
    ).toEqual([
      [1, 3, undefined],
      [4, 1, "06"],
    ]);
  });

  it("steps LSNs with carry and maps times in both directions", async () => {
    const { db, min, max } = await history();
    const hex = async (sql: string) => (await db.value<Buffer | null>(sql))?.toString("hex") ?? null;
    expect(await hex("SELECT sys.fn_cdc_increment_lsn('\\x0000002a00000899ffff')")).toBe("0000002a0000089a0000");
    expect(await hex("SELECT sys.fn_cdc_decrement_lsn('\\x0000002a000008990000')")).toBe("0000002a00000898ffff");
    expect(await hex("SELECT sys.fn_cdc_increment_lsn(NULL)")).toBeNull();
    const times = await db.rows("SELECT start_lsn, tran_end_time::text AS t FROM cdc.lsn_time_mapping ORDER BY 1");
    const map = async (operator: string, time: unknown) =>
      (await db.value<Buffer | null>("SELECT sys.fn_cdc_map_time_to_lsn($1, $2)", [operator, time])) ?? null;
    const newest = times.at(-1)?.["t"];
    expect(await db.value("SELECT sys.fn_cdc_map_lsn_to_time($1)::text", [max])).toBe(newest);
    expect(await db.value("SELECT sys.fn_cdc_map_lsn_to_time($1)", [step(max, 1)])).toBeNull();
    expect(await map("Largest Less Than Or Equal", newest)).toEqual(max);
    expect(await map("smallest greater than or equal", times[0]?.["t"])).toEqual(min);
    expect(await map("smallest greater than", newest)).toBeNull();
    expect(await map("largest less than", times[0]?.["t"])).toBeNull();
  });
});

describe("schema changes", () => {
  it("hides an added column until a second instance, and records the statement", async () => {
    const { db, id } = await enabledDatabase();
    await db.enable("Patient");
    await db.sql.query("BEGIN; ALTER TABLE dbo.patient ADD COLUMN extra int4");
    await db.catalogColumn(id, 4, { name: "Extra", type: "int" });
    await db.sql.query("SELECT capture.after_ddl($1, 'ALTER TABLE dbo.Patient ADD Extra int')", [id]);
    await db.sql.query("COMMIT");
    expect(await db.rows("SELECT * FROM cdc.ddl_history")).toEqual([]);
    await db.enable("Patient", { instance: "v2" });
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', NULL, 9)");
    await db.scan();
    const [ddl] = await db.rows("SELECT * FROM cdc.ddl_history");
    expect(ddl).toMatchObject({
      source_object_id: id,
      required_column_update: 0,
      ddl_command: "ALTER TABLE dbo.Patient ADD Extra int",
    });
    expect(
      await db.value("SELECT count(*)::int FROM cdc.lsn_time_mapping WHERE start_lsn = $1", [ddl?.["ddl_lsn"]]),
    ).toBe(1);
    expect(Object.keys((await db.changes("dbo_Patient"))[0] ?? {})).not.toContain("extra");
    expect((await db.changes("v2"))[0]).toMatchObject({ id: 1, extra: 9, update_mask: "0f" });
  });

  it("keeps a dropped column in the change table, NULL from then on", async () => {
    const { db, id } = await enabledDatabase();
    await db.enable("Patient");
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', NULL)");
    await db.sql.query("ALTER TABLE dbo.patient DROP COLUMN name");
    await db.sql.query("DELETE FROM sim.columns WHERE object_id = $1 AND name = 'Name'", [id]);
    await db.sql.query("SELECT capture.after_ddl($1, 'ALTER TABLE dbo.Patient DROP COLUMN Name')", [id]);
    await db.sql.query("INSERT INTO dbo.patient VALUES (2, 'note')");
    await db.sql.query("UPDATE dbo.patient SET note = 'x' WHERE id = 2");
    await db.scan();
    expect(
      (await db.changes("dbo_Patient")).map((r) => [r["operation"], r["update_mask"], r["id"], r["name"], r["note"]]),
    ).toEqual([
      [2, "07", 1, "a", null],
      [2, "07", 2, null, "note"],
      [3, "04", 2, null, null],
      [4, "04", 2, null, "x"],
    ]);
  });

  it("follows a changed type", async () => {
    const { db } = await enabledDatabase();
    const source = await db.table("Other", [
      { name: "id", type: "int" },
      { name: "n", type: "int" },
    ]);
    await db.enable("Other");
    await db.sql.query("INSERT INTO dbo.other VALUES (1, 5)");
    await db.sql.query("ALTER TABLE dbo.other ALTER COLUMN n TYPE numeric(19,4)");
    await db.sql.query(
      "UPDATE sim.columns SET type_name = 'money', max_length = 8, precision = 19, scale = 4 WHERE object_id = $1 AND name = 'n'",
      [source],
    );
    await db.sql.query("SELECT capture.after_ddl($1, 'ALTER TABLE dbo.Other ALTER COLUMN n money')", [source]);
    await db.sql.query("UPDATE dbo.other SET n = 1.5");
    await db.scan();
    expect((await db.changes("dbo_Other")).map((r) => r["n"])).toEqual(["5.0000", "5.0000", "1.5000"]);
    expect(await db.value("SELECT column_type FROM cdc.captured_columns WHERE column_name = 'n'")).toBe("money");
    expect(
      await db.value(
        "SELECT type_name FROM sim.columns JOIN sim.objects o USING (object_id) WHERE o.name = 'dbo_Other_CT' AND columns.name = 'n'",
      ),
    ).toBe("money");
    expect(
      (await db.rows("SELECT required_column_update FROM cdc.ddl_history")).map((r) => r["required_column_update"]),
    ).toEqual([1]);
  });

  it("refuses to rename a captured column and to drop the primary key", async () => {
    const { db, id } = await enabledDatabase();
    await db.enable("Patient", { columns: "Id, Name" });
    const before = (change: string, detail: string) =>
      db.sql.query("SELECT capture.before_ddl($1, $2, $3)", [id, change, detail]);
    expect((await sqlError(before("rename_column", "name"))).number).toBe(4928);
    expect((await sqlError(before("drop_primary_key", "pk_patient"))).number).toBe(4929);
    await before("rename_column", "Note");
    await before("drop_column", "Name");
  });

  it("drops the instances with the table", async () => {
    const { db, id } = await enabledDatabase();
    await db.enable("Patient");
    await db.sql.query("SELECT capture.before_drop_table($1)", [id]);
    await db.sql.query("DROP TABLE dbo.patient");
    expect(await db.rows("SELECT * FROM cdc.change_tables")).toEqual([]);
  });
});
