/**
 * Columns, keys and checks as PostgreSQL text and catalog lines: shared by CREATE TABLE, ALTER TABLE, temp tables and table
 * variables. Error numbers and wording are SQL Server's (sys.messages).
 */

import { notSupported, SqlError, type SqlType } from "../contract.ts";
import type { ColumnDefinition, Expression, TableConstraint } from "../tsql/ast.ts";
import type { Column, Table } from "./catalog.ts";
import { addColumn, addIndex, addObject, objectId, physicalName, systemName } from "./catalog-script.ts";
import { convert } from "./coercion.ts";
import { condition, value } from "./expressions.ts";
import type { Environment } from "./plan.ts";
import { Scope, type ScopeTable } from "./scope.ts";
import { quote, quoteText, Translation } from "./typed.ts";
import { family, isString, pgType } from "./types.ts";

export type TableName = {
  readonly schema: string;
  readonly name: string /** Quoted, ready for SQL text. */;
  readonly sql: string /** Temp tables have no catalog rows. */;
  readonly temporary: boolean;
};

export type TablePart = {
  /** Part of the parenthesised list of CREATE TABLE. */
  readonly definition: string;
  /** Run after the table is there. */
  readonly statements: readonly string[];
};

export type PlannedColumn = { readonly column: Column; readonly definition: ColumnDefinition };

/** Types, nullability and order of a new table's columns. @throws SqlError 2705, 8147, 2738, 1709 */
export function planColumns(
  table: TableName,
  definitions: readonly ColumnDefinition[],
  constraints: readonly TableConstraint[],
  env: Environment,
  firstId = 1,
): PlannedColumn[] {
  const keyed = new Set(
    [...constraints, ...definitions.flatMap((definition) => definition.constraints)]
      .flatMap((constraint) => (constraint.kind === "primaryKey" ? constraint.columns : []))
      .map((column) => column.name.toLowerCase()),
  );
  const planned: PlannedColumn[] = [];
  for (const definition of definitions) {
    if (planned.some(({ column }) => column.name.toLowerCase() === definition.name.toLowerCase())) {
      throw new SqlError(
        2705,
        16,
        `Column names in each table must be unique. Column name '${definition.name}' in table '${table.name}' is specified more than once.`,
        { state: 3 },
      );
    }
    const inKey = keyed.has(definition.name.toLowerCase());
    if (inKey && definition.nullable === true) throw nullableKey(table.name);
    planned.push({
      definition,
      column: plannedColumn(table, definition, planned, inKey, firstId + planned.length, env),
    });
  }
  if (planned.filter(({ column }) => column.identity).length > 1) {
    throw new SqlError(
      2744,
      16,
      `Multiple identity columns specified for table '${table.name}'. Only one identity column per table is allowed.`,
      { state: 2 },
    );
  }
  if (planned.filter(({ column }) => column.type.name === "timestamp").length > 1) {
    throw new SqlError(
      2738,
      16,
      `A table can only have one timestamp column. Because table '${table.name}' already has one, the column cannot be added.`,
      { state: 2 },
    );
  }
  return planned;
}

function plannedColumn(
  table: TableName,
  definition: ColumnDefinition,
  earlier: readonly PlannedColumn[],
  inKey: boolean,
  id: number,
  env: Environment,
): Column {
  const type = definition.computed
    ? computedType(table, definition.computed.value, definition.type, earlier, env)
    : definition.type;
  if (!type) throw new SqlError(173, 15, `The definition for column '${definition.name}' must include a data type.`);
  const nullable = definition.computed
    ? !inKey
    : !(inKey || definition.identity !== undefined || definition.nullable === false);
  if (definition.identity && definition.nullable === true) {
    throw new SqlError(
      8147,
      16,
      `Could not create IDENTITY attribute on nullable column '${definition.name}', table '${table.name}'.`,
    );
  }
  return {
    id,
    name: definition.name,
    physical: definition.name.toLowerCase(),
    type,
    nullable,
    hasDefault: definition.default !== undefined,
    ...(definition.identity ? { identity: definition.identity } : {}),
    ...(definition.computed
      ? { computed: { text: definition.computed.text, persisted: definition.computed.persisted } }
      : {}),
  };
}

