/**
 * Schema and data of the legacy database. An empty database is filled once, with generated patients or a Synthea export; a
 * later start goes on with what is there. Asking for other data than those that are there is an error, not a reload.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@banyan/kernel";
import {
  type Dataset,
  generateEhr,
  importSynthea,
  loadDataset,
  loadedSource,
  loadProgressBar,
  type LoadTarget,
  renderCounts,
} from "@banyan/legacy-data";
import { migrateLegacy } from "@banyan/migrations";
import type { StartArguments } from "./arguments.ts";

export type Login = { readonly user: string; readonly password: string; readonly role: string };

export type DataOptions = {
  /** `mssql://user:password@host:port/database` */
  readonly url: string;
  readonly options: StartArguments;
  readonly statePath: string;
};

/** @returns the log-ins of the legacy web. @throws AppError DATA_DIFFERS, and what migrations and loader throw */
export async function ensureData({ url, options, statePath }: DataOptions): Promise<readonly Login[]> {
  const target = targetOf(url);
  const loginFile = join(statePath, "logins.json");
  // The state folder is this process's own: a lock can only be left over from a killed start.
  await migrateLegacy({ connection: url, breakLock: true });
  const present = await loadedSource(target);
  if (present !== undefined) {
    refuseOther(present, options);
    process.stdout.write(`data: as before (${present})\n`);
    return existsSync(loginFile) ? (JSON.parse(readFileSync(loginFile, "utf8")) as Login[]) : [];
  }
  const dataset = await makeDataset(options);
  for (const warning of dataset.warnings) process.stdout.write(`warning: ${warning}\n`);
  const bar = loadProgressBar();
  const counts = await loadDataset(target, dataset, { onProgress: bar.onProgress }).finally(() => bar.stop());
  process.stdout.write(`data: ${dataset.source}\n${renderCounts(counts)}\n`);
  const logins = loginsOf(dataset);
  writeFileSync(loginFile, `${JSON.stringify(logins, undefined, 2)}\n`, { mode: 0o600 });
  return logins;
}

function makeDataset(options: StartArguments): Promise<Dataset> | Dataset {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" }).format(new Date());
  if (options.synthea !== undefined) return importSynthea({ dir: options.synthea, today });
  return generateEhr({ seed: options.seed, patients: options.patients, today });
}

/** One staff log-in a role, and one patient of the portal. */
function loginsOf(dataset: Dataset): Login[] {
  const roles = new Map(
    dataset.logins.map((login) => [login.role, { user: login.user, password: login.password, role: login.role }]),
  );
  const portal = dataset.portalLogins
    .slice(0, 1)
    .map(({ user, password }) => ({ user, password, role: "patient portal (/Portal/Login.aspx)" }));
  return [...roles.values(), ...portal];
}

function refuseOther(present: string, options: StartArguments): void {
  const isSynthea = present.toLowerCase().includes("synthea");
  if (options.synthea === undefined || isSynthea) return;
  throw new AppError({
    code: "DATA_DIFFERS",
    op: "npm start -- --synthea",
    message: `the database holds other data already (${present})`,
    hint: "Add --fresh to delete them and load the export.",
  });
}

function targetOf(url: string): LoadTarget {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
  };
}
