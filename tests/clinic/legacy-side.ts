/** The legacy side for tests that span packages: a simulated SQL Server with schema and generated data, and the legacy web on it. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Logger } from "@banyan/kernel";
import { generateEhr, loadDataset } from "@banyan/legacy-data";
import { createLegacyWeb } from "@banyan/legacy-web";
import { migrateLegacy } from "@banyan/migrations";
import { startSqlServer } from "@banyan/sqlserver";
import sql from "mssql";

/** Keys of the legacy web and of what stands in front of it. */
export const clinicKeys = {
  machineKey: "contract machine key",
  sessionKey: "contract session key",
  interfaceKey: "contract interface key",
} as const;

export type LegacySide = {
  readonly url: string;
  /** Of the database behind the pages. */
  readonly pool: sql.ConnectionPool;
  close(): Promise<void>;
};

/** @param patients of the data set; few, so that a suite is ready in seconds. */
export async function startLegacySide(options: {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly patients: number;
}): Promise<LegacySide> {
  const { logger, clock, patients } = options;
  const folder = mkdtempSync(join(tmpdir(), "banyan-clinic-"));
  const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    const server = await startSqlServer({
      dataDir: folder,
      port: 0,
      enginePort: 0,
      tls: false,
      engineSettings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
      logger,
    });
    stops.push(() => server.close());
    const database = server.url("EHRPROD");
    await migrateLegacy({ connection: database });
    const { host, port, saPassword: password } = server;
    await loadDataset({ host, port, user: "sa", password }, generateEhr({ today: dayInNewYork(clock), patients }));
    const web = await createLegacyWeb({ database, ...clinicKeys, clock, logger, host: "127.0.0.1", port: 0 });
    stops.push(() => web.close());
    const pool = await connectSql(database);
    stops.push(() => pool.close());
    return { url: web.url, pool, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `YYYY-MM-DD` of the clinic's calendar: the pages' own today. */
function dayInNewYork(clock: Clock): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "America/New_York" }).format(clock.now());
}

/** @param url `mssql://user:password@host:port/database` */
export async function connectSql(url: string): Promise<sql.ConnectionPool> {
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
