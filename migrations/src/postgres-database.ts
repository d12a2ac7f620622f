/** What the PostgreSQL runners share: addresses, making an absent database, one short-lived connection, reasons of failures. */

import { AppError } from "@banyan/kernel";
import knex, { type Knex } from "knex";
import { connectMsMax } from "./limits.ts";

export type PostgresTarget = { readonly url: string; readonly host: string; readonly database: string };

/** @param op what is being done, for messages. @throws AppError DATABASE_URL_INVALID */
export function parseTarget(text: string, op: string): PostgresTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = decodeURIComponent(url?.pathname.slice(1) ?? "");
  if (url && /^postgres(ql)?:$/.test(url.protocol) && /^[A-Za-z_][\w-]{0,62}$/.test(database))
    return { url: text, host: url.host, database };
  throw new AppError({
    code: "DATABASE_URL_INVALID",
    op,
    message: "The address of the PostgreSQL database cannot be used.",
    hint: "Give postgres://user:password@host:port/database; the database's name holds letters, digits, _ and -.",
  });
}

/** Only when it is absent: a site's own role may not be allowed to create databases, nor to reach `postgres`. */
export async function createDatabase(target: PostgresTarget): Promise<void> {
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

export async function withKnex<T>(url: string, use: (db: Knex) => Promise<T>): Promise<T> {
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

/** Errors of a refused connection have an empty message and several causes; knex writes the whole statement before the message. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join("; ");
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split(" - ").at(-1) ?? text;
}

export function isMigrationLocked(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "MigrationLocked";
}
