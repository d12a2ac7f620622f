/**
 * Databases of the extracted services. Each service has one database and two logins: `<service>_service`, which the service
 * runs as, and `<service>_sync`, which the legacy adapter uses. Both only use what the owner (the administrator's login that
 * runs this) made; neither can connect to another service's database. Migrations are those every service shares
 * (`service-kit/`), then the service's own (`<service>/`), each counted in a table of its own.
 */

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AppError } from "@banyan/kernel";
import type { Knex } from "knex";
import {
  createDatabase,
  isMigrationLocked,
  parseTarget,
  type PostgresTarget,
  reasonOf,
  withKnex,
} from "./postgres-database.ts";

export type MigrateServiceOptions = {
  /** Name of the service, `patients`; its own migrations lie in the folder of that name. */
  readonly service: string;
  /** `postgres://owner:password@host:port/database`: whoever owns the tables, not the service's login. */
  readonly databaseUrl: string;
  /** Folder of the service's own migrations. Default: the one beside `service-kit/`; none there is no error. */
  readonly directory?: string;
  /** Frees knex's lock first, which a migration that was killed leaves behind. Default false. */
  readonly breakLock?: boolean;
};

/**
 * Makes the database when it is absent, runs what has not run, and grants both logins what they need (when they exist).
 * @returns file names run this time. @throws AppError SERVICE_MIGRATION_FAILED, SERVICE_MIGRATION_LOCKED, DATABASE_URL_INVALID
 */
export async function migrateService(options: MigrateServiceOptions): Promise<{ applied: readonly string[] }> {
  const target = parseTarget(options.databaseUrl, opOf(options.service));
  try {
    await createDatabase(target);
    return await withKnex(target.url, async (db) => {
      await db.raw("CREATE SCHEMA IF NOT EXISTS kit");
      const applied: string[] = [];
      for (const settings of folders(options)) {
        if (options.breakLock) await db.migrate.forceFreeMigrationsLock(settings);
        const [, names]: [number, string[]] = await db.migrate.latest(settings);
        applied.push(...names);
      }
      await grant(db, options.service);
      return { applied };
    });
  } catch (cause) {
    throw failure(options.service, target, cause);
  }
}

/** Undoes every migration, the service's own first. @throws AppError SERVICE_MIGRATION_FAILED */
export async function rollbackService(options: MigrateServiceOptions): Promise<void> {
  const target = parseTarget(options.databaseUrl, opOf(options.service));
  try {
    await withKnex(target.url, async (db) => {
      for (const settings of folders(options).reverse()) await db.migrate.rollback(settings, true);
    });
  } catch (cause) {
    throw failure(options.service, target, cause);
  }
}

export type ProvisionServiceOptions = Omit<MigrateServiceOptions, "databaseUrl"> & {
  /** A login that may create roles and databases, with any database: `postgres://postgres:…@host:port/postgres`. */
  readonly adminUrl: string;
  /** Default `banyan_<service>`. */
  readonly database?: string;
  /** Passwords of the two logins; one that is not given is made, and replaces an earlier one. */
  readonly servicePassword?: string;
  readonly syncPassword?: string;
};

export type ProvisionedService = {
  /** What the service connects with. */
  readonly serviceUrl: string;
  /** What the legacy adapter connects with. */
  readonly syncUrl: string;
  /** The database with the administrator's login, for migrations. */
  readonly ownerUrl: string;
  readonly servicePassword: string;
  readonly syncPassword: string;
  readonly applied: readonly string[];
};

/**
 * Database, logins, schema and grants of a service; run again it changes nothing but passwords.
 * @throws AppError SERVICE_NAME_INVALID, SERVICE_PROVISION_FAILED, and what `migrateService` throws
 */
