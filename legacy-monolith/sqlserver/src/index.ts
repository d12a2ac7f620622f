/**
 * A SQL Server look-alike: TDS outside, PostgreSQL inside. `startSqlServer` brings up the engine (or takes a running
 * one), the simulator's own schema in it, capture, the TDS port and the fault control port.
 */

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import type { Listening, Logger } from "@banyan/kernel";
import { captureProcedures, CaptureService } from "./capture/index.ts";
import { catalogProcedures } from "./engine/catalog-procedures.ts";
import { startControlServer } from "./engine/control-server.ts";
import { type EngineUrl, prepareDatabases } from "./engine/engine-databases.ts";
import { serverName } from "./engine/globals.ts";
import { SimulatedServer } from "./engine/server.ts";
import { simulatorProcedures } from "./engine/simulator-procedures.ts";
import { registry } from "./engine/system-procedure.ts";
import { events } from "./events.ts";
import { engineLimits } from "./limits.ts";
import { selfSignedCertificate } from "./wire/certificate.ts";
import { createTdsServer, type TdsServer } from "./wire/server.ts";

export type SqlServerOptions = {
  /** Folder of the embedded engine and of generated passwords; or else `engineUrl`. */
  readonly dataDir?: string;
  /** A running PostgreSQL 18 with a superuser's credentials, instead of the embedded one. */
  readonly engineUrl?: string;
  readonly host?: string;
  /** TDS; 0 takes any free port. */
  readonly port: number;
  /** Of the embedded engine; 0 takes any free port. */
  readonly enginePort?: number;
  /** Of the fault control; 0 takes any free port, undefined does not listen. */
  readonly controlPort?: number;
  /** Password of `sa`; when left out, the one in `dataDir`, generated on first start. */
  readonly saPassword?: string;
  /** Databases that are there when it starts; made when they are missing. */
  readonly databases?: readonly string[];
  /** Pause of the capture job between scans. */
  readonly captureDelayMs?: number;
  /** PEM; a self-signed certificate is made when left out. `false` offers no encryption. */
  readonly tls?: { readonly key: string; readonly cert: string } | false;
  /** Further settings of the embedded engine, such as `{ fsync: "off" }` for tests that do not kill it. */
  readonly engineSettings?: Readonly<Record<string, string>>;
  readonly logger: Logger;
};

