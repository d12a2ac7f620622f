import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqlError, type TestColumn, TestEngine } from "./engine-for-tests.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
}, 60_000);
afterAll(() => engine?.stop());

const patient = [
  { name: "id", type: "int" },
  { name: "Name", type: "nvarchar(20)" },
];

async function captured(columns: readonly TestColumn[] = patient, key = 1) {
  const db = await engine.database();
  const id = await db.table("Patient", columns, key);
  await db.enable("Patient");
  await db.scan();
  return { db, id };
}

/** operation, command and mask of each change. */
const outline = (rows: Record<string, unknown>[]): unknown[] =>
  rows.map((row) => [row["operation"], row["command_id"], row["update_mask"]]);

describe("images of changes", () => {
  it("shows one transaction as in the documented example: insert, rename, then a delete of its own", async () => {
    const { db } = await captured();
    await db.sql.query("BEGIN");
    await db.sql.query("INSERT INTO dbo.patient VALUES (7, 'A')");
    await db.sql.query("UPDATE dbo.patient SET name = 'B' WHERE id = 7");
    await db.sql.query("COMMIT");
    await db.sql.query("DELETE FROM dbo.patient WHERE id = 7");
    await db.scan();
    const rows = await db.changes("dbo_Patient");
    expect(rows.map((r) => [r["command_id"], r["operation"], r["update_mask"], r["id"], r["name"]])).toEqual([
      [1, 2, "03", 7, "A"],
      [2, 3, "02", 7, "A"],
      [2, 4, "02", 7, "B"],
      [1, 1, "03", 7, "B"],
    ]);
    const [insert, before, after, gone] = rows as [Record<string, string>, ...Record<string, string>[]];
    expect(insert?.["start_lsn"]).toBe(after?.["start_lsn"]);
    expect(before?.["seqval"]).toBe(after?.["seqval"]);
    expect(String(gone?.["start_lsn"]) > String(insert?.["start_lsn"])).toBe(true);
    expect(String(insert?.["seqval"]) < String(insert?.["start_lsn"])).toBe(true);
    expect(rows.every((row) => row["end_lsn"] === null)).toBe(true);
  });

  it("has the change table's columns in the documented order", async () => {
    const { db } = await captured();
    const columns = await db.rows(
      "SELECT c.name, c.type_name, c.max_length FROM sim.columns c JOIN sim.objects USING (object_id) WHERE objects.name = 'dbo_Patient_CT' ORDER BY column_id",
    );
    expect(columns.map((c) => [c["name"], c["type_name"], c["max_length"]])).toEqual([
      ["__$start_lsn", "binary", 10],
      ["__$end_lsn", "binary", 10],
      ["__$seqval", "binary", 10],
      ["__$operation", "int", 4],
      ["__$update_mask", "varbinary", 128],
      ["id", "int", 4],
      ["Name", "nvarchar", 40],
      ["__$command_id", "int", 4],
    ]);
    const physical = await db.sql.query('SELECT * FROM cdc."dbo_patient_ct"');
    expect(physical.fields.map((f) => f.name)).toEqual(columns.map((c) => String(c["name"]).toLowerCase()));
  });

  it("writes no row and no log entry for an update of uncaptured columns only, or to equal values", async () => {
    const db = await engine.database();
    await db.table("Patient", [...patient, { name: "Note", type: "text" }]);
    await db.enable("Patient", { columns: "[id], Name" });
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'A', 'x')");
    await db.scan();
    await db.sql.query("UPDATE dbo.patient SET note = 'y'");
    await db.sql.query("UPDATE dbo.patient SET name = 'A'");
    await db.sql.query("UPDATE dbo.patient SET name = 'Z' WHERE id = 99");
    expect(await db.scan()).toBe(0);
    expect(await db.changes("dbo_Patient")).toHaveLength(1);
  });

  it("sees a change of case and of trailing blanks, which compare equal", async () => {
    const { db } = await captured();
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'anna')");
    await db.sql.query("UPDATE dbo.patient SET name = 'Anna'");
    await db.sql.query("UPDATE dbo.patient SET name = 'Anna '");
    await db.scan();
    expect(outline(await db.changes("dbo_Patient"))).toEqual([
      [2, 1, "03"],
      [3, 1, "02"],
      [4, 1, "02"],
      [3, 1, "02"],
      [4, 1, "02"],
    ]);
  });

  it("pairs before and after images of a statement over many rows", async () => {
    const { db } = await captured();
    await db.sql.query("INSERT INTO dbo.patient SELECT i, 'n' || i FROM generate_series(1, 500) i");
    await db.sql.query("UPDATE dbo.patient SET name = name || '!' WHERE id % 2 = 0");
    await db.scan();
    const rows = (await db.changes("dbo_Patient")).slice(500);
    expect(rows).toHaveLength(500);
    for (let i = 0; i < rows.length; i += 2) {
      expect([rows[i]?.["operation"], rows[i + 1]?.["operation"]]).toEqual([3, 4]);
      expect(rows[i]?.["seqval"]).toBe(rows[i + 1]?.["seqval"]);
      expect(rows[i]?.["command_id"]).toBe(i / 2 + 1);
      expect(`${String(rows[i]?.["name"])}!`).toBe(rows[i + 1]?.["name"]);
      expect(rows[i]?.["id"]).toBe(rows[i + 1]?.["id"]);
    }
  });

  it("pairs 100,000 rows quickly, after many statements over one row had their plans kept", async () => {
    const { db } = await captured();
    await db.sql.query("INSERT INTO dbo.patient SELECT i, 'n' FROM generate_series(1, 100000) i");
    for (let id = 1; id <= 10; id += 1) await db.sql.query("UPDATE dbo.patient SET name = 'one' WHERE id = $1", [id]);
    await db.sql.query("SET statement_timeout = '20s'");
    await db.sql.query("UPDATE dbo.patient SET name = 'all'");
    await db.scan();
    expect(await db.value("SELECT count(*)::int FROM cdc.dbo_patient_ct")).toBe(300_020);
  }, 60_000);

  it("puts the byte of the first eight columns last in the mask", async () => {
    const columns = Array.from({ length: 18 }, (_, i) => ({ name: `c${i + 1}`, type: "int" }));
    const { db } = await captured(columns);
    await db.sql.query("INSERT INTO dbo.patient (c1) VALUES (1)");
    await db.sql.query("UPDATE dbo.patient SET c2 = 5, c9 = 5, c18 = 5");
    await db.scan();
    const rows = await db.changes("dbo_Patient");
    expect(outline(rows)).toEqual([
      [2, 1, "03ffff"],
      [3, 1, "020102"],
      [4, 1, "020102"],
    ]);
    const documented = `SELECT (get_byte($1::bytea, octet_length($1::bytea) - 1 - (($2::int - 1) / 8)) & (1 << (($2::int - 1) % 8))) > 0`;
    for (const ordinal of [1, 2, 3, 8, 9, 10, 16, 17, 18]) {
      const mask = Buffer.from("020102", "hex");
      const set = await db.value("SELECT sys.fn_cdc_is_bit_set($1, $2)", [ordinal, mask]);
      expect(set, `column ${ordinal}`).toBe([2, 9, 18].includes(ordinal) ? 1 : 0);
      expect(await db.value(documented, [mask, ordinal])).toBe(set === 1);
    }
    expect(await db.value("SELECT sys.fn_cdc_has_column_changed('dbo_Patient', 'C18', '\\x020102')")).toBe(1);
    expect(await db.value("SELECT sys.fn_cdc_get_column_ordinal('dbo_patient', 'c9')")).toBe(9);
  });

  it("shows a changed key as deletes, then inserts, sharing seqval: only command order can be replayed", async () => {
    const { db } = await captured();
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    await db.sql.query("UPDATE dbo.patient SET id = id + 1");
    await db.scan();
    const rows = (await db.changes("dbo_Patient")).slice(3);
    expect(rows.map((r) => [r["operation"], r["command_id"], r["id"], r["name"]])).toEqual([
      [1, 1, 1, "a"],
      [1, 2, 2, "b"],
      [1, 3, 3, "c"],
      [2, 4, 2, "a"],
      [2, 5, 3, "b"],
      [2, 6, 4, "c"],
    ]);
    expect(rows.slice(0, 3).map((r) => r["seqval"])).toEqual(rows.slice(3).map((r) => r["seqval"]));
    const bySeqval = rows.toSorted((a, b) =>
      String(a["seqval"]) + a["operation"] < String(b["seqval"]) + b["operation"] ? -1 : 1,
    );
    expect(bySeqval.map((r) => r["operation"])).toEqual([1, 2, 1, 2, 1, 2]);
  });

  it("treats a unique index's column as a key too", async () => {
    const { db, id } = await captured();
    await db.sql.query("CREATE UNIQUE INDEX ux ON dbo.patient (name)");
    await db.sql.query("INSERT INTO sim.indexes VALUES ($1, 2, 'ux', 'ux', true)", [id]);
    await db.sql.query("INSERT INTO sim.index_columns VALUES ($1, 2, 1, 2)", [id]);
    await db.sql.query("SELECT capture.after_ddl($1, NULL)", [id]);
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a')");
    await db.sql.query("UPDATE dbo.patient SET name = 'b'");
    await db.scan();
    expect(outline(await db.changes("dbo_Patient"))).toEqual([
      [2, 1, "03"],
      [1, 1, "03"],
      [2, 2, "03"],
    ]);
    expect(await db.rows("SELECT * FROM cdc.ddl_history")).toHaveLength(0);
  });

  it("counts commands over the transaction and all instances: 1,3,3,5 and 2,4,4,6", async () => {
    const { db } = await captured();
    await db.enable("Patient", { instance: "second" });
    await db.sql.query(
      "BEGIN; INSERT INTO dbo.patient VALUES (1, 'a'); UPDATE dbo.patient SET name = 'b'; DELETE FROM dbo.patient; COMMIT",
    );
    await db.scan();
    expect((await db.changes("dbo_Patient")).map((r) => r["command_id"])).toEqual([1, 3, 3, 5]);
    expect((await db.changes("second")).map((r) => r["command_id"])).toEqual([2, 4, 4, 6]);
  });

  it("leaves large objects out where SQL Server does", async () => {
    const { db } = await captured([...patient, { name: "Note", type: "text" }, { name: "Big", type: "varchar(max)" }]);
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', 'old note', 'old big')");
    await db.sql.query("UPDATE dbo.patient SET name = 'b'");
    await db.sql.query("UPDATE dbo.patient SET note = 'new note', big = 'new big'");
    await db.sql.query("DELETE FROM dbo.patient");
    await db.scan();
    expect(
      (await db.changes("dbo_Patient")).map((r) => [r["operation"], r["update_mask"], r["note"], r["big"]]),
    ).toEqual([
      [2, "0f", "old note", "old big"],
      [3, "02", null, null],
      [4, "02", "old note", "old big"],
      [3, "0c", null, "old big"],
      [4, "0c", "new note", "new big"],
      [1, "0f", null, "new big"],
    ]);
  });

  it("leaves unchanged (max) columns out of operation 4, too, when asked: readers have to trust the mask", async () => {
    const { db } = await captured([...patient, { name: "Big", type: "varchar(max)" }]);
    await db.sql.query("SELECT capture.set_option('unchanged_lob_null', 'on')");
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a', 'big')");
    await db.sql.query("UPDATE dbo.patient SET name = 'b'");
    await db.sql.query("UPDATE dbo.patient SET big = 'bigger'");
    await db.scan();
    expect((await db.changes("dbo_Patient")).map((r) => [r["operation"], r["big"]])).toEqual([
      [2, "big"],
      [3, null],
      [4, null],
      [3, "big"],
      [4, "bigger"],
    ]);
  });

  it("shows computed columns as NULL and rowversion as binary(8)", async () => {
    const { db } = await captured([
      { name: "id", type: "int" },
      { name: "twice", type: "int", computed: "id * 2" },
      { name: "rv", type: "timestamp" },
    ]);
    await db.sql.query("INSERT INTO dbo.patient (id) VALUES (4)");
    await db.scan();
    const [row] = await db.changes("dbo_Patient");
    expect([row?.["id"], row?.["twice"], String(row?.["rv"]).length, row?.["update_mask"]]).toEqual([
      4,
      null,
      16,
      "07",
    ]);
    expect(
      await db.rows("SELECT column_name, column_type, is_computed FROM cdc.captured_columns ORDER BY column_ordinal"),
    ).toEqual([
      { column_name: "id", column_type: "int", is_computed: 0 },
      { column_name: "twice", column_type: "int", is_computed: 1 },
      { column_name: "rv", column_type: "timestamp", is_computed: 0 },
    ]);
  });

  it("captures trigger side effects and bulk loads in the transaction's LSN, in order", async () => {
    const { db } = await captured();
    await db.table("Audit", patient);
    await db.enable("Audit");
    await db.scan();
    await db.sql.query(`CREATE FUNCTION dbo.t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO dbo.audit SELECT * FROM inserted; RETURN NULL; END $$;
      CREATE TRIGGER m_1 AFTER INSERT ON dbo.patient REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION dbo.t()`);
    await db.sql.query("INSERT INTO dbo.patient VALUES (1, 'a'), (2, 'b')");
    await db.scan();
    const patients = await db.changes("dbo_Patient");
    const audits = await db.changes("dbo_Audit");
    expect(patients.map((r) => r["command_id"])).toEqual([1, 2]);
    expect(audits.map((r) => r["command_id"])).toEqual([3, 4]);
    expect(new Set([...patients, ...audits].map((r) => r["start_lsn"])).size).toBe(1);
  });

  it("shows nothing of rolled-back transactions and of statements rolled back to a savepoint", async () => {
    const { db } = await captured();
    await db.sql.query("BEGIN; INSERT INTO dbo.patient VALUES (1, 'gone'); ROLLBACK");
    await db.sql.query("BEGIN; SAVEPOINT s; INSERT INTO dbo.patient VALUES (2, 'gone'); ROLLBACK TO s; COMMIT");
    expect(await db.scan()).toBe(0);
    await db.sql.query(
      "BEGIN; INSERT INTO dbo.patient VALUES (3, 'a'); SAVEPOINT s; INSERT INTO dbo.patient VALUES (4, 'gone'); ROLLBACK TO s; INSERT INTO dbo.patient VALUES (5, 'b'); COMMIT",
    );
    expect(await db.scan()).toBe(1);
    expect((await db.changes("dbo_Patient")).map((r) => [r["command_id"], r["id"]])).toEqual([
      [1, 3],
      [2, 5],
    ]);
  });

  it("gives rows of one huge statement distinct, ascending seqvals", async () => {
    const { db } = await captured();
    await db.sql.query("INSERT INTO dbo.patient SELECT i, 'n' FROM generate_series(1, 130000) i");
    await db.scan();
    const [row] = await db.rows(`SELECT count(*)::int AS n, count(DISTINCT "__$seqval")::int AS distinct_n,
      bool_and(ordered) AS ordered, max("__$command_id") AS last FROM (
      SELECT *, "__$seqval" > lag("__$seqval", 1, '\\x') OVER (ORDER BY "__$command_id") AS ordered FROM cdc.dbo_patient_ct) o`);
    expect(row).toEqual({ n: 130000, distinct_n: 130000, ordered: true, last: 130000 });
  }, 30_000);

  it("gives later commands lower seqvals when asked for the disorder of KB3030352", async () => {
    const { db } = await captured();
    await db.sql.query("SELECT capture.set_option('seqval_disorder', 'on')");
    await db.sql.query(
      "BEGIN; INSERT INTO dbo.patient VALUES (1, 'a'); UPDATE dbo.patient SET name = 'b'; DELETE FROM dbo.patient; COMMIT",
    );
    await db.scan();
    const rows = await db.changes("dbo_Patient");
    expect(rows.map((r) => r["operation"])).toEqual([2, 3, 4, 1]);
    const seqvals = rows.map((r) => String(r["seqval"]));
    expect(seqvals[0]! > seqvals[1]! && seqvals[1] === seqvals[2] && seqvals[2]! > seqvals[3]!).toBe(true);
    expect(seqvals[0]! < String(rows[0]?.["start_lsn"])).toBe(true);
  });

  it("refuses TRUNCATE with 4711", async () => {
    const { db } = await captured();
    expect(await sqlError(db.sql.query("TRUNCATE dbo.patient"))).toEqual({
      number: 4711,
      state: 1,
      message:
        "Cannot truncate table 'Patient' because it is published for replication or enabled for Change Data Capture.",
    });
  });
});
