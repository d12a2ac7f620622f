/** Statements about the server and its databases: USE, CREATE/DROP/ALTER DATABASE, CREATE LOGIN, DBCC. */

import { notSupported, type SqlValue } from "../contract.ts";
import type { Expression, Statement } from "../tsql/ast.ts";
import { literal, onEngine, quoted } from "./engine-databases.ts";
import type { Frame, Interpreter } from "./interpreter.ts";
import { info } from "./report.ts";
import { sqlErrors } from "./messages.ts";

type ServerStatement = Extract<
  Statement,
  { kind: "use" | "createDatabase" | "dropDatabase" | "alterDatabase" | "createLogin" | "security" }
>;

export async function serverStatement(
  interpreter: Interpreter,
  statement: ServerStatement,
  frame: Frame,
): Promise<void> {
  const { core } = interpreter;
  const { server, transaction } = core;
  const refuseInTransaction = (what: string): void => {
    if (transaction.count > 0) throw sqlErrors.notInTransaction(what);
  };
  switch (statement.kind) {
    case "use":
      await use(interpreter, statement.database, frame);
      break;
    case "createDatabase":
      refuseInTransaction("CREATE DATABASE");
      await server.createDatabase(statement.name);
      break;
    case "dropDatabase":
      refuseInTransaction("DROP DATABASE");
      await server.dropDatabase(statement.name, statement.ifExists);
      break;
    case "alterDatabase":
      refuseInTransaction("ALTER DATABASE");
      await alterDatabase(interpreter, statement);
      break;
    case "createLogin":
      await server.logins.create(statement.name, statement.password);
      break;
    case "security":
      throw notSupported(statement.text.trim().split(/\s+/).slice(0, 2).join(" ").toUpperCase());
  }
  interpreter.done(frame);
}

async function use({ core }: Interpreter, name: string, frame: Frame): Promise<void> {
  const { executor, server, transaction, state } = core;
  const database = server.database(name);
  if (!database) throw sqlErrors.noDatabase(name);
  const previous = executor.database.name;
  if (database !== executor.database) {
    if (transaction.count > 0) throw notSupported("USE inside a transaction");
    if (state.tempTables.size > 0 || frame.scope.tableVariables.size > 0) {
      throw notSupported("USE while temp tables or table variables exist");
    }
    await server.moveSession(core, database);
  }
  frame.sink.environment({ kind: "database", name: database.name, previous });
  frame.sink.message(info(`Changed database context to '${database.name}'.`, 0, 5701));
}

/** Options that are recorded, as sys.databases shows them, and what they turn on. */
const databaseOptions: Readonly<Record<string, { readonly setting: string; readonly value: string } | "always">> = {
  "allow_snapshot_isolation on": { setting: "sim.snapshot_isolation", value: "1" },
  "allow_snapshot_isolation off": { setting: "sim.snapshot_isolation", value: "0" },
  "read_committed_snapshot on": "always",
  "read_committed_snapshot on with rollback immediate": "always",
  "recovery full": "always",
  "recovery simple": "always",
  "compatibility_level = 150": "always",
};

async function alterDatabase(
  interpreter: Interpreter,
  { name, options }: Extract<Statement, { kind: "alterDatabase" }>,
): Promise<void> {
  const { core } = interpreter;
  const database = name === "current" ? core.executor.database : core.server.database(name);
  if (!database) throw sqlErrors.noDatabase(name);
  const physical = quoted(database.physical);
  const set = (setting: string, value: string): Promise<void> =>
    onEngine(core.server.engineUrl, (engine) =>
      engine.script(`ALTER DATABASE ${physical} SET ${setting} = ${literal(value)}`),
    );
  if (options.startsWith("change_tracking")) {
    await core.server.inDatabase(database, "SELECT capture.alter_database_tracking($1)", [options]);
    return;
  }
  const known = databaseOptions[options];
  if (!known) throw notSupported(`ALTER DATABASE … SET ${options.toUpperCase()}`);
  if (known !== "always") await set(known.setting, known.value);
}

/** Only CHECKIDENT. Source: "DBCC CHECKIDENT (Transact-SQL)". */
export async function dbccStatement(
  interpreter: Interpreter,
  statement: Extract<Statement, { kind: "dbcc" }>,
  frame: Frame,
): Promise<void> {
  if (statement.command !== "checkident") throw notSupported(`DBCC ${statement.command.toUpperCase()}`);
  const [tableArgument, mode, seed] = statement.args;
  const name = tableArgument ? await word(interpreter, tableArgument, frame) : "";
  const parts = name.split(".").map((part) => part.replace(/^\[(.*)\]$/, "$1"));
  const { executor } = interpreter.core;
  const { catalog } = await executor.environment(frame.scope);
  const table = catalog.table(parts.at(-2) || undefined, parts.at(-1) ?? "");
  if (!table) throw sqlErrors.noTable(name);
  const column = table.columns.find((candidate) => candidate.identity);
  if (!column) throw sqlErrors.noIdentity(name);
  const run = interpreter.runOf(frame);
  const query = async (sql: string, values: readonly SqlValue[] = []): Promise<SqlValue> =>
    (await executor.query(sql, values, run))[0]?.[0] ?? null;
  const sequence = `pg_get_serial_sequence(${literal(table.sql)}, ${literal(column.physical)})::regclass`;
  const current = await query(`SELECT pg_sequence_last_value(${sequence})`);
  const highest = await query(`SELECT max(${quoted(column.physical)}) FROM ${table.sql}`);
  const wanted = mode ? (await word(interpreter, mode, frame)).toLowerCase() : "reseed";
  if (wanted !== "reseed" && wanted !== "noreseed") throw notSupported(`DBCC CHECKIDENT … ${wanted.toUpperCase()}`);
  const say = (text: string, number: number): void => {
    if (!statement.options.includes("no_infomsgs")) frame.sink.message(info(text, statement.line, number));
  };
  if (wanted === "reseed" && seed) {
    const { value } = await interpreter.value(seed, frame, { name: "bigint" });
    // A table that never had a row starts with the new value itself; otherwise the value counts as used.
    await query(`SELECT setval(${sequence}, $1::int8, $2::bool)`, [value, current === null ? "f" : "t"]);
    say(`Checking identity information: current identity value '${current ?? "NULL"}'.`, 7998);
  } else {
    if (wanted === "reseed" && highest !== null && (current === null || Number(highest) > Number(current))) {
      await query(`SELECT setval(${sequence}, $1::int8, true)`, [highest]);
    }
    say(
      `Checking identity information: current identity value '${current ?? "NULL"}', current column value '${highest ?? "NULL"}'.`,
      7998,
    );
  }
  say("DBCC execution completed. If DBCC printed error messages, contact your system administrator.", 2528);
  interpreter.done(frame);
}

/** A bare word, or a string. */
async function word(interpreter: Interpreter, expression: Expression, frame: Frame): Promise<string> {
  if (expression.kind === "column") return expression.parts.join(".");
  return (await interpreter.value(expression, frame, { name: "nvarchar", length: 500 })).value ?? "";
}
