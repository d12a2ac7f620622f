/**
 * A proxy's configuration as plain data, so that it can be handed to a worker process, and the one way a proxy is made of it:
 * alone in this process, or once in every worker.
 */

import { hostname } from "node:os";
import { join } from "node:path";
import { type Config, createLogger, type Logger, type LogLevel, systemClock } from "@banyan/kernel";
import type { ModuleState } from "@banyan/routing-rules";
import { openAuditDelivery } from "../audit/audit-delivery.ts";
import { createAccessLog } from "../observe/access-log.ts";
import { build } from "../build.ts";
import { events } from "../events.ts";
import { controlLink } from "../replica/control-link.ts";
import { fileRules } from "../replica/file-rules.ts";
import { createProxy, type Proxy } from "../server.ts";
import { targetsOf } from "../target-urls.ts";

export type ProxySettings = {
  /** Rule file or folder: what is served alone, or until control has sent a revision. */
  readonly rulesPath: string;
  /** Stages by module, only without control; a module that is not named is at `legacy`. */
  readonly stages?: Readonly<Record<string, ModuleState>>;
  readonly control?: {
    readonly url: string;
    readonly token?: string | undefined;
    /** Name of this replica; a worker of several adds its number. */
    readonly replicaId: string;
    /** Folder the last good revision of each replica is kept in. */
    readonly savedFolder: string;
    /** Folder audit events wait in until control has them, one a replica in it. */
    readonly auditFolder: string;
  };
  readonly targets: Readonly<Record<string, readonly string[]>>;
  readonly sessionKey?: string | undefined;
  readonly interfaceKey?: string | undefined;
  readonly identityKey?: string | undefined;
  readonly auditKey?: string | undefined;
  readonly trustedHops: readonly string[];
  readonly host: string;
  readonly port: number;
  /** Undefined: no address of its own for operations (a worker; the parent has it). */
  readonly adminPort: number | undefined;
  readonly logLevel: LogLevel;
  readonly accessLog: boolean;
};

/** What a rule file's load came to, for a person at a terminal. */
export type OnLoad = (result: { readonly problems: readonly string[] }) => void;

export function settingsOf(config: Config): ProxySettings {
  const replicaId =
    config.BANYAN_REPLICA_ID ??
    `${hostname()
      .replace(/[^A-Za-z0-9-]/g, "-")
      .slice(0, 50)}-${config.BANYAN_PROXY_PORT}`;
  return {
    rulesPath: config.BANYAN_RULES,
    ...(config.CONTROL_URL === undefined
      ? {}
      : {
          control: {
            url: config.CONTROL_URL,
            token: config.BANYAN_REPLICA_TOKEN,
            replicaId,
            savedFolder: join(config.BANYAN_DATA_DIR, "replicas"),
            auditFolder: join(config.BANYAN_DATA_DIR, "audit"),
          },
        }),
    targets: targetsOf(config.LEGACY_URL, config.BANYAN_SERVICE_URLS),
    sessionKey: config.LEGACY_SESSION_KEY,
    interfaceKey: config.LEGACY_INTERFACE_KEY,
    identityKey: config.BANYAN_IDENTITY_KEY,
    auditKey: config.BANYAN_AUDIT_KEY,
    trustedHops: config.BANYAN_TRUSTED_HOPS.split(",").filter((one) => one !== ""),
    host: config.BANYAN_HOST,
    port: config.BANYAN_PROXY_PORT,
    adminPort: config.BANYAN_PROXY_ADMIN_PORT,
    logLevel: config.BANYAN_LOG_LEVEL,
    accessLog: config.BANYAN_LOG_LEVEL === "info" || config.BANYAN_LOG_LEVEL === "debug",
  };
}

/** @throws what createProxy throws; the file system's error when audit events cannot be kept. */
export async function startFrom(settings: ProxySettings, logger: Logger, onLoad?: OnLoad): Promise<Proxy> {
  const { control, stages, rulesPath, auditKey } = settings;
  const files = fileRules({
    path: rulesPath,
    ...(stages ? { states: new Map(Object.entries(stages)) } : {}),
    // What the file source would log, a person at a terminal is told by `onLoad`.
    logger: onLoad ? createLogger({ name: "proxy", level: "silent" }) : logger,
    ...(onLoad ? { onLoad } : {}),
  });
  if (!control) logger.info({ event: events.noAudit, hint: "without control nobody keeps audit events" });
  const delivery =
    control &&
    (await openAuditDelivery({
      folder: join(control.auditFolder, control.replicaId),
      url: control.url,
      token: control.token,
      replica: control.replicaId,
      logger,
    }));
  const making = createProxy({
    ...(delivery ? { audit: { sink: delivery.sink, key: auditKey, sources: delivery.sources } } : {}),
    rules:
      control === undefined
        ? files
        : controlLink({
            url: control.url,
            token: control.token,
            id: control.replicaId,
            savedFile: join(control.savedFolder, `${control.replicaId}.json`),
            first: files,
            build,
            logger,
            clock: systemClock,
          }),
    ...(control === undefined
      ? {}
      : { observations: { url: control.url, token: control.token, replica: control.replicaId } }),
    targets: settings.targets,
    sessionKey: settings.sessionKey,
    interfaceKey: settings.interfaceKey,
    identityKey: settings.identityKey,
    trustedHops: settings.trustedHops,
    host: settings.host,
    port: settings.port,
    adminPort: settings.adminPort,
    clock: systemClock,
    logger,
    ...(settings.accessLog ? { accessLog: createAccessLog(process.stdout, () => systemClock.now()) } : {}),
  });
  const proxy = await making.catch(async (error: unknown) => {
    await delivery?.close();
    throw error;
  });
  return {
    ...proxy,
    close: async () => {
      await proxy.close();
      await delivery?.close();
    },
  };
}
