/**
 * `npm start`: everything that exists, on the embedded default. Numbered as it happens:
 *   1. the state folder is taken (one instance a folder) and every port is tried
 *   2. the simulated SQL Server
 *   3. schema and, on an empty database, data
 *   4. the legacy web application
 *   5. the proxy, the clinicians' address
 *   6. addresses and log-ins are printed; wait for Ctrl-C
 * Children end in the reverse order. One that dies by itself takes the rest down with exit 1.
 */

import { createServer } from "node:net";
import { join } from "node:path";
import {
  type AppError,
  bindPort,
  type Config,
  createLogger,
  describeError,
  readConfig,
  runUntilSignal,
} from "@banyan/kernel";
import { parseStartArguments, startHelp } from "./start/arguments.ts";
import { type Child, startChild } from "./start/children.ts";
import { ensureData } from "./start/data.ts";
import { openState, type StateFolder } from "./start/state.ts";
import { summary } from "./start/summary.ts";

const root = join(import.meta.dirname, "..");

const ports = [
  ["simulated SQL Server", "LEGACY_SQL_PORT"],
  ["engine of the simulated SQL Server", "LEGACY_SQL_ENGINE_PORT"],
  ["legacy web", "LEGACY_WEB_PORT"],
  ["proxy", "BANYAN_PROXY_PORT"],
  ["proxy administration", "BANYAN_PROXY_ADMIN_PORT"],
] as const;

try {
  const options = parseStartArguments(process.argv.slice(2));
  if (options.help) process.stdout.write(startHelp);
  else await run(options, readConfig());
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exit(1);
}

async function run(options: ReturnType<typeof parseStartArguments>, config: Config): Promise<void> {
  const started = performance.now();
  const logger = createLogger({ name: "banyan", level: config.BANYAN_LOG_LEVEL });
  await runUntilSignal(logger, async () => {
    const state = openState(config.BANYAN_DATA_DIR, options.fresh);
    const children: Child[] = [];
    const stop = async (): Promise<void> => {
      for (const child of children.reverse().splice(0)) await child.stop();
      state.release();
    };
    try {
      for (const [name, variable] of ports) await tryPort(name, variable, config);
      const death = Promise.withResolvers<never>();
      death.promise.catch(() => undefined);
      await startAll(state, config, options, children, death.reject);
      const seconds = Math.round((performance.now() - started) / 100) / 10;
      process.stdout.write(summary(state.path, config, seconds));
      return { stop, failed: death.promise };
    } catch (error) {
      await stop();
      throw error;
    }
  });
}

async function startAll(
  state: StateFolder,
  config: Config,
  options: ReturnType<typeof parseStartArguments>,
  children: Child[],
  onDeath: (error: AppError) => void,
): Promise<void> {
  const { secrets } = state;
  const legacyMssqlUrl = `mssql://sa:${encodeURIComponent(secrets.sqlPassword)}@${config.BANYAN_HOST}:${config.LEGACY_SQL_PORT}/EHRPROD`;
  const child = async (name: string, script: string, env: Readonly<Record<string, string>>): Promise<Child> => {
    const started = await startChild({ name, script: join(root, script), env, onDeath });
    children.push(started);
    return started;
  };
  const simulator = await child("simulated SQL Server", "legacy-monolith/sqlserver/src/main.ts", {
    BANYAN_DATA_DIR: state.path,
    LEGACY_SQL_PASSWORD: secrets.sqlPassword,
  });
  const logins = await ensureData({ url: legacyMssqlUrl, options, statePath: state.path });
  await child("legacy web", "legacy-monolith/web/src/main.ts", {
    LEGACY_MSSQL_URL: legacyMssqlUrl,
    LEGACY_MACHINE_KEY: secrets.machineKey,
    LEGACY_SESSION_KEY: secrets.sessionKey,
    LEGACY_INTERFACE_KEY: secrets.interfaceKey,
  });
  const legacyUrl = `http://${config.BANYAN_HOST}:${config.LEGACY_WEB_PORT}`;
  const proxy = await child("proxy", "proxy/src/main.ts", {
    BANYAN_DATA_DIR: state.path,
    LEGACY_URL: legacyUrl,
    LEGACY_SESSION_KEY: secrets.sessionKey,
    LEGACY_INTERFACE_KEY: secrets.interfaceKey,
  });
  state.writeConnections({
    proxyUrl: proxy.details["url"],
    proxyAdminUrl: proxy.details["adminUrl"],
    legacyUrl,
    legacyMssqlUrl,
    legacyFaultUrl: simulator.details["controlUrl"],
    legacySessionKey: secrets.sessionKey,
    legacyInterfaceKey: secrets.interfaceKey,
    logins,
  });
}

/** Before anything is started, so that a taken port costs nobody a half-started system. @throws AppError PORT_TAKEN */
async function tryPort(name: string, variable: (typeof ports)[number][1], config: Config): Promise<void> {
  const probe = createServer();
  await bindPort(probe, { host: config.BANYAN_HOST, port: config[variable], name, portVariable: variable });
  await new Promise((resolve) => probe.close(resolve));
}