function computedType(
  table: TableName,
  expression: Expression,
  declared: SqlType | undefined,
  earlier: readonly PlannedColumn[],
  env: Environment,
): SqlType {
  if (declared) return declared;
  const t = new Translation(env, { immutable: true });
  return value(
    expression,
    scopeOf(
      table,
      earlier.map(({ column }) => column),
    ),
    t,
  ).type;
}

/** One table in reach, its columns named bare: for defaults, checks, computed columns and index filters. */
export function scopeOf(table: TableName, columns: readonly Column[]): Scope {
  const scope = new Scope();
  scope.add(scopeTable(table, columns));
  return scope;
}

function scopeTable(table: TableName, columns: readonly Column[]): ScopeTable {
  return {
    name: table.name,
    schema: table.schema,
    sql: table.sql,
    optional: false,
    columns: columns.map((column) => ({
      name: column.name,
      sql: quote(column.physical),
      type: column.type,
      nullable: column.nullable,
      column,
    })),
  };
}

/** A column and what it brings along. `all`: every column of the table, for computed ones. */
export function columnPart(
  table: TableName,
  { column, definition }: PlannedColumn,
  all: readonly Column[],
  env: Environment,
): TablePart {
  const pieces = [quote(column.physical), pgType(column.type)];
  const statements: string[] = [];
  const id = objectId(table.schema, table.name);
  if (isString(column.type)) pieces.push(`COLLATE ${columnCollation(definition)}`);
  if (definition.computed) {
    const t = new Translation(env, { immutable: true });
    const scope = scopeOf(
      table,
      all.filter((other) => other.computed === undefined),
    );
    pieces.push(
      `GENERATED ALWAYS AS (${convert(value(definition.computed.value, scope, t), column.type, { immutable: true }).sql}) STORED`,
    );
  }
  if (column.identity) pieces.push(identityClause(column));
  if (definition.default) pieces.push(`DEFAULT ${defaultText(definition.default.value, column.type, env)}`);
  if (!column.nullable && !definition.computed) pieces.push("NOT NULL");
  if (!table.temporary) {
    statements.push(addColumn(id, { ...column, id: column.id }));
    if (definition.default) {
      const name = definition.default.name ?? systemName("DF", table.name, column.name);
      statements.push(
        ...defaultLines(table, column.name, name, definition.default.text, definition.default.name === undefined),
      );
    }
  }
  if (column.type.name === "timestamp") statements.push(...rowversionTrigger(table, column));
  return { definition: pieces.join(" "), statements };
}

function columnCollation(definition: ColumnDefinition): string {
  if (definition.collation === undefined || /_CI_AS|^database_default$/i.test(definition.collation)) return "sim.ci";
  if (/_CS_AS/i.test(definition.collation)) return "sim.cs";
  throw notSupported(`collation ${definition.collation} of a column`);
}

function identityClause(column: Column): string {
  const { seed, increment } = column.identity as { seed: string; increment: string };
  if (family(column.type) !== "integer" && family(column.type) !== "decimal") {
    throw new SqlError(
      2749,
      16,
      `Identity column '${column.name}' must be of data type int, bigint, smallint, tinyint, or decimal or numeric with a scale of 0, unencrypted, and constrained to be nonnullable.`,
      { state: 2 },
    );
  }
  if (family(column.type) === "decimal") throw notSupported("IDENTITY on a decimal column");
  const down = increment.startsWith("-");
  const bounds = down
    ? `MINVALUE -9223372036854775808 MAXVALUE ${seed}`
    : `MINVALUE ${Number(seed) < 1 ? "-9223372036854775808" : 0}`;
  return `GENERATED BY DEFAULT AS IDENTITY (START WITH ${seed} INCREMENT BY ${increment} ${identityBounds(column.type, bounds)})`;
}

/** A sequence behind an int column must fit the int; DBCC CHECKIDENT may move it anywhere within. */
function identityBounds(type: SqlType, bounds: string): string {
  const lowest: Readonly<Record<string, string>> = { tinyint: "-32768", smallint: "-32768", int: "-2147483648" };
  return bounds.replace("-9223372036854775808", lowest[type.name] ?? "-9223372036854775808");
}

