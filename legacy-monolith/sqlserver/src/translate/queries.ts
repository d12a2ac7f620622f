/** SELECT: one core, set operations, common table expressions, TOP, OFFSET. */

import { notSupported, SqlError } from "../contract.ts";
import type { Expression, Order, Query, QueryBody, SelectCore, SelectItem } from "../tsql/ast.ts";
import { convert } from "./coercion.ts";
import { commonTables } from "./with-clause.ts";
import { condition, value } from "./expressions.ts";
import { orderTerm } from "./ordering.ts";
import type { Environment } from "./plan.ts";
import { columnValue, Scope } from "./scope.ts";
import { from, type LockRequest } from "./sources.ts";
import { isAggregate, isWindow, some } from "./tree-search.ts";
import {
  isNullLiteral,
  type OutputColumn,
  type QueryOptions,
  quote,
  type TranslatedQuery,
  Translation,
  type Typed,
} from "./typed.ts";
import { bigint, commonType, float } from "./types.ts";

type Item = { readonly value: Typed; readonly name: string; readonly variable?: string };

/** A translation whose expressions may hold queries. */
export const newTranslation = (environment: Environment): Translation =>
  new Translation(environment, { query: translateQuery });

export function translateQuery(
  query: Query,
  parent: Scope | undefined,
  t: Translation,
  options: QueryOptions = {},
): TranslatedQuery {
  const scope = new Scope(parent);
  const prefix = commonTables(query, scope, t);
  const { body } = query;
  const inner =
    body.kind === "select"
      ? selectCore(
          body,
          { orderBy: query.orderBy, offset: query.offset, fetch: query.fetch },
          scope,
          t,
          options.convert,
        )
      : setOperation(body, query, scope, t, options.convert);
  return prefix === "" ? inner : { ...inner, sql: `${prefix} ${inner.sql}` };
}

type Tail = {
  readonly orderBy: readonly Order[];
  readonly offset?: Expression | undefined;
  readonly fetch?: Expression | undefined;
};

function selectCore(
  select: SelectCore,
  tail: Tail,
  outer: Scope,
  t: Translation,
  converter: QueryOptions["convert"],
): TranslatedQuery {
  const scope = new Scope(outer);
  const locks: LockRequest[] = [];
  let fromText = from(select.from, scope, t, locks);
  scope.insideWhere = true;
  let where = select.where ? condition(select.where, scope, t) : "";
  scope.insideWhere = false;
  const keys = select.groupBy.map((key) => groupKey(key, scope, t));
  const hasAggregates = [...select.items, select.having, ...tail.orderBy].some((node) => some(node, isAggregate));
  const grouped = keys.length > 0 || hasAggregates || select.having !== undefined;
  const group = (clause: string): void => {
    scope.grouping = grouped
      ? { keys: new Set(keys.map((key) => key.sql)), hasExpressions: keys.some((key) => !key.column), clause }
      : undefined;
  };
  group("select list");
  const items = select.items.flatMap((item) => selectItems(item, scope, t));
  checkAssignments(select, items, hasAggregates && keys.length === 0);
  group("HAVING clause");
  const having = select.having ? ` HAVING ${condition(select.having, scope, t)}` : "";
  group("ORDER BY clause");
  const wrap = converter !== undefined && select.distinct;
  const order = orderBy(tail.orderBy, items, select.distinct, scope, t);
  scope.grouping = undefined;
  if (locks.length > 0 && (grouped || select.distinct || some(select.items, isWindow))) {
    [fromText, where] = lockInside(select, fromText, where, locks);
    locks.length = 0;
  }
  const list = outputList(items, wrap ? undefined : converter);
  const groupText = keys.length > 0 ? ` GROUP BY ${keys.map((key) => key.sql).join(", ")}` : "";
  const core = `SELECT ${select.distinct ? "DISTINCT " : ""}${list}${fromText && ` FROM ${fromText}`}${where && ` WHERE ${where}`}${groupText}${having}`;
  let sql = limited(core, order, aliasesOf(items), select, tail, scope, t) + lockText(locks);
  if (wrap) sql = rewrap(sql, items, converter, t);
  return {
    sql,
    columns: items.map(output),
    assigns: items.flatMap((item) => (item.variable === undefined ? [] : [item.variable])),
  };
}

