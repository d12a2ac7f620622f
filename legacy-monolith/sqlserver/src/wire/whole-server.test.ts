/** Wire and engine together, through each of the clients: one of every kind of conversation. */

import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { childEnvironment } from "@banyan/kernel";
import knex, { type Knex } from "knex";
import sql from "mssql";
import { Connection, Request, TYPES } from "tedious";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../test-server.ts";

let server: TestServer;
let database: string;
let pool: sql.ConnectionPool;

beforeAll(async () => {
  server = await startTestServer();
  database = await server.newDatabase();
  pool = await server.connect(database);
  await pool
    .request()
    .batch("CREATE TABLE dbo.Visit (id int NOT NULL PRIMARY KEY, note nvarchar(60) NULL, fee money NULL)");
  await pool
    .request()
    .batch(
      "CREATE TABLE dbo.Digit (d int NOT NULL); INSERT INTO dbo.Digit (d) VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)",
    );
});
afterAll(() => server.close());

const manyRows =
  "SELECT a.d + 10*b.d + 100*c.d + 1000*e.d + 10000*f.d AS n, N'Ávila, María' AS name FROM Digit a " +
  "CROSS JOIN Digit b CROSS JOIN Digit c CROSS JOIN Digit e CROSS JOIN Digit f";

describe("mssql", () => {
  const at = new Date("2026-11-22T01:30:00.003Z");
  it.each<readonly [string, sql.ISqlType | (() => sql.ISqlType), unknown]>([
    ["bit", sql.Bit, true],
    ["tinyint", sql.TinyInt, 255],
    ["smallint", sql.SmallInt, -32768],
    ["int", sql.Int, -2147483648],
    ["bigint", sql.BigInt, "-9223372036854775808"],
    ["decimal(12,3)", sql.Decimal(12, 3), -1234.567],
    ["money", sql.Money, 12.25],
    ["smallmoney", sql.SmallMoney, -0.5],
    ["float", sql.Float, 0.1],
    ["real", sql.Real, 0.5],
    ["datetime", sql.DateTime, at],
    ["smalldatetime", sql.SmallDateTime, new Date("2026-11-22T01:30:00Z")],
    ["datetime2(3)", sql.DateTime2(3), at],
    ["date", sql.Date, new Date("1899-12-31T00:00:00Z")],
    ["time(3)", sql.Time(3), new Date("1970-01-01T12:34:56.789Z")],
    ["varchar(20)", sql.VarChar(20), "naïve €"],
    ["char(3)", sql.Char(3), "abc"],
    ["nvarchar(20)", sql.NVarChar(20), "Ω 𝄞"],
    ["nvarchar(max)", sql.NVarChar(sql.MAX), "ж".repeat(6000)],
    ["varchar(max)", sql.VarChar(sql.MAX), "é".repeat(9000)],
    ["varbinary(max)", sql.VarBinary(sql.MAX), Buffer.alloc(9000, 3)],
    ["uniqueidentifier", sql.UniqueIdentifier, "01234567-89AB-CDEF-0123-456789ABCDEF"],
  ])("gets a %s parameter back as it was, and NULL as NULL", async (_name, type, value) => {
    const echoed = (given: unknown) => pool.request().input("p", type, given).query<{ p: unknown }>("SELECT @p AS p");
    expect((await echoed(value)).recordset).toEqual([{ p: value }]);
    expect((await echoed(null)).recordset).toEqual([{ p: null }]);
  });

  it("streams 100,000 rows", async () => {
    const request = pool.request();
    request.stream = true;
    let rows = 0;
    let sum = 0;
    request.on("row", (row: { n: number }) => {
      rows++;
      sum += row.n;
    });
    void request.query(manyRows);
    await once(request, "done");
    expect([rows, sum]).toEqual([100_000, (99_999 * 100_000) / 2]);
  });

  it("talks through TLS", async () => {
    const secure = await server.connect(database, { options: { encrypt: true, trustServerCertificate: true } });
    expect((await secure.request().query("SELECT 1 AS one")).recordset).toEqual([{ one: 1 }]);
  });

  it("cancels a stream and a wait, and goes on over the same connection", async () => {
    const single = await server.connect(database, { pool: { max: 1 }, requestTimeout: 300 });
    const spid = async (): Promise<unknown> => (await single.request().query("SELECT @@SPID AS spid")).recordset[0];
    const before = await spid();
    const request = single.request();
    request.stream = true;
    request.once("row", () => request.cancel());
    const failed = once(request, "error");
    void request.query(manyRows);
    expect((await failed)[0]).toMatchObject({ code: "ECANCEL" });
    await expect(single.request().query("WAITFOR DELAY '00:00:30'")).rejects.toMatchObject({ code: "ETIMEOUT" });
    expect(await spid()).toEqual(before);
  });

  it("commits, rolls back and goes back to savepoints", async () => {
    const transaction = pool.transaction();
    await transaction.begin(sql.ISOLATION_LEVEL.SERIALIZABLE);
    await new sql.Request(transaction).query("INSERT INTO Visit (id) VALUES (1)");
    await new sql.Request(transaction).query("SAVE TRANSACTION before_two");
    await new sql.Request(transaction).query("INSERT INTO Visit (id) VALUES (2)");
    await new sql.Request(transaction).query("ROLLBACK TRANSACTION before_two");
    await transaction.commit();
    const given = pool.transaction();
    await given.begin();
    await new sql.Request(given).query("INSERT INTO Visit (id) VALUES (3)");
    await given.rollback();
    expect((await pool.request().query("SELECT id FROM Visit")).recordset).toEqual([{ id: 1 }]);
    await pool.request().query("DELETE FROM Visit");
  });

  it("loads in bulk", async () => {
    const table = new sql.Table("Visit");
    table.columns.add("id", sql.Int, { nullable: false });
    table.columns.add("note", sql.NVarChar(60), { nullable: true });
    table.columns.add("fee", sql.Money, { nullable: true });
    for (let id = 0; id < 5000; id++) table.rows.add(id, id % 2 ? null : `visit ${id}`, id / 4);
    expect((await pool.request().bulk(table)).rowsAffected).toBe(5000);
    const totals = await pool
      .request()
      .query("SELECT COUNT(*) AS n, COUNT(note) AS notes, SUM(fee) AS fees FROM Visit");
    expect(totals.recordset).toEqual([{ n: 5000, notes: 2500, fees: 3124375 }]);
    await pool.request().query("DELETE FROM Visit");
  });

  it("prepares statements", async () => {
    const statement = new sql.PreparedStatement(pool).input("d", sql.Int);
    await statement.prepare("SELECT d FROM Digit WHERE d >= @d ORDER BY d");
    expect((await statement.execute({ d: 8 })).recordset).toEqual([{ d: 8 }, { d: 9 }]);
    expect((await statement.execute({ d: 9 })).recordset).toEqual([{ d: 9 }]);
    await statement.unprepare();
  });

  it("is told errors with their numbers, and bad passwords with 18456", async () => {
    await expect(pool.request().query("SELECT * FROM no_such_table")).rejects.toMatchObject({ number: 208, class: 16 });
    const stranger = server.connect(database, { password: "wrong" });
    await expect(stranger).rejects.toMatchObject({ code: "ELOGIN" });
  });
});

