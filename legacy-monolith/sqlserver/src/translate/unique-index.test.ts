/** A unique index is checked at the end of the statement, not row by row. */

import type mssql from "mssql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../test-server.ts";

let server: TestServer;
let pool: mssql.ConnectionPool;

beforeAll(async () => {
  server = await startTestServer();
  pool = await server.connect(await server.newDatabase());
  await pool.request().batch("CREATE TABLE u (id int NOT NULL PRIMARY KEY, n int NULL, m varchar(5) NULL)");
  await pool.request().batch("CREATE UNIQUE INDEX ux_n ON u (n)");
  await pool.request().batch("INSERT u VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, NULL)");
}, 60_000);

afterAll(() => server.close());

const run = (text: string): Promise<mssql.IResult<Record<string, unknown>>> => pool.request().batch(text);

test("values may move onto each other within one statement", async () => {
  await run("UPDATE u SET n = n + 1, id = 4 - id");
  expect((await run("SELECT id, n FROM u ORDER BY id")).recordset).toEqual([
    { id: 1, n: 4 },
    { id: 2, n: 3 },
    { id: 3, n: 2 },
  ]);
});

test("a duplicate is 2601 with the index's name, and NULL counts as a value", async () => {
  await expect(run("INSERT u VALUES (9, 2, 'x')")).rejects.toMatchObject({ number: 2601 });
  await run("INSERT u VALUES (5, NULL, 'x')");
  await expect(run("INSERT u VALUES (6, NULL, 'y')")).rejects.toThrow("unique index 'ux_n'");
});

test("the index is dropped by its name, and a foreign key may point to it before", async () => {
  await run("CREATE TABLE f (id int NOT NULL PRIMARY KEY, n int NULL REFERENCES u (n))");
  await expect(run("INSERT f VALUES (1, 77)")).rejects.toMatchObject({ number: 547 });
  await run("DROP TABLE f; DROP INDEX ux_n ON u; INSERT u VALUES (9, 2, 'x')");
  await expect(run("CREATE UNIQUE INDEX ux_n ON u (n)")).rejects.toMatchObject({ number: 1505 });
});