function groupKey(key: Expression, scope: Scope, t: Translation): Typed {
  if (key.kind === "literal" || some(key, isAggregate)) {
    throw new SqlError(
      164,
      15,
      "Each GROUP BY expression must contain at least one column that is not an outer reference.",
    );
  }
  return value(key, scope, t);
}

const output = ({ value: found, name }: Item): OutputColumn => ({
  name,
  type: found.type,
  nullable: found.nullable,
  ...(found.column && { column: found.column }),
  ...(isNullLiteral(found) && { untyped: true }),
});

/** Names of the columns in PostgreSQL: as declared, in lower case, or made up where there is none or another has it. */
function aliasesOf(items: readonly Item[]): string[] {
  const used = new Set<string>();
  return items.map((item, i) => {
    const name = item.name.toLowerCase();
    const alias = name === "" || used.has(name) ? `$c${i + 1}` : name;
    used.add(alias);
    return alias;
  });
}

function outputList(items: readonly Item[], converter: QueryOptions["convert"]): string {
  const aliases = aliasesOf(items);
  const list = items.map((item, i) => {
    const plain = isNullLiteral(item.value) ? convert(item.value, item.value.type) : item.value;
    return `${(converter ? converter(item.value, i) : plain).sql} AS ${quote(aliases[i] ?? "")}`;
  });
  return list.join(", ");
}

/** DISTINCT compares before the receiver's conversion. */
function rewrap(sql: string, items: readonly Item[], converter: QueryOptions["convert"], t: Translation): string {
  const alias = t.alias();
  const list = items.map((item, i) => {
    const cell: Typed = { sql: `${alias}.c${i + 1}`, type: item.value.type, nullable: item.value.nullable };
    return converter ? converter(cell, i).sql : cell.sql;
  });
  return `SELECT ${list.join(", ")} FROM (${sql}) AS ${alias} (${items.map((_, i) => `c${i + 1}`).join(", ")})`;
}

function selectItems(item: SelectItem, scope: Scope, t: Translation): Item[] {
  if (item.kind === "star") return starItems(item.table, scope);
  const found = value(item.value, scope, t);
  if (item.kind === "assign") {
    const target = t.variableType(item.variable);
    return [{ value: convert(found, target), name: "", variable: item.variable }];
  }
  const name =
    item.alias ?? (item.value.kind === "column" ? (found.column?.name ?? item.value.parts.at(-1) ?? "") : "");
  return [{ value: found, name }];
}

export function starItems(table: readonly string[] | undefined, scope: Scope): Item[] {
  const tables = table ? [scope.find(table)] : scope.tables;
  if (tables.length === 0) throw new SqlError(263, 16, "Must specify table to select from.");
  return tables.flatMap((one) => {
    if (!one)
      throw new SqlError(
        107,
        15,
        `The column prefix '${(table ?? []).join(".")}' does not match with a table name or alias name used in the query.`,
      );
    return one.columns
      .filter((column) => !column.hidden)
      .map((column) => {
        const found = columnValue(one, column);
        if (scope.grouping) scope.resolve([one.name, column.name]);
        return { value: found, name: column.name };
      });
  });
}

/** What would depend on the order in which rows and items are assigned is refused: the engine sees the old value only. */
function checkAssignments(select: SelectCore, items: readonly Item[], oneRow: boolean): void {
  const assigned = select.items.filter((item) => item.kind === "assign");
  if (assigned.length === 0) return;
  if (items.some((item) => item.variable === undefined)) {
    throw new SqlError(
      141,
      15,
      "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.",
    );
  }
  const earlier = new Set<string>();
  for (const item of assigned) {
    const reads = (name: string): boolean =>
      some(item.value, (node) => node["kind"] === "variable" && node["name"] === name, true);
    if ([...earlier].some(reads)) throw notSupported("SELECT that reads a variable it has assigned before");
    if (select.from.length > 0 && !oneRow && reads(item.variable)) {
      throw notSupported(`SELECT ${item.variable} = ${item.variable} … over rows (order-dependent)`);
    }
    earlier.add(item.variable);
  }
}