export type RunningSqlServer = {
  readonly host: string;
  readonly port: number;
  readonly enginePort: number;
  /** Process id of the embedded engine; undefined for an engine given by URL. */
  readonly enginePid: number | undefined;
  readonly controlUrl: string | undefined;
  readonly saPassword: string;
  /** `mssql://sa:…@host:port/database` */
  url(database?: string): string;
  /** The engine itself, for benchmarks and for looking behind the curtain. */
  engineUrl(database: string): string;
  /** Cuts `count` client connections (all when left out), as a network failure would. */
  dropConnections(count?: number): number;
  /** Rejects when the embedded engine ends by itself. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
};

/** @throws AppError PORT_TAKEN, POSTGRES_START_FAILED, ENGINE_VERSION */
export async function startSqlServer(options: SqlServerOptions): Promise<RunningSqlServer> {
  const { logger, host = "127.0.0.1" } = options;
  const started = performance.now();
  const parts = new Parts();
  try {
    const engine = await startEngine(options, parts);
    const databases = await prepareDatabases(engine.url);
    const capture = new CaptureService({
      url: engine.url,
      logger,
      ...(options.captureDelayMs === undefined ? {} : { pollMs: options.captureDelayMs }),
    });
    parts.add(() => capture.stop());
    const procedures = registry(
      captureProcedures,
      catalogProcedures,
      simulatorProcedures(() => server),
    );
    const releaseCapture = (physical: string): Promise<void> => capture.release(physical);
    const server: SimulatedServer = new SimulatedServer({
      url: engine.url,
      databases,
      procedures,
      releaseCapture,
      logger,
    });
    const saPassword = options.saPassword ?? keptSecret(options, "sa-password");
    await server.logins.prepare("sa", saPassword);
    for (const name of ["master", ...(options.databases ?? [])]) {
      if (!server.database(name)) await server.createDatabase(name);
    }
    const tds = await listenForClients(options, server, parts);
    const control = await listenForFaults(options, server, parts);
    logger.info({ event: events.started, port: tds.port, durationMs: Math.round(performance.now() - started) });
    return {
      host,
      port: tds.port,
      enginePort: engine.port,
      enginePid: engine.pid,
      controlUrl: control?.url,
      saPassword,
      url: (database = "master") =>
        `mssql://sa:${encodeURIComponent(saPassword)}@${host}:${tds.port}/${encodeURIComponent(database)}`,
      engineUrl: (database) => engine.publicUrl(database.toLowerCase()),
      dropConnections: (count) => tds.dropConnections(count),
      failed: engine.failed,
      close: async () => {
        await parts.close();
        logger.info({ event: events.stopped });
      },
    };
  } catch (error) {
    await parts.close();
    throw error;
  }
}

/** What has been started, to be stopped in reverse. */
class Parts {
  private readonly stops: (() => Promise<void>)[] = [];

  add(stop: () => Promise<void>): void {
    this.stops.push(stop);
  }

  /** Every part is stopped, also when one of them fails to. @throws the first failure */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.stops.splice(0).toReversed()) {
      try {
        await stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

type Engine = {
  /** For the simulator's own connections. */
  readonly url: EngineUrl;
  /** Over TCP, for whoever else wants to look. */
  readonly publicUrl: EngineUrl;
  readonly port: number;
  readonly pid: number | undefined;
  readonly failed: Promise<never>;
};

async function startEngine(options: SqlServerOptions, parts: Parts): Promise<Engine> {
  if (options.engineUrl !== undefined) {
    const base = new URL(options.engineUrl);
    const url = (database: string): string => {
      const own = new URL(base);
      own.pathname = `/${encodeURIComponent(database)}`;
      return own.href;
    };
    return {
      url,
      publicUrl: url,
      port: Number(base.port || 5432),
      pid: undefined,
      failed: new Promise<never>(() => undefined),
    };
  }
  const dataDir = resolve(stateFolder(options), "engine");
  const socketFolder = socketFits(dataDir) ? dataDir : undefined;
  const engine: EmbeddedPostgres = await startEmbeddedPostgres({
    dataDir,
    port: options.enginePort ?? 0,
    password: keptSecret(options, "engine-password"),
    name: "engine of the simulated SQL Server",
    portVariable: "LEGACY_SQL_ENGINE_PORT",
    settings: {
      max_connections: String(engineLimits.engineConnectionsMax),
      // The clinic's wall clock: GETDATE() and the times of captured transactions agree on it.
      timezone: "America/New_York",
      ...(socketFolder === undefined ? {} : { unix_socket_directories: socketFolder }),
      ...options.engineSettings,
    },
  });
  parts.add(() => engine.stop());
  const publicUrl = (database: string): string => engine.url(encodeURIComponent(database));
  return {
    url: (database) =>
      socketFolder === undefined ? publicUrl(database) : throughSocket(publicUrl(database), socketFolder),
    publicUrl,
    port: engine.port,
    pid: engine.pid,
    failed: engine.failed,
  };
}

/**
 * A statement over a Unix socket costs a third less than over TCP. The engine's own folder is one that both may enter; the
 * path is bounded by the socket address (108 bytes with the name), and a comma would separate two folders.
 */
function socketFits(folder: string): boolean {
  return process.platform !== "win32" && !folder.includes(",") && Buffer.byteLength(folder) < 85;
}

function throughSocket(url: string, folder: string): string {
  const { port, searchParams } = new URL(url);
  const local = new URL(url);
  local.searchParams.set("host", folder);
  local.searchParams.set("port", port);
  return searchParams.size > 0 ? url : local.href;
}

function stateFolder({ dataDir }: SqlServerOptions): string {
  if (dataDir === undefined) throw new TypeError("startSqlServer needs dataDir or engineUrl");
  return dataDir;
}

/** A generated password that the next start finds again. */
function keptSecret(options: SqlServerOptions, name: string): string {
  const path = join(stateFolder(options), name);
  if (existsSync(path)) return readFileSync(path, "utf8").trim();
  const secret = randomBytes(18).toString("base64url");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  return secret;
}

async function listenForClients(options: SqlServerOptions, server: SimulatedServer, parts: Parts): Promise<TdsServer> {
  const tls = options.tls === false ? undefined : (options.tls ?? selfSignedCertificate());
  const tds = await createTdsServer({
    backend: server,
    host: options.host ?? "127.0.0.1",
    port: options.port,
    serverName,
    logger: options.logger,
    ...(tls ? { tls } : {}),
  });
  parts.add(() => tds.close());
  return tds;
}

async function listenForFaults(
  options: SqlServerOptions,
  server: SimulatedServer,
  parts: Parts,
): Promise<Listening | undefined> {
  if (options.controlPort === undefined) return undefined;
  const control = await startControlServer(server, { host: options.host ?? "127.0.0.1", port: options.controlPort });
  parts.add(() => control.close());
  return control;
}
