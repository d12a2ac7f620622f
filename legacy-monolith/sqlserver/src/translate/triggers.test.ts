/** T-SQL triggers as they run on the engine. What SQL Server documents about them is in tsql-conformance. */

import type mssql from "mssql";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../test-server.ts";

let server: TestServer;
let pool: mssql.ConnectionPool;

beforeAll(async () => {
  server = await startTestServer();
}, 60_000);
afterAll(async () => {
  await server.close();
});
beforeEach(async () => {
  pool = await server.connect(await server.newDatabase(), { pool: { max: 1 } });
  await run("CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 0, b varchar(10) NULL)");
  await run("CREATE TABLE log (n int IDENTITY(1,1) PRIMARY KEY, what varchar(60), id int NULL)");
});

const run = (sql: string) => pool.request().batch(sql);
const logged = async (): Promise<string[]> =>
  (await run("SELECT what, id FROM log ORDER BY n")).recordset.map(({ what, id }) => `${what} ${id ?? ""}`.trim());
type SqlServerFailure = { number: number; message: string; precedingErrors?: { message: string }[] };
async function failure(sql: string): Promise<SqlServerFailure> {
  try {
    await run(sql);
  } catch (error) {
    return error as SqlServerFailure;
  }
  throw new Error("no error");
}

describe("a T-SQL trigger", () => {
  it("runs once a statement with every row in inserted and deleted", async () => {
    await run(`CREATE TRIGGER tr ON t AFTER INSERT, UPDATE, DELETE AS
      INSERT log (what, id) SELECT 'new', i.id FROM inserted i ORDER BY i.id
      INSERT log (what, id) SELECT 'old', d.id FROM deleted d ORDER BY d.id`);
    await run("INSERT t (id) VALUES (1), (2)");
    await run("UPDATE t SET a = 1 WHERE id = 2");
    await run("DELETE t WHERE id = 1");
    expect(await logged()).toEqual(["new 1", "new 2", "new 2", "old 2", "old 1"]);
  });

  it("runs for a statement that changed no row, and knows @@ROWCOUNT of the statement", async () => {
    await run(`CREATE TRIGGER tr ON t AFTER UPDATE AS
      DECLARE @n int = @@ROWCOUNT
      INSERT log (what, id) VALUES ('rows', @n)`);
    await run("INSERT t (id) VALUES (1), (2)");
    await run("UPDATE t SET a = 1 WHERE id > 5");
    await run("UPDATE t SET a = 1");
    expect(await logged()).toEqual(["rows 0", "rows 2"]);
  });

  it("answers UPDATE(column) by the SET list, not by the values, and through nested statements", async () => {
    await run("CREATE TABLE u (id int PRIMARY KEY, a int NULL, c int NULL)");
    await run("INSERT t (id) VALUES (1)");
    await run("INSERT u (id) VALUES (1)");
    await run(
      "CREATE TRIGGER outside ON t AFTER UPDATE AS UPDATE u SET c = 1 IF UPDATE(a) INSERT log (what) VALUES ('t.a')",
    );
    await run(`CREATE TRIGGER within ON u AFTER UPDATE AS
      IF UPDATE(a) INSERT log (what) VALUES ('u.a') IF UPDATE(c) INSERT log (what) VALUES ('u.c')`);
    await run("UPDATE t SET a = a");
    await run("UPDATE t SET b = 'x'");
    expect(await logged()).toEqual(["u.c", "t.a", "u.c"]);
  });

  it("does not fire itself, but fires others and may be fired again by them", async () => {
    await run("INSERT t (id) VALUES (1)");
    await run("CREATE TRIGGER one ON t AFTER UPDATE AS INSERT log (what) VALUES ('one') UPDATE t SET a = a + 1");
    await run("UPDATE t SET b = 'x'");
    expect(await logged()).toEqual(["one"]);
    expect((await run("SELECT a FROM t")).recordset).toEqual([{ a: 1 }]);
  });

  it("stops endless indirect recursion at 32 levels with error 217", async () => {
    await run("CREATE TABLE u (id int PRIMARY KEY, a int NOT NULL)");
    await run("INSERT t (id) VALUES (1) INSERT u VALUES (1, 1)");
    await run("CREATE TRIGGER one ON t AFTER UPDATE AS UPDATE u SET a = a + 1");
    await run("CREATE TRIGGER two ON u AFTER UPDATE AS UPDATE t SET a = a + 1");
    expect((await failure("UPDATE t SET a = 1")).number).toBe(217);
    expect((await run("SELECT a FROM t")).recordset).toEqual([{ a: 0 }]);
  });

  it("undoes everything with ROLLBACK and ends the batch with 3609 behind its own error", async () => {
    await run(`CREATE TRIGGER tr ON t AFTER INSERT AS
      IF EXISTS (SELECT * FROM inserted WHERE a < 0)
      BEGIN
        ROLLBACK TRANSACTION
        RAISERROR('no %s below %d', 16, 3, 'value', 0)
        RETURN
      END
      INSERT log (what) SELECT 'kept'`);
    const error = await failure(
      "BEGIN TRAN INSERT t (id) VALUES (1) INSERT t (id, a) VALUES (2, -1) INSERT log (what) VALUES ('after')",
    );
    expect(error.number).toBe(3609);
    expect(error.precedingErrors?.map(({ message }) => message)).toEqual(["no value below 0"]);
    expect(await logged()).toEqual([]);
    expect((await run("SELECT @@TRANCOUNT AS n")).recordset).toEqual([{ n: 0 }]);
  });

  it("keeps the change when it only raises an error", async () => {
    await run("CREATE TRIGGER tr ON t AFTER INSERT AS RAISERROR('look', 16, 1)");
    const error = await failure("INSERT t (id) VALUES (1)");
    expect(error).toMatchObject({ number: 50000, message: "look" });
    expect((await run("SELECT COUNT(*) AS n FROM t")).recordset).toEqual([{ n: 1 }]);
  });

  it("takes the last row of SELECT @x =, keeps @x without rows, loops and branches", async () => {
    await run(`CREATE TRIGGER tr ON t AFTER INSERT AS
      DECLARE @id int = 7, @i int
      SELECT @id = id FROM inserted WHERE id > 100
      INSERT log (what, id) VALUES ('none', @id)
      SELECT @id = id FROM inserted ORDER BY id
      SET @i = 0
      WHILE 1 = 1
      BEGIN
        SET @i += 1
        IF @i = 2 CONTINUE
        IF @i > 3 BREAK ELSE INSERT log (what, id) VALUES ('loop', @i * @id)
      END
      INSERT log (what, id) VALUES ('identity', SCOPE_IDENTITY())`);
    await run("INSERT t (id) VALUES (2), (5)");
    expect(await logged()).toEqual(["none 7", "loop 5", "loop 15", "identity 3"]);
  });

  it("can be disabled, altered and dropped", async () => {
    await run("CREATE TRIGGER tr ON t AFTER INSERT AS INSERT log (what) VALUES ('one')");
    expect((await failure("CREATE TRIGGER tr ON t AFTER INSERT AS PRINT 'x'")).number).toBe(2714);
    await run("DISABLE TRIGGER tr ON t");
    await run("INSERT t (id) VALUES (1)");
    await run("ENABLE TRIGGER tr ON t");
    await run("INSERT t (id) VALUES (2)");
    await run("ALTER TRIGGER tr ON t AFTER DELETE AS INSERT log (what) VALUES ('two')");
    await run("INSERT t (id) VALUES (3)");
    await run("DELETE t WHERE id = 3");
    await run("DROP TRIGGER tr");
    await run("DELETE t");
    expect(await logged()).toEqual(["one", "two"]);
    expect((await failure("DROP TRIGGER tr")).number).toBe(3701);
    expect((await run("SELECT COUNT(*) AS n FROM sys.triggers")).recordset).toEqual([{ n: 0 }]);
  });

  it("keeps its text in sys.sql_modules and its events in sys.trigger_events", async () => {
    const text = "CREATE TRIGGER dbo.Tr_X ON t AFTER INSERT, DELETE AS\n  PRINT 'x' -- why";
    await run(`${text}`);
    const { recordset } = await run(`SELECT t.name, m.definition, e.type_desc FROM sys.triggers t JOIN sys.sql_modules m
      ON m.object_id = t.object_id JOIN sys.trigger_events e ON e.object_id = t.object_id ORDER BY e.type_desc`);
    expect(recordset).toEqual([
      { name: "Tr_X", definition: text.slice(0, text.indexOf(" --")), type_desc: "DELETE" },
      { name: "Tr_X", definition: text.slice(0, text.indexOf(" --")), type_desc: "INSERT" },
    ]);
  });

  it.each([
    ["SELECT * FROM inserted", "a result set from inside a trigger"],
    ["EXEC('x')", "EXECUTE inside a trigger"],
    ["BEGIN TRY PRINT 'x' END TRY BEGIN CATCH END CATCH", "TRY inside a trigger"],
    ["DECLARE @t TABLE (a int)", "a table variable inside a trigger"],
    ["ROLLBACK INSERT log (what) VALUES ('x')", "statements that run after ROLLBACK inside a trigger"],
    ["IF 1 = 1 ROLLBACK INSERT log (what) VALUES ('x')", "statements that run after ROLLBACK inside a trigger"],
    ["PRINT @@SPID", "@@SPID inside a trigger"],
  ])("refuses %s by name when it is created", async (body, construct) => {
    expect(await failure(`CREATE TRIGGER tr ON t AFTER INSERT AS ${body}`)).toMatchObject({
      number: 40000,
      message: `not supported by the simulator: ${construct}`,
    });
  });

  it.each([
    ["CREATE TRIGGER tr ON absent AFTER INSERT AS PRINT 'x'", 8197],
    ["CREATE TRIGGER tr ON t AFTER INSERT AS DELETE absent", 208],
    ["CREATE TRIGGER tr ON t AFTER INSERT AS UPDATE t SET absent = 1", 207],
    ["CREATE TRIGGER tr ON t AFTER INSERT AS SET @x = 1", 137],
    ["CREATE TRIGGER tr ON t AFTER INSERT AS DECLARE @x int DECLARE @x int", 134],
    ["ALTER TRIGGER tr ON t AFTER INSERT AS PRINT 'x'", 208],
  ])("%s is error %i", async (sql, number) => {
    expect((await failure(sql)).number).toBe(number);
  });
});