export function defaultText(expression: Expression, type: SqlType, env: Environment): string {
  const t = new Translation(env);
  const result = convert(value(expression, new Scope(), t), type);
  if (t.parameters.length > 0) throw new SqlError(128, 15, "The name of a variable is not permitted in this context.");
  return `(${result.sql})`;
}

export function defaultLines(
  table: TableName,
  column: string,
  name: string,
  text: string,
  systemNamed: boolean,
): string[] {
  const id = objectId(table.schema, table.name);
  return [
    addObject({
      schema: table.schema,
      name,
      physical: name.toLowerCase(),
      type: "D",
      parent: id,
      definition: text,
      systemNamed,
    }),
    `UPDATE sim.columns SET default_object_id = ${objectId(table.schema, name)} WHERE object_id = ${id} AND name = ${quoteText(column)}::bpchar`,
  ];
}

/** Every write of a row gives it the next number of the database, as rowversion does. */
function rowversionTrigger(table: TableName, column: Column): string[] {
  const name = `${table.temporary ? "pg_temp" : "dbo"}.${quote(physicalName(table.name, "b_rowversion"))}`;
  return [
    `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $fn$ BEGIN NEW.${quote(column.physical)} := int8send(nextval('sim.rowversion')); RETURN NEW; END $fn$`,
    `CREATE TRIGGER b_rowversion BEFORE INSERT OR UPDATE ON ${table.sql} FOR EACH ROW EXECUTE FUNCTION ${name}()`,
  ];
}

/** SQL Server says first what is wrong, then that the constraint does not come into being. */
export const notCreated = (preceding: SqlError): SqlError =>
  new SqlError(1750, 16, "Could not create constraint or index. See previous errors.", { state: 0, preceding });

/** A key, foreign key or check. @throws SqlError 1911, 8111, 1769, 1767, 1776 */
export function constraintPart(
  table: TableName,
  constraint: TableConstraint,
  columns: readonly Column[],
  env: Environment,
): TablePart {
  switch (constraint.kind) {
    case "primaryKey":
    case "unique":
      return keyPart(table, constraint, columns);
    case "foreignKey":
      return foreignKeyPart(table, constraint, columns, env);
    case "check": {
      const name = constraint.name ?? systemName("CK", table.name, constraint.text);
      const physical = physicalName(table.name, name);
      const t = new Translation(env, { immutable: true });
      const sql = condition(constraint.value, scopeOf(table, columns), t);
      return {
        definition: `CONSTRAINT ${quote(physical)} CHECK (${sql})`,
        statements: table.temporary
          ? []
          : [
              addObject({
                schema: table.schema,
                name,
                physical,
                type: "C",
                parent: objectId(table.schema, table.name),
                definition: constraint.text,
                systemNamed: constraint.name === undefined,
              }),
            ],
      };
    }
  }
}

function keyPart(
  table: TableName,
  key: Extract<TableConstraint, { kind: "primaryKey" | "unique" }>,
  columns: readonly Column[],
): TablePart {
  const primary = key.kind === "primaryKey";
  const found = key.columns.map(({ name, descending }) => ({ column: findColumn(table, columns, name), descending }));
  if (primary && found.some(({ column }) => column.nullable)) throw nullableKey(table.name);
  const name =
    key.name ?? systemName(primary ? "PK" : "UQ", table.name, key.columns.map((column) => column.name).join());
  const physical = physicalName(table.name, name);
  const list = found.map(({ column }) => quote(column.physical)).join(", ");
  const id = objectId(table.schema, table.name);
  return {
    definition: `CONSTRAINT ${quote(physical)} ${primary ? "PRIMARY KEY" : "UNIQUE NULLS NOT DISTINCT"} (${list}) DEFERRABLE INITIALLY IMMEDIATE`,
    statements: table.temporary
      ? []
      : [
          addObject({
            schema: table.schema,
            name,
            physical,
            type: primary ? "PK" : "UQ",
            parent: id,
            systemNamed: key.name === undefined,
          }),
          ...addIndex(id, {
            name,
            physical,
            unique: true,
            kind: primary ? "primaryKey" : "unique",
            columns: found.map(({ column, descending }) => ({ name: column.name, descending, included: false })),
          }),
        ],
  };
}

