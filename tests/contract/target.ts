/**
 * The server the contract tests are run against. By default a legacy web of their own on a simulated SQL Server with
 * migrated schema and generated data; or, when CONTRACT_TARGET_URL is set, whatever answers there: the suites are the
 * specification every other server of a module has to meet. Then LEGACY_SESSION_KEY and LEGACY_INTERFACE_KEY say its keys,
 * and LEGACY_MSSQL_URL, if set, lets the tests look at the rows behind the pages. What is unknown makes tests skip, saying so.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { AppError, createLogger, type Logger, readConfig, systemClock } from "@banyan/kernel";
import { generateEhr, loadDataset } from "@banyan/legacy-data";
import { createLegacyWeb } from "@banyan/legacy-web";
import { migrateLegacy } from "@banyan/migrations";
import { startSqlServer } from "@banyan/sqlserver";
import sql from "mssql";
import type { TestContext } from "vitest";
import { type Browser, openBrowser } from "./browser.ts";

/** Rows behind the pages. Values are bound by name: `WHERE PatNo = @pid`, `{ pid: 100001 }`. */
export type Rows = <Row extends object = Record<string, unknown>>(
  statement: string,
  values?: Readonly<Record<string, string | number | Date>>,
) => Promise<Row[]>;

export type ContractTarget = {
  readonly url: string;
  readonly sessionKey: string | undefined;
  readonly interfaceKey: string | undefined;
  readonly rows: Rows | undefined;
  /** What the target has logged so far; undefined for a server somebody else started. */
  readonly log: (() => string) | undefined;
  /** A browser without a log-in. */
  visitor(): Browser;
  /** A browser logged in as one of the generated staff. */
  staff(user?: StaffName): Promise<Browser>;
  close(): Promise<void>;
};

/** Generated staff by what they are; the passwords are those of the generator. */
export const staffNames = {
  frontDesk: "FDESK1",
  nurse: "NURSE1",
  physician: "AREYES",
  laboratory: "LABTECH1",
  billing: "BILLER1",
  reports: "REPORT1",
  admin: "ADMIN",
} as const;
type StaffName = keyof typeof staffNames;

/** Of every generated staff and portal account. */
export const demoPassword = "banyan2008";

/** Patients of the data set the target starts with; small, so that a suite is ready in seconds. */
const patients = 40;

type Served = Pick<ContractTarget, "url" | "sessionKey" | "interfaceKey" | "rows" | "log" | "close">;

/** Starts (or finds) the target. Close it after the suite. */
export async function contractTarget(): Promise<ContractTarget> {
  const given = readConfig().CONTRACT_TARGET_URL;
  const served = given === undefined ? await startOwn() : await useGiven(given.replace(/\/$/, ""));
  return {
    ...served,
    visitor: () => openBrowser(served.url),
    staff: (user = "frontDesk") => logIn(openBrowser(served.url), staffNames[user]),
  };
}

async function logIn(browser: Browser, user: string): Promise<Browser> {
  const form = await browser.get("/Login.aspx");
  const answer = await browser.submit(form, { fields: { txtUser: user, txtPwd: demoPassword }, press: "btnLogin" });
  if (answer.status !== 302) {
    throw new AppError({
      code: "CONTRACT_LOGIN",
      op: "log in to the contract target",
      message: `${user} was not let in (status ${answer.status})`,
      hint: "The target must hold the generated data: log-ins as the data generator makes them.",
    });
  }
  return browser;
}

async function useGiven(url: string): Promise<Served> {
  const config = readConfig();
  const database = config.LEGACY_MSSQL_URL;
  const pool = database === undefined ? undefined : await connect(database);
  return {
    url,
    sessionKey: config.LEGACY_SESSION_KEY,
    interfaceKey: config.LEGACY_INTERFACE_KEY,
    rows: pool && rowsOf(pool),
    log: undefined,
    close: async () => {
      await pool?.close();
    },
  };
}

async function startOwn(): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "banyan-contract-"));
  const stops: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    const { logger, log } = keptLog();
    const server = await startSqlServer({
      dataDir: folder,
      port: 0,
      enginePort: 0,
      tls: false,
      engineSettings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
      logger,
    });
    stops.push(() => server.close());
    const url = server.url("EHRPROD");
    await migrateLegacy({ connection: url });
    const { host, port, saPassword: password } = server;
    await loadDataset({ host, port, user: "sa", password }, generateEhr({ today: todayInNewYork(), patients }));
    const keys = { sessionKey: "contract session key", interfaceKey: "contract interface key" };
    const web = await createLegacyWeb({
      database: url,
      machineKey: "contract machine key",
      ...keys,
      clock: systemClock,
      logger,
      host: "127.0.0.1",
      port: 0,
    });
    stops.push(() => web.close());
    const pool = await connect(url);
    stops.push(() => pool.close());
    return { url: web.url, ...keys, rows: rowsOf(pool), log, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A logger whose lines are kept in place of printed: crash pages asked for by a test are no news to who runs it. */
function keptLog(): { logger: Logger; log: () => string } {
  let lines = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines += String(chunk);
      done();
    },
  });
  return { logger: createLogger({ name: "contract", level: "debug", destination }), log: () => lines };
}

/** `YYYY-MM-DD` of the clinic's calendar: the pages' own today. */
function todayInNewYork(): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "America/New_York" }).format(new Date());
}

async function connect(url: string): Promise<sql.ConnectionPool> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return new sql.ConnectionPool({
    server: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    options: { encrypt: false, trustServerCertificate: true, useUTC: true },
    pool: { min: 0, max: 2 },
  }).connect();
}

function rowsOf(pool: sql.ConnectionPool): Rows {
  return async <Row extends object>(
    statement: string,
    values: Readonly<Record<string, string | number | Date>> = {},
  ): Promise<Row[]> => {
    const request = pool.request();
    for (const [name, value] of Object.entries(values)) request.input(name, value);
    const result = await request.query<Row>(statement);
    return result.recordset ?? [];
  };
}

/** The rows behind the pages, or the test is skipped: nobody said where the target's database is. */
export function rowsBehind(target: ContractTarget, context: TestContext): Rows {
  return target.rows ?? context.skip("the target's database is not known: LEGACY_MSSQL_URL is not set");
}

/** The session end point's key, or the test is skipped. */
export function sessionKeyOf(target: ContractTarget, context: TestContext): string {
  return target.sessionKey ?? context.skip("the target's session key is not known: LEGACY_SESSION_KEY is not set");
}
