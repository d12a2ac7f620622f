/**
 * UPDATE and DELETE, with FROM. PostgreSQL's own UPDATE … FROM is used where the target is inner-joined; where it stands
 * on the kept side of an outer join, a copy of it is joined and tied to the target by its key. TOP and READPAST lock the
 * rows first, by key.
 */

import { notSupported, SqlError } from "../contract.ts";
import type { Assignment, Expression, ObjectName, Output, Statement, TableSource, Target, Top } from "../tsql/ast.ts";
import { assigned, updatedColumn } from "./assignment.ts";
import type { Column, Table } from "./catalog.ts";
import { convert } from "./coercion.ts";
import { condition, value } from "./expressions.ts";
import { targetTable } from "./insert.ts";
import { arithmetic } from "./operators.ts";
import { changePlan, newRow, oldRow } from "./output.ts";
import type { Plan } from "./plan.ts";
import { commonTables } from "./with-clause.ts";
import { invalidObject, Scope } from "./scope.ts";
import { from, join, source, tableScope } from "./sources.ts";
import { quote, type Translation, type Typed } from "./typed.ts";
import { bigint } from "./types.ts";

type Update = Extract<Statement, { kind: "update" }>;
type Delete = Extract<Statement, { kind: "delete" }>;
type Changed = {
  readonly table: Table;
  readonly alias: string;
  readonly scope: Scope;
  readonly others: string;
  readonly where: string;
};

export function translateUpdate(statement: Update, t: Translation): Plan {
  const scope = new Scope();
  const prefix = commonTables({ with: statement.with }, scope, t);
  const changed = changedRows(statement, scope, t);
  const { table, alias } = changed;
  const columns: Column[] = [];
  const assigns: { variable: string; value: Typed }[] = [];
  const sets = statement.set.flatMap((assignment) => {
    const set = setClause(assignment, changed, t, assigns);
    if (!set) return [];
    if (columns.includes(set.column)) {
      throw new SqlError(
        264,
        16,
        `The column name '${set.column.name}' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once. If this statement updates or inserts columns into a view, column aliasing can conceal the duplication in your code.`,
      );
    }
    columns.push(set.column);
    return [`${quote(set.column.physical)} = ${set.sql}`];
  });
  if (sets.length === 0) throw notSupported("UPDATE that sets only variables");
  const text = `UPDATE ${table.sql} AS ${alias} SET ${sets.join(", ")}${changed.others && ` FROM ${changed.others}`}${changed.where && ` WHERE ${changed.where}`}`;
  return changePlan(
    prefix,
    text,
    {
      kind: "update",
      table,
      output: statement.output,
      scope: changed.scope,
      assigns,
      inserts: false,
      updated: columns,
      events: ["update"],
    },
    t,
  );
}

export function translateDelete(statement: Delete, t: Translation): Plan {
  const scope = new Scope();
  const prefix = commonTables({ with: statement.with }, scope, t);
  const changed = changedRows(statement, scope, t);
  const { table, alias } = changed;
  const text = `DELETE FROM ${table.sql} AS ${alias}${changed.others && ` USING ${changed.others}`}${changed.where && ` WHERE ${changed.where}`}`;
  return changePlan(
    prefix,
    text,
    { kind: "delete", table, output: statement.output, scope: changed.scope, inserts: false, events: ["delete"] },
    t,
  );
}

/** `column = e`, `column += e`, `@v = e`, `@v = column = e`. */
function setClause(
  assignment: Assignment,
  { table, alias, scope }: Changed,
  t: Translation,
  assigns: { variable: string; value: Typed }[],
): { column: Column; sql: string } | undefined {
  const { variable } = assignment;
  if (!assignment.column) {
    if (variable === undefined) throw notSupported("SET without a target");
    // The variable gets what the expression was on the row before the change.
    const before = new Scope(scope.parent);
    before.tables.push(
      ...scope.tables.map((other) =>
        other.sql === alias ? { ...tableScope(table, other.name, other.schema, oldRow) } : other,
      ),
    );
    assigns.push({
      variable,
      value: convert(withOperator(assignment, before, t, t.variable(variable)), t.variableType(variable)),
    });
    return undefined;
  }
  const column = updatedColumn(table, assignment.column);
  if (assignment.value.kind === "default") return { column, sql: "DEFAULT" };
  const current: Typed = { sql: `${alias}.${quote(column.physical)}`, type: column.type, nullable: column.nullable };
  const { sql } = assigned(withOperator(assignment, scope, t, current), column, table);
  if (variable !== undefined) {
    const after: Typed = { sql: `${newRow}.${quote(column.physical)}`, type: column.type, nullable: column.nullable };
    assigns.push({ variable, value: convert(after, t.variableType(variable)) });
  }
  return { column, sql };
}