function orderBy(
  orders: readonly Order[],
  items: readonly Item[],
  distinct: boolean,
  scope: Scope,
  t: Translation,
): string {
  const terms = orders.flatMap(({ value: expression, descending }) => {
    const found = orderValue(expression, items, scope, t);
    if (found.literal !== undefined) return [];
    if (!distinct) return [orderTerm(found, descending)];
    const position = items.findIndex((item) => item.value.sql === found.sql);
    if (position < 0) {
      throw new SqlError(145, 15, "ORDER BY items must appear in the select list if SELECT DISTINCT is specified.");
    }
    return [orderTerm({ ...found, sql: String(position + 1) }, descending)];
  });
  return terms.length === 0 ? "" : ` ORDER BY ${terms.join(", ")}`;
}

function orderValue(expression: Expression, items: readonly Item[], scope: Scope, t: Translation): Typed {
  if (expression.kind === "literal" && expression.type === "int") return itemAt(Number(expression.text), items).value;
  if (expression.kind === "literal")
    throw new SqlError(408, 16, "A constant expression was encountered in the ORDER BY list, position 1.");
  if (expression.kind === "column" && expression.parts.length === 1) {
    const wanted = expression.parts[0]?.toLowerCase();
    const matches = items.filter((item) => item.name.toLowerCase() === wanted);
    if (matches.length > 1 && new Set(matches.map((item) => item.value.sql)).size > 1) {
      throw new SqlError(209, 16, `Ambiguous column name '${expression.parts[0] ?? ""}'.`);
    }
    if (matches[0]) return matches[0].value;
  }
  return value(expression, scope, t);
}

function itemAt<T>(position: number, items: readonly T[]): T {
  const found = items[position - 1];
  if (!found)
    throw new SqlError(
      108,
      15,
      `The ORDER BY position number ${position} is out of range of the number of items in the select list.`,
    );
  return found;
}

function limited(
  core: string,
  order: string,
  names: readonly string[],
  select: SelectCore,
  tail: Tail,
  scope: Scope,
  t: Translation,
): string {
  const { top } = select;
  const { offset, fetch } = tail;
  if (offset) {
    if (top) throw new SqlError(10741, 15, "A TOP can not be used in the same query or sub-query as a OFFSET.");
    if (order === "" && tail.orderBy.length === 0) throw new SqlError(102, 15, "Incorrect syntax near 'offset'.");
    const limit = fetch ? ` LIMIT ${convert(value(fetch, scope, t), bigint).sql}` : "";
    return `${core}${order}${limit} OFFSET ${convert(value(offset, scope, t), bigint).sql}`;
  }
  if (!top) return `${core}${order}`;
  if (top.percent) {
    const alias = t.alias();
    const share = convert(value(top.count, scope, t), float).sql;
    if (top.withTies) throw notSupported("TOP … PERCENT WITH TIES");
    const counted = `SELECT ${alias}.*, row_number() OVER () AS "$n", count(*) OVER () AS "$all" FROM (${core}${order}) AS ${alias}`;
    const list = names.map(quote).join(", ");
    return `SELECT ${list} FROM (${counted}) AS ${alias} WHERE "$n" <= ceil("$all" * ${share} / 100) ORDER BY "$n"`;
  }
  const limit = convert(value(top.count, scope, t), bigint, { explicit: true }).sql;
  if (!top.withTies) return `${core}${order} LIMIT ${limit}`;
  if (order === "")
    throw new SqlError(1062, 15, "The TOP N WITH TIES clause is not allowed without a corresponding ORDER BY clause.");
  return `${core}${order} FETCH FIRST (${limit}) ROWS WITH TIES`;
}

function lockText(locks: readonly LockRequest[]): string {
  return locks
    .map(({ table, clause }) => {
      if (table.optional) throw notSupported("lock hint on the outer side of a join");
      const [strength = "", wait = ""] = clause.split(/(?<=UPDATE|SHARE)/);
      return ` ${strength} OF ${table.sql}${wait}`;
    })
    .join("");
}

