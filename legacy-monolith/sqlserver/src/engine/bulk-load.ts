/**
 * `insert bulk`: the rows go into a temporary table by COPY and from there into the table in one INSERT, so that a load is
 * one statement: all or nothing, the usual conversions, triggers (when asked for) fired once, capture always. Options as
 * "BULK INSERT" and tedious' BulkLoad have them: KEEP_NULLS, FIRE_TRIGGERS; CHECK_CONSTRAINTS is always on, which is
 * stricter than a real server is by default. An identity column in the list keeps its values: that is all that KeepIdentity
 * does in .NET's SqlBulkCopy and Microsoft's JDBC driver, which leave the column out otherwise.
 */

import { notSupported, type BulkColumn, type SqlValue } from "../contract.ts";
import { type Environment, type Plan, type Table, tableVariable, translate } from "../translate/index.ts";
import type { Expression, Statement } from "../tsql/ast.ts";
import { parseExpression } from "../tsql/parse.ts";
import type { Frame, Interpreter } from "./interpreter.ts";
import { sqlErrors } from "./messages.ts";
import { EngineError } from "./pg-connection.ts";
import type { BulkTarget } from "./session-core.ts";
import { beginTransaction, commitTransaction, rollBackAll } from "./transaction-control.ts";

type Rows = AsyncIterable<readonly (readonly SqlValue[])[]>;

const variable = "@banyan_bulk";
const at = { line: 1, start: 0, end: 0 } as const;

export async function bulkLoad(
  interpreter: Interpreter,
  columns: readonly BulkColumn[],
  rows: Rows,
  frame: Frame,
): Promise<void> {
  const { core } = interpreter;
  const target = core.bulk;
  core.bulk = undefined;
  if (!target) throw notSupported("bulk rows without an INSERT BULK before them");
  const own = core.transaction.count === 0;
  const silent = { ...frame.sink, environment: () => undefined };
  if (own) beginTransaction(core, "", silent);
  try {
    const count = await load(interpreter, target, columns, rows, frame);
    if (own) await commitTransaction(core, silent);
    core.state.rowCount = count;
    frame.sink.done({ kind: "insert", rowCount: count });
  } catch (error) {
    if (own && core.transaction.count > 0) await rollBackAll(core, silent);
    throw error;
  }
}

async function load(
  interpreter: Interpreter,
  target: BulkTarget,
  columns: readonly BulkColumn[],
  rows: Rows,
  frame: Frame,
): Promise<number> {
  const { executor } = interpreter.core;
  const environment = await executor.environment(frame.scope);
  const table = environment.catalog.table(target.table.at(-2) || undefined, target.table.at(-1) ?? "");
  const temp = target.table.at(-1)?.startsWith("#")
    ? environment.tempTables.get(target.table.at(-1)!.toLowerCase())
    : undefined;
  const destination = temp ?? table;
  if (!destination) throw sqlErrors.invalidObject(target.table.join("."));
  const staging = tableVariable(stagingTable(columns), environment);
  const run = interpreter.runOf(frame);
  for (const sql of staging.statements) await executor.query(sql, [], run);
  try {
    await copy(interpreter, staging.table, rows);
    if (!target.options.includes("fire_triggers")) {
      await executor.query("SELECT set_config('sim.fire_triggers', 'off', true)", [], run);
    }
    const keepNulls = target.options.includes("keep_nulls");
    const defaults = keepNulls ? undefined : await defaultsOf(interpreter, destination, frame);
    const plan = insertPlan(environment, { destination, staging: staging.table, target, columns, defaults });
    return await executor.run(plan, run);
  } finally {
    if (executor.connection.transactionStatus === "T") {
      await executor.control([
        { sql: "SELECT set_config('sim.fire_triggers', '', true)" },
        { sql: `DROP TABLE IF EXISTS ${staging.table.sql}`, once: true },
      ]);
    }
  }
}

