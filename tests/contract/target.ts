/**
 * The server the contract tests are run against. By default a legacy web of their own on a simulated SQL Server with
 * migrated schema and generated data. The suites are the specification every other server of a module has to meet, so files that
 * call `targetServices` run them once more against the services behind the real proxy. And when CONTRACT_TARGET_URL is set, they
 * run against whatever answers there: then LEGACY_SESSION_KEY and LEGACY_INTERFACE_KEY say its keys, and LEGACY_MSSQL_URL, if set,
 * lets the tests look at the rows behind the pages. What is unknown makes tests skip, saying so.
 */

import { Writable } from "node:stream";
import { AppError, createLogger, type Logger, readConfig, systemClock } from "@banyan/kernel";
import type sql from "mssql";
import type { TestContext } from "vitest";
import { clinicKeys, connectSql, startLegacySide } from "../clinic/legacy-side.ts";
import { type AuditRow, legacyAudit, patientsAudit } from "../clinic/service-audit.ts";
import type { ClinicWithServices } from "../clinic/services-side.ts";
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
  /** Who looked at a patient, in the order they did, in AUDITLOG's words; undefined when its database is not known. */
  readonly audited: ((patNo: number) => Promise<AuditRow[]>) | undefined;
  /** Statuses by which something in front of the pages refuses what it does not pass on. */
  readonly refusals: ReadonlySet<number>;
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

type Served = Pick<
  ContractTarget,
  "url" | "sessionKey" | "interfaceKey" | "rows" | "audited" | "refusals" | "log" | "close"
> & {
  /** Brings what lies in several databases in step after a POST; undefined where there is only one. */
  readonly settle: ((path: string) => Promise<void>) | undefined;
};

let services = false;
let clinic: ClinicWithServices | undefined;

/** From now on this file's suites run against the services behind the proxy. Call it before a suite is imported. */
export function targetServices(): void {
  services = true;
}

/** The clinic behind the target of `targetServices`, while its suite runs. @throws Error before */
export function servicesBehind(): ClinicWithServices {
  if (clinic) return clinic;
  throw new Error("no suite has started a clinic with services");
}

/** Starts (or finds) the target. Close it after the suite. */
export async function contractTarget(): Promise<ContractTarget> {
  const given = readConfig().CONTRACT_TARGET_URL;
  const served = services
    ? await startWithServices()
    : given === undefined
      ? await startOwn()
      : await useGiven(given.replace(/\/$/, ""));
  const open = (): Browser => openBrowser(served.url, served.settle);
  return {
    ...served,
    visitor: open,
    staff: (user = "frontDesk") => logIn(open(), staffNames[user]),
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
  const pool = database === undefined ? undefined : await connectSql(database);
  return {
    url,
    sessionKey: config.LEGACY_SESSION_KEY,
    interfaceKey: config.LEGACY_INTERFACE_KEY,
    rows: pool && rowsOf(pool),
    audited: pool && ((patNo) => legacyAudit(pool, patNo)),
    refusals: new Set(),
    log: undefined,
    settle: undefined,
    close: async () => {
      await pool?.close();
    },
  };
}

async function startOwn(): Promise<Served> {
  const { logger, log } = keptLog();
  const legacy = await startLegacySide({ logger, clock: systemClock, patients });
  const { sessionKey, interfaceKey } = clinicKeys;
  return {
    url: legacy.url,
    sessionKey,
    interfaceKey,
    rows: rowsOf(legacy.pool),
    audited: (patNo) => legacyAudit(legacy.pool, patNo),
    refusals: new Set(),
    log,
    settle: undefined,
    close: () => legacy.close(),
  };
}

/** Both modules live behind the proxy. Rows are looked at once both sides are in step. */
async function startWithServices(): Promise<Served> {
  const { startClinicWithServices } = await import("../clinic/services-side.ts");
  const { logger, log } = keptLog();
  const made = await startClinicWithServices({ logger, patients });
  clinic = made;
  const { sessionKey, interfaceKey } = clinicKeys;
  return {
    url: made.url,
    sessionKey,
    interfaceKey,
    rows: rowsOf(made.legacy.pool),
    audited: async (patNo) => [
      ...(await legacyAudit(made.legacy.pool, patNo)),
      ...(await patientsAudit(made.databases.patients, patNo)),
    ],
    // The proxy has bounds of its own for an address.
    refusals: new Set([400, 414]),
    log,
    settle: async (path) => {
      if (made.writes("POST", path)) await made.settle();
    },
    close: () => made.close(),
  };
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
