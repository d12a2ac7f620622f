/**
 * Brings the legacy database to the newest schema: creates EHRPROD through `master` when it is absent, then runs the T-SQL
 * migrations of `legacy/` through knex. The same files run on the simulated server and on SQL Server 2019+.
 */

import { fileURLToPath } from "node:url";
import { AppError } from "@banyan/kernel";
import knex, { type Knex } from "knex";
import { connectMsMax, statementMsMax } from "./limits.ts";

export {
  controlMigrationsDirectory,
  type MigrateControlOptions,
  migrateControl,
  rollbackControl,
} from "./control.ts";
export { type ProvisionQueueOptions, provisionQueue } from "./queue.ts";
export {
  type MigrateServiceOptions,
  migrateService,
  type ProvisionedService,
  type ProvisionServiceOptions,
  provisionService,
  rollbackService,
} from "./service.ts";

/** Folder of the legacy migrations, for `knex` run by hand. */
export const legacyMigrationsDirectory: string = fileURLToPath(new URL("../legacy", import.meta.url));

export type LegacyConnection = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Default false: the simulated server listens on loopback. */
  readonly encrypt?: boolean;
  /** Default true when encrypting: the simulated server's certificate is self-signed. */
  readonly trustServerCertificate?: boolean;
};

export type MigrateLegacyOptions = {
  /** Or `mssql://user:password@host:port/database`; the database of the URL counts unless `database` is given. */
  readonly connection: LegacyConnection | string;
  /** Default EHRPROD. Letters, digits and _ only. */
  readonly database?: string;
  /**
   * Frees knex's lock first, which a migration that was killed leaves behind. Only for a caller who knows that no other
   * migration of this database runs, such as the owner of the embedded server. Default false.
   */
  readonly breakLock?: boolean;
};

export type MigrationOutcome = {
  readonly database: string;
  readonly created: boolean;
  /** File names run this time, in order; empty when the schema was up to date. */
  readonly applied: readonly string[];
};

/** @throws AppError MIGRATION_FAILED (what the server said is the cause), MIGRATION_LOCKED, LEGACY_URL_INVALID. */
export async function migrateLegacy(options: MigrateLegacyOptions): Promise<MigrationOutcome> {
  const { connection, database } = resolveTarget(options);
  try {
    const created = await createDatabase(connection, database);
    const applied = await withKnex(connection, database, async (db) => {
      if (options.breakLock) await db.migrate.forceFreeMigrationsLock(migrationSettings);
      return migrateLatest(db);
    });
    return { database, created, applied };
  } catch (cause) {
    if (cause instanceof Error && cause.name === "MigrationLocked") throw locked(database, cause);
    throw new AppError({
      code: "MIGRATION_FAILED",
      op: "migrate the legacy database",
      message: `${database} on ${connection.host}:${connection.port}: ${reasonOf(cause)}`,
      hint: "A failed migration is rolled back. Correct what the server says and start again.",
      cause,
    });
  }
}

/** Undoes every migration, newest first, and leaves the empty database. @throws AppError MIGRATION_FAILED. */
export async function rollbackLegacy(options: MigrateLegacyOptions): Promise<void> {
  const { connection, database } = resolveTarget(options);
  await withKnex(connection, database, async (db) => {
    await db.migrate.rollback(migrationSettings, true);
  });
}

const migrationSettings = { directory: legacyMigrationsDirectory, loadExtensions: [".ts"] };

async function migrateLatest(db: Knex): Promise<string[]> {
  const [, files]: [number, string[]] = await db.migrate.latest(migrationSettings);
  return files;
}

async function createDatabase(connection: LegacyConnection, database: string): Promise<boolean> {
  return withKnex(connection, "master", async (db) => {
    const rows: { id: number | null }[] = await db.raw("SELECT DB_ID(?) AS id", [database]);
    if (rows[0]?.id != null) return false;
    await db.raw(`CREATE DATABASE [${database}] COLLATE SQL_Latin1_General_CP1_CI_AS`);
    return true;
  });
}

async function withKnex<T>(connection: LegacyConnection, database: string, use: (db: Knex) => Promise<T>): Promise<T> {
  const settings = knexConnection(connection, database);
  const db = knex({ client: "mssql", connection: settings, pool: { min: 0, max: 1 }, log: silent });
  try {
    return await use(db);
  } finally {
    await db.destroy();
  }
}

const ignore = (): void => undefined;
/** knex prints to the console what it also throws. */
const silent: Knex.Logger = { debug: ignore, warn: ignore, error: ignore, deprecate: ignore };

function knexConnection(connection: LegacyConnection, database: string): Knex.MsSqlConnectionConfig {
  return {
    server: connection.host,
    port: connection.port,
    userName: connection.user,
    password: connection.password,
    database,
    requestTimeout: statementMsMax,
    connectionTimeout: connectMsMax,
    options: {
      encrypt: connection.encrypt ?? false,
      trustServerCertificate: connection.trustServerCertificate ?? true,
    },
  };
}

function resolveTarget(options: MigrateLegacyOptions): { connection: LegacyConnection; database: string } {
  const fromUrl = typeof options.connection === "string" ? parseUrl(options.connection) : undefined;
  const connection = fromUrl?.connection ?? (options.connection as LegacyConnection);
  const database = options.database ?? fromUrl?.database ?? "EHRPROD";
  if (!/^[A-Za-z_]\w{0,62}$/.test(database))
    throw invalidTarget("the database name may hold letters, digits and _ only");
  return { connection, database };
}

function parseUrl(text: string): { connection: LegacyConnection; database: string | undefined } {
  if (!URL.canParse(text)) throw invalidTarget("it is not a URL");
  const url = new URL(text);
  if (url.protocol !== "mssql:") throw invalidTarget("its scheme is not mssql:");
  const connection = {
    host: url.hostname,
    port: url.port === "" ? 1433 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    encrypt: url.searchParams.get("encrypt") === "true",
  };
  return { connection, database: decodeURIComponent(url.pathname.slice(1)) || undefined };
}

const locked = (database: string, cause: Error) =>
  new AppError({
    code: "MIGRATION_LOCKED",
    op: "migrate the legacy database",
    message: `${database} is locked by another migration, or by one that was killed`,
    hint: "Wait for the other to end. If there is none, migrate with `breakLock`, or set knex_migrations_lock.is_locked to 0.",
    retryable: true,
    cause,
  });

const invalidTarget = (why: string) =>
  new AppError({
    code: "LEGACY_URL_INVALID",
    op: "migrate the legacy database",
    message: `The address of the legacy database cannot be used: ${why}.`,
    hint: "Use mssql://user:password@host:port/EHRPROD.",
  });

/** tedious puts several errors into one AggregateError without a message; knex writes the whole statement before the message. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join("; ");
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split(" - ").at(-1) ?? text;
}
