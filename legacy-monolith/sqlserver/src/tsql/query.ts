/**
 * SELECT: set operations, the select list, grouping, order and paging.
 * Source: "SELECT (Transact-SQL)", "ORDER BY Clause", "TOP", "Set Operators - UNION".
 */

import { notSupported } from "../contract.ts";
import type { Cte, Expression, ObjectName, Query, QueryBody, SelectCore, SelectItem, Top } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { condition, scalar } from "./expression.ts";
import { orderList } from "./function-call.ts";
import { operatorChainMax } from "../limits.ts";
import { fromClause } from "./table-source.ts";

/** Without the WITH before it. @throws SqlError 1033 for a bare ORDER BY in a nested query, 1062, 10741 */
export function query(c: Cursor, nested: boolean): Query {
  return c.nested(() => {
    const body = setOperations(c);
    const orderBy = c.acceptAll("order", "by") ? orderList(c, scalar) : [];
    const paging = orderBy.length > 0 ? pagingClause(c) : {};
    refuseTail(c);
    checkTop(c, body, { isOrdered: orderBy.length > 0, isPaged: "offset" in paging, nested });
    return { with: [], body, orderBy, ...paging };
  });
}

/** The common table expressions after WITH. */
export function commonTables(c: Cursor): Cte[] {
  return c.list(() => {
    const name = c.name();
    const columns = c.at("(") ? c.parenthesised(() => c.list(() => c.name())) : undefined;
    c.expect("as");
    const inner = c.parenthesised(() => query(c, true));
    return { name, ...(columns && { columns }), query: inner };
  });
}

/** INTERSECT binds tighter than UNION and EXCEPT. */
function setOperations(c: Cursor): QueryBody {
  let left = intersections(c);
  for (let length = 0; c.at("union") || c.at("except"); length++) {
    if (length === operatorChainMax) throw c.tooDeep();
    const operator = c.take().word === "except" ? "except" : c.accept("all") ? "union all" : "union";
    left = { kind: "setOperation", operator, left, right: intersections(c) };
  }
  return left;
}

function intersections(c: Cursor): QueryBody {
  let left = selectTerm(c);
  for (let length = 0; c.accept("intersect"); length++) {
    if (length === operatorChainMax) throw c.tooDeep();
    left = { kind: "setOperation", operator: "intersect", left, right: selectTerm(c) };
  }
  return left;
}

function selectTerm(c: Cursor): QueryBody {
  if (c.at("(")) return c.nested(() => c.parenthesised(() => setOperations(c)));
  return selectCore(c);
}

function selectCore(c: Cursor): SelectCore {
  c.expect("select");
  const distinct = c.accept("distinct");
  if (!distinct) c.accept("all");
  const top = c.at("top") ? topClause(c) : undefined;
  const items = c.list(() => selectItem(c));
  const into = c.accept("into") ? c.objectName() : undefined;
  const from = c.accept("from") ? fromClause(c) : [];
  const where = c.accept("where") ? condition(c) : undefined;
  const groupBy = c.acceptAll("group", "by") ? grouping(c) : [];
  const having = c.accept("having") ? condition(c) : undefined;
  return {
    kind: "select",
    distinct,
    ...(top && { top }),
    items,
    ...(into && { into }),
    from,
    ...(where && { where }),
    groupBy,
    ...(having && { having }),
  };
}

/** `TOP (e) [PERCENT] [WITH TIES]`; without parentheses only a constant may stand. */
export function topClause(c: Cursor): Top {
  c.expect("top");
  const count = c.at("(") ? c.parenthesised(() => scalar(c)) : topConstant(c);
  const percent = c.accept("percent");
  const withTies = c.atAll("with", "ties");
  if (withTies) {
    c.take();
    c.take();
  }
  return { count, percent, withTies };
}

function topConstant(c: Cursor): Expression {
  const { kind, text } = c.token;
  if (kind !== "int" && kind !== "decimal" && kind !== "float") throw c.fail();
  c.take();
  return { kind: "literal", type: kind, text };
}