/** FOR UPDATE cannot stand beside GROUP BY or DISTINCT: the rows are locked one level below. */
function lockInside(
  select: SelectCore,
  fromText: string,
  where: string,
  locks: readonly LockRequest[],
): [string, string] {
  const [lock] = locks;
  if (select.from.length !== 1 || select.from[0]?.kind !== "table" || !lock) {
    throw notSupported("lock hints in a grouped query over several tables");
  }
  return [`(SELECT * FROM ${fromText}${where && ` WHERE ${where}`} ${lock.clause}) AS ${lock.table.sql}`, ""];
}

type Leaf = { readonly body: SelectCore };

function setOperation(
  body: Extract<QueryBody, { kind: "setOperation" }>,
  query: Query,
  scope: Scope,
  t: Translation,
  converter: QueryOptions["convert"],
): TranslatedQuery {
  const leaves = leavesOf(body).map(({ body: leaf }) => selectCore(leaf, { orderBy: [] }, scope, t, undefined));
  const [first] = leaves;
  if (!first) throw notSupported("empty set operation");
  const columns = first.columns.map((column, i) =>
    unifiedColumn(
      column,
      leaves.map((leaf) => leaf.columns[i]),
      leaves,
      first,
    ),
  );
  const assemble = (node: QueryBody): string => {
    if (node.kind === "select") {
      const { sql } = selectCore(node, { orderBy: [] }, scope, t, (item, i) =>
        convert(item, columns[i]?.type ?? item.type),
      );
      return node.top ? `(${sql})` : sql;
    }
    const right = assemble(node.right);
    return `${wrapLeft(node.left, node.operator, assemble(node.left))} ${node.operator.toUpperCase()} ${node.right.kind === "select" ? right : `(${right})`}`;
  };
  const order = setOrder(query.orderBy, columns, t);
  const limit = query.fetch ? ` LIMIT ${convert(value(query.fetch, scope, t), bigint).sql}` : "";
  const offset = query.offset ? ` OFFSET ${convert(value(query.offset, scope, t), bigint).sql}` : "";
  const sql = `${assemble(body)}${order}${limit}${offset}`;
  const items = columns.map((column) => ({ value: { sql: "", ...column }, name: column.name }));
  return { sql: converter ? rewrap(sql, items, converter, t) : sql, columns, assigns: [] };
}

/** INTERSECT binds tighter in PostgreSQL: the tree's shape is kept by parentheses. */
const wrapLeft = (left: QueryBody, operator: string, text: string): string =>
  left.kind === "setOperation" && left.operator !== operator ? `(${text})` : text;

function leavesOf(body: QueryBody): Leaf[] {
  return body.kind === "select" ? [{ body }] : [...leavesOf(body.left), ...leavesOf(body.right)];
}

function unifiedColumn(
  column: OutputColumn,
  all: readonly (OutputColumn | undefined)[],
  leaves: readonly TranslatedQuery[],
  first: TranslatedQuery,
): OutputColumn {
  if (leaves.some((leaf) => leaf.columns.length !== first.columns.length)) {
    throw new SqlError(
      205,
      16,
      "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.",
    );
  }
  const present = all.filter((one) => one !== undefined);
  const typed = present.filter((one) => !one.untyped);
  return {
    name: column.name,
    type: (typed.length > 0 ? typed : present).map((one) => one.type).reduce(commonType),
    nullable: present.some((one) => one.nullable),
  };
}

function setOrder(orders: readonly Order[], columns: readonly OutputColumn[], _t: Translation): string {
  const terms = orders.map(({ value: expression, descending }) => {
    const position =
      expression.kind === "literal" && expression.type === "int"
        ? Number(expression.text)
        : expression.kind === "column"
          ? columns.findIndex((column) => column.name.toLowerCase() === expression.parts.at(-1)?.toLowerCase()) + 1
          : 0;
    if (position === 0) {
      throw new SqlError(
        104,
        16,
        "ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.",
      );
    }
    const column = itemAt(position, columns);
    return orderTerm({ sql: String(position), type: column.type, nullable: column.nullable }, descending);
  });
  return terms.length === 0 ? "" : ` ORDER BY ${terms.join(", ")}`;
}
