import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import knex from "knex";
import { afterAll, beforeAll, expect, test } from "vitest";
import { controlMigrationsDirectory, migrateControl, rollbackControl } from "./control.ts";

let server: EmbeddedPostgres;
const folder = mkdtempSync(join(tmpdir(), "banyan-control-migrations-"));
beforeAll(async () => {
  server = await startEmbeddedPostgres({
    dataDir: join(folder, "postgres"),
    port: 0,
    password: "secret",
    name: "test database",
    portVariable: "none",
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the control database is made, brought to the newest schema once, taken back to nothing and built again", async () => {
  const url = server.url("control-there_and_back");
  const files = readdirSync(controlMigrationsDirectory).sort();
  const names = async () => (await migrateControl({ url })).applied.map((name) => name.split("/").at(-1));
  expect(await names()).toEqual(files);
  expect(await names()).toEqual([]);
  await rollbackControl({ url });
  const db = knex({ client: "pg", connection: url, pool: { min: 0, max: 1 } });
  const tables = (await db("pg_tables")
    .where({ schemaname: "public" })
    .orderBy("tablename")
    .pluck("tablename")) as string[];
  await db.destroy();
  expect(tables).toEqual(["knex_migrations", "knex_migrations_lock"]);
  expect(await names()).toEqual(files);
});

test("an address that is no PostgreSQL database is refused before anything is tried", async () => {
  await expect(migrateControl({ url: "mssql://a@b/c" })).rejects.toMatchObject({ code: "DATABASE_URL_INVALID" });
  await expect(migrateControl({ url: "postgres://a@b/" })).rejects.toMatchObject({ code: "DATABASE_URL_INVALID" });
});
