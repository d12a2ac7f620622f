/**
 * Brings the control plane's PostgreSQL database to the newest schema: creates the database when it is absent, then runs the
 * migrations of `control/` through knex.
 */

import { fileURLToPath } from "node:url";
import { AppError } from "@banyan/kernel";
import {
  createDatabase,
  isMigrationLocked,
  parseTarget,
  type PostgresTarget,
  reasonOf,
  withKnex,
} from "./postgres-database.ts";

/** Folder of the control migrations, for `knex` run by hand. */
export const controlMigrationsDirectory: string = fileURLToPath(new URL("../control", import.meta.url));

export type MigrateControlOptions = {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** Frees knex's lock first, which a migration that was killed leaves behind. Default false. */
  readonly breakLock?: boolean;
};

const op = "migrate the control database";

/** @returns file names run this time. @throws AppError CONTROL_MIGRATION_FAILED, CONTROL_MIGRATION_LOCKED, DATABASE_URL_INVALID */
export async function migrateControl(options: MigrateControlOptions): Promise<{ applied: readonly string[] }> {
  const target = parseTarget(options.url, op);
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
  const target = parseTarget(options.url, op);
  try {
    await withKnex(target.url, (db) => db.migrate.rollback(settings, true));
  } catch (cause) {
    throw failure(target, cause);
  }
}

const settings = { directory: controlMigrationsDirectory, loadExtensions: [".ts"] };

function failure(target: PostgresTarget, cause: unknown): AppError {
  const locked = isMigrationLocked(cause);
  return new AppError({
    code: locked ? "CONTROL_MIGRATION_LOCKED" : "CONTROL_MIGRATION_FAILED",
    op,
    message: `${target.database} on ${target.host}: ${locked ? "locked by another migration, or by one that was killed" : reasonOf(cause)}`,
    hint: locked
      ? "Wait for the other to end. If there is none, migrate with `breakLock`, or set knex_migrations_lock.is_locked to 0."
      : "A failed migration is rolled back. Check that the server of DATABASE_URL runs and lets this user in, and start again.",
    retryable: locked,
    cause,
  });
}
