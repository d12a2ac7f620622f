import { readdirSync } from "node:fs";
import { startTestServer, type TestServer } from "@banyan/sqlserver/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { legacyMigrationsDirectory, migrateLegacy, rollbackLegacy } from "./index.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
}, 60_000);
afterAll(() => server.close());

const tables = async (database: string) => {
  const pool = await server.connect(database);
  const result = await pool.request().query<{ n: string }>("SELECT name AS n FROM sys.tables ORDER BY name");
  await pool.close();
  return result.recordset.map(({ n }) => n);
};

describe("migrations of the legacy database", () => {
  test("an absent database is created and brought to the newest schema; the second run finds nothing to do", async () => {
    const connection = server.url("EHRPROD");
    const first = await migrateLegacy({ connection });
    expect(first).toEqual({
      database: "EHRPROD",
      created: true,
      applied: readdirSync(legacyMigrationsDirectory).sort(),
    });
    expect(await migrateLegacy({ connection })).toEqual({ database: "EHRPROD", created: false, applied: [] });
    expect((await tables("EHRPROD")).filter((name) => !name.startsWith("knex_"))).toHaveLength(22);
  });

  test("indexes and triggers carry their names", async () => {
    await migrateLegacy({ connection: server.url("NAMES") });
    const pool = await server.connect("NAMES");
    const names = async (text: string) => (await pool.request().query<{ n: string }>(text)).recordset.map(({ n }) => n);
    expect(await names("SELECT name AS n FROM sys.triggers ORDER BY name")).toEqual([
      "TR_APPT_CO",
      "TR_APPT_IU",
      "TR_CHG_IUD",
      "TR_LABRES_IU",
      "TR_NOTE_U",
      "TR_PATMST_MRG",
      "TR_PATMST_U",
      "TR_PMT_I",
      "TR_RX_I",
    ]);
    const indexes = await names(
      "SELECT name AS n FROM sys.indexes WHERE name LIKE 'IX[_]%' OR name LIKE 'UX[_]%' ORDER BY name",
    );
    expect(indexes).toEqual([
      "IX_APPT_PROV",
      "IX_CLM_PAT",
      "IX_ENC_PAT",
      "IX_IFC_Q",
      "IX_LABORD_PAT",
      "IX_NOTE_PAT",
      "IX_PATLIST",
      "IX_PATMST_NM",
      "IX_PATMST_SX",
      "IX_PMT_PAT",
      "IX_RX_PAT",
      "UX_PATMST_MRN",
    ]);
  });

  test("defaults, computed columns and identities are those of the specification", async () => {
    await migrateLegacy({ connection: server.url("FACTS") });
    const pool = await server.connect("FACTS");
    const inserted = await pool
      .request()
      .query<{ PatNo: number; SndxLN: string; DeathDt: Date; AcctBal: number; RowVer: Buffer }>(
        `INSERT INTO PATMST (MRN, LName, FName, DOB, CrtUsr, ModUsr) VALUES ('1', 'NÚÑEZ', 'A', '19700101', 'T', 'T');
       SELECT PatNo, SndxLN, DeathDt, AcctBal, RowVer FROM PATMST`,
      );
    expect(inserted.recordset[0]).toMatchObject({
      PatNo: 100_001,
      DeathDt: new Date("9999-12-31T00:00:00Z"),
      AcctBal: 0,
    });
    expect(inserted.recordset[0]?.RowVer).toHaveLength(8);
    const vitals = await pool
      .request()
      .query<{ BMI: number }>(
        "INSERT INTO VITALS (EncNo, TakenDt, PatNo, HtIn, WtLb, EntUsr) VALUES (1, GETDATE(), 1, 70, 175, 'T'); SELECT BMI FROM VITALS",
      );
    expect(vitals.recordset[0]?.BMI).toBe(25.1);
  });

  test("rolling back leaves no table of ours", async () => {
    const connection = server.url("ROLLBACK1");
    await migrateLegacy({ connection });
    await rollbackLegacy({ connection });
    expect((await tables("ROLLBACK1")).filter((name) => !name.startsWith("knex_"))).toEqual([]);
    expect((await migrateLegacy({ connection })).applied).toHaveLength(6);
  });

  test("a lock left by a killed migration is reported, and broken on request", async () => {
    const connection = server.url("LOCKED1");
    await migrateLegacy({ connection });
    const pool = await server.connect("LOCKED1");
    await pool
      .request()
      .query("UPDATE knex_migrations_lock SET is_locked = 1; DELETE FROM knex_migrations WHERE name LIKE '0006%'");
    await pool.request().batch("DROP TRIGGER TR_CHG_IUD");
    await pool.request().batch("DROP TRIGGER TR_PMT_I");
    await expect(migrateLegacy({ connection })).rejects.toMatchObject({ code: "MIGRATION_LOCKED" });
    expect((await migrateLegacy({ connection, breakLock: true })).applied).toEqual(["0006_billing_triggers.ts"]);
  });

  test("an address that cannot be used says what is wrong with it", async () => {
    for (const connection of ["not a url", "http://127.0.0.1/EHRPROD", server.url("bad-name")]) {
      await expect(migrateLegacy({ connection })).rejects.toMatchObject({ code: "LEGACY_URL_INVALID" });
    }
  });

  test("a wrong password fails with the address, without the password", async () => {
    const connection = server.url("EHRPROD").replace(/:[^:@]+@/, ":secret-word@");
    const failure = await migrateLegacy({ connection }).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failure).toMatchObject({ code: "MIGRATION_FAILED" });
    expect(failure?.message).not.toContain("secret-word");
  });
});
