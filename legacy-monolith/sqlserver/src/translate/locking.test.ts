/** What the lock hints promise, shown by two connections at once. */

import mssql from "mssql";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../test-server.ts";

let server: TestServer;
let pool: mssql.ConnectionPool;
let database: string;

beforeAll(async () => {
  server = await startTestServer();
  database = await server.newDatabase();
  pool = await server.connect(database, { pool: { max: 8 } });
  await pool.request().batch(`CREATE TABLE seq (k char(6) NOT NULL PRIMARY KEY, n int NOT NULL);
    CREATE TABLE line (enc int NOT NULL, no smallint NOT NULL, txt varchar(20) NULL, CONSTRAINT pk_line PRIMARY KEY (enc, no));
    CREATE TABLE job (id int NOT NULL PRIMARY KEY, taken char(1) NOT NULL);
    INSERT seq VALUES ('A', 0)`);
}, 60_000);

afterAll(() => server.close());

/** Until some session of the engine waits for a lock. */
async function lockWait(): Promise<void> {
  const engine = new pg.Client(server.engineUrl(database));
  await engine.connect();
  try {
    for (let i = 0; i < 200; i += 1) {
      const { rows } = await engine.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
      if (rows.length > 0) return;
      await new Promise((done) => setTimeout(done, 10));
    }
  } finally {
    await engine.end();
  }
  throw new Error("nobody waited for a lock");
}

const writers = Array.from({ length: 6 }, (_, i) => i);
const times = Array.from({ length: 8 }, (_, i) => i);

const upsert = `MERGE seq WITH (HOLDLOCK) AS t USING (SELECT @k AS k) AS s ON t.k = s.k
  WHEN MATCHED THEN UPDATE SET n = t.n + 1 WHEN NOT MATCHED THEN INSERT (k, n) VALUES (s.k, 1);`;

test("MERGE WITH (HOLDLOCK) of a key that another transaction is just inserting waits and then updates it", async () => {
  const first = new mssql.Transaction(pool);
  await first.begin();
  await first.request().input("k", mssql.Char(6), "new").query(upsert);
  const second = pool.request().input("k", mssql.Char(6), "new").query(upsert);
  await lockWait();
  await first.commit();
  expect((await second).rowsAffected).toEqual([1]);
  const { recordset } = await pool.request().query("SELECT n FROM seq WHERE k = 'new'");
  expect(recordset).toEqual([{ n: 2 }]);
});

test("SELECT MAX + 1 WITH (UPDLOCK, HOLDLOCK) gives every transaction its own number, also on an empty range", async () => {
  for (const enc of times) {
    await Promise.all(
      writers.map(() =>
        pool
          .request()
          .input("enc", mssql.Int, enc)
          .batch(`DECLARE @no int; BEGIN TRAN;
          SELECT @no = ISNULL(MAX(no), 0) + 1 FROM line WITH (UPDLOCK, HOLDLOCK) WHERE enc = ${enc};
          INSERT line (enc, no) VALUES (${enc}, @no); COMMIT`),
      ),
    );
  }
  const { recordset } = await pool.request().query("SELECT COUNT(*) AS n, MAX(no) AS m FROM line");
  expect(recordset).toEqual([{ n: times.length * writers.length, m: writers.length }]);
});

test("UPDATE of a counter loses no step", async () => {
  await Promise.all(
    writers.flatMap(() => times.map(() => pool.request().query("UPDATE seq SET n = n + 1 WHERE k = 'a'"))),
  );
  const { recordset } = await pool.request().query("SELECT n FROM seq WHERE k = 'A'");
  expect(recordset).toEqual([{ n: writers.length * times.length }]);
});

test("UPDATE TOP (1) WITH (READPAST) gives each worker another row", async () => {
  await pool
    .request()
    .batch(`INSERT job SELECT v.n, 'N' FROM (VALUES ${writers.map((n) => `(${n})`).join(", ")}) AS v(n)`);
  const taken = await Promise.all(
    writers.map(async () => {
      const { recordset } = await pool
        .request()
        .query("UPDATE TOP (1) job WITH (READPAST) SET taken = 'Y' OUTPUT inserted.id WHERE taken = 'N'");
      return recordset.map((row: { id: number }) => row.id);
    }),
  );
  const ids = taken.flat();
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(0);
});

test("an UPDATE over an outer join works on the row as another transaction left it", async () => {
  await pool.request().batch("INSERT line VALUES (900, 1, 'start')");
  const first = new mssql.Transaction(pool);
  await first.begin();
  await first.request().query("UPDATE line SET txt = txt + '1' WHERE enc = 900");
  const second = pool
    .request()
    .query(
      "UPDATE l SET txt = l.txt + '2' FROM line AS l LEFT JOIN seq AS s ON s.n = l.no AND s.k = 'zzz' WHERE l.enc = 900",
    );
  await lockWait();
  await first.commit();
  await second;
  const { recordset } = await pool.request().query("SELECT txt FROM line WHERE enc = 900");
  expect(recordset).toEqual([{ txt: "start12" }]);
});
