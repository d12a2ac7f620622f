import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../test-server.ts";
let server: TestServer;
beforeAll(async () => { server = await startTestServer(); }, 60_000);
afterAll(() => server.close());
test("select 1", async () => {
  const pool = await server.connect("master");
  expect((await pool.request().query("SELECT 1 AS one")).recordset).toEqual([{ one: 1 }]);
});
test("create insert select", async () => {
  const pool = await server.connect(await server.newDatabase());
  await pool.request().query("CREATE TABLE dbo.Patient (id int IDENTITY(1,1) PRIMARY KEY, Name nvarchar(30) NOT NULL, dob datetime NULL, paid money DEFAULT 0)");
  const r = await pool.request().input("n", "Anna").query("INSERT INTO Patient (Name, dob) VALUES (@n, '2020-01-02'); SELECT SCOPE_IDENTITY() AS id, @@ROWCOUNT AS n");
  console.log(r);
  console.log((await pool.request().query("SELECT * FROM patient WHERE name = 'ANNA'")).recordset);
});
