/**
 * The folder that holds everything the embedded default knows: databases, generated secrets, addresses. Only one instance
 * may use it at a time. `connections.json` is readable by its owner alone.
 */

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "@banyan/kernel";
import { z } from "zod";

const secretsSchema = z.object({
  sqlPassword: z.string(),
  sessionKey: z.string(),
  machineKey: z.string(),
  interfaceKey: z.string(),
  adminToken: z.string(),
  replicaToken: z.string(),
  /** Ed25519, PKCS #8 PEM: every proxy of this installation signs with it. */
  identityKey: z.string(),
  auditKey: z.string(),
  /** Passwords of the services' database logins are made from it. */
  serviceKey: z.string(),
  serviceToken: z.string(),
});

export type Secrets = z.infer<typeof secretsSchema>;

export type StateFolder = {
  readonly path: string;
  readonly secrets: Secrets;
  writeConnections(connections: Readonly<Record<string, unknown>>): void;
  /** Gives the folder free for another instance. */
  release(): void;
};

/** @throws AppError STATE_IN_USE when a running instance holds the folder. */
export function openState(dataDir: string, fresh: boolean): StateFolder {
  const path = resolve(dataDir);
  const lock = join(path, "instance.pid");
  refuseIfRunning(path, lock);
  if (fresh) rmSync(path, { recursive: true, force: true });
  // Others may pass through: as root, the database server runs as another account. The secrets are in a 0600 file.
  mkdirSync(path, { recursive: true, mode: 0o711 });
  writeFileSync(lock, String(process.pid));
  return {
    path,
    secrets: readSecrets(join(path, "secrets.json")),
    writeConnections: (connections) => writePrivate(join(path, "connections.json"), connections),
    release: () => rmSync(lock, { force: true }),
  };
}

function refuseIfRunning(path: string, lock: string): void {
  if (!existsSync(lock)) return;
  const pid = Number(readFileSync(lock, "utf8"));
  if (pid === process.pid || !isAlive(pid)) return;
  throw new AppError({
    code: "STATE_IN_USE",
    op: "npm start",
    message: `another instance (process ${pid}) is running on ${path}`,
    hint: "Stop it first, or give this one a folder and ports of its own: BANYAN_DATA_DIR, BANYAN_PROXY_PORT, BANYAN_PROXY_ADMIN_PORT, CONTROL_PORT, CONTROL_DATABASE_PORT, PATIENTS_PORT, SCHEDULING_PORT, ADAPTER_PORT, LEGACY_WEB_PORT, LEGACY_SQL_PORT, LEGACY_SQL_ENGINE_PORT.",
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** What an earlier version did not know yet is added; what is there stays, because data depend on it. */
function readSecrets(file: string): Secrets {
  const present = secretsSchema.partial().parse(existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {});
  const secret = (): string => randomBytes(24).toString("base64url");
  const secrets = {
    sqlPassword: present.sqlPassword ?? secret(),
    sessionKey: present.sessionKey ?? secret(),
    machineKey: present.machineKey ?? randomBytes(32).toString("hex"),
    interfaceKey: present.interfaceKey ?? secret(),
    adminToken: present.adminToken ?? secret(),
    replicaToken: present.replicaToken ?? secret(),
    identityKey: present.identityKey ?? newIdentityKey(),
    auditKey: present.auditKey ?? randomBytes(32).toString("hex"),
    serviceKey: present.serviceKey ?? secret(),
    serviceToken: present.serviceToken ?? secret(),
  };
  writePrivate(file, secrets);
  return secrets;
}

function newIdentityKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function writePrivate(file: string, content: unknown): void {
  writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
}
