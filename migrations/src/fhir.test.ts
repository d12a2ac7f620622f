import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import type { Knex } from "knex";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withKnex } from "./postgres-database.ts";
import { migrateService, type ProvisionedService, provisionService, rollbackService } from "./service.ts";

let server: EmbeddedPostgres;
const made = new Map<string, ProvisionedService>();
const folder = mkdtempSync(join(tmpdir(), "banyan-fhir-migrations-"));
beforeAll(async () => {
  server = await startEmbeddedPostgres({
    dataDir: join(folder, "postgres"),
    port: 0,
    password: "secret",
    name: "test database",
    portVariable: "none",
    settings: { fsync: "off" },
  });
  for (const service of ["patients", "scheduling"])
    made.set(service, await provisionService({ service, adminUrl: server.url() }));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const asSync = <T>(service: string, use: (db: Knex) => Promise<T>): Promise<T> =>
  withKnex(made.get(service)?.syncUrl ?? "", use);
const asService = <T>(service: string, use: (db: Knex) => Promise<T>): Promise<T> =>
  withKnex(made.get(service)?.serviceUrl ?? "", use);

type Kept = { version: string; image: Record<string, unknown> | null };
const historyOf = (db: Knex, source: string, id: string): Promise<Kept[]> =>
  db("fhir.history").where({ source, id }).orderBy("version").select("version", "image");

describe("versions and history of tracked rows", () => {
  test("an insert keeps nothing; each change a reader can see keeps the row as it was, whoever makes it", async () => {
    await asSync("patients", (db) =>
      db("patient").insert([
        { patient_no: 1, family_name: "ONE", photo: Buffer.from("photograph") },
        { patient_no: 2, family_name: "TWO" },
      ]),
    );
    await asSync("patients", (db) => db.raw("UPDATE patient SET family_name = family_name || '!'"));
    await asService("patients", (db) =>
      db("patient")
        .where({ patient_no: 1 })
        .update({ fhir_extra: { language: "de" } }),
    );
    await asService("patients", async (db) => {
      const kept = await historyOf(db, "patient", "1");
      expect(kept.map(({ version, image }) => [version, image?.["family_name"], image?.["fhir_extra"]])).toEqual([
        ["1", "ONE", null],
        ["2", "ONE!", null],
      ]);
      expect(kept[0]?.image).not.toHaveProperty("photo");
      expect(await historyOf(db, "patient", "2")).toHaveLength(1);
      expect(await db("patient").orderBy("patient_no").pluck("version")).toEqual(["3", "2"]);
    });
  });

  test("what only the sync or billing sees raises no version", async () => {
    await asSync("patients", async (db) => {
      await db("patient").insert({ patient_no: 3, family_name: "THREE" });
      await db("patient")
        .where({ patient_no: 3 })
        .update({
          source_position: Buffer.from("00"),
          legacy_residue: {},
          account_balance: "12.00",
          legacy_version: Buffer.from("1"),
        });
    });
    await asService("patients", async (db) => {
      expect(await db("patient").where({ patient_no: 3 }).pluck("version")).toEqual(["1"]);
      expect(await historyOf(db, "patient", "3")).toEqual([]);
    });
  });

  test("a deletion is a version too", async () => {
    await asSync("scheduling", async (db) => {
      const row = { appointment_id: 7, provider_id: "DOC", site_code: "MAIN", duration_minutes: 15 };
      await db("appointments").insert({ ...row, overbooked: false, reminder_sent: false, deleted: false });
      await db("appointments").where({ appointment_id: 7 }).update({ status: "confirmed" });
      await db("appointments").where({ appointment_id: 7 }).delete();
    });
    await asService("scheduling", async (db) => {
      const kept = await historyOf(db, "appointments", "7");
      expect(kept.map(({ version, image }) => [version, image?.["status"] ?? null, image === null])).toEqual([
        ["1", null, false],
        ["2", "confirmed", false],
        ["3", null, true],
      ]);
    });
  });

  test("the service can neither write nor change history", async () => {
    await asService("patients", async (db) => {
      await expect(db("fhir.history").update({ image: null })).rejects.toMatchObject({ code: "42501" });
      await expect(
        db("fhir.history").insert({ source: "patient", id: "1", version: 9, changed_at: new Date() }),
      ).rejects.toMatchObject({ code: "42501" });
    });
    await asSync("patients", async (db) => {
      await expect(db("fhir.document").select("id")).rejects.toMatchObject({ code: "42501" });
    });
  });
});

test("fhir.fold drops accents, case and surplus blanks", async () => {
  await asService("patients", async (db) => {
    const { rows }: { rows: { folded: string }[] } = await db.raw("SELECT fhir.fold(?) AS folded", [
      "  Ångström  ÉLODIE ",
    ]);
    expect(rows[0]?.folded).toBe("angstrom elodie");
  });
});

test.each(["patients", "scheduling"])("migrations of %s go back to nothing and there again", async (service) => {
  const databaseUrl = server.url(`round_${service}`);
  const { applied } = await migrateService({ service, databaseUrl });
  await rollbackService({ service, databaseUrl });
  expect((await migrateService({ service, databaseUrl })).applied).toEqual(applied);
});
