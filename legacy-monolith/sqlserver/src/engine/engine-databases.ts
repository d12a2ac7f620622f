/**
 * Databases of the engine: the template that carries the simulator's own schema, and one database a SQL Server database,
 * copied from it. A template made by another version of the simulator is made anew; a database is not, and is refused.
 */

import { createHash } from "node:crypto";
import { AppError } from "@banyan/kernel";
import { captureStatements } from "../capture/capture-sql.ts";
import { engineLimits as limits } from "../limits.ts";
import { preludeSql } from "../translate/index.ts";
import { EngineError, PgConnection } from "./pg-connection.ts";

export type EngineUrl = (database: string) => string;

const template = "sim_template";
const unfinished = "sim_template_unfinished";

/** Everything a database of the simulator holds before anybody made a table in it. */
function prelude(): { readonly sql: string; readonly version: string } {
  const sql = `${preludeSql()}\n${captureStatements()}`;
  return { sql, version: createHash("sha256").update(sql).digest("hex").slice(0, 12) };
}

/** Runs `work` on a connection of its own to the engine's maintenance database. */
export async function onEngine<T>(url: EngineUrl, work: (connection: PgConnection) => Promise<T>): Promise<T> {
  const connection = await PgConnection.open(url("postgres"), "banyan administration");
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

export const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * Brings the template up to this version and checks every database against it.
 * @returns declared name by physical name. @throws AppError ENGINE_VERSION
 */
export async function prepareDatabases(url: EngineUrl): Promise<Map<string, string>> {
  const { sql, version } = prelude();
  return onEngine(url, async (engine) => {
    const found = await engine.rows(`
      SELECT d.datname, (SELECT split_part(setting, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) setting
                         WHERE s.setdatabase = d.oid AND s.setrole = 0 AND setting LIKE 'sim.database_name=%')
      FROM pg_database d WHERE NOT d.datistemplate AND d.datname NOT IN ('postgres', '${template}', '${unfinished}')`);
    const existing = await engine.rows(`SELECT 1 FROM pg_database WHERE datname = '${template}'`);
    if (existing.length === 0 || (await versionOf(url(template))) !== version)
      await buildTemplate(engine, url, sql, version);
    const names = new Map<string, string>();
    for (const [physical, declared] of found) {
      if (!physical) continue;
      await checkVersion(physical, url(physical), version);
      names.set(physical, declared ?? physical);
    }
    return names;
  });
}

/** Built under another name, so that a process killed on the way leaves no half-made template. */
async function buildTemplate(engine: PgConnection, url: EngineUrl, sql: string, version: string): Promise<void> {
  await engine.script(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
  await engine.script(`CREATE DATABASE ${unfinished} TEMPLATE template0`);
  const connection = await PgConnection.open(url(unfinished), "banyan prelude");
  try {
    await connection.script(sql);
    await connection.script(
      `CREATE TABLE sim.prelude (version text NOT NULL); INSERT INTO sim.prelude VALUES ('${version}')`,
    );
  } finally {
    await connection.close();
  }
  await engine.script(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  await engine.script(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
}

async function versionOf(databaseUrl: string): Promise<string | undefined> {
  const connection = await PgConnection.open(databaseUrl, "banyan version");
  try {
    const known = await connection.rows("SELECT 1 WHERE to_regclass('sim.prelude') IS NOT NULL");
    if (known.length === 0) return undefined;
    return (await connection.rows("SELECT version FROM sim.prelude"))[0]?.[0] ?? undefined;
  } finally {
    await connection.close();
  }
}

async function checkVersion(physical: string, databaseUrl: string, version: string): Promise<void> {
  const found = await versionOf(databaseUrl);
  if (found === version) return;
  throw new AppError({
    code: "ENGINE_VERSION",
    op: "start the simulated SQL Server",
    message: `database ${physical} was made by another version of the simulator (${found ?? "unknown"}, this is ${version})`,
    hint: "Start with --fresh to begin with an empty database, or go back to the version that made it.",
  });
}

export async function createFromTemplate(url: EngineUrl, name: string): Promise<void> {
  await onEngine(url, async (engine) => {
    await engine.script(`CREATE DATABASE ${quoted(name.toLowerCase())} TEMPLATE ${template}`);
    await engine.script(`ALTER DATABASE ${quoted(name.toLowerCase())} SET sim.database_name = ${literal(name)}`);
  });
}

/**
 * A copy with all rows and options; the source may have no sessions.
 * @param release ends what the simulator itself has open in the source, and may be called again
 */
export async function cloneDatabase(
  url: EngineUrl,
  source: string,
  target: string,
  release: () => Promise<void>,
): Promise<void> {
  const physical = quoted(target.toLowerCase());
  await onEngine(url, async (engine) => {
    const settings = await engine.rows(
      `SELECT setting FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) setting
       WHERE d.datname = $1 AND s.setrole = 0`,
      [source.toLowerCase()],
    );
    await copyUnused(engine, `CREATE DATABASE ${physical} TEMPLATE ${quoted(source.toLowerCase())}`, release);
    for (const [setting] of settings) {
      const [key = "", ...value] = (setting ?? "").split("=");
      if (key === "sim.database_name") continue;
      await engine.script(`ALTER DATABASE ${physical} SET ${key} = ${literal(value.join("="))}`);
    }
    await engine.script(`ALTER DATABASE ${physical} SET sim.database_name = ${literal(target)}`);
  });
}

/** Capture may come back between its release and the copy (SQLSTATE 55006, object in use). */
async function copyUnused(engine: PgConnection, sql: string, release: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await release();
    try {
      return await engine.script(sql);
    } catch (error) {
      const inUse = error instanceof EngineError && error.code === "55006";
      if (!inUse || attempt === limits.copyAttemptsMax) throw error;
    }
  }
}

export async function dropDatabase(url: EngineUrl, name: string): Promise<void> {
  await onEngine(url, (engine) => engine.script(`DROP DATABASE ${quoted(name.toLowerCase())} WITH (FORCE)`));
}