export async function provisionService(options: ProvisionServiceOptions): Promise<ProvisionedService> {
  checkName(options.service);
  const admin = parseTarget(options.adminUrl, `provision ${options.service}`);
  const database = options.database ?? `banyan_${options.service}`;
  const servicePassword = options.servicePassword ?? newPassword();
  const syncPassword = options.syncPassword ?? newPassword();
  const { service: serviceRole, sync: syncRole } = rolesOf(options.service);
  try {
    await withKnex(admin.url, async (db) => {
      await ensureRole(db, serviceRole, servicePassword);
      await ensureRole(db, syncRole, syncPassword);
    });
  } catch (cause) {
    throw provisionFailure(options.service, admin, cause);
  }
  const ownerUrl = withPath(admin.url, database);
  const { applied } = await migrateService({ ...options, databaseUrl: ownerUrl });
  return {
    serviceUrl: withLogin(ownerUrl, serviceRole, servicePassword),
    syncUrl: withLogin(ownerUrl, syncRole, syncPassword),
    ownerUrl,
    servicePassword,
    syncPassword,
    applied,
  };
}

const opOf = (service: string): string => `migrate the database of ${service}`;

/** One migrations table a folder: knex refuses to run when a name it recorded is not in the folder. */
function folders(options: MigrateServiceOptions): Knex.MigratorConfig[] {
  const kit = fileURLToPath(new URL("../service-kit", import.meta.url));
  const own = options.directory ?? fileURLToPath(new URL(`../${options.service}`, import.meta.url));
  const settings = (directory: string, tableName: string): Knex.MigratorConfig => ({
    directory,
    tableName,
    schemaName: "kit",
    loadExtensions: [".ts"],
  });
  return [settings(kit, "kit_migrations"), ...(existsSync(own) ? [settings(own, "service_migrations")] : [])];
}

const rolesOf = (service: string) => ({ service: `${service}_service`, sync: `${service}_sync` });

