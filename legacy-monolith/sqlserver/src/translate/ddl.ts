/**
 * Tables, indexes and schemas: T-SQL DDL to PostgreSQL DDL plus catalog lines, all for one transaction. Triggers and views
 * have files of their own. Error numbers and wording are SQL Server's (sys.messages).
 */

import { notSupported, SqlError } from "../contract.ts";
import type { ObjectName, Statement } from "../tsql/ast.ts";
import { alterTable } from "./alter-table.ts";
import type { Column, Table } from "./catalog.ts";
import { addIndex, addObject, objectId, physicalName, removeObject } from "./catalog-script.ts";
import { condition } from "./expressions.ts";
import type { DdlPlan, Environment } from "./plan.ts";
import { columnPart, constraintPart, findColumn, planColumns, scopeOf, type TableName } from "./table-parts.ts";
import { quote, quoteText, Translation } from "./typed.ts";

type Of<K extends Statement["kind"]> = Extract<Statement, { kind: K }>;
type Drop = Extract<Statement, { names: readonly ObjectName[] }>;

/** @returns undefined when the statement is no DDL of this file */
export function ddl(statement: Statement, env: Environment): DdlPlan | undefined {
  switch (statement.kind) {
    case "createTable":
      return createTable(statement, env);
    case "alterTable":
      return alterTable(statement, env);
    case "dropTable":
      return dropTables(statement, env);
    case "dropView":
      return dropViews(statement, env);
    case "truncate":
      return truncate(statement, env);
    case "createIndex":
      return createIndex(statement, env);
    case "dropIndex":
      return dropIndex(statement, env);
    case "createSchema":
      return createSchema(statement, env);
    default:
      return undefined;
  }
}

const plan = (statements: readonly string[]): DdlPlan => ({ kind: "ddl", statements });

function createTable(statement: Of<"createTable">, env: Environment): DdlPlan {
  const name = tableName(statement.name, env);
  const exists = name.temporary
    ? env.tempTables.has(name.name.toLowerCase())
    : env.catalog.table(name.schema, name.name);
  if (exists) throw alreadyNamed(name.name);
  const { table, statements } = makeTable(name, statement, env);
  return name.temporary
    ? { kind: "ddl", statements, temp: { name: name.name.toLowerCase(), table } }
    : plan(statements);
}

/** `DECLARE @t TABLE (…)`: a PostgreSQL temp table of the session, dropped by the interpreter at the end of the batch. */
export function tableVariable(
  statement: Of<"declareTable">,
  env: Environment,
): { table: Table; statements: readonly string[] } {
  const name: TableName = {
    schema: "",
    name: statement.name,
    sql: `pg_temp.${quote(statement.name)}`,
    temporary: true,
  };
  return makeTable(name, statement, env);
}

function makeTable(
  name: TableName,
  statement: Pick<Of<"createTable">, "columns" | "constraints">,
  env: Environment,
): { table: Table; statements: string[] } {
  const planned = planColumns(name, statement.columns, statement.constraints, env);
  const columns = planned.map(({ column }) => column);
  const columnParts = planned.map((column) => columnPart(name, column, columns, env));
  const constraints = [...statement.constraints, ...statement.columns.flatMap((column) => column.constraints)];
  if (constraints.filter((constraint) => constraint.kind === "primaryKey").length > 1)
    throw new SqlError(8110, 16, `Cannot add multiple PRIMARY KEY constraints to table '${name.name}'.`, { state: 0 });
  const constraintParts = constraints.map((constraint) => constraintPart(name, constraint, columns, env));
  const parts = [...columnParts, ...constraintParts].map((part) => part.definition).filter((text) => text !== "");
  const row = addObject({ schema: name.schema, name: name.name, physical: name.name.toLowerCase(), type: "U" });
  return {
    statements: [
      `CREATE ${name.temporary ? "TEMP " : ""}TABLE ${name.sql} (${parts.join(", ")})`,
      ...(name.temporary ? [] : [row]),
      ...columnParts.flatMap((part) => part.statements),
      ...constraintParts.flatMap((part) => part.statements),
    ],
    table: {
      objectId: 0,
      kind: "table",
      schema: name.schema,
      name: name.name,
      sql: name.sql,
      columns,
      indexes: [],
      constraints: [],
      triggers: [],
    },
  };
}

/** @throws SqlError 2760 for an unknown schema */
export function tableName(name: ObjectName, env: Environment): TableName {
  const own = name.at(-1) ?? "";
  if (own.startsWith("##")) throw notSupported("global temporary tables");
  if (own.startsWith("#"))
    return { schema: "", name: own, sql: `pg_temp.${quote(own.toLowerCase())}`, temporary: true };
  const schema = name.at(-2) || "dbo";
  if (!env.catalog.hasSchema(schema)) {
    throw new SqlError(
      2760,
      16,
      `The specified schema name "${schema}" either does not exist or you do not have permission to use it.`,
    );
  }
  return {
    schema: schema.toLowerCase(),
    name: own,
    sql: `${quote(schema.toLowerCase())}.${quote(own.toLowerCase())}`,
    temporary: false,
  };
}

