import mssql from "mssql";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../test-server.ts";

let server: TestServer;
let pool: mssql.ConnectionPool;
let database: string;

beforeAll(async () => {
  server = await startTestServer();
  database = await server.newDatabase();
  pool = await server.connect(database);
  await pool
    .request()
    .batch("CREATE TABLE dbo.bed (id int NOT NULL CONSTRAINT pk_bed PRIMARY KEY, ward varchar(10) NULL)");
}, 60_000);
afterAll(() => server.close());
beforeEach(() => pool.request().query("DELETE FROM bed"));

const count = async (): Promise<number> => (await pool.request().query("SELECT COUNT(*) AS n FROM bed")).recordset[0].n;
const errorOf = async (work: Promise<unknown>): Promise<{ number: number; message: string }> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error as { number: number; message: string };
};

test("a rolled back transaction leaves nothing, a committed one stays", async () => {
  const transaction = pool.transaction();
  await transaction.begin();
  await transaction.request().query("INSERT bed VALUES (1, 'A')");
  await transaction.rollback();
  expect(await count()).toBe(0);
  await transaction.begin();
  await transaction.request().query("INSERT bed VALUES (1, 'A')");
  await transaction.commit();
  expect(await count()).toBe(1);
});

test("a failed statement undoes only itself while XACT_ABORT is OFF", async () => {
  const { recordset } = await pool.request().batch(`
    BEGIN TRAN;
    INSERT bed VALUES (1, 'A');
    BEGIN TRY INSERT bed VALUES (1, 'B') END TRY BEGIN CATCH PRINT ERROR_MESSAGE() END CATCH;
    INSERT bed VALUES (2, 'C');
    COMMIT;
    SELECT id FROM bed ORDER BY id`);
  expect(recordset.map(({ id }) => id)).toEqual([1, 2]);
});

test("without TRY the batch goes on after a failed statement, and the client hears of it", async () => {
  const error = await errorOf(
    pool.request().batch("INSERT bed VALUES (1,'A'); INSERT bed VALUES (1,'B'); INSERT bed VALUES (2,'C')"),
  );
  expect(error.number).toBe(2627);
  expect(error.message).toBe(
    "Violation of PRIMARY KEY constraint 'pk_bed'. Cannot insert duplicate key in object 'dbo.bed'. The duplicate key value is (1).",
  );
  expect(await count()).toBe(2);
});

test("XACT_ABORT ON rolls the transaction back and ends the batch", async () => {
  const error = await errorOf(
    pool
      .request()
      .batch(
        "SET XACT_ABORT ON; BEGIN TRAN; INSERT bed VALUES (1,'A'); INSERT bed VALUES (1,'B'); INSERT bed VALUES (2,'C'); COMMIT",
      ),
  );
  expect(error.number).toBe(2627);
  expect(await count()).toBe(0);
  const { recordset } = await pool.request().batch("SET XACT_ABORT OFF; SELECT @@TRANCOUNT AS n");
  expect(recordset[0].n).toBe(0);
});

test("a conversion error dooms the transaction inside TRY, and rolls it back at the end of the batch", async () => {
  const result = errorOf(
    pool.request().batch(`
      BEGIN TRAN; INSERT bed VALUES (1,'A');
      BEGIN TRY DECLARE @x int = CONVERT(int, 'abc') END TRY
      BEGIN CATCH
        IF XACT_STATE() <> -1 THROW 60000, 'not doomed', 1;
        IF (SELECT COUNT(*) FROM bed) <> 1 THROW 60001, 'own rows are not seen', 1;
        BEGIN TRY INSERT bed VALUES (2,'B') END TRY
        BEGIN CATCH IF ERROR_NUMBER() <> 3930 THROW 60002, 'could write', 1 END CATCH
      END CATCH`),
  );
  expect((await result).number).toBe(3998);
  expect(await count()).toBe(0);
});

test("@@TRANCOUNT nests, and one ROLLBACK ends all", async () => {
  const { recordsets } = await pool.request().batch(`
    BEGIN TRAN; BEGIN TRAN; SELECT @@TRANCOUNT AS n; COMMIT; SELECT @@TRANCOUNT AS n;
    BEGIN TRAN; ROLLBACK; SELECT @@TRANCOUNT AS n`);
  expect((recordsets as { n: number }[][]).map((set) => set[0]?.n)).toEqual([2, 1, 0]);
});

test("ROLLBACK to a savepoint keeps what was before it", async () => {
  await pool.request().batch(`
    BEGIN TRAN outermost; INSERT bed VALUES (1,'A'); SAVE TRAN half; INSERT bed VALUES (2,'B');
    ROLLBACK TRAN half; INSERT bed VALUES (3,'C'); COMMIT TRAN outermost`);
  const { recordset } = await pool.request().query("SELECT id FROM bed ORDER BY id");
  expect(recordset.map(({ id }) => id)).toEqual([1, 3]);
});

