/** ALTER TABLE, one function an action. Error numbers and wording are SQL Server's (sys.messages). */

import { notSupported, SqlError } from "../contract.ts";
import type { AlterAction, Statement } from "../tsql/ast.ts";
import type { Column, Table } from "./catalog.ts";
import { objectId, physicalName, removeObject, systemName } from "./catalog-script.ts";
import { convert } from "./coercion.ts";
import type { DdlPlan, Environment } from "./plan.ts";
import {
  notCreated,
  columnPart,
  constraintPart,
  defaultLines,
  defaultText,
  planColumns,
  type TableName,
} from "./table-parts.ts";
import { quote, quoteText } from "./typed.ts";
import { isString, pgType, storage } from "./types.ts";

type Context = { readonly table: Table; readonly name: TableName; readonly id: string; readonly env: Environment };

export function alterTable(statement: Extract<Statement, { kind: "alterTable" }>, env: Environment): DdlPlan {
  const own = statement.name.at(-1) ?? "";
  if (own.startsWith("#")) throw notSupported("ALTER TABLE of a temporary table");
  const table = env.catalog.table(statement.name.at(-2) || undefined, own);
  if (table?.kind !== "table" || table.objectId === 0) {
    throw new SqlError(
      4902,
      16,
      `Cannot find the object "${statement.name.join(".")}" because it does not exist or you do not have permissions.`,
    );
  }
  const name: TableName = { schema: table.schema, name: table.name, sql: table.sql, temporary: false };
  const context: Context = { table, name, id: objectId(table.schema, table.name), env };
  const lines = act(statement.action, context);
  const structural = statement.action.kind !== "triggers" && statement.action.kind !== "changeTracking";
  const text = quoteText(
    `ALTER TABLE ${statement.name.map((part) => `[${part}]`).join(".")} ${describe(statement.action)}`,
  );
  return {
    kind: "ddl",
    statements: structural ? [...lines, `SELECT capture.after_ddl(${context.id}, ${text})`] : lines,
  };
}

/** For cdc.ddl_history, which shows the statement. */
function describe(action: AlterAction): string {
  switch (action.kind) {
    case "addColumns":
      return `ADD ${action.columns.map((column) => `[${column.name}] ${column.type?.name ?? ""}`).join(", ")}`;
    case "alterColumn":
      return `ALTER COLUMN [${action.column}] ${action.type.name}`;
    case "dropColumns":
      return `DROP COLUMN ${action.columns.map((column) => `[${column}]`).join(", ")}`;
    case "dropConstraints":
      return `DROP CONSTRAINT ${action.names.map((name) => `[${name}]`).join(", ")}`;
    default:
      return `ADD CONSTRAINT`;
  }
}

function act(action: AlterAction, context: Context): string[] {
  switch (action.kind) {
    case "addColumns":
      return addColumns(action, context);
    case "addConstraint": {
      const part = constraintPart(context.name, action.constraint, context.table.columns, context.env);
      if (action.constraint.kind === "primaryKey" && context.table.indexes.some((index) => index.primaryKey)) {
        const text = `Table '${context.table.name}' already has a primary key defined on it.`;
        throw notCreated(new SqlError(1779, 16, text, { state: 0 }));
      }
      return [
        ...(part.definition === "" ? [] : [`ALTER TABLE ${context.name.sql} ADD ${part.definition}`]),
        ...part.statements,
      ];
    }
    case "addDefault": {
      const column = existing(context, action.column);
      if (column.hasDefault) throw new SqlError(1781, 16, "Column already has a DEFAULT bound to it.");
      const name = action.name ?? systemName("DF", context.table.name, column.name);
      return [
        `ALTER TABLE ${context.name.sql} ALTER COLUMN ${quote(column.physical)} SET DEFAULT ${defaultText(action.value, column.type, context.env)}`,
        ...defaultLines(context.name, column.name, name, action.text, action.name === undefined),
      ];
    }
    case "alterColumn":
      return alterColumn(action, context);
    case "dropColumns":
      return action.columns.flatMap((column) => dropColumn(column, action.ifExists, context));
    case "dropConstraints":
      return action.names.flatMap((name) => dropConstraint(name, action.ifExists, context));
    case "changeTracking":
      return [
        action.enable
          ? `SELECT capture.enable_tracking(${context.id}, ${action.trackColumns})`
          : `SELECT capture.disable_tracking(${context.id})`,
      ];
    case "triggers":
      return triggers(action, context);
    default:
      throw notSupported(`ALTER TABLE … ${String(action.kind)}`);
  }
}

