import mssql from "mssql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../test-server.ts";

let server: TestServer;
let pool: mssql.ConnectionPool;
let database: string;

beforeAll(async () => {
  server = await startTestServer();
  database = await server.newDatabase();
  pool = await server.connect(database);
}, 60_000);
afterAll(() => server.close());

const batch = async (text: string): Promise<Record<string, unknown>[][]> =>
  (await pool.request().batch(text)).recordsets as Record<string, unknown>[][];
const errorOf = async (
  work: Promise<unknown>,
): Promise<{ number: number; message: string; precedingErrors: unknown[] }> =>
  (await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as { number: number; message: string; precedingErrors: unknown[] };

test("variables, IF, WHILE, BREAK and CONTINUE run as written", async () => {
  const [rows] = await batch(`
    DECLARE @i int = 0, @sum int = 0, @text nvarchar(20);
    WHILE @i < 100
    BEGIN
      SET @i += 1;
      IF @i % 2 = 0 CONTINUE;
      IF @i > 9 BREAK;
      SELECT @sum = @sum + @i, @text = CONCAT(N'last ', @i);
    END
    SELECT @sum AS total, @text AS text, @i AS i`);
  expect(rows).toEqual([{ total: 25, text: "last 9", i: 11 }]);
});

test("parameters of a call keep their types and null", async () => {
  const { recordset } = await pool
    .request()
    .input("a", mssql.Int, 5)
    .input("b", mssql.NVarChar(20), "Ünï")
    .input("c", mssql.Decimal(10, 2), 12.5)
    .input("d", mssql.DateTime, new Date("2026-03-08T02:30:00.123Z"))
    .input("e", mssql.VarBinary(10), Buffer.from([1, 2, 255]))
    .input("f", mssql.Bit, true)
    .input("g", mssql.Int, null)
    .query("SELECT @a + 1 AS a, @b AS b, @c AS c, @d AS d, @e AS e, @f AS f, @g AS g");
  expect(recordset[0]).toEqual({
    a: 6,
    b: "Ünï",
    c: 12.5,
    d: new Date("2026-03-08T02:30:00.123Z"),
    e: Buffer.from([1, 2, 255]),
    f: true,
    g: null,
  });
});

test("output parameters come back from sp_executesql and from a prepared statement", async () => {
  const { output } = await pool.request().input("n", 20).output("twice", mssql.Int).query("SET @twice = @n * 2");
  expect(output).toEqual({ twice: 40 });
  const prepared = new mssql.PreparedStatement(pool);
  prepared.input("n", mssql.Int).output("half", mssql.Int);
  await prepared.prepare("SET @half = @n / 2; SELECT @n AS n");
  const result = await prepared.execute({ n: 9 });
  expect(result.output).toEqual({ half: 4 });
  expect(result.recordset).toEqual([{ n: 9 }]);
  await prepared.unprepare();
});

test("@@ROWCOUNT, @@ERROR, SCOPE_IDENTITY() and @@IDENTITY follow the statements", async () => {
  const sets = await batch(`
    CREATE TABLE counted (id int IDENTITY(10,5) PRIMARY KEY, v int);
    INSERT counted (v) VALUES (1),(2),(3);
    SELECT @@ROWCOUNT AS n, @@ERROR AS e, SCOPE_IDENTITY() AS s, @@IDENTITY AS i;
    UPDATE counted SET v = 0 WHERE v > 1;
    SELECT @@ROWCOUNT AS n;
    DECLARE @x int; SET @x = 7; SELECT @@ROWCOUNT AS n`);
  expect(sets).toEqual([[{ n: 3, e: 0, s: 20, i: 20 }], [{ n: 2 }], [{ n: 1 }]]);
});

test("SET NOCOUNT ON leaves the counts out of the answer, not out of @@ROWCOUNT", async () => {
  const result = await pool
    .request()
    .batch(
      "SET NOCOUNT ON; CREATE TABLE quiet (v int); INSERT quiet VALUES (1),(2); SELECT @@ROWCOUNT AS n; SET NOCOUNT OFF",
    );
  expect(result.rowsAffected).toEqual([]);
  expect(result.recordset).toEqual([{ n: 2 }]);
});

test("TRY and CATCH show the error's number, severity, state, line and message; THROW passes it on", async () => {
  const error = await errorOf(
    pool.request().batch(`DECLARE @m nvarchar(200);
    BEGIN TRY
      SELECT 1/0 AS x
    END TRY
    BEGIN CATCH
      SELECT ERROR_NUMBER() AS number, ERROR_SEVERITY() AS severity, ERROR_STATE() AS state, ERROR_LINE() AS line, ERROR_MESSAGE() AS message;
      THROW
    END CATCH`),
  );
  expect(error).toMatchObject({
    number: 8134,
    class: 16,
    state: 1,
    lineNumber: 3,
    message: "Divide by zero error encountered.",
  });
  const [, rows] = await batch(
    `BEGIN TRY SELECT 1/0 AS x END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n, ERROR_LINE() AS l END CATCH; SELECT ERROR_NUMBER() AS n`,
  );
  expect(rows).toEqual([{ n: null }]);
});

test("RAISERROR formats its message, goes on, and is caught by TRY; up to severity 10 it is only a message", async () => {
  const infos: string[] = [];
  const request = pool.request();
  request.on("info", (info: { message: string }) => infos.push(info.message));
  const error = await errorOf(
    request.batch(
      "RAISERROR('bed %d of %s: %5.2x|', 16, 3, 7, N'ward B', 255); PRINT 'went on'; RAISERROR('note', 10, 1)",
    ),
  );
  expect(error).toMatchObject({ number: 50000, class: 16, state: 3, message: "bed 7 of ward B:    ff|" });
  expect(infos).toEqual(["went on", "note"]);
  const [rows] = await batch(
    "BEGIN TRY RAISERROR('no', 11, 2); SELECT 1 AS reached END TRY BEGIN CATCH SELECT ERROR_MESSAGE() AS m, ERROR_STATE() AS s END CATCH",
  );
  expect(rows).toEqual([{ m: "no", s: 2 }]);
});

test("THROW ends the batch", async () => {
  const error = await errorOf(
    pool
      .request()
      .batch("CREATE TABLE thrown (v int); BEGIN TRAN; COMMIT; THROW 51000, 'stop', 4; INSERT thrown VALUES (1)"),
  );
  expect(error).toMatchObject({ number: 51000, class: 16, state: 4, message: "stop" });
  expect((await batch("SELECT COUNT(*) AS n FROM thrown"))[0]).toEqual([{ n: 0 }]);
});

test("EXEC of text has variables of its own and shares temp tables; a text that does not compile ends only itself", async () => {
  const [rows] = await batch(
    "CREATE TABLE #shared (v int); EXEC('INSERT #shared VALUES (4)'); SELECT v FROM #shared; DROP TABLE #shared",
  );
  expect(rows).toEqual([{ v: 4 }]);
  const error = await errorOf(pool.request().batch("DECLARE @x int = 1; EXEC('SELECT @x')"));
  expect(error).toMatchObject({ number: 137 });
  const [caught] = await batch(
    "BEGIN TRY EXEC('SELECT * FROM nowhere') END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH",
  );
  expect(caught).toEqual([{ n: 208 }]);
});

test("sp_executesql in T-SQL takes parameters and gives output back", async () => {
  const [rows] = await batch(
    "DECLARE @r int; EXEC sp_executesql N'SET @out = @in * 3', N'@in int, @out int OUTPUT', @in = 5, @out = @r OUTPUT; SELECT @r AS r",
  );
  expect(rows).toEqual([{ r: 15 }]);
});

test("table variables live in their batch, and temp tables of a call end with the call", async () => {
  const [rows] = await batch(
    "DECLARE @t TABLE (id int IDENTITY(1,1), name varchar(10)); INSERT @t (name) VALUES ('a'),('b'); SELECT id, name FROM @t ORDER BY id",
  );
  expect(rows).toEqual([
    { id: 1, name: "a" },
    { id: 2, name: "b" },
  ]);
  await pool.request().query("SELECT 1 AS v INTO #mine; SELECT v FROM #mine");
  expect((await pool.request().query("SELECT 2 AS v INTO #mine; SELECT v FROM #mine")).recordset).toEqual([{ v: 2 }]);
});

test("a batch that does not parse runs nothing", async () => {
  const error = await errorOf(pool.request().batch("CREATE TABLE never (v int); SELEC 1"));
  expect(error).toMatchObject({ number: 102 });
  expect((await batch("SELECT OBJECT_ID('never') AS id"))[0]).toEqual([{ id: null }]);
});

test("an unknown procedure is 2812, an unknown object 208, an unknown column 207", async () => {
  expect((await errorOf(pool.request().execute("sp_nothing"))).number).toBe(2812);
  expect((await errorOf(pool.request().query("SELECT * FROM nowhere"))).number).toBe(208);
  expect((await errorOf(pool.request().query("SELECT nothing FROM sys.tables"))).number).toBe(207);
});

test("what is not supported is refused by name", async () => {
  expect((await errorOf(pool.request().batch("SET IMPLICIT_TRANSACTIONS ON"))).message).toBe(
    "not supported by the simulator: SET IMPLICIT_TRANSACTIONS ON",
  );
});

test("a cancelled request stops, and the connection works on", async () => {
  const single = await server.connect(database, { pool: { max: 1 } });
  const request = single.request();
  const started = performance.now();
  const waiting = errorOf(request.batch("WAITFOR DELAY '00:00:30'"));
  setTimeout(() => request.cancel(), 50);
  expect(await waiting).toMatchObject({ code: "ECANCEL" });
  expect(performance.now() - started).toBeLessThan(5_000);
  expect((await single.request().query("SELECT 3 AS v")).recordset).toEqual([{ v: 3 }]);
});

test("a query time-out on a blocked lock ends the wait and keeps the transaction", async () => {
  await batch("CREATE TABLE locked (id int PRIMARY KEY, v int); INSERT locked VALUES (1, 1), (2, 2)");
  const holder = pool.transaction();
  await holder.begin();
  await holder.request().query("UPDATE locked SET v = 10 WHERE id = 1");
  const impatient = await server.connect(database, { requestTimeout: 150, pool: { max: 1 } });
  const transaction = impatient.transaction();
  await transaction.begin();
  await transaction.request().query("UPDATE locked SET v = 20 WHERE id = 2");
  expect(await errorOf(transaction.request().query("UPDATE locked SET v = 20 WHERE id = 1"))).toMatchObject({
    code: "ETIMEOUT",
  });
  await transaction.commit();
  await holder.commit();
  expect((await batch("SELECT v FROM locked ORDER BY id"))[0]).toEqual([{ v: 10 }, { v: 20 }]);
});

test("streams a large result while the client is slow, and every row arrives once", async () => {
  const request = pool.request();
  request.stream = true;
  let rows = 0;
  let sum = 0;
  const finished = new Promise<void>((resolve, reject) => {
    request.on("row", (row: { v: number }) => {
      rows += 1;
      sum += row.v;
      if (rows % 5_000 === 0) {
        request.pause();
        setTimeout(() => request.resume(), 5);
      }
    });
    request.on("done", () => resolve());
    request.on("error", reject);
  });
  await batch(`CREATE TABLE digits (d int); INSERT digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)`);
  void request.query(
    `SELECT a.d + 10*b.d + 100*c.d + 1000*e.d AS v FROM digits a CROSS JOIN digits b CROSS JOIN digits c CROSS JOIN digits e CROSS JOIN (SELECT d FROM digits WHERE d < 3) f`,
  );
  await finished;
  expect([rows, sum]).toEqual([30_000, 3 * 49_995_000]);
});

test("bulk load goes in whole or not at all, with defaults for NULL and identity made", async () => {
  await batch(
    "CREATE TABLE loaded (id int IDENTITY(1,1) PRIMARY KEY, name nvarchar(10) NOT NULL, size int NULL DEFAULT 7)",
  );
  const table = new mssql.Table("loaded");
  table.columns.add("name", mssql.NVarChar(10), { nullable: false });
  table.columns.add("size", mssql.Int, { nullable: true });
  table.rows.add("tab\there", 1);
  table.rows.add("back\\slash", null);
  expect((await pool.request().bulk(table)).rowsAffected).toBe(2);
  expect((await batch("SELECT * FROM loaded ORDER BY id"))[0]).toEqual([
    { id: 1, name: "tab\there", size: 1 },
    { id: 2, name: "back\\slash", size: 7 },
  ]);
  const bad = new mssql.Table("loaded");
  bad.columns.add("name", mssql.NVarChar(20), { nullable: false });
  bad.rows.add("fits");
  bad.rows.add("far too long a name");
  expect((await errorOf(pool.request().bulk(bad))).number).toBe(2628);
  expect((await batch("SELECT COUNT(*) AS n FROM loaded"))[0]).toEqual([{ n: 2 }]);
});

test("DBCC CHECKIDENT reseeds; IDENTITY_INSERT above the current value raises it", async () => {
  await batch("CREATE TABLE seeded (id int IDENTITY(1,1), v int); INSERT seeded (v) VALUES (0)");
  await batch("DBCC CHECKIDENT('seeded', RESEED, 100)");
  await batch("INSERT seeded (v) VALUES (1)");
  await batch(
    "SET IDENTITY_INSERT seeded ON; INSERT seeded (id, v) VALUES (500, 2); SET IDENTITY_INSERT seeded OFF; INSERT seeded (v) VALUES (3)",
  );
  expect((await batch("SELECT id FROM seeded ORDER BY v"))[0]).toEqual([
    { id: 1 },
    { id: 101 },
    { id: 500 },
    { id: 501 },
  ]);
  expect((await errorOf(pool.request().query("INSERT seeded (id, v) VALUES (900, 2)"))).number).toBe(544);
});

test("a trigger is made again when a column it writes has changed its type", async () => {
  await batch(
    "CREATE TABLE narrow (id int PRIMARY KEY, note varchar(5) NULL); CREATE TABLE source (id int PRIMARY KEY, note varchar(40) NULL)",
  );
  await batch("CREATE TRIGGER copies ON source AFTER INSERT AS INSERT narrow (id, note) SELECT id, note FROM inserted");
  expect((await errorOf(pool.request().query("INSERT source VALUES (1, 'longer than five')"))).number).toBe(2628);
  await batch("ALTER TABLE narrow ALTER COLUMN note varchar(40) NULL");
  await batch("INSERT source VALUES (1, 'longer than five')");
  expect((await batch("SELECT note FROM narrow"))[0]).toEqual([{ note: "longer than five" }]);
});

test("a batch that names a column its table does not have runs nothing at all; a table that is still to come is no matter", async () => {
  await batch("CREATE TABLE strict (id int)");
  expect((await errorOf(pool.request().batch("INSERT strict VALUES (1); SELECT nothing FROM strict"))).number).toBe(
    207,
  );
  expect((await batch("SELECT COUNT(*) AS n FROM strict"))[0]).toEqual([{ n: 0 }]);
  const [rows] = await batch("CREATE TABLE later (v int); INSERT later VALUES (3); SELECT v FROM later");
  expect(rows).toEqual([{ v: 3 }]);
});

test("a session sees the columns that another session has changed", async () => {
  const other = await server.connect(database, { pool: { max: 1 } });
  await batch("CREATE TABLE changing (id int, v int); INSERT changing VALUES (1, 2)");
  expect((await other.request().query("SELECT * FROM changing")).recordset).toEqual([{ id: 1, v: 2 }]);
  await batch("ALTER TABLE changing ALTER COLUMN v bigint; ALTER TABLE changing ADD w varchar(5) NULL");
  expect((await other.request().query("SELECT * FROM changing")).recordset).toEqual([{ id: 1, v: "2", w: null }]);
});
