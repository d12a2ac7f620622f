/**
 * FROM: tables, views, temp tables, table variables, inserted/deleted, derived tables, functions, joins; and the lock
 * hints on them. UPDLOCK and XLOCK become FOR UPDATE; with HOLDLOCK a lock on the whole table's ranges is taken first,
 * because PostgreSQL has no key-range locks.
 */

import { notSupported, SqlError } from "../contract.ts";
import type { ObjectName, TableSource } from "../tsql/ast.ts";
import type { Column, Table } from "./catalog.ts";
import { convert } from "./coercion.ts";
import { condition, value } from "./expressions.ts";
import { branches } from "./operators.ts";
import { invalidObject, type Scope, type ScopeColumn, type ScopeTable } from "./scope.ts";
import { type OutputColumn, quote, type Translation, type Typed } from "./typed.ts";
import { bigint, int } from "./types.ts";

export type LockRequest = { readonly table: ScopeTable; readonly clause: string };

const shareHints = ["holdlock", "serializable", "repeatableread"];

export function from(sources: readonly TableSource[], scope: Scope, t: Translation, locks: LockRequest[] = []): string {
  return sources.map((one) => source(one, scope, t, locks)).join(", ");
}

export function source(one: TableSource, scope: Scope, t: Translation, locks: LockRequest[]): string {
  switch (one.kind) {
    case "table":
      return tableSource(one, scope, t, locks);
    case "variable": {
      const table = tableVariable(one.name, t);
      const added = scope.add(tableScope(table, one.alias ?? one.name));
      return `${table.sql} AS ${added.sql}`;
    }
    case "derived": {
      const inner = t.query(one.query, scope.parent, t);
      const columns = named(inner.columns, one.alias, one.columns);
      scope.add(derivedScope(one.alias, columns));
      return `(${inner.sql}) AS ${quote(one.alias.toLowerCase())} (${columns.map((c) => quote(c.name.toLowerCase())).join(", ")})`;
    }
    case "values":
      return valuesSource(one, scope, t);
    case "function":
      return functionSource(one, scope, t);
    case "changeTable":
      return changeTableSource(one, scope, t);
    case "join":
      return join(one, scope, t, locks);
  }
}

export function join(
  one: Extract<TableSource, { kind: "join" }>,
  scope: Scope,
  t: Translation,
  locks: LockRequest[],
): string {
  const start = scope.tables.length;
  const left = source(one.left, scope, t, locks);
  const middle = scope.tables.length;
  const right = source(one.right, scope, t, locks);
  const on = one.on ? ` ON ${condition(one.on, scope, t)}` : "";
  const mark = (tables: readonly ScopeTable[]): void => {
    for (const table of tables) table.optional = true;
  };
  if (one.type === "left" || one.type === "full") mark(scope.tables.slice(middle));
  if (one.type === "right" || one.type === "full") mark(scope.tables.slice(start, middle));
  const rightText = one.right.kind === "join" ? `(${right})` : right;
  return `${left} ${one.type.toUpperCase()} JOIN ${rightText}${on}`;
}

function tableSource(
  one: Extract<TableSource, { kind: "table" }>,
  scope: Scope,
  t: Translation,
  locks: LockRequest[],
): string {
  const cte = one.name.length === 1 ? scope.cte(one.name[0] ?? "") : undefined;
  const name = one.alias ?? one.name.at(-1) ?? "";
  if (cte) {
    const added = scope.add(derivedScope(name, cte.columns));
    return `${cte.sql} AS ${added.sql}`;
  }
  const transition = transitionTable(one.name, t);
  if (transition) {
    const plain = tableScope(transition.table, name);
    const added = scope.add({ ...plain, columns: plain.columns.map(unreadableText) });
    return `${transition.sql} AS ${added.sql}`;
  }
  const table = resolveTable(one.name, t);
  const added = scope.add(tableScope(table, name, one.alias === undefined ? table.schema : undefined));
  const lock = lockOf(one.hints, table, t);
  if (lock !== undefined) locks.push({ table: added, clause: lock });
  return `${table.sql} AS ${added.sql}`;
}

/** text, ntext and image columns cannot be read from inserted and deleted. */
function unreadableText(column: ScopeColumn): ScopeColumn {
  if (!["text", "ntext", "image"].includes(column.type.name)) return column;
  const text = "Cannot use text, ntext, or image columns in the 'inserted' and 'deleted' tables.";
  return { ...column, refusal: () => new SqlError(311, 16, text) };
}

