/**
 * The simulated SQL Server as a process: `node src/main.ts [--data-dir DIR] [--port N] [--engine-port N]
 * [--control-port N] [--engine-url URL] [--database NAME …]`. What is not given comes from the configuration.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { createLogger, readConfig, runUntilSignal } from "@banyan/kernel";
import { startSqlServer } from "./index.ts";

const { values } = parseArgs({
  options: {
    "data-dir": { type: "string" },
    port: { type: "string" },
    "engine-port": { type: "string" },
    "control-port": { type: "string" },
    "engine-url": { type: "string" },
    database: { type: "string", multiple: true },
  },
});
const config = readConfig();
const logger = createLogger({ name: "sqlserver", level: config.BANYAN_LOG_LEVEL });
const dataDir = values["data-dir"] ?? join(config.BANYAN_DATA_DIR, "sqlserver");

await runUntilSignal(logger, async () => {
  const server = await startSqlServer({
    dataDir,
    host: config.BANYAN_HOST,
    port: Number(values.port ?? config.LEGACY_SQL_PORT),
    enginePort: Number(values["engine-port"] ?? config.LEGACY_SQL_ENGINE_PORT),
    controlPort: Number(values["control-port"] ?? config.LEGACY_SQL_CONTROL_PORT),
    captureDelayMs: config.LEGACY_CAPTURE_DELAY_MS,
    databases: values.database ?? [],
    logger,
    ...(values["engine-url"] === undefined ? {} : { engineUrl: values["engine-url"] }),
    ...(config.LEGACY_SQL_PASSWORD === undefined ? {} : { saPassword: config.LEGACY_SQL_PASSWORD }),
  });
  return {
    stop: () => server.close(),
    failed: server.failed,
    details: {
      port: server.port,
      enginePort: server.enginePort,
      ...(server.enginePid === undefined ? {} : { enginePid: server.enginePid }),
      controlUrl: server.controlUrl ?? "",
      url: server.url(),
    },
  };
});
