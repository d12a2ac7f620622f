/**
 * What tests of a service stand on: one embedded PostgreSQL a test file, a migrated template database a service and a clone of it
 * a test, an identity issuer as the proxy's, and the service on a port of its own. Not part of the running service.
 */

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@banyan/embedded-database";
import { type Clock, createLogger, listen, type Logger, systemClock } from "@banyan/kernel";
import { provisionService } from "@banyan/migrations";
import { exportJWK, SignJWT } from "jose";
import knex, { type Knex } from "knex";
import { identityHeader } from "./identity.ts";
import { dryRunHeader } from "./request-context.ts";
import { createService, type Service, type ServiceOptions } from "./service.ts";

export type TestServices = {
  /** A migrated database of its own. @param directory migrations elsewhere than in `migrations/<service>` */
  database(service: string, directory?: string): Promise<TestDatabase>;
  readonly server: EmbeddedPostgres;
  stop(): Promise<void>;
};

export type TestDatabase = {
  /** With the service's login. */
  readonly url: string;
  /** With the adapter's login. */
  readonly syncUrl: string;
  /** With the owner's login: for seeding and tampering. Closed by `close`. */
  readonly owner: Knex;
  /** Opens the module for writes, as a flip does. */
  open(module: string, epoch: number): Promise<void>;
  seal(module: string): Promise<void>;
  reserveIds(name: string, first: number, last: number): Promise<void>;
  close(): Promise<void>;
};

/** Starts the PostgreSQL of a test file; `stop` in `afterAll`. */
export async function startTestServices(): Promise<TestServices> {
  const folder = mkdtempSync(join(tmpdir(), "banyan-service-"));
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, "postgres"),
    port: 0,
    password: "secret",
    name: "test database",
    portVariable: "none",
    // Durability as the tests' legacy side has it: neither side waits for a disk.
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "200" },
  });
  const templates = new Map<string, Promise<Template>>();
  const open = new Set<TestDatabase>();
  let count = 0;
  return {
    server,
    async database(service, directory) {
      const name = `${service} ${directory ?? ""}`;
      const template = templates.get(name) ?? makeTemplate(server, service, templates.size, directory);
      templates.set(name, template);
      const { database, passwords } = await template;
      count += 1;
      const clone = `${database}_${count}`;
      await asOwner(server.url(), async (db) => db.raw("CREATE DATABASE ?? TEMPLATE ??", [clone, database]));
      const made = testDatabase(server, clone, service, passwords, () => open.delete(made));
      open.add(made);
      return made;
    },
    async stop() {
      await Promise.all([...open].map((one) => one.close()));
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Template = { readonly database: string; readonly passwords: { service: string; sync: string } };

async function makeTemplate(
  server: EmbeddedPostgres,
  service: string,
  number: number,
  directory: string | undefined,
): Promise<Template> {
  const passwords = { service: "service-secret", sync: "sync-secret" };
  const database = `template_${service}_${number}`;
  await provisionService({
    adminUrl: server.url(),
    service,
    database,
    servicePassword: passwords.service,
    syncPassword: passwords.sync,
    ...(directory === undefined ? {} : { directory }),
  });
  return { database, passwords };
}

function testDatabase(
  server: EmbeddedPostgres,
  database: string,
  service: string,
  passwords: Template["passwords"],
  closed: () => void,
): TestDatabase {
  const owner = knex({ client: "pg", connection: server.url(database), pool: { min: 0, max: 4 } });
  const login = (user: string, password: string): string => {
    const url = new URL(server.url(database));
    url.username = user;
    url.password = password;
    return url.href;
  };
  const setOwner = async (module: string, state: string, epoch?: number): Promise<void> => {
    const row = { module, state, ...(epoch === undefined ? {} : { epoch }) };
    await owner("kit.module_owner").insert(row).onConflict("module").merge();
  };
  return {
    url: login(`${service}_service`, passwords.service),
    syncUrl: login(`${service}_sync`, passwords.sync),
    owner,
    open: (module, epoch) => setOwner(module, "open", epoch),
    seal: (module) => setOwner(module, "sealed"),
    reserveIds: async (name, first, last) => {
      await owner("kit.id_block").insert({ name, first_id: first, last_id: last, next_id: first });
    },
    close: async () => {
      closed();
      await owner.destroy();
    },
  };
}

async function asOwner<T>(url: string, use: (db: Knex) => Promise<T>): Promise<T> {
  const db = knex({ client: "pg", connection: url, pool: { min: 0, max: 1 } });
  try {
    return await use(db);
  } finally {
    await db.destroy();
  }
}

/** What a token says; everything has a default but the service. */
export type TestClaims = Readonly<Record<string, unknown>> & {
  readonly kind?: "staff" | "portal" | "interface";
  readonly sub?: string;
  readonly role?: string;
  readonly site?: string;
};

export type TestIssuer = {
  /** For `identityKeyUrls`. */
  readonly url: string;
  /** @param options.service audience @param options.ageSeconds how long ago it was issued @param options.lifeSeconds default 60 */
  token(
    claims: TestClaims,
    options: { readonly service: string; readonly ageSeconds?: number; readonly lifeSeconds?: number },
  ): Promise<string>;
  stop(): Promise<void>;
};

/** A proxy's signing key and the address of its public half. */
export async function startTestIssuer(clock: Clock = systemClock): Promise<TestIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const kid = randomUUID();
  const body = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: "EdDSA", use: "sig" }] });
  const listening = await listen((_, response) => response.setHeader("content-type", "application/json").end(body), {
    host: "127.0.0.1",
    port: 0,
    name: "test identity keys",
    portVariable: "none",
  });
  return {
    url: `${listening.url}/.well-known/jwks.json`,
    stop: () => listening.close(),
    token: (claims, { service, ageSeconds = 0, lifeSeconds = 60 }) => {
      const issuedAt = Math.floor(clock.now().getTime() / 1_000) - ageSeconds;
      return new SignJWT({ ...defaultClaims(claims.kind ?? "staff"), ...claims })
        .setProtectedHeader({ alg: "EdDSA", kid })
        .setIssuer("banyan-proxy")
        .setAudience(service)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifeSeconds)
        .sign(privateKey);
    },
  };
}