/** inserted and deleted inside a trigger; the one the event does not have is empty. */
function transitionTable(name: ObjectName, t: Translation): { table: Table; sql: string } | undefined {
  const { trigger } = t.environment;
  const word = name.at(-1)?.toLowerCase() ?? "";
  if (!trigger || name.length !== 1 || (word !== "inserted" && word !== "deleted")) return undefined;
  const missing = trigger.event === (word === "inserted" ? "delete" : "insert");
  return { table: trigger.table, sql: missing ? `(SELECT * FROM ${trigger.table.sql} WHERE false)` : word };
}

/** @throws SqlError 208 */
export function resolveTable(name: ObjectName, t: Translation): Table {
  const last = name.at(-1) ?? "";
  const { catalog, tempTables, database } = t.environment;
  if (last.startsWith("#")) {
    t.cacheable = false;
    const temp = tempTables.get(last.toLowerCase());
    if (!temp) throw invalidObject(name);
    return temp;
  }
  const given = name.length > 2 ? (name.at(-3) ?? "") : "";
  if (name.length > 3) throw notSupported("linked servers (four-part names)");
  if (given !== "" && given.toLowerCase() !== database.toLowerCase())
    throw notSupported(`names in another database (${given})`);
  const table = catalog.table(name.at(-2) || undefined, last);
  if (!table) throw invalidObject(name);
  return table;
}

/** @throws SqlError 1087 */
export function tableVariable(name: string, t: Translation): Table {
  t.cacheable = false;
  const table = t.environment.tableVariables.get(name.toLowerCase());
  if (!table) throw new SqlError(1087, 15, `Must declare the table variable "${name}".`, { state: 2 });
  return table;
}

/** A table in scope under an alias; `sql` undefined: the alias, "": bare column names (CHECK, computed columns). */
export function tableScope(table: Table, alias: string, schema?: string, sql?: string): ScopeTable {
  const ref = sql ?? quote(alias.toLowerCase());
  return {
    name: alias,
    sql: ref,
    columns: table.columns.map((column) => scopeColumn(column, table, ref)),
    table,
    optional: false,
    ...(schema !== undefined && { schema }),
  };
}

function scopeColumn(column: Column, table: Table, ref: string): ScopeColumn {
  return {
    name: column.name,
    sql: ref === "" ? quote(column.physical) : `${ref}.${quote(column.physical)}`,
    type: column.type,
    nullable: column.nullable,
    column: { ...column, table: table.name },
  };
}

function derivedScope(alias: string, columns: readonly Omit<ScopeColumn, "sql">[], sql?: string): ScopeTable {
  const ref = sql ?? quote(alias.toLowerCase());
  return {
    name: alias,
    sql: ref,
    columns: columns.map((column) => ({ ...column, sql: `${ref}.${quote(column.name.toLowerCase())}` })),
    optional: false,
  };
}

/** Column names of a derived table or CTE. @throws SqlError 8155, 8156, 8158, 8159 */
export function named(columns: readonly OutputColumn[], alias: string, names?: readonly string[]): ScopeColumn[] {
  if (names && names.length !== columns.length) {
    const [number, word] = names.length < columns.length ? [8158, "more"] : [8159, "fewer"];
    throw new SqlError(number, 16, `'${alias}' has ${word} columns than were specified in the column list.`);
  }
  const seen = new Set<string>();
  return columns.map((column, i) => {
    const name = names?.[i] ?? column.name;
    if (name === "") throw new SqlError(8155, 16, `No column name was specified for column ${i + 1} of '${alias}'.`);
    if (seen.has(name.toLowerCase())) {
      throw new SqlError(8156, 16, `The column '${name}' was specified multiple times for '${alias}'.`);
    }
    seen.add(name.toLowerCase());
    return {
      name,
      sql: quote(name.toLowerCase()),
      type: column.type,
      nullable: column.nullable,
      ...(column.column && { column: column.column }),
    };
  });
}

function valuesSource(one: Extract<TableSource, { kind: "values" }>, scope: Scope, t: Translation): string {
  const rows = one.rows.map((row) => row.map((item) => value(item, scope, t)));
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width)) {
    throw new SqlError(10709, 16, "The number of columns for each row in a table value constructor must be the same.");
  }
  const lines: Typed[][] = rows.map(() => []);
  const columns: ScopeColumn[] = [];
  for (let i = 0; i < width; i += 1) {
    const unified = branches(rows.map((row) => row[i] as Typed));
    unified.values.forEach((cell, r) => lines[r]?.push(cell));
    columns.push({ name: one.columns?.[i] ?? "", sql: "", type: unified.type, nullable: unified.nullable });
  }
  const list = named(columns, one.alias);
  scope.add(derivedScope(one.alias, list));
  const text = lines.map((line) => `(${line.map((cell) => cell.sql).join(", ")})`).join(", ");
  return `(VALUES ${text}) AS ${quote(one.alias.toLowerCase())} (${list.map((c) => c.sql).join(", ")})`;
}

