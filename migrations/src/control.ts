/**
 * Brings the control plane's PostgreSQL database to the newest schema: creates the database when it is absent, then runs the
 * migrations of `control/` through knex.
 */

import { fileURLToPath } from "node:url";
import { AppError } from "@banyan/kernel";
import knex, { type Knex } from "knex";
import { connectMsMax } from "./limits.ts";

/** Folder of the control migrations, for `knex` run by hand. */
export const controlMigrationsDirectory: string = fileURLToPath(new URL("../control", import.meta.url));

export type MigrateControlOptions = {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** Frees knex's lock first, which a migration that was killed leaves behind. Default false. */
  readonly breakLock?: boolean;
};

/** @returns file names run this time. @throws AppError CONTROL_MIGRATION_FAILED, CONTROL_MIGRATION_LOCKED, DATABASE_URL_INVALID */
export async function migrateControl(options: MigrateControlOptions): Promise<{ applied: readonly string[] }> {
  const target = targetOf(options.url);
  try {
    await createDatabase(target);
    return await withKnex(target.url, async (db) => {
      if (options.breakLock) await db.migrate.forceFreeMigrationsLock(settings);
      const [, applied]: [number, string[]] = await db.migrate.latest(settings);
      return { applied };
    });
  } catch (cause) {
    throw failure(target, cause);
  }
}

/** Undoes every migration, newest first, and leaves the empty database. @throws AppError CONTROL_MIGRATION_FAILED */
export async function rollbackControl(options: { readonly url: string }): Promise<void> {
  const target = targetOf(options.url);
  try {
    await withKnex(target.url, (db) => db.migrate.rollback(settings, true));
  } catch (cause) {
    throw failure(target, cause);
  }
}

const settings = { directory: controlMigrationsDirectory, loadExtensions: [".ts"] };

type Target = { readonly url: string; readonly host: string; readonly database: string };

function targetOf(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = decodeURIComponent(url?.pathname.slice(1) ?? "");
  if (url && /^postgres(ql)?:$/.test(url.protocol) && /^[A-Za-z_][\w-]{0,62}$/.test(database))
    return { url: text, host: url.host, database };
  throw new AppError({
    code: "DATABASE_URL_INVALID",
    op: "migrate the control database",
    message: "The address of the control database cannot be used.",
    hint: "Set DATABASE_URL to postgres://user:password@host:port/database; the database's name holds letters, digits, _ and -.",
  });
}

/** Only when it is absent: a site's own role may not be allowed to create databases, nor to reach `postgres`. */
async function createDatabase(target: Target): Promise<void> {
  const missing = await withKnex(target.url, (db) => db.raw("SELECT 1")).then(
    () => false,
    (error: { code?: string }) => {
      if (error.code === "3D000") return true;
      throw error;
    },
  );
  if (!missing) return;
  const admin = new URL(target.url);
  admin.pathname = "/postgres";
  await withKnex(admin.href, async (db) => {
    await db.raw("CREATE DATABASE ??", [target.database]).catch((error: { code?: string }) => {
      // Two processes start at once: the other one made it.
      if (error.code !== "42P04" && error.code !== "23505") throw error;
    });
  });
}

async function withKnex<T>(url: string, use: (db: Knex) => Promise<T>): Promise<T> {
  const db = knex({
    client: "pg",
    connection: { connectionString: url, connectionTimeoutMillis: connectMsMax },
    pool: { min: 0, max: 1 },
    log: silent,
  });
  try {
    return await use(db);
  } finally {
    await db.destroy();
  }
}

const ignore = (): void => undefined;
/** knex prints to the console what it also throws. */
const silent: Knex.Logger = { debug: ignore, warn: ignore, error: ignore, deprecate: ignore };

function failure(target: Target, cause: unknown): AppError {
  const locked = cause instanceof Error && cause.name === "MigrationLocked";
  return new AppError({
    code: locked ? "CONTROL_MIGRATION_LOCKED" : "CONTROL_MIGRATION_FAILED",
    op: "migrate the control database",
    message: `${target.database} on ${target.host}: ${locked ? "locked by another migration, or by one that was killed" : reasonOf(cause)}`,
    hint: locked
      ? "Wait for the other to end. If there is none, migrate with `breakLock`, or set knex_migrations_lock.is_locked to 0."
      : "A failed migration is rolled back. Check that the server of DATABASE_URL runs and lets this user in, and start again.",
    retryable: locked,
    cause,
  });
}

/** Errors of a refused connection have an empty message and several causes; knex writes the whole statement before the message. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join("; ");
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split(" - ").at(-1) ?? text;
}