function defaultClaims(kind: NonNullable<TestClaims["kind"]>): Record<string, unknown> {
  const shared = { kind, sid: "session-of-the-tests", epoch: 1 };
  if (kind === "portal") return { ...shared, sub: "portal-user", pat: 100_001 };
  if (kind === "interface") return { ...shared, sub: "interface" };
  return { ...shared, sub: "USER1", name: "USER, TEST", role: "FDSK", site: "MAIN", provider: false };
}

export type TestService = Service & {
  readonly issuer: TestIssuer;
  /** Sends a request as somebody: claims of the token, or `null` for no token. A write's token gets a `jti`. */
  send(path: string, who: TestClaims | null, init?: TestRequest): Promise<Response>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type TestRequest = RequestInit & {
  /** A token made elsewhere, in place of one made from the claims. */
  readonly token?: string;
  readonly dryRun?: boolean;
};

export const silentLogger: Logger = createLogger({ name: "test", level: "silent" });

/** The service on a free port, and its issuer; both end with it. */
export async function startTestService(
  options: Omit<ServiceOptions, "identityKeyUrls" | "host" | "port" | "portVariable" | "logger"> &
    Partial<Pick<ServiceOptions, "identityKeyUrls" | "logger">>,
): Promise<TestService> {
  const issuer = await startTestIssuer(options.clock);
  const service = await createService({
    identityKeyUrls: [issuer.url],
    logger: silentLogger,
    ...options,
    host: "127.0.0.1",
    port: 0,
    portVariable: "none",
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= service.stop().then(() => issuer.stop()));
  return {
    ...service,
    issuer,
    stop,
    [Symbol.asyncDispose]: stop,
    async send(path, who, { token, dryRun, ...init } = {}) {
      const headers = new Headers(init.headers);
      const reads = ["GET", "HEAD"].includes(init.method ?? "GET");
      const requestId = headers.get("x-request-id") ?? randomUUID();
      headers.set("x-request-id", requestId);
      if (dryRun) headers.set(dryRunHeader, "1");
      if (who) {
        const claims = { ...(reads ? {} : { jti: requestId }), ...(dryRun ? { purpose: "shadow" } : {}), ...who };
        headers.set(identityHeader, token ?? (await issuer.token(claims, { service: options.name })));
      } else if (token !== undefined) headers.set(identityHeader, token);
      return fetch(`${service.url}${path}`, { redirect: "manual", ...init, headers });
    },
  };
}