function withOperator(assignment: Assignment, scope: Scope, t: Translation, current: Typed): Typed {
  const given = value(assignment.value, scope, t);
  if (assignment.operator === "=") return given;
  return arithmetic(assignment.operator.charAt(0) as "+", current, given);
}

type Rows = {
  readonly target: Target;
  readonly from: readonly TableSource[];
  readonly where?: Expression;
  readonly top?: Top;
  readonly output?: Output;
};

/** The target, the other tables and the condition that ties them. */
function changedRows(statement: Rows, outer: Scope, t: Translation): Changed {
  const { target } = statement;
  const found =
    target.kind === "table" ? findTarget(target.name, statement.from, t) : findVariable(target.name, statement.from);
  if (target.kind === "table" && target.name.length === 1 && outer.cte(target.name[0] ?? "") && !found) {
    throw notSupported("UPDATE or DELETE of a common table expression");
  }
  const table =
    found?.kind === "table"
      ? targetTable(
          {
            kind: "table",
            name: found.name,
            hints: [...found.hints, ...(target.kind === "table" ? target.hints : [])],
          },
          t,
        )
      : targetTable(target, t);
  const name =
    (found && "alias" in found ? found.alias : undefined) ??
    (target.kind === "variable" ? target.name : (found?.kind === "table" ? found.name : target.name).at(-1)) ??
    "";
  const hints = [...(target.kind === "table" ? target.hints : []), ...(found?.kind === "table" ? found.hints : [])];
  if (statement.top || hints.includes("readpast")) return limitedRows({ ...statement, hints }, table, name, outer, t);
  const scope = new Scope(outer);
  const alias = quote(name.toLowerCase());
  if (!found) {
    if (statement.from.length > 0) {
      scope.add(tableScope(table, name, table.schema));
      const others = from(statement.from, scope, t);
      return { table, alias, scope, others, where: whereText(statement.where, scope, t) };
    }
    scope.add(tableScope(table, name, table.schema));
    return { table, alias, scope, others: "", where: whereText(statement.where, scope, t) };
  }
  return joinedRows(statement, found, { table, name, alias }, scope, t);
}

const whereText = (where: Expression | undefined, scope: Scope, t: Translation): string =>
  where ? condition(where, scope, t) : "";

type TableNode = Extract<TableSource, { kind: "table" | "variable" }>;

function leaves(one: TableSource): TableSource[] {
  return one.kind === "join" ? [...leaves(one.left), ...leaves(one.right)] : [one];
}

/** The table in FROM that the target names: by alias, else by name. @throws SqlError 208, 8154 */
function findTarget(
  name: ObjectName,
  sources: readonly TableSource[],
  t: Translation,
): Extract<TableNode, { kind: "table" }> | undefined {
  const all = sources.flatMap(leaves).filter((one) => one.kind === "table");
  const last = name.at(-1)?.toLowerCase();
  if (name.length === 1) {
    const byAlias = all.find((one) => one.alias?.toLowerCase() === last);
    if (byAlias) return byAlias;
    const derived = sources.flatMap(leaves).find((one) => one.kind === "derived" && one.alias.toLowerCase() === last);
    if (derived) throw notSupported("UPDATE or DELETE of a derived table");
    if (sources.flatMap(leaves).some((one) => one.kind === "variable" && one.alias?.toLowerCase() === last)) {
      throw notSupported("UPDATE or DELETE of a table variable by alias");
    }
  }
  const candidates = all.filter((one) => one.name.at(-1)?.toLowerCase() === last);
  if (candidates.length === 0) return undefined;
  const plain = candidates.filter((one) => one.alias === undefined);
  const chosen = plain.length === 1 ? plain : candidates;
  if (chosen.length > 1) throw new SqlError(8154, 16, `The table '${name.at(-1) ?? ""}' is ambiguous.`);
  if (t.environment.trigger && (last === "inserted" || last === "deleted")) throw invalidObject(name);
  return chosen[0];
}

function findVariable(
  name: string,
  sources: readonly TableSource[],
): Extract<TableNode, { kind: "variable" }> | undefined {
  return sources
    .flatMap(leaves)
    .filter((one) => one.kind === "variable")
    .find((one) => one.name.toLowerCase() === name.toLowerCase());
}

type Named = { readonly table: Table; readonly name: string; readonly alias: string };