test("COMMIT and ROLLBACK without a transaction are 3902 and 3903, an unknown savepoint 6401", async () => {
  expect((await errorOf(pool.request().batch("COMMIT"))).number).toBe(3902);
  expect((await errorOf(pool.request().batch("ROLLBACK"))).number).toBe(3903);
  expect((await errorOf(pool.request().batch("BEGIN TRAN; ROLLBACK TRAN nowhere; ROLLBACK"))).number).toBe(6401);
});

test("two writers of different rows do not wait for each other; of one row the second times out with 1222", async () => {
  await pool.request().batch("INSERT bed VALUES (1,'A'); INSERT bed VALUES (2,'B')");
  const first = pool.transaction();
  await first.begin();
  await first.request().query("UPDATE bed SET ward = 'X' WHERE id = 1");
  const second = pool.transaction();
  await second.begin();
  await second.request().query("UPDATE bed SET ward = 'Y' WHERE id = 2");
  const error = await errorOf(second.request().query("SET LOCK_TIMEOUT 50; UPDATE bed SET ward = 'Y' WHERE id = 1"));
  expect(error.number).toBe(1222);
  // Only the statement is lost.
  await second.request().query("SET LOCK_TIMEOUT -1; UPDATE bed SET ward = 'Z' WHERE id = 2");
  await second.commit();
  await first.commit();
  const { recordset } = await pool.request().query("SELECT ward FROM bed ORDER BY id");
  expect(recordset.map(({ ward }) => ward)).toEqual(["X", "Z"]);
});

test("of two transactions in a deadlock one is the victim, with 1205 and everything rolled back", async () => {
  await pool.request().batch("INSERT bed VALUES (1,'A'); INSERT bed VALUES (2,'B')");
  const [first, second] = [pool.transaction(), pool.transaction()];
  await Promise.all([first.begin(), second.begin()]);
  await first.request().query("UPDATE bed SET ward = '1' WHERE id = 1");
  await second.request().query("UPDATE bed SET ward = '2' WHERE id = 2");
  const outcomes = await Promise.all([
    errorOf(first.request().query("UPDATE bed SET ward = '1' WHERE id = 2")),
    errorOf(second.request().query("UPDATE bed SET ward = '2' WHERE id = 1")),
  ]);
  expect(outcomes.filter(Boolean).map(({ number }) => number)).toEqual([1205]);
  const survivor = outcomes[0] ? second : first;
  const victim = outcomes[0] ? first : second;
  await survivor.commit();
  // mssql knows from the rolled back transaction's ENVCHANGE that there is nothing left to roll back.
  expect((await errorOf(victim.rollback())) as unknown).toMatchObject({ code: "EABORT" });
  const { recordset } = await pool.request().query("SELECT DISTINCT ward FROM bed");
  expect(recordset).toHaveLength(1);
}, 20_000);

test("SNAPSHOT needs to be allowed, sees what was there at its first read, and refuses to overwrite", async () => {
  const snapshot = pool.transaction();
  await snapshot.begin(mssql.ISOLATION_LEVEL.SNAPSHOT);
  expect((await errorOf(snapshot.request().query("SELECT * FROM bed"))).number).toBe(3952);
  await snapshot.rollback().catch(() => undefined);
  await pool.request().batch(`ALTER DATABASE [${database}] SET ALLOW_SNAPSHOT_ISOLATION ON; INSERT bed VALUES (1,'A')`);
  const reader = pool.transaction();
  await reader.begin(mssql.ISOLATION_LEVEL.SNAPSHOT);
  expect((await reader.request().query("SELECT ward FROM bed")).recordset).toEqual([{ ward: "A" }]);
  await pool.request().query("UPDATE bed SET ward = 'B'");
  expect((await reader.request().query("SELECT ward FROM bed")).recordset).toEqual([{ ward: "A" }]);
  expect((await errorOf(reader.request().query("UPDATE bed SET ward = 'C'"))).number).toBe(3960);
  await reader.rollback().catch(() => undefined);
  // The level stays with the connection, as on a real server.
  await pool.request().batch("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
});

test("temp tables made in a transaction go with its ROLLBACK, others stay", async () => {
  const single = await server.connect(database, { pool: { max: 1 } });
  await single
    .request()
    .batch("CREATE TABLE #kept (id int); BEGIN TRAN; CREATE TABLE #lost (id int); INSERT #kept VALUES (1); ROLLBACK");
  const { recordset } = await single.request().batch("SELECT COUNT(*) AS n FROM #kept");
  expect(recordset[0].n).toBe(0);
  expect((await errorOf(single.request().batch("SELECT * FROM #lost"))).number).toBe(208);
});