function addColumns(action: Extract<AlterAction, { kind: "addColumns" }>, context: Context): string[] {
  const { table, name, env } = context;
  const twin = action.columns.find((column) =>
    table.columns.some((other) => other.name.toLowerCase() === column.name.toLowerCase()),
  );
  if (twin) {
    throw new SqlError(
      2705,
      16,
      `Column names in each table must be unique. Column name '${twin.name}' in table '${table.name}' is specified more than once.`,
      { state: 4 },
    );
  }
  const firstId = Math.max(0, ...table.columns.map((column) => column.id)) + 1;
  const planned = planColumns(name, action.columns, [], env, firstId);
  const all = [...table.columns, ...planned.map(({ column }) => column)];
  const parts = planned.map((column) => columnPart(name, column, all, env));
  const constraints = action.columns
    .flatMap((column) => column.constraints)
    .map((constraint) => constraintPart(name, constraint, all, env));
  const needsValue = planned.find(
    ({ column, definition }) =>
      !column.nullable &&
      !definition.default &&
      !definition.identity &&
      !definition.computed &&
      column.type.name !== "timestamp",
  );
  const refuse = needsValue
    ? [
        `DO $do$ BEGIN IF EXISTS (SELECT FROM ${name.sql}) THEN PERFORM sim.fail(4901, 16, 1, ${quoteText(
          `ALTER TABLE only allows columns to be added that can contain nulls, or have a DEFAULT definition specified, or the column being added is an identity or timestamp column, or alternatively if none of the previous conditions are satisfied the table must be empty to allow addition of this column. Column '${needsValue.column.name}' cannot be added to non-empty table '${table.name}' because it does not satisfy these conditions.`,
        )}); END IF; END $do$`,
      ]
    : [];
  return [
    ...refuse,
    // A nullable column added with a default leaves existing rows NULL, unlike PostgreSQL's ADD … DEFAULT.
    ...parts.flatMap((part, index) => {
      const { column, definition } = planned[index] as (typeof planned)[number];
      if (!definition.default || !column.nullable)
        return [`ALTER TABLE ${name.sql} ADD COLUMN ${part.definition}`, ...part.statements];
      const text = `DEFAULT ${defaultText(definition.default.value, column.type, env)}`;
      return [
        `ALTER TABLE ${name.sql} ADD COLUMN ${part.definition.replace(text, "")}`,
        `ALTER TABLE ${name.sql} ALTER COLUMN ${quote(column.physical)} SET ${text}`,
        ...part.statements,
      ];
    }),
    ...constraints.flatMap((part) => [
      ...(part.definition === "" ? [] : [`ALTER TABLE ${name.sql} ADD ${part.definition}`]),
      ...part.statements,
    ]),
  ];
}

function alterColumn(action: Extract<AlterAction, { kind: "alterColumn" }>, context: Context): string[] {
  const { table, name, id } = context;
  const column = existing(context, action.column);
  if (column.computed || column.type.name === "timestamp") {
    throw new SqlError(
      4928,
      16,
      `Cannot alter column '${column.name}' because it is '${column.computed ? "COMPUTED" : "timestamp"}'.`,
    );
  }
  const nullable = action.nullable ?? true;
  if (
    nullable &&
    table.indexes.some((index) => index.primaryKey && index.columns.some((key) => key.column.id === column.id))
  ) {
    const preceding = dependent(
      `The object '${table.indexes.find((index) => index.primaryKey)?.name}' is dependent on column '${column.name}'.`,
    );
    const text = `ALTER TABLE ALTER COLUMN ${column.name} failed because one or more objects access this column.`;
    throw new SqlError(4922, 16, text, { state: 9, preceding });
  }
  const physical = quote(column.physical);
  const converted = convert({ sql: physical, type: column.type, nullable: true }, action.type, {
    target: `${table.schema}.${table.name}:${column.name}`,
  });
  const { maxLength, precision, scale } = storage(action.type);
  return [
    `SELECT capture.before_ddl(${id}, 'alter_column', ${quoteText(column.name)})`,
    `ALTER TABLE ${name.sql} ALTER COLUMN ${physical} TYPE ${pgType(action.type)}${isString(action.type) ? " COLLATE sim.ci" : ""} USING ${converted.sql}`,
    `ALTER TABLE ${name.sql} ALTER COLUMN ${physical} ${nullable ? "DROP" : "SET"} NOT NULL`,
    `UPDATE sim.columns SET type_name = ${quoteText(action.type.name)}, max_length = ${maxLength}, precision = ${precision}, scale = ${scale}, is_nullable = ${nullable} WHERE object_id = ${id} AND column_id = ${column.id}`,
  ];
}

const dependent = (text: string): SqlError => new SqlError(5074, 16, text);

