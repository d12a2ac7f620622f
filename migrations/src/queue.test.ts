import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withKnex } from "./postgres-database.ts";
import { provisionQueue } from "./queue.ts";

let server: EmbeddedPostgres;
const folder = mkdtempSync(join(tmpdir(), "banyan-queue-"));
beforeAll(async () => {
  server = await startEmbeddedPostgres({
    dataDir: join(folder, "postgres"),
    port: 0,
    password: "secret",
    name: "test database",
    portVariable: "none",
    settings: { fsync: "off" },
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the queue's login owns its database and nothing else; a second run changes the password alone", async () => {
  const first = await provisionQueue({ adminUrl: server.url(), password: "one" });
  await withKnex(first, (db) => db.raw("CREATE SCHEMA bullmq; CREATE TABLE bullmq.kept (id int)"));
  const second = await provisionQueue({ adminUrl: server.url(), password: "two" });
  await withKnex(second, (db) => db.raw("SELECT * FROM bullmq.kept"));
  await expect(withKnex(first, (db) => db.raw("SELECT 1"))).rejects.toMatchObject({ code: "28P01" });
  await expect(withKnex(second, (db) => db.raw("CREATE DATABASE another"))).rejects.toMatchObject({ code: "42501" });
});
