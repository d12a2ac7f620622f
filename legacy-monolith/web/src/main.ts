/** The legacy web as a process of its own: `node legacy-monolith/web/src/main.ts`, configured by the environment. */

import { AppError, type Config, createLogger, readConfig, runUntilSignal, systemClock } from "@banyan/kernel";
import { createLegacyWeb } from "./server.ts";

const config = readConfig();
const logger = createLogger({ name: "legacy-web", level: config.BANYAN_LOG_LEVEL });

await runUntilSignal(logger, async () => {
  const web = await createLegacyWeb({
    database: required(config, "LEGACY_MSSQL_URL"),
    machineKey: required(config, "LEGACY_MACHINE_KEY"),
    sessionKey: required(config, "LEGACY_SESSION_KEY"),
    interfaceKey: required(config, "LEGACY_INTERFACE_KEY"),
    clock: systemClock,
    logger,
    host: config.BANYAN_HOST,
    port: config.LEGACY_WEB_PORT,
    trustedProxies: config.LEGACY_TRUSTED_PROXIES.split(",").map((one) => one.trim()),
  });
  return { stop: () => web.close(), details: { url: web.url, port: web.port } };
});

function required(
  from: Config,
  name: "LEGACY_MSSQL_URL" | "LEGACY_MACHINE_KEY" | "LEGACY_SESSION_KEY" | "LEGACY_INTERFACE_KEY",
): string {
  const value = from[name];
  if (value !== undefined) return value;
  throw new AppError({
    code: "CONFIG_INVALID",
    op: "start legacy web",
    message: `${name} is not set`,
    hint: "Set it, or use `npm start`, which makes keys and starts a database of its own.",
  });
}
