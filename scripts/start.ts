/**
 * `npm start`: everything that exists, on the embedded default. Numbered as it happens:
 *   1. the state folder is taken (one instance a folder) and every port is tried
 *   2. the legacy side: simulated SQL Server; schema and, on an empty database, data; the legacy web application
 *   3. at the same time the control plane with its database, and on that the extracted services
 *   4. the proxy, the clinicians' address
 *   5. addresses and log-ins are printed; wait for Ctrl-C
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
import { startAdapter } from "./start/adapter.ts";
import { type Child, startChild } from "./start/children.ts";
import { ensureData } from "./start/data.ts";
import { startServices, serviceUrls } from "./start/services.ts";
import { openState, type StateFolder } from "./start/state.ts";
import { summary } from "./start/summary.ts";

const root = join(import.meta.dirname, "..");

const ports = [
  ["simulated SQL Server", "LEGACY_SQL_PORT"],
  ["engine of the simulated SQL Server", "LEGACY_SQL_ENGINE_PORT"],
  ["legacy web", "LEGACY_WEB_PORT"],
  ["control", "CONTROL_PORT"],
  ["control database", "CONTROL_DATABASE_PORT"],
  ["patients service", "PATIENTS_PORT"],
  ["scheduling service", "SCHEDULING_PORT"],
  ["legacy adapter", "ADAPTER_PORT"],
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
      for (const [name, variable] of ports) {
        if (variable !== "CONTROL_DATABASE_PORT" || config.DATABASE_URL === undefined)
          await tryPort(name, variable, config);
      }
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
  const child: StartChild = async (name, script, env) => {
    const started = await startChild({ name, script: join(root, script), env, onDeath });
    children.push(started);
    return started;
  };
  const adminToken = config.CONTROL_ADMIN_TOKEN ?? state.secrets.adminToken;
  const replicaToken = config.BANYAN_REPLICA_TOKEN ?? state.secrets.replicaToken;
  const auditKey = config.BANYAN_AUDIT_KEY ?? state.secrets.auditKey;
  const serviceToken = config.BANYAN_SERVICE_TOKEN ?? state.secrets.serviceToken;
  const found = { BANYAN_SERVICE_URLS: serviceUrls(config) };
  const startControl = async () => {
    const control = await child("control", "control/src/main.ts", {
      BANYAN_DATA_DIR: state.path,
      CONTROL_ADMIN_TOKEN: adminToken,
      BANYAN_REPLICA_TOKEN: replicaToken,
      BANYAN_SERVICE_TOKEN: serviceToken,
      ADAPTER_URL: config.ADAPTER_URL ?? `http://${config.BANYAN_HOST}:${config.ADAPTER_PORT}`,
      ...found,
    });
    const databaseUrl = config.DATABASE_URL ?? String(control.details["databaseUrl"]);
    const services = await startServices({
      config,
      secrets: state.secrets,
      serviceToken,
      adminUrl: databaseUrl,
      child,
    });
    return { url: String(control.details["url"]), databaseUrl, services };
  };
  const [legacy, control] = await allStarted([startLegacy(child, state, config, options), startControl()]);
  const adapterUrl = await startAdapter({
    child,
    config,
    secrets: state.secrets,
    serviceToken,
    adminUrl: control.databaseUrl,
    legacyMssqlUrl: legacy.legacyMssqlUrl,
    services: control.services,
  });
  const proxy = await child("proxy", "proxy/src/main.ts", {
    BANYAN_DATA_DIR: state.path,
    LEGACY_URL: legacy.legacyUrl,
    LEGACY_SESSION_KEY: state.secrets.sessionKey,
    LEGACY_INTERFACE_KEY: state.secrets.interfaceKey,
    CONTROL_URL: control.url,
    ...found,
    BANYAN_REPLICA_TOKEN: replicaToken,
    BANYAN_IDENTITY_KEY: config.BANYAN_IDENTITY_KEY ?? state.secrets.identityKey,
    BANYAN_AUDIT_KEY: auditKey,
  });
  state.writeConnections({
    proxyUrl: proxy.details["url"],
    proxyAdminUrl: proxy.details["adminUrl"],
    controlUrl: control.url,
    adminToken,
    auditKey,
    databaseUrl: control.databaseUrl,
    services: control.services,
    adapterUrl,
    serviceToken,
    ...legacy,
  });
}

type StartChild = (name: string, script: string, env: Readonly<Record<string, string>>) => Promise<Child>;

/** @returns what connections.json says of the legacy side. */
async function startLegacy(
  child: StartChild,
  { path, secrets }: StateFolder,
  config: Config,
  options: ReturnType<typeof parseStartArguments>,
) {
  const legacyMssqlUrl = `mssql://sa:${encodeURIComponent(secrets.sqlPassword)}@${config.BANYAN_HOST}:${config.LEGACY_SQL_PORT}/EHRPROD`;
  const simulator = await child("simulated SQL Server", "legacy-monolith/sqlserver/src/main.ts", {
    BANYAN_DATA_DIR: path,
    LEGACY_SQL_PASSWORD: secrets.sqlPassword,
  });
  const logins = await ensureData({ url: legacyMssqlUrl, options, statePath: path });
  await child("legacy web", "legacy-monolith/web/src/main.ts", {
    LEGACY_MSSQL_URL: legacyMssqlUrl,
    LEGACY_MACHINE_KEY: secrets.machineKey,
    LEGACY_SESSION_KEY: secrets.sessionKey,
    LEGACY_INTERFACE_KEY: secrets.interfaceKey,
    // The proxy speaks from this machine; what it says of the client's address goes into the legacy audit log.
    LEGACY_TRUSTED_PROXIES: config.LEGACY_TRUSTED_PROXIES || config.BANYAN_HOST,
  });
  return {
    legacyUrl: `http://${config.BANYAN_HOST}:${config.LEGACY_WEB_PORT}`,
    legacyMssqlUrl,
    legacyFaultUrl: simulator.details["controlUrl"],
    legacySessionKey: secrets.sessionKey,
    legacyInterfaceKey: secrets.interfaceKey,
    logins,
  };
}

/** Waits for both, so that a failure of one finds the other in the list of what is to be stopped. */
async function allStarted<A, B>([a, b]: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}

/** Before anything is started, so that a taken port costs nobody a half-started system. @throws AppError PORT_TAKEN */
async function tryPort(name: string, variable: (typeof ports)[number][1], config: Config): Promise<void> {
  const probe = createServer();
  await bindPort(probe, { host: config.BANYAN_HOST, port: config[variable], name, portVariable: variable });
  await new Promise((resolve) => probe.close(resolve));
}
