import { migrateLegacy } from "@banyan/migrations";
import { startTestServer, type TestServer } from "@banyan/sqlserver/test-server";
import type sql from "mssql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../dataset.ts";
import { generateEhr } from "../generate/index.ts";
import { type TableName, tableNames } from "../schema.ts";
import { loadDataset, loadedSource, type LoadTarget } from "./loader.ts";

const today = "2026-11-22";
const data = generateEhr({ seed: 3, today, patients: 80 });
let server: TestServer;
let pool: sql.ConnectionPool;
const target = (database: string): LoadTarget => ({
  host: server.host,
  port: server.port,
  user: "sa",
  password: server.saPassword,
  database,
});

beforeAll(async () => {
  server = await startTestServer();
  await migrateLegacy({ connection: server.url("EMPTY") });
  await server.newDatabase({ name: "LOADED", from: "EMPTY" });
  await loadDataset(target("LOADED"), data);
  pool = await server.connect("LOADED");
}, 120_000);
afterAll(() => server.close());

const rows = async <T = Record<string, unknown>>(text: string, on = pool): Promise<T[]> =>
  (await on.request().query<T>(text)).recordset;
const count = async (table: string, on = pool) =>
  (await rows<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`, on))[0]?.n;

/** A database like EMPTY of its own. */
const emptyDatabase = async () => server.newDatabase({ from: "EMPTY" });

describe("loading", () => {
  test("every row of every table arrives, and the marker says from where", async () => {
    for (const table of tableNames) {
      const marker = table === "CODETBL" ? 1 : 0;
      expect([table, await count(table)]).toEqual([table, data.tables[table].length + marker]);
    }
    expect(await loadedSource(target("LOADED"))).toBe("generated, seed 3");
    expect(await loadedSource(target("EMPTY"))).toBeUndefined();
  });

  test("text keeps its accents and the bytes 0x80-0x9F of the code page", async () => {
    const stored = await rows<{ PatNo: number; LName: string; FName: string }>(
      "SELECT PatNo, LName, FName FROM PATMST ORDER BY PatNo",
    );
    expect(stored).toEqual(data.tables.PATMST.map(({ PatNo, LName, FName }) => ({ PatNo, LName, FName })));
    const notes = await rows<{ NoteTx: string }>("SELECT NoteTx FROM CLINNOTE ORDER BY NoteID");
    expect(notes.map(({ NoteTx }) => NoteTx)).toEqual(data.tables.CLINNOTE.map(({ NoteTx }) => NoteTx));
    expect(notes.some(({ NoteTx }) => NoteTx.includes("€") && NoteTx.includes("’"))).toBe(true);
  });

  test("money is the same to the ten-thousandth", async () => {
    const stored = await rows<{ m: string }>("SELECT CONVERT(varchar(30), Amt, 2) AS m FROM PMTTRN ORDER BY TrnID");
    expect(stored.map(({ m }) => m)).toEqual(data.tables.PMTTRN.map(({ Amt }) => Amt));
  });

  test("times are those of the clinic's clock, sentinels included", async () => {
    const stored = await rows<{ b: string; e: string }>(
      "SELECT CONVERT(varchar(19), EncDt, 120) AS b, CONVERT(varchar(19), DischDt, 120) AS e FROM ENCMST ORDER BY EncNo",
    );
    expect(stored).toEqual(data.tables.ENCMST.map(({ EncDt, DischDt }) => ({ b: EncDt, e: DischDt })));
  });

  test("photos, hashes, salts, flags and NULLs are what they were", async () => {
    const photos = await rows<{ PhotoImg: Buffer | null }>("SELECT PhotoImg FROM PATMST ORDER BY PatNo");
    expect(photos.map(({ PhotoImg }) => PhotoImg?.toString("hex") ?? null)).toEqual(
      data.tables.PATMST.map(({ PhotoImg }) => PhotoImg?.toString("hex") ?? null),
    );
    const users = await rows("SELECT PwdHash, Salt, ProxyForPatNo, IsActive FROM PORTAL_USER ORDER BY PortalUserId");
    expect(users).toEqual(
      data.tables.PORTAL_USER.map(({ PwdHash, Salt, ProxyForPatNo, IsActive }) => ({
        PwdHash,
        Salt,
        ProxyForPatNo,
        IsActive,
      })),
    );
  });

  test("no trigger fired, and new rows get numbers after the loaded ones", async () => {
    expect(await count("IFCMSG")).toBe(data.tables.IFCMSG.length);
    const made = await rows<{ n: number }>(
      "INSERT INTO PATMST (MRN, LName, FName, DOB, CrtUsr, ModUsr) OUTPUT inserted.PatNo AS n VALUES ('9', 'X', 'X', '20000101', 'T', 'T')",
    );
    expect(made[0]?.n).toBe(Math.max(...data.tables.PATMST.map(({ PatNo }) => PatNo)) + 1);
    await rows("DELETE FROM PATMST WHERE MRN = '9'");
  });

  test("what was derived here is what the triggers would have kept", async () => {
    const state = async () => [
      await rows("SELECT PatNo, AcctBal FROM PATMST ORDER BY PatNo"),
      await rows("SELECT EncNo, ChgTot FROM ENCMST ORDER BY EncNo"),
      await rows(
        "SELECT RptDt, LocCd, ProvID, ApptCnt, NoShCnt, CxlCnt, ChgAmt, PmtAmt FROM RPT_DAILY ORDER BY 1, 2, 3",
      ),
      await rows("SELECT ApptID, PatNm, MRN, PatPhone, ProvNm, ApptEnd FROM tblAppointment ORDER BY ApptID"),
    ];
    const before = await state();
    await rows("UPDATE CHGMST SET UnitAmt = UnitAmt");
    await rows("UPDATE tblAppointment SET StatCd = StatCd");
    expect(await state()).toEqual(before);
  });
});

describe("refusals", () => {
  test("a loaded database is not loaded again", async () => {
    await expect(loadDataset(target("LOADED"), data)).rejects.toMatchObject({ code: "ALREADY_LOADED" });
    expect(await count("PATMST")).toBe(data.tables.PATMST.length);
  });

  const changed = (table: TableName, index: number, values: object): Dataset => {
    const list = (data.tables[table] as readonly object[]).map((row, at) =>
      at === index ? Object.assign({}, row, values) : row,
    );
    return { ...data, tables: { ...data.tables, [table]: list } };
  };

  test("a value that does not fit is found before anything is sent", async () => {
    const database = await emptyDatabase();
    const bad = changed("PATMST", 4, { City: "X".repeat(26) });
    await expect(loadDataset(target(database), bad)).rejects.toMatchObject({
      code: "DATASET_INVALID",
      message: expect.stringContaining("PATMST.City, row 5: it is longer than 25 characters"),
    });
    expect(await count("CODETBL", await server.connect(database))).toBe(0);
  });

  test("what only the server can refuse rolls all tables back and quotes no value", async () => {
    const database = await emptyDatabase();
    const mrn = data.tables.PATMST[0]?.MRN;
    const failure = await loadDataset(target(database), changed("PATMST", 7, { MRN: mrn })).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failure).toMatchObject({ code: "LOAD_FAILED" });
    expect(failure?.message).not.toContain(mrn);
    const empty = await server.connect(database);
    for (const table of tableNames) expect([table, await count(table, empty)]).toEqual([table, 0]);
    await empty.close();
    await loadDataset(target(database), data);
  });

  test("identity values with gaps are kept as they are", async () => {
    const database = await emptyDatabase();
    const last = data.tables.AUDITLOG.length - 1;
    await loadDataset(target(database), changed("AUDITLOG", last, { AudID: 777_777 }));
    const on = await server.connect(database);
    expect(await rows("SELECT MAX(AudID) AS n FROM AUDITLOG", on)).toEqual([{ n: 777_777 }]);
    await rows("INSERT INTO AUDITLOG (UsrID, ActCd, ObjTyp) VALUES ('T', 'VIEW', 'X')", on);
    expect(await rows("SELECT MAX(AudID) AS n FROM AUDITLOG", on)).toEqual([{ n: 777_778 }]);
  });

  test("a wrong password says where, and not what", async () => {
    const wrong = { ...target("LOADED"), password: "wrong-secret" };
    await expect(loadDataset(wrong, data)).rejects.toMatchObject({
      code: "LOAD_FAILED",
      message: expect.not.stringContaining("wrong-secret"),
    });
  });
});

test("progress is reported up to the last row", async () => {
  const seen: number[] = [];
  let total = 0;
  await loadDataset(target(await emptyDatabase()), data, {
    onProgress: (progress) => {
      seen.push(progress.done);
      total = progress.total;
    },
  });
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(total);
});
