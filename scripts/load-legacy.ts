/**
 * Brings a legacy database to the newest schema, fills it with generated patients when it is empty, and ends. For the
 * simulated legacy system only: a real one has its own schema and data, and nothing here ever runs against it.
 */

import { mkdirSync } from "node:fs";
import { AppError, describeError, readConfig } from "@banyan/kernel";
import { parseStartArguments } from "./start/arguments.ts";
import { ensureData } from "./start/data.ts";

try {
  const config = readConfig();
  if (config.LEGACY_MSSQL_URL === undefined) {
    throw new AppError({
      code: "CONFIG_INVALID",
      op: "load the legacy database",
      message: "LEGACY_MSSQL_URL is not set",
      hint: "Set it to mssql://user:password@host:port/EHRPROD of the simulated legacy system.",
    });
  }
  mkdirSync(config.BANYAN_DATA_DIR, { recursive: true });
  const options = parseStartArguments(process.argv.slice(2));
  await ensureData({ url: config.LEGACY_MSSQL_URL, options, statePath: config.BANYAN_DATA_DIR });
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}
