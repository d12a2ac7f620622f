/**
 * The control plane as a process: `node control/src/main.ts`, configured by the environment. Without DATABASE_URL it starts
 * an embedded PostgreSQL of its own; tokens that are not set are made on the first start and kept in the state folder,
 * readable by its owner alone.
 */

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import { type Config, createLogger, readConfig, runUntilSignal } from "@banyan/kernel";
import { z } from "zod";
import { events } from "./events.ts";
import { createControl, httpParticipants, type OidcOptions } from "./index.ts";

const config = readConfig();
const logger = createLogger({ name: "control", level: config.BANYAN_LOG_LEVEL });
const folder = join(config.BANYAN_DATA_DIR, "control");

const adapterUrls = (config.ADAPTER_URL ?? "").split(",").filter(Boolean);

await runUntilSignal(logger, async () => {
  const secrets = keptSecrets(folder);
  const embedded = config.DATABASE_URL === undefined ? await startDatabase(secrets.databasePassword) : undefined;
  try {
    const oidc = oidcOf(config);
    const control = await createControl({
      databaseUrl: config.DATABASE_URL ?? embedded?.url("banyan_control") ?? "",
      breakLock: embedded !== undefined,
      rulesPath: config.BANYAN_RULES,
      adminToken: config.CONTROL_ADMIN_TOKEN ?? secrets.adminToken,
      replicaToken: config.BANYAN_REPLICA_TOKEN ?? secrets.replicaToken,
      host: config.BANYAN_HOST,
      port: config.CONTROL_PORT,
      approvalsNeeded: config.CONTROL_APPROVALS_NEEDED,
      logger,
      shadow: {
        ...(config.BANYAN_COMPARISON_RULES === undefined ? {} : { rulesPath: config.BANYAN_COMPARISON_RULES }),
        sampleKey: config.BANYAN_SAMPLE_KEY ?? secrets.sampleKey,
      },
      ...(config.BANYAN_SERVICE_TOKEN === undefined
        ? {}
        : {
            adapters: { urls: adapterUrls, token: config.BANYAN_SERVICE_TOKEN },
            participants: httpParticipants({
              services: serviceUrls(config.BANYAN_SERVICE_URLS),
              adapterUrl: adapterUrls[0],
              token: config.BANYAN_SERVICE_TOKEN,
            }),
          }),
      ...(oidc ? { oidc } : {}),
    });
    return {
      stop: async () => {
        await control.close();
        await embedded?.stop();
      },
      ...(embedded ? { failed: embedded.failed } : {}),
      details: {
        url: control.url,
        port: control.port,
        // Whoever owns this process ends the database when this process was killed.
        ...(embedded ? { enginePid: embedded.pid, databaseUrl: embedded.url("banyan_control") } : {}),
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
});

function startDatabase(password: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: join(folder, "postgres"),
    port: config.CONTROL_DATABASE_PORT,
    password,
    name: "control database",
    portVariable: "CONTROL_DATABASE_PORT",
  });
}

/** Of a service with several instances the first: they share one database, and with it the owner row. */
function serviceUrls(text: string): Map<string, string> {
  const pairs = text.split(",").flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    return at < 0 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]];
  });
  return new Map(pairs.reverse());
}

function oidcOf(from: Config): OidcOptions | undefined {
  if (from.OIDC_ISSUER === undefined) return undefined;
  return {
    issuer: from.OIDC_ISSUER,
    audience: from.OIDC_AUDIENCE,
    jwksUrl: from.OIDC_JWKS_URL,
    roleClaim: from.OIDC_ROLE_CLAIM,
  };
}

function keptSecrets(path: string) {
  const schema = z.object({
    adminToken: z.string(),
    replicaToken: z.string(),
    databasePassword: z.string(),
    // A folder of an earlier version has none.
    sampleKey: z.string().default(() => secret()),
  });
  const secret = (): string => randomBytes(24).toString("base64url");
  const file = join(path, "secrets.json");
  const kept = existsSync(file) ? schema.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  // Others may pass through: as root, the database server runs as another account. The secrets are in a 0600 file.
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const secrets = kept ?? {
    adminToken: secret(),
    replicaToken: secret(),
    databasePassword: secret(),
    sampleKey: secret(),
  };
  writeFileSync(file, `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 });
  if (!kept) logger.warn({ event: events.generatedToken, file });
  return secrets;
}