describe("tedious", () => {
  it("calls, streams and resets its connection", async () => {
    const connection = new Connection({
      server: server.host,
      authentication: { type: "default", options: { userName: "sa", password: server.saPassword } },
      options: { port: server.port, database, encrypt: true, trustServerCertificate: true },
    });
    connection.connect();
    await once(connection, "connect");
    const values: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      const request = new Request("SELECT @a + d AS n FROM Digit WHERE d < 3 ORDER BY d", (error) =>
        error ? reject(error) : resolve(),
      );
      request.addParameter("a", TYPES.Int, 40);
      request.on("row", (columns: { value: unknown }[]) => values.push(columns[0]?.value));
      connection.execSql(request);
    });
    expect(values).toEqual([40, 41, 42]);
    await new Promise<void>((resolve, reject) => connection.reset((error) => (error ? reject(error) : resolve())));
    connection.close();
  });
});

describe("knex", () => {
  let db: Knex;
  beforeAll(() => {
    db = knex({
      client: "mssql",
      connection: { server: server.host, port: server.port, user: "sa", password: server.saPassword, database },
    });
  });
  afterAll(() => db.destroy());

  it("makes a table, fills it in a transaction, reads and changes it", async () => {
    await db.schema.createTable("person", (table) => {
      table.increments("id");
      table.string("name", 40).notNullable();
      table.decimal("due", 10, 2);
    });
    await db.transaction(async (trx) => {
      const ids = await trx("person").insert({ name: "Åsa", due: 1.25 }).returning("id");
      expect(ids).toEqual([{ id: 1 }]);
    });
    await expect(
      db.transaction(async (trx) => {
        await trx("person").insert({ name: "Bo" });
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect(await db("person").update({ due: 2.5 }).where({ name: "ÅSA" })).toBe(1);
    expect(await db("person").select("name", "due")).toEqual([{ name: "Åsa", due: 2.5 }]);
  });
});

describe("FreeTDS", () => {
  it("asks and is answered", async ({ skip }) => {
    if (spawnSync("tsql", ["-C"]).error) skip("FreeTDS's tsql is not installed (apt-get install freetds-bin)");
    const text = await new Promise<string>((resolve) => {
      const options = { env: childEnvironment({ TDSVER: "7.4", LANG: "C.UTF-8" }), timeout: 20_000 };
      const args = ["-H", server.host, "-p", String(server.port), "-U", "sa", "-P", server.saPassword, "-D", database];
      const child = execFile("tsql", [...args, "-o", "qfh"], options, (_error, output, errors) =>
        resolve(output + errors),
      );
      child.stdin?.end(
        "SELECT d, N'Ω' + CAST(d AS nvarchar(5)) AS o FROM Digit WHERE d = 7\ngo\nSELECT 1/0\ngo\nexit\n",
      );
    });
    expect(text).toContain("7\tΩ7");
    expect(text).toContain("Msg 8134 (severity 16");
  });
});
