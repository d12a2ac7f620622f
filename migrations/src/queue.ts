/**
 * The job queue's PostgreSQL database: one database and one login that owns it. BullMQ makes its schema itself; jobs hold ids
 * only, so the database may be dropped at any time.
 */

import { AppError } from "@banyan/kernel";
import { createDatabase, parseTarget, reasonOf, withKnex } from "./postgres-database.ts";

export type ProvisionQueueOptions = {
  /** A login that may create roles and databases: `postgres://postgres:…@host:port/postgres`. */
  readonly adminUrl: string;
  readonly password: string;
  /** Name of the database and of its login. Default `banyan_queue`. */
  readonly name?: string;
};

/** @returns the address of the queue with its own login. @throws AppError QUEUE_PROVISION_FAILED, DATABASE_URL_INVALID */
export async function provisionQueue({
  adminUrl,
  password,
  name = "banyan_queue",
}: ProvisionQueueOptions): Promise<string> {
  const admin = parseTarget(adminUrl, "provision the job queue");
  const url = new URL(admin.url);
  url.pathname = `/${name}`;
  try {
    const literal = `'${password.replaceAll("'", "''")}'`;
    await withKnex(admin.url, async (db) => {
      const exists = (await db("pg_roles").where({ rolname: name }).first("rolname")) !== undefined;
      await db.raw(
        `${exists ? "ALTER" : "CREATE"} ROLE ?? LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${literal}`,
        [name],
      );
    });
    await createDatabase({ ...admin, url: url.href, database: name });
    await withKnex(url.href, async (db) => {
      await db.raw("REVOKE ALL ON DATABASE ?? FROM PUBLIC", [name]);
      await db.raw("ALTER DATABASE ?? OWNER TO ??", [name, name]);
    });
  } catch (cause) {
    throw new AppError({
      code: "QUEUE_PROVISION_FAILED",
      op: "provision the job queue",
      message: `${name} on ${admin.host}: ${reasonOf(cause)}`,
      hint: "The login needs CREATEROLE and CREATEDB. Or make the database by hand and set QUEUE_DATABASE_URL.",
      cause,
    });
  }
  url.username = name;
  url.password = password;
  return url.href;
}