function foreignKeyPart(
  table: TableName,
  key: Extract<TableConstraint, { kind: "foreignKey" }>,
  columns: readonly Column[],
  env: Environment,
): TablePart {
  if (table.temporary) throw notSupported("a foreign key on a temporary table");
  const name = key.name ?? systemName("FK", table.name, key.columns.join());
  const physical = physicalName(table.name, name);
  const own = key.columns.map((column) => findColumn(table, columns, column));
  const targetName = key.table.at(-1) ?? "";
  const toItself = targetName.toLowerCase() === table.name.toLowerCase();
  const target = toItself ? undefined : env.catalog.table(key.table.at(-2) || undefined, targetName);
  if (!toItself && !target)
    throw notCreated(
      new SqlError(1767, 16, `Foreign key '${name}' references invalid table '${key.table.join(".")}'.`, { state: 0 }),
    );
  if (toItself || !target) throw notSupported("a foreign key to its own table");
  const wanted =
    key.references.length > 0
      ? key.references
      : (target.indexes.find((index) => index.primaryKey)?.columns.map(({ column }) => column.name) ?? []);
  const referenced = wanted.map((column) => findColumn(target, target.columns, column));
  const unique = target.indexes.find(
    (index) =>
      index.unique &&
      index.columns.length === referenced.length &&
      referenced.every((column) => index.columns.some((other) => other.column.id === column.id)),
  );
  if (!unique) {
    throw new SqlError(
      1776,
      16,
      `There are no primary or candidate keys in the referenced table '${key.table.join(".")}' that match the referencing column list in the foreign key '${name}'.`,
    );
  }
  const columnList = (list: readonly Column[]): string => list.map((column) => quote(column.physical)).join(", ");
  const action = (kind: string, what: string | undefined): string => (what ? ` ON ${kind} ${what.toUpperCase()}` : "");
  const id = objectId(table.schema, table.name);
  const actionName = (what: string | undefined): string =>
    quoteText((what ?? "no action").toUpperCase().replace(" ", "_"));
  return {
    definition: "",
    statements: [
      // A foreign key cannot reference a deferrable key.
      ...rigidKey(target, unique.physical, unique.primaryKey),
      `ALTER TABLE ${table.sql} ADD CONSTRAINT ${quote(physical)} FOREIGN KEY (${columnList(own)}) REFERENCES ${target.sql} (${columnList(referenced)})${action("DELETE", key.onDelete)}${action("UPDATE", key.onUpdate)}`,
      addObject({ schema: table.schema, name, physical, type: "F", parent: id, systemNamed: key.name === undefined }),
      `INSERT INTO sim.foreign_keys (object_id, parent_object_id, referenced_object_id, delete_action, update_action, parent_columns, referenced_columns)
        VALUES (${objectId(table.schema, name)}, ${id}, ${target.objectId}, ${actionName(key.onDelete)}, ${actionName(key.onUpdate)}, ARRAY[${own.map((column) => column.id).join(", ")}], ARRAY[${referenced.map((column) => column.id).join(", ")}])`,
    ],
  };
}

function rigidKey(target: Table, physical: string, primary: boolean): string[] {
  const index = target.indexes.find((candidate) => candidate.physical === physical);
  const list = (index?.columns ?? []).map(({ column }) => quote(column.physical)).join(", ");
  if (!index) return [];
  const kind = primary ? "PRIMARY KEY" : "UNIQUE NULLS NOT DISTINCT";
  return [
    `DO $do$ BEGIN IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = ${quoteText(target.sql)}::regclass AND conname = ${quoteText(physical)} AND condeferrable) THEN ALTER TABLE ${target.sql} DROP CONSTRAINT ${quote(physical)}; ALTER TABLE ${target.sql} ADD CONSTRAINT ${quote(physical)} ${kind} (${list}); END IF; END $do$`,
  ];
}

export function findColumn(table: { readonly name: string }, columns: readonly Column[], name: string): Column {
  const found = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (!found) throw new SqlError(1911, 16, `Column name '${name}' does not exist in the target table or view.`);
  return found;
}

function nullableKey(table: string): SqlError {
  return new SqlError(8111, 16, `Cannot define PRIMARY KEY constraint on nullable column in table '${table}'.`);
}
