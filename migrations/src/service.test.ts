import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withKnex } from "./postgres-database.ts";
import { migrateService, provisionService, rollbackService } from "./service.ts";

let server: EmbeddedPostgres;
const folder = mkdtempSync(join(tmpdir(), "banyan-service-migrations-"));
const own = join(folder, "own");
beforeAll(async () => {
  server = await startEmbeddedPostgres({
    dataDir: join(folder, "postgres"),
    port: 0,
    password: "secret",
    name: "test database",
    portVariable: "none",
    settings: { fsync: "off" },
  });
  mkdirSync(own);
  writeFileSync(
    join(own, "0001_notes.ts"),
    `export const up = (db) => db.raw("CREATE TABLE public.note (id int PRIMARY KEY)");
     export const down = (db) => db.raw("DROP TABLE public.note");`,
  );
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const provision = (service: string) => provisionService({ service, adminUrl: server.url(), directory: own });

describe("provisionService", () => {
  test("makes database, logins and schema; a second run changes nothing but the passwords", async () => {
    const first = await provision("alpha");
    expect(first.applied.map((name) => name.split("/").at(-1))).toEqual(
      expect.arrayContaining(["0001_kit.ts", "0001_notes.ts"]),
    );
    await withKnex(first.serviceUrl, (db) => db("note").insert({ id: 1 }));
    const second = await provision("alpha");
    expect(second.applied).toEqual([]);
    expect(second.servicePassword).not.toBe(first.servicePassword);
    await withKnex(second.serviceUrl, async (db) => expect(await db("note").pluck("id")).toEqual([1]));
    await expect(withKnex(first.serviceUrl, (db) => db.raw("SELECT 1"))).rejects.toMatchObject({ code: "28P01" });
  });

  test("neither login of a service can enter another service's database", async () => {
    const [one, other] = [await provision("one"), await provision("other")];
    for (const url of [one.serviceUrl, one.syncUrl]) {
      const foreign = new URL(url);
      foreign.pathname = new URL(other.ownerUrl).pathname;
      await expect(withKnex(foreign.href, (db) => db.raw("SELECT 1"))).rejects.toMatchObject({ code: "42501" });
    }
  });

  test("the service's login can neither write nor forge audit, outbox and owner rows, nor make tables", async () => {
    const { serviceUrl } = await provision("beta");
    await withKnex(serviceUrl, async (db) => {
      await db.raw("SELECT kit.append_audit(?)", [JSON.stringify([{ recordedMs: 1 }])]);
      for (const statement of [
        "INSERT INTO kit.audit_event (seq, event, prev_hash, hash) VALUES (2, '{}', '', '')",
        "UPDATE kit.audit_event SET event = '{}'",
        "DELETE FROM kit.audit_event",
        "TRUNCATE kit.audit_event",
        "UPDATE kit.audit_head SET seq = 0",
        "INSERT INTO kit.outbox (audit_seq, module, epoch, request_id, who, changes, recorded_at) VALUES (1, '', 0, '', '', '[]', now())",
        "UPDATE kit.module_owner SET state = 'open'",
        "UPDATE kit.id_block SET next_id = 1",
        "CREATE TABLE kit.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "ALTER TABLE kit.audit_event DISABLE TRIGGER ALL",
      ]) {
        await expect(db.raw(statement), statement).rejects.toMatchObject({ code: "42501" });
      }
    });
  });

  test("the audit refuses a change even by its owner", async () => {
    const { ownerUrl } = await provision("gamma");
    await withKnex(ownerUrl, async (db) => {
      await db.raw("SELECT kit.append_audit(?)", [JSON.stringify([{ recordedMs: 1 }])]);
      for (const statement of [
        "UPDATE kit.audit_event SET event = '{}'",
        "DELETE FROM kit.audit_event",
        "TRUNCATE kit.audit_event",
      ]) {
        await expect(db.raw(statement), statement).rejects.toMatchObject({ code: "23000" });
      }
    });
  });

  test("a name that no role could carry is refused, and a failure quotes no password", async () => {
    await expect(provision("Not-A-Name")).rejects.toMatchObject({ code: "SERVICE_NAME_INVALID" });
    const wrong = new URL(server.url());
    wrong.password = "wrong-word";
    const failure = await provisionService({ service: "delta", adminUrl: wrong.href }).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failure).toMatchObject({ code: "SERVICE_PROVISION_FAILED" });
    expect(`${failure?.message} ${String(failure?.cause)}`).not.toContain("wrong-word");
  });
});

describe("migrateService", () => {
  test("goes there, back to nothing and there again", async () => {
    const options = { service: "epsilon", databaseUrl: server.url("epsilon"), directory: own };
    const first = await migrateService(options);
    expect((await migrateService(options)).applied).toEqual([]);
    await rollbackService(options);
    const left = await withKnex(options.databaseUrl, (db) =>
      db("pg_tables").whereIn("schemaname", ["public", "kit", "sync"]).pluck("tablename"),
    );
    expect(left.filter((name) => !/_migrations(_lock)?$/.test(name))).toEqual([]);
    expect((await migrateService(options)).applied).toEqual(first.applied);
  });

  test("a migration that fails names the database and leaves nothing of itself", async () => {
    const broken = mkdtempSync(join(folder, "broken-"));
    writeFileSync(
      join(broken, "0001_broken.ts"),
      `export const up = async (db) => { await db.raw("CREATE TABLE public.half (id int)"); await db.raw("SELECT 1/0"); };
       export const down = () => undefined;`,
    );
    const options = { service: "zeta", databaseUrl: server.url("zeta"), directory: broken };
    await expect(migrateService(options)).rejects.toMatchObject({
      code: "SERVICE_MIGRATION_FAILED",
      message: expect.stringContaining("division by zero"),
    });
    await withKnex(options.databaseUrl, async (db) =>
      expect(await db("pg_tables").where({ tablename: "half" })).toEqual([]),
    );
  });
});