function functionSource(one: Extract<TableSource, { kind: "function" }>, scope: Scope, t: Translation): string {
  const last = one.name.at(-1) ?? "";
  const found = t.environment.catalog.function(one.name.at(-2) ?? "sys", last);
  if (!found || !Array.isArray(found.returns)) throw invalidObject(one.name);
  const returns = found.returns as readonly Column[];
  const least = found.parameters.filter((parameter) => !parameter.hasDefault).length;
  const given = one.args.length;
  if (given < least || given > found.parameters.length) {
    const [number, word] = given < least ? [313, "An insufficient number of"] : [8144, "Too many"];
    throw new SqlError(
      number,
      16,
      `${word} arguments were supplied for the procedure or function ${one.name.join(".")}.`,
      { state: 3 },
    );
  }
  const args = one.args.map((argument, i) => {
    if (argument.kind === "default") return "NULL";
    const type = found.parameters[i]?.type ?? int;
    return convert(value(argument, scope, t), type, { explicit: true }).sql;
  });
  const alias = one.alias ?? last;
  const ref = quote(alias.toLowerCase());
  scope.add({
    name: alias,
    sql: ref,
    columns: returns.map((column) => ({
      name: column.name,
      sql: `${ref}.${quote(column.physical)}`,
      type: column.type,
      nullable: true,
    })),
    optional: false,
  });
  return `${found.sql}(${args.join(", ")}) AS ${ref}`;
}

/** CHANGETABLE(CHANGES t, version): a function that capture keeps for each tracked table. */
function changeTableSource(one: Extract<TableSource, { kind: "changeTable" }>, scope: Scope, t: Translation): string {
  const table = resolveTable(one.table, t);
  const ref = quote(one.alias.toLowerCase());
  const key = table.indexes.find((index) => index.primaryKey)?.columns ?? [];
  const fixed: readonly ScopeColumn[] = [
    { name: "SYS_CHANGE_VERSION", sql: `${ref}.sys_change_version`, type: bigint, nullable: true },
    { name: "SYS_CHANGE_CREATION_VERSION", sql: `${ref}.sys_change_creation_version`, type: bigint, nullable: true },
    {
      name: "SYS_CHANGE_OPERATION",
      sql: `${ref}.sys_change_operation`,
      type: { name: "nchar", length: 1 },
      nullable: true,
    },
    {
      name: "SYS_CHANGE_COLUMNS",
      sql: `${ref}.sys_change_columns`,
      type: { name: "varbinary", length: 4100 },
      nullable: true,
    },
    {
      name: "SYS_CHANGE_CONTEXT",
      sql: `${ref}.sys_change_context`,
      type: { name: "varbinary", length: 128 },
      nullable: true,
    },
  ];
  const keys = key.map(({ column }) => ({
    name: column.name,
    sql: `${ref}.${quote(column.physical)}`,
    type: column.type,
    nullable: false,
  }));
  scope.add({ name: one.alias, sql: ref, columns: [...fixed, ...keys], optional: false });
  const version = convert(value(one.version, scope, t), bigint).sql;
  // The check comes first and raises 22105 for a table that is not tracked.
  t.before.add(`SELECT capture.check_tracked(${table.objectId})`);
  return `capture.changes_${table.objectId}(${version}) AS ${ref}`;
}

/** What the hints ask for; undefined: nothing. Side effect: locks that must be held before the snapshot is taken. */
export function lockOf(hints: readonly string[], table: Table, t: Translation): string | undefined {
  const has = (...names: string[]): boolean => names.some((name) => hints.includes(name));
  const update = has("updlock", "xlock");
  const hold = has(...shareHints);
  if (table.objectId === 0) return undefined;
  if (has("tablockx")) t.before.add(`LOCK TABLE ${table.sql} IN EXCLUSIVE MODE`);
  else if (has("tablock") && hold) t.before.add(`LOCK TABLE ${table.sql} IN SHARE MODE`);
  if (update && hold) lockRanges(table, t);
  if (!update && !hold) return undefined;
  if (table.kind === "view") throw notSupported("lock hints on a view");
  const wait = has("readpast") ? " SKIP LOCKED" : has("nowait") ? " NOWAIT" : "";
  return `${update ? "FOR UPDATE" : "FOR SHARE"}${wait}`;
}

/** Stands for key-range locks: writers that hold ranges of one table take turns. */
export function lockRanges(table: Table, t: Translation): void {
  t.before.add(`SELECT pg_advisory_xact_lock(7, ${table.objectId})`);
  t.retryDuplicate = true;
}