function joinedRows(statement: Rows, found: TableNode, named: Named, scope: Scope, t: Translation): Changed {
  const { table, name, alias } = named;
  const schema = found.alias === undefined && found.kind === "table" ? table.schema : undefined;
  const split = statement.from.map((one) => without(one, found));
  if (split.every((part) => part !== "outer")) {
    const target = scope.add(tableScope(table, name, schema));
    const conditions: Expression[] = [];
    const others: string[] = [];
    for (const part of split) {
      if (part.rest) others.push(...part.rest.map((one) => source(one, scope, t, [])));
      conditions.push(...part.on);
    }
    target.optional = false;
    const terms = [...conditions, ...(statement.where ? [statement.where] : [])].map((term) =>
      condition(term, scope, t),
    );
    return { table, alias, scope, others: others.join(", "), where: terms.join(" AND ") };
  }
  return copiedRows(statement, found, named, scope, t);
}

/** FROM without the target: what remains and the ON conditions that become WHERE. "outer": the target takes part in an outer join. */
function without(
  one: TableSource,
  target: TableSource,
): { rest: TableSource[] | undefined; on: Expression[] } | "outer" {
  if (one === target) return { rest: undefined, on: [] };
  if (one.kind !== "join" || !leaves(one).includes(target)) return { rest: [one], on: [] };
  if (one.type !== "inner" && one.type !== "cross") return "outer";
  const inLeft = leaves(one.left).includes(target);
  const inner = without(inLeft ? one.left : one.right, target);
  if (inner === "outer") return "outer";
  const other = inLeft ? one.right : one.left;
  return { rest: [...(inner.rest ?? []), other], on: [...inner.on, ...(one.on ? [one.on] : [])] };
}

/** The whole FROM, with a copy of the target in it; SET and WHERE read the target itself, so that they see the locked row. */
function copiedRows(statement: Rows, found: TableNode, { table, name }: Named, scope: Scope, t: Translation): Changed {
  const joined = new Scope(scope.parent);
  const others = statement.from
    .map((one) => (one.kind === "join" ? join(one, joined, t, []) : source(one, joined, t, [])))
    .join(", ");
  const alias = quote("$target");
  const copy = joined.tables.find((other) => other.name.toLowerCase() === name.toLowerCase());
  if (!copy) throw invalidObject(found.kind === "table" ? found.name : [found.name]);
  if (copy.optional) throw notSupported("UPDATE or DELETE of the optional side of an outer join");
  scope.tables.push(
    ...joined.tables.map((other) => (other === copy ? tableScope(table, name, other.schema, alias) : other)),
  );
  const key = keyOf(table);
  const tie = key.map((column) => `${alias}.${column} = ${copy.sql}.${column}`);
  const where = statement.where ? [condition(statement.where, scope, t)] : [];
  return { table, alias, scope, others, where: [...tie, ...where].join(" AND ") };
}

/** Quoted key columns; without a key the row's address, which a concurrent change of the row moves. */
function keyOf(table: Table): string[] {
  const key = table.indexes.find((index) => index.primaryKey);
  return key ? key.columns.map(({ column }) => quote(column.physical)) : ["ctid"];
}

function limitedRows(
  statement: Rows & { hints: readonly string[] },
  table: Table,
  name: string,
  outer: Scope,
  t: Translation,
): Changed {
  if (statement.from.length > 1 || statement.from.some((one) => one.kind === "join"))
    throw notSupported("UPDATE or DELETE TOP with a join");
  if (statement.top?.percent) throw notSupported("UPDATE or DELETE TOP … PERCENT");
  const scope = new Scope(outer);
  const alias = quote(name.toLowerCase());
  scope.add(tableScope(table, name, table.schema));
  const key = keyOf(table);
  const where = whereText(statement.where, scope, t);
  const limit = statement.top ? ` LIMIT ${convert(value(statement.top.count, scope, t), bigint).sql}` : "";
  const skip = statement.hints.includes("readpast") ? " SKIP LOCKED" : "";
  const inner = `SELECT ${key.map((column) => `${alias}.${column}`).join(", ")} FROM ${table.sql} AS ${alias}${where && ` WHERE ${where}`}${limit} FOR UPDATE OF ${alias}${skip}`;
  const [only] = key;
  const tie =
    key.length === 1 && only !== undefined
      ? `${alias}.${only} = ANY (ARRAY(${inner}))`
      : `(${key.map((column) => `${alias}.${column}`).join(", ")}) IN (${inner})`;
  return { table, alias, scope, others: "", where: tie };
}