function stagingTable(columns: readonly BulkColumn[]): Extract<Statement, { kind: "declareTable" }> {
  return {
    kind: "declareTable",
    name: variable,
    columns: columns.map(({ name, type }) => ({ name, type, nullable: true, constraints: [] })),
    constraints: [],
    ...at,
  };
}

/** A failed COPY takes back only itself. */
async function copy(interpreter: Interpreter, table: Table, rows: Rows): Promise<void> {
  const { connection } = interpreter.core.executor;
  await connection.run([{ sql: "SAVEPOINT banyan_copy" }]);
  try {
    await connection.copyIn(`COPY ${table.sql} FROM STDIN`, copyText(rows));
  } catch (error) {
    if (connection.transactionStatus === "E") {
      await connection.run([{ sql: "ROLLBACK TO SAVEPOINT banyan_copy" }, { sql: "RELEASE SAVEPOINT banyan_copy" }]);
    }
    if (error instanceof EngineError && error.code === "57014") throw error.cause ?? error;
    throw error;
  }
  await connection.run([{ sql: "RELEASE SAVEPOINT banyan_copy" }]);
}

/** COPY's text format: tab between values, `\N` for NULL, backslash before what would be read as either. */
async function* copyText(rows: Rows): AsyncGenerator<Buffer> {
  for await (const chunk of rows) {
    let text = "";
    for (const row of chunk) text += `${row.map((value) => (value === null ? "\\N" : escaped(value))).join("\t")}\n`;
    yield Buffer.from(text);
  }
}

const needsEscape = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const escaped = (value: string): string =>
  needsEscape.test(value) ? value.replaceAll(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : value;

type Load = {
  readonly destination: Table;
  readonly staging: Table;
  readonly target: BulkTarget;
  readonly columns: readonly BulkColumn[];
  /** Undefined: NULL stays NULL. */
  readonly defaults: ReadonlyMap<string, Expression> | undefined;
};

function insertPlan(environment: Environment, { destination, staging, target, columns, defaults }: Load): Plan {
  const wanted = columns.flatMap(({ name }) => {
    const column = destination.columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (!column) throw sqlErrors.invalidColumn(name);
    return column.computed ? [] : [{ name, column }];
  });
  const keepIdentity = wanted.some(({ column }) => column.identity);
  const value = ({ name, column }: (typeof wanted)[number]): Expression => {
    const given: Expression = { kind: "column", parts: [name] };
    const fallback = defaults?.get(column.physical);
    return fallback ? { kind: "call", name: "isnull", args: [given, fallback] } : given;
  };
  const plan = translate(
    {
      kind: "insert",
      with: [],
      target: { kind: "table", name: target.table, hints: [] },
      columns: wanted.map(({ column }) => column.name),
      source: {
        kind: "query",
        query: {
          with: [],
          orderBy: [],
          body: {
            kind: "select",
            distinct: false,
            items: wanted.map((column) => ({ kind: "value", value: value(column) })),
            from: [{ kind: "variable", name: variable }],
            groupBy: [],
          },
        },
      },
      ...at,
    },
    {
      ...environment,
      tableVariables: new Map([[variable, staging]]),
      ...(keepIdentity ? { identityInsert: destination.objectId } : {}),
    },
  );
  if (plan.kind === "ddl") throw notSupported("this bulk load");
  return plan;
}

/** Defaults of a table's columns by physical name, parsed from their T-SQL as the catalog keeps it. */
async function defaultsOf(interpreter: Interpreter, table: Table, frame: Frame): Promise<Map<string, Expression>> {
  const rows = await interpreter.core.executor.query(
    `SELECT c.physical, o.definition FROM sim.columns c JOIN sim.objects o ON o.object_id = c.default_object_id
     WHERE c.object_id = $1::int4`,
    [String(table.objectId)],
    interpreter.runOf(frame),
  );
  return new Map(rows.map(([physical, definition]) => [physical ?? "", parseExpression(definition ?? "NULL")]));
}