/** A password is set by a literal: ALTER ROLE takes no parameters. */
async function ensureRole(db: Knex, role: string, password: string): Promise<void> {
  const exists = (await db("pg_roles").where({ rolname: role }).first("rolname")) !== undefined;
  const literal = `'${password.replaceAll("'", "''")}'`;
  const login = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD ${literal}`;
  await db.raw(`${exists ? "ALTER" : "CREATE"} ROLE ?? ${login}`, [role]).catch(async (error: { code?: string }) => {
    // Another process made it in between.
    if (error.code !== "42710" && error.code !== "23505") throw error;
    await db.raw(`ALTER ROLE ?? ${login}`, [role]);
  });
}

/** What each login may do. Rerun after every migration, so that a new table is never forgotten. */
async function grant(db: Knex, service: string): Promise<void> {
  const roles = rolesOf(service);
  const answer: { rows: { name: string }[] } = await db.raw("SELECT current_database() AS name");
  const database = answer.rows[0]?.name ?? "";
  await db.raw("REVOKE CONNECT, TEMPORARY ON DATABASE ?? FROM PUBLIC", [database]);
  for (const role of await existing(db, Object.values(roles))) {
    await db.raw("GRANT CONNECT ON DATABASE ?? TO ??", [database, role]);
    await db.raw("GRANT USAGE ON SCHEMA public, kit TO ??", [role]);
    await db.raw("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ??", [role]);
    await db.raw("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ??", [role]);
    await db.raw("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO ??", [role]);
    await db.raw("GRANT SELECT ON ALL TABLES IN SCHEMA kit TO ??", [role]);
    // The audit of what the adapter applies, batch by batch, stands in the same chain as the service's own.
    await db.raw("GRANT EXECUTE ON FUNCTION kit.append_audit(jsonb) TO ??", [role]);
  }
  const sync = (await db("pg_namespace").where({ nspname: "sync" }).first("nspname")) !== undefined;
  if ((await existing(db, [roles.service])).length > 0) {
    await db.raw("GRANT INSERT, DELETE ON kit.dry_run_probe TO ??", [roles.service]);
    await db.raw("GRANT DELETE ON kit.idempotency TO ??", [roles.service]);
    await db.raw(
      "GRANT EXECUTE ON FUNCTION kit.record_write(jsonb, jsonb, text, jsonb), kit.begin_write(text, bigint, text, text, bytea, timestamptz), kit.ensure_module(text), kit.next_id(text), kit.change_owner(text, uuid, text, bigint, text, jsonb), kit.put_marker(text, uuid, jsonb, text) TO ??",
      [roles.service],
    );
    await db.raw("GRANT USAGE ON SCHEMA fhir TO ??", [roles.service]);
    // History is written by its triggers alone, and never changed.
    await db.raw("GRANT SELECT ON ALL TABLES IN SCHEMA fhir TO ??", [roles.service]);
    await db.raw("GRANT INSERT, UPDATE, DELETE ON fhir.document, fhir.term TO ??", [roles.service]);
    if (sync) {
      await db.raw("GRANT USAGE ON SCHEMA sync TO ??", [roles.service]);
      await db.raw("GRANT SELECT ON ALL TABLES IN SCHEMA sync TO ??", [roles.service]);
    }
  }
  if ((await existing(db, [roles.sync])).length > 0) {
    await db.raw("GRANT TEMPORARY ON DATABASE ?? TO ??", [database, roles.sync]);
    await db.raw("GRANT INSERT, UPDATE ON kit.module_owner, kit.id_block TO ??", [roles.sync]);
    await db.raw("GRANT UPDATE ON kit.relay_position TO ??", [roles.sync]);
    await db.raw("GRANT DELETE ON kit.outbox TO ??", [roles.sync]);
    // The generated indexes of its tables call fhir.fold.
    await db.raw("GRANT USAGE ON SCHEMA fhir TO ??", [roles.sync]);
    if (sync) {
      await db.raw("GRANT USAGE ON SCHEMA sync TO ??", [roles.sync]);
      await db.raw("GRANT ALL ON ALL TABLES IN SCHEMA sync TO ??", [roles.sync]);
      await db.raw("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA sync TO ??", [roles.sync]);
      await db.raw("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA sync TO ??", [roles.sync]);
    }
  }
}

function existing(db: Knex, roles: readonly string[]): Promise<string[]> {
  return db("pg_roles").whereIn("rolname", roles).pluck("rolname");
}

/** Role names are made of it, and PostgreSQL cuts names at 63 bytes. */
function checkName(service: string): void {
  if (/^[a-z][a-z0-9_]{0,39}$/.test(service)) return;
  throw new AppError({
    code: "SERVICE_NAME_INVALID",
    op: "provision a service",
    message: "A service's name starts with a small letter and holds small letters, digits and _, at most 40.",
    hint: "Choose a name such as `patients`.",
  });
}

const newPassword = (): string => randomBytes(24).toString("base64url");

function withPath(url: string, database: string): string {
  const made = new URL(url);
  made.pathname = `/${database}`;
  return made.href;
}

function withLogin(url: string, user: string, password: string): string {
  const made = new URL(url);
  made.username = user;
  made.password = encodeURIComponent(password);
  return made.href;
}

function failure(service: string, target: PostgresTarget, cause: unknown): AppError {
  const locked = isMigrationLocked(cause);
  return new AppError({
    code: locked ? "SERVICE_MIGRATION_LOCKED" : "SERVICE_MIGRATION_FAILED",
    op: opOf(service),
    message: `${target.database} on ${target.host}: ${locked ? "locked by another migration, or by one that was killed" : reasonOf(cause)}`,
    hint: locked
      ? "Wait for the other to end. If there is none, migrate with `breakLock`."
      : "A failed migration is rolled back. Check that the server runs and that the login owns the database, and start again.",
    retryable: locked,
    cause,
  });
}

/** The cause is left out: it may quote the statement, and with it a password. */
function provisionFailure(service: string, admin: PostgresTarget, cause: unknown): AppError {
  const { code } = cause as { code?: string };
  return new AppError({
    code: "SERVICE_PROVISION_FAILED",
    op: `provision ${service}`,
    message: `the logins of ${service} could not be made on ${admin.host} (${code ?? "no answer"})`,
    hint: "Check that the server runs and that the administrator's login may create roles and databases.",
  });
}