/** @returns one item of a select list or of OUTPUT */
export function selectItem(c: Cursor): SelectItem {
  if (c.accept("*")) return { kind: "star" };
  const star = qualifiedStar(c);
  if (star) return { kind: "star", table: star };
  if (c.token.kind === "variable") {
    const item = assignment(c);
    if (item) return item;
  }
  if ((c.atName() || c.token.kind === "string") && c.peek(1).word === "=") {
    const alias = c.take().text;
    c.take();
    return { kind: "value", value: scalar(c), alias };
  }
  const value = scalar(c);
  const alias = columnAlias(c);
  return alias === undefined ? { kind: "value", value } : { kind: "value", value, alias };
}

const compound = new Set(["+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="]);

function assignment(c: Cursor): SelectItem | undefined {
  const operator = c.peek(1).word;
  const isCompound = compound.has(operator);
  if (operator !== "=" && !isCompound) return undefined;
  const variable = c.variable();
  c.take();
  const right = scalar(c);
  if (!isCompound) return { kind: "assign", variable, value: right };
  const left: Expression = { kind: "variable", name: variable };
  return { kind: "assign", variable, value: { kind: "binary", operator: operator.charAt(0) as "+", left, right } };
}

/** `t.*`, `dbo.t.*` */
function qualifiedStar(c: Cursor): ObjectName | undefined {
  let distance = 0;
  while (c.atName(distance) && c.peek(distance + 1).word === ".") distance += 2;
  if (distance === 0 || c.peek(distance).word !== "*") return undefined;
  const parts: string[] = [];
  while (!c.at("*")) {
    parts.push(c.name());
    c.take();
  }
  c.take();
  return parts;
}

function columnAlias(c: Cursor): string | undefined {
  const isRequired = c.accept("as");
  if (c.token.kind === "string" || c.token.kind === "nstring") return c.take().text;
  if (isRequired || c.atName()) return c.name();
  return undefined;
}

function grouping(c: Cursor): Expression[] {
  if (c.at("all") || c.at("rollup") || c.at("cube") || c.atAll("grouping", "sets")) {
    throw notSupported(`GROUP BY ${c.token.text.toUpperCase()}`);
  }
  const items = c.list(() => scalar(c));
  if (c.at("with") && (c.peek(1).word === "rollup" || c.peek(1).word === "cube")) {
    throw notSupported(`GROUP BY … WITH ${c.peek(1).text.toUpperCase()}`);
  }
  return items;
}

function pagingClause(c: Cursor): { offset?: Expression; fetch?: Expression } {
  if (!c.accept("offset")) return {};
  const offset = scalar(c);
  c.expectAny(["row", "rows"]);
  if (!c.accept("fetch")) return { offset };
  c.expectAny(["first", "next"]);
  const fetch = scalar(c);
  c.expectAny(["row", "rows"]);
  c.expect("only");
  return { offset, fetch };
}

function refuseTail(c: Cursor): void {
  if (c.at("for")) throw notSupported(`FOR ${c.peek(1).text.toUpperCase()}`);
  if (c.at("option")) throw notSupported("OPTION (query hints)");
  if (c.at("compute")) throw notSupported("COMPUTE");
}

function checkTop(c: Cursor, body: QueryBody, q: { isOrdered: boolean; isPaged: boolean; nested: boolean }): void {
  const top = body.kind === "select" ? body.top : undefined;
  if (top?.withTies === true && !q.isOrdered) {
    throw c.error(1062, "The TOP N WITH TIES clause is not allowed without a corresponding ORDER BY clause.");
  }
  if (top && q.isPaged) {
    throw c.error(10741, "A TOP can not be used in the same query or sub-query as a OFFSET.");
  }
  if (q.nested && q.isOrdered && !q.isPaged && !top) {
    throw c.error(
      1033,
      "The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table expressions, unless TOP, OFFSET or FOR XML is also specified.",
    );
  }
}