function dropColumn(column: string, ifExists: boolean, context: Context): string[] {
  const { table, name, id } = context;
  const found = table.columns.find((candidate) => candidate.name.toLowerCase() === column.toLowerCase());
  if (!found) {
    if (ifExists) return [];
    throw new SqlError(
      4924,
      16,
      `ALTER TABLE DROP COLUMN failed because column '${column}' does not exist in table '${table.name}'.`,
    );
  }
  const index = table.indexes.find((candidate) => candidate.columns.some((key) => key.column.id === found.id));
  if (index || found.hasDefault) {
    const preceding = dependent(
      `The ${index && !index.primaryKey && !index.uniqueConstraint ? "index" : "object"} '${index?.name ?? "DEFAULT"}' is dependent on column '${found.name}'.`,
    );
    const text = `ALTER TABLE DROP COLUMN ${found.name} failed because one or more objects access this column.`;
    throw new SqlError(4922, 16, text, { state: 9, preceding });
  }
  return [
    `SELECT capture.before_ddl(${id}, 'drop_column', ${quoteText(found.name)})`,
    `ALTER TABLE ${name.sql} DROP COLUMN ${quote(found.physical)}`,
    `DELETE FROM sim.columns WHERE object_id = ${id} AND column_id = ${found.id}`,
  ];
}

function dropConstraint(name: string, ifExists: boolean, context: Context): string[] {
  const { table, id } = context;
  const isNamed = (candidate: { readonly name: string }): boolean =>
    candidate.name.toLowerCase() === name.toLowerCase();
  const key = table.indexes.find((index) => isNamed(index) && (index.primaryKey || index.uniqueConstraint));
  const object = objectId(table.schema, name);
  if (key) {
    return [
      ...(key.primaryKey ? [`SELECT capture.before_ddl(${id}, 'drop_primary_key', ${quoteText(key.name)})`] : []),
      `ALTER TABLE ${table.sql} DROP CONSTRAINT ${quote(key.physical)}`,
      `DELETE FROM sim.index_columns WHERE object_id = ${id} AND index_id = ${key.id}`,
      `DELETE FROM sim.indexes WHERE object_id = ${id} AND index_id = ${key.id}`,
      ...removeObject(object),
    ];
  }
  const constraint = table.constraints.find(isNamed);
  if (!constraint) {
    if (ifExists) return [];
    throw new SqlError(3728, 16, `'${name}' is not a constraint.`);
  }
  if (constraint.kind === "D") {
    const column = `(SELECT physical FROM sim.columns WHERE object_id = ${id} AND default_object_id = ${object})`;
    return [
      `DO $do$ BEGIN EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', ${quoteText(table.sql)}, ${column}); END $do$`,
      `UPDATE sim.columns SET default_object_id = NULL WHERE object_id = ${id} AND default_object_id = ${object}`,
      ...removeObject(object),
    ];
  }
  return [
    `ALTER TABLE ${table.sql} DROP CONSTRAINT ${quote(physicalName(table.name, constraint.name))}`,
    `DELETE FROM sim.foreign_keys WHERE object_id = ${object}`,
    ...removeObject(object),
  ];
}

function triggers(action: Extract<AlterAction, { kind: "triggers" }>, context: Context): string[] {
  const { table, name } = context;
  const chosen = action.names
    ? action.names.map(
        (wanted) => table.triggers.find((trigger) => trigger.name.toLowerCase() === wanted.toLowerCase()) ?? wanted,
      )
    : table.triggers;
  return chosen.flatMap((trigger) => {
    if (typeof trigger === "string") {
      throw new SqlError(
        4920,
        16,
        `ALTER TABLE failed because trigger '${trigger}' on table '${table.name}' does not exist.`,
      );
    }
    return [
      `DO $do$ DECLARE found name; BEGIN FOR found IN SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = ${quoteText(name.sql)}::regclass AND p.proname LIKE ${quoteText(`${trigger.name.toLowerCase().replaceAll("_", "\\_")}$%`)} LOOP EXECUTE format('ALTER TABLE %s ${action.enable ? "ENABLE" : "DISABLE"} TRIGGER %I', ${quoteText(name.sql)}, found); END LOOP; END $do$`,
      `UPDATE sim.triggers SET is_disabled = ${!action.enable} WHERE object_id = ${trigger.objectId}`,
    ];
  });
}

function existing(context: Context, name: string): Column {
  const column = context.table.columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (!column) {
    throw new SqlError(
      4924,
      16,
      `ALTER TABLE ALTER COLUMN failed because column '${name}' does not exist in table '${context.table.name}'.`,
    );
  }
  return column;
}