function dropTables(statement: Drop, env: Environment): DdlPlan {
  const statements: string[] = [];
  let temp: DdlPlan["temp"];
  for (const name of statement.names) {
    const own = (name.at(-1) ?? "").toLowerCase();
    const table = own.startsWith("#") ? env.tempTables.get(own) : env.catalog.table(name.at(-2) || undefined, own);
    if (!table || table.kind !== "table") {
      if (statement.ifExists) continue;
      throw cannotDrop("table", name);
    }
    if (own.startsWith("#")) {
      if (statement.names.length > 1) throw notSupported("DROP TABLE of several tables, one of them temporary");
      temp = { name: own, table: undefined };
      statements.push(`DROP TABLE ${table.sql}`);
      continue;
    }
    const id = objectId(table.schema, table.name);
    statements.push(
      refusedWhenReferenced(
        id,
        3726,
        `Could not drop object '${name.join(".")}' because it is referenced by a FOREIGN KEY constraint.`,
      ),
      `SELECT capture.before_drop_table(${id})`,
      `DROP TABLE ${table.sql}`,
      ...table.triggers.flatMap((trigger) => dropTriggerFunctions(table, trigger.name)),
      ...(table.columns.some((column) => column.type.name === "timestamp")
        ? [`DROP FUNCTION IF EXISTS dbo.${quote(physicalName(table.name, "b_rowversion"))}()`]
        : []),
      ...removeObject(id),
    );
  }
  return temp ? { kind: "ddl", statements, temp } : plan(statements);
}

/** A statement that fails when another table's foreign key points here. */
function refusedWhenReferenced(id: string, number: number, text: string): string {
  return `DO $do$ BEGIN IF EXISTS (SELECT FROM sim.foreign_keys k WHERE k.referenced_object_id = ${id} AND k.parent_object_id <> ${id}) THEN PERFORM sim.fail(${number}, 16, 1, ${quoteText(text)}); END IF; END $do$`;
}

/** One PL/pgSQL function a trigger and event; see triggers.ts. */
export function dropTriggerFunctions(table: Pick<Table, "schema">, trigger: string): string[] {
  return ["insert", "update", "delete"].map(
    (event) => `DROP FUNCTION IF EXISTS ${quote(table.schema)}.${quote(`${trigger.toLowerCase()}$${event}`)}() CASCADE`,
  );
}

function dropViews(statement: Drop, env: Environment): DdlPlan {
  const statements: string[] = [];
  for (const name of statement.names) {
    const view = env.catalog.table(name.at(-2) || undefined, name.at(-1) ?? "");
    if (view?.kind !== "view" || view.objectId === 0) {
      if (statement.ifExists) continue;
      throw cannotDrop("view", name);
    }
    statements.push(`DROP VIEW ${view.sql}`, ...removeObject(objectId(view.schema, view.name)));
  }
  return plan(statements);
}

function truncate(statement: Of<"truncate">, env: Environment): DdlPlan {
  const own = (statement.table.at(-1) ?? "").toLowerCase();
  const table = own.startsWith("#")
    ? env.tempTables.get(own)
    : env.catalog.table(statement.table.at(-2) || undefined, own);
  if (table?.kind !== "table")
    throw new SqlError(
      4701,
      16,
      `Cannot find the object "${statement.table.join(".")}" because it does not exist or you do not have permissions.`,
    );
  const text = `Cannot truncate table '${statement.table.join(".")}' because it is being referenced by a FOREIGN KEY constraint.`;
  const guard = own.startsWith("#") ? [] : [refusedWhenReferenced(objectId(table.schema, table.name), 4712, text)];
  return plan([...guard, `TRUNCATE TABLE ${table.sql} RESTART IDENTITY`]);
}

function createIndex(statement: Of<"createIndex">, env: Environment): DdlPlan {
  const own = (statement.table.at(-1) ?? "").toLowerCase();
  const table = own.startsWith("#")
    ? env.tempTables.get(own)
    : env.catalog.table(statement.table.at(-2) || undefined, own);
  if (table?.kind !== "table") {
    throw new SqlError(
      1088,
      16,
      `Cannot find the object "${statement.table.join(".")}" because it does not exist or you do not have permissions.`,
      { state: 12 },
    );
  }
  if (table.indexes.some((index) => index.name.toLowerCase() === statement.name.toLowerCase())) {
    throw new SqlError(
      1913,
      16,
      `The operation failed because an index or statistics with name '${statement.name}' already exists on table '${statement.table.join(".")}'.`,
    );
  }
  const keys = statement.columns.map(({ name, descending }) => ({
    column: findColumn(table, table.columns, name),
    descending,
  }));
  const included = statement.include.map((name) => findColumn(table, table.columns, name));
  const physical = physicalName(table.name, statement.name);
  const list = keys.map(({ column, descending }) => `${quote(column.physical)}${descending ? " DESC" : ""}`).join(", ");
  const t = new Translation(env, { immutable: true });
  const name: TableName = { schema: table.schema, name: table.name, sql: table.sql, temporary: own.startsWith("#") };
  const where = statement.where ? ` WHERE ${condition(statement.where, scopeOf(name, table.columns), t)}` : "";
  // As a constraint it is checked at the end of the statement, as SQL Server checks it: `SET n = n + 1` works. What a
  // constraint cannot be (filtered, descending, with included columns) is checked row by row.
  const atStatementEnd =
    statement.unique && where === "" && included.length === 0 && !keys.some((key) => key.descending);
  const statements = [
    atStatementEnd
      ? `ALTER TABLE ${table.sql} ADD CONSTRAINT ${quote(physical)} UNIQUE NULLS NOT DISTINCT (${list}) DEFERRABLE INITIALLY IMMEDIATE`
      : `CREATE ${statement.unique ? "UNIQUE " : ""}INDEX ${quote(physical)} ON ${table.sql} (${list})${includeList(included)}${statement.unique ? " NULLS NOT DISTINCT" : ""}${where}`,
  ];
  if (name.temporary) return plan(statements);
  const id = objectId(table.schema, table.name);
  const columns = [
    ...keys.map(({ column, descending }) => ({ name: column.name, descending, included: false })),
    ...included.map((column) => ({ name: column.name, descending: false, included: true })),
  ];
  statements.push(
    ...addIndex(id, {
      name: statement.name,
      physical,
      unique: statement.unique,
      kind: "index",
      filter: where === "" ? undefined : where.slice(7),
      columns,
    }),
  );
  if (statement.unique) statements.push(`SELECT capture.after_ddl(${id}, NULL)`);
  return plan(statements);
}

const includeList = (columns: readonly Column[]): string =>
  columns.length === 0 ? "" : ` INCLUDE (${columns.map((column) => quote(column.physical)).join(", ")})`;

function dropIndex(statement: Of<"dropIndex">, env: Environment): DdlPlan {
  const table = env.catalog.table(statement.table.at(-2) || undefined, statement.table.at(-1) ?? "");
  const index = table?.indexes.find((candidate) => candidate.name.toLowerCase() === statement.name.toLowerCase());
  if (!table || !index) {
    if (statement.ifExists) return plan([]);
    throw new SqlError(
      3701,
      11,
      `Cannot drop the index '${statement.table.join(".")}.${statement.name}', because it does not exist or you do not have permission.`,
      { state: 7 },
    );
  }
  if (index.primaryKey || index.uniqueConstraint) {
    throw new SqlError(
      3723,
      16,
      `An explicit DROP INDEX is not allowed on index '${statement.table.join(".")}.${statement.name}'. It is being used for ${index.primaryKey ? "PRIMARY KEY" : "UNIQUE KEY"} constraint enforcement.`,
      { state: 4 },
    );
  }
  const id = objectId(table.schema, table.name);
  return plan([
    `DO $do$ BEGIN IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = ${quoteText(table.sql)}::regclass AND conname = ${quoteText(index.physical)}) THEN ALTER TABLE ${table.sql} DROP CONSTRAINT ${quote(index.physical)}; ELSE DROP INDEX ${quote(table.schema)}.${quote(index.physical)}; END IF; END $do$`,
    `DELETE FROM sim.index_columns WHERE object_id = ${id} AND index_id = ${index.id}`,
    `DELETE FROM sim.indexes WHERE object_id = ${id} AND index_id = ${index.id}`,
    ...(index.unique ? [`SELECT capture.after_ddl(${id}, NULL)`] : []),
  ]);
}

function createSchema(statement: Of<"createSchema">, env: Environment): DdlPlan {
  if (env.catalog.hasSchema(statement.name)) throw alreadyNamed(statement.name);
  return plan([
    `CREATE SCHEMA ${quote(statement.name.toLowerCase())}`,
    `INSERT INTO sim.schemas VALUES ((SELECT greatest(max(schema_id), 4) + 1 FROM sim.schemas), ${quoteText(statement.name)})`,
  ]);
}

export const alreadyNamed = (name: string): SqlError =>
  new SqlError(2714, 16, `There is already an object named '${name}' in the database.`, { state: 6 });

export const cannotDrop = (kind: string, name: ObjectName): SqlError =>
  new SqlError(
    3701,
    11,
    `Cannot drop the ${kind} '${name.join(".")}', because it does not exist or you do not have permission.`,
    { state: 5 },
  );
