/** Expressions and conditions. A value has a T-SQL type; a condition is a PostgreSQL boolean. */

import { notSupported, SqlError, type SqlType } from "../contract.ts";
import type { Expression, Query } from "../tsql/ast.ts";
import { aggregate, aggregateNames, windowFunction } from "./aggregates.ts";
import { convert } from "./coercion.ts";
import { callFunction } from "./functions.ts";
import { literal } from "./literal.ts";
import { arithmetic, branches, collationOf, collationSuffix, comparison, like, unified } from "./operators.ts";
import type { Scope } from "./scope.ts";
import { isNullLiteral, type TranslatedQuery, type Translation, type Typed } from "./typed.ts";
import { bit, displayName, family, isString, maxLength } from "./types.ts";

const comparisons = new Set(["=", "<>", "<", ">", "<=", ">="]);

export function value(expression: Expression, scope: Scope, t: Translation): Typed {
  const grouped = groupedValue(expression, scope, t);
  if (grouped) return grouped;
  switch (expression.kind) {
    case "literal":
      return literal(expression);
    case "variable":
      return t.variable(expression.name);
    case "global":
      return global(expression.name, t);
    case "column":
      return column(expression.parts, scope);
    case "unary":
      return unary(expression.operator, expression.operand, scope, t);
    case "binary":
      return binary(expression, scope, t);
    case "case":
      return caseOf(expression, scope, t);
    case "call":
      return call(expression, scope, t);
    case "cast":
      return cast(expression, scope, t);
    case "subquery":
      return scalarSubquery(expression.query, scope, t);
    case "collate": {
      const inner = value(expression.value, scope, t);
      if (!isString(inner.type))
        throw new SqlError(447, 16, `Expression type ${displayName(inner.type)} is invalid for COLLATE clause.`);
      return { ...inner, collation: collationOf(expression.collation) };
    }
    case "default":
      throw new SqlError(156, 15, "Incorrect syntax near the keyword 'DEFAULT'.");
    default:
      throw new SqlError(4145, 15, "An expression of boolean type was specified where a value is expected.");
  }
}

/** GROUP BY YEAR(x) lets the whole YEAR(x) stand in the select list, though x may not. */
function groupedValue(expression: Expression, scope: Scope, t: Translation): Typed | undefined {
  const { grouping } = scope;
  if (!grouping?.hasExpressions || scope.insideAggregate) return undefined;
  if (expression.kind === "literal" || expression.kind === "variable" || expression.kind === "column") return undefined;
  scope.grouping = undefined;
  try {
    const free = value(expression, scope, t);
    return grouping.keys.has(free.sql) ? free : undefined;
  } finally {
    scope.grouping = grouping;
  }
}

function global(name: string, t: Translation): Typed {
  if (name === "@@dbts") return { sql: "sim.dbts()", type: { name: "varbinary", length: 8 }, nullable: false };
  return t.global(name);
}

function column(parts: readonly string[], scope: Scope): Typed {
  const name = parts.at(-1) ?? "";
  if (parts.length === 1 && name.startsWith("$") && name.toLowerCase() === "$action") return scope.resolve(["$action"]);
  return scope.resolve(parts);
}

function unary(operator: "-" | "+" | "~" | "not", operand: Expression, scope: Scope, t: Translation): Typed {
  if (operator === "not")
    throw new SqlError(4145, 15, "An expression of boolean type was specified where a value is expected.");
  const inner = value(operand, scope, t);
  if (operator === "+") return inner;
  if (operator === "~") {
    if (family(inner.type) !== "integer")
      throw new SqlError(8117, 16, `Operand data type ${displayName(inner.type)} is invalid for '~' operator.`);
    if (inner.type.name === "bit") return { sql: `(1 - ${inner.sql})::int2`, type: bit, nullable: inner.nullable };
    return { sql: `(~ ${inner.sql})`, type: inner.type, nullable: inner.nullable };
  }
  if (isNullLiteral(inner)) return inner;
  if (isString(inner.type))
    throw new SqlError(8117, 16, `Operand data type ${displayName(inner.type)} is invalid for minus operator.`);
  return {
    sql: `(- ${inner.sql})`,
    type: inner.type,
    nullable: inner.nullable,
    ...(inner.digits !== undefined && { digits: inner.digits }),
  };
}

function binary(expression: Extract<Expression, { kind: "binary" }>, scope: Scope, t: Translation): Typed {
  if (comparisons.has(expression.operator) || expression.operator === "and" || expression.operator === "or") {
    throw new SqlError(4145, 15, "An expression of boolean type was specified where a value is expected.");
  }
  return arithmetic(expression.operator, value(expression.left, scope, t), value(expression.right, scope, t));
}

/** EXISTS asks for no column: its star names none. */
function withoutStar(query: Query): Query {
  const { body } = query;
  if (body.kind !== "select" || body.items.some((item) => item.kind !== "star")) return query;
  const one: Expression = { kind: "literal", type: "int", text: "1" };
  return { ...query, body: { ...body, items: [{ kind: "value", value: one }] } };
}

function caseOf(expression: Extract<Expression, { kind: "case" }>, scope: Scope, t: Translation): Typed {
  const { operand, whens, otherwise } = expression;
  const conditions = whens.map(({ when }) =>
    operand ? comparison("=", value(operand, scope, t), value(when, scope, t)) : condition(when, scope, t),
  );
  // oxlint-disable-next-line unicorn/no-thenable -- a field of the tree, not a method
  const results = whens.map((when) => value(when.then, scope, t));
  if (otherwise) results.push(value(otherwise, scope, t));
  if (results.every(isNullLiteral)) {
    throw new SqlError(
      8133,
      16,
      "At least one of the result expressions in a CASE specification must be an expression other than the NULL constant.",
    );
  }
  const { values, type, nullable } = branches(results);
  const text = conditions.map((when, i) => `WHEN ${when} THEN ${values[i]?.sql ?? "NULL"}`).join(" ");
  const last = otherwise ? ` ELSE ${values.at(-1)?.sql ?? "NULL"}` : "";
  const collation = results.find((result) => result.collation !== undefined)?.collation;
  return {
    sql: `(CASE ${text}${last} END)`,
    type,
    nullable: nullable || !otherwise,
    ...(collation !== undefined && { collation }),
  };
}

function call(expression: Extract<Expression, { kind: "call" }>, scope: Scope, t: Translation): Typed {
  const evaluate = (argument: Expression): Typed => value(argument, scope, t);
  if (expression.over) return windowFunction(expression, evaluate);
  if (aggregateNames.has(expression.name)) return aggregate(expression, scope, evaluate);
  return callFunction(expression, evaluate, t);
}

/** Characters that any number, moment or GUID fits in. */
const anyScalarLength = 50;

function cast(expression: Extract<Expression, { kind: "cast" }>, scope: Scope, t: Translation): Typed {
  const inner = value(expression.value, scope, t);
  const style = expression.style && convert(value(expression.style, scope, t), { name: "int" }).sql;
  const how = { explicit: true, immutable: t.immutable, ...(style !== undefined && { style }) };
  // What is cast is no literal any more: its type counts, and CAST(NULL AS …) has one.
  const { literal: _, digits: __, ...converted } = convert(inner, expression.type, how);
  if (!expression.attempt || converted.sql === inner.sql || isNullLiteral(inner))
    return { ...converted, ...(inner.collation !== undefined && { collation: inner.collation }) };
  return tryCast(inner, expression.type, style ?? "0");
}

/** TRY_CAST answers NULL where CAST fails: known for strings, and for what always fits a string of such a length. */
function tryCast(inner: Typed, type: SqlType, style: string): Typed {
  const fits = isString(type) && maxLength(type) >= anyScalarLength && family(inner.type) !== "binary";
  if (fits) return convert(inner, type, { explicit: true, style });
  if (!isString(inner.type)) throw notSupported(`TRY_CAST of ${displayName(inner.type)}`);
  const kind = family(type);
  const sql =
    kind === "integer"
      ? `sim.try_int(${inner.sql}, '${type.name}')`
      : kind === "decimal"
        ? `sim.try_numeric(${inner.sql}, ${type.precision ?? 18}, ${type.scale ?? 0})`
        : kind === "datetime"
          ? `sim.try_moment(${inner.sql}, ${style}, '${type.name}')`
          : undefined;
  if (sql === undefined) throw notSupported(`TRY_CAST to ${displayName(type)}`);
  const from: SqlType =
    kind === "integer" ? { name: "bigint" } : kind === "decimal" ? type : { name: "datetime2", scale: 7 };
  return { ...convert({ sql, type: from, nullable: true }, type, { explicit: true }), nullable: true };
}

/** A query inside an expression; what it does to the scope's grouping state is undone. */
function subquery(query: Query, scope: Scope, t: Translation): TranslatedQuery {
  const { grouping, insideAggregate } = scope;
  const inner = t.query(query, scope, t);
  scope.grouping = grouping;
  scope.insideAggregate = insideAggregate;
  return inner;
}

function scalarSubquery(query: Query, scope: Scope, t: Translation): Typed {
  const inner = subquery(query, scope, t);
  const [first] = inner.columns;
  if (inner.columns.length !== 1 || !first) {
    throw new SqlError(
      116,
      16,
      "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
    );
  }
  return { sql: `(${inner.sql})`, type: first.type, nullable: true };
}

export function condition(expression: Expression, scope: Scope, t: Translation): string {
  switch (expression.kind) {
    case "unary":
      if (expression.operator === "not") return `(NOT ${condition(expression.operand, scope, t)})`;
      break;
    case "binary":
      if (expression.operator === "and" || expression.operator === "or") return junction(expression, scope, t);
      if (comparisons.has(expression.operator)) {
        return comparison(expression.operator, value(expression.left, scope, t), value(expression.right, scope, t));
      }
      break;
    case "like":
      return `(${expression.negated ? "NOT " : ""}${like(
        value(expression.value, scope, t),
        value(expression.pattern, scope, t),
        expression.escape && value(expression.escape, scope, t),
      )})`;
    case "between": {
      const subject = value(expression.value, scope, t);
      const low = comparison(">=", subject, value(expression.low, scope, t));
      const high = comparison("<=", subject, value(expression.high, scope, t));
      return expression.negated ? `(NOT (${low} AND ${high}))` : `(${low} AND ${high})`;
    }
    case "in":
      return inList(expression, scope, t);
    case "isNull":
      return `(${value(expression.value, scope, t).sql} IS ${expression.negated ? "NOT " : ""}NULL)`;
    case "exists":
      return `EXISTS (${subquery(withoutStar(expression.query), scope, t).sql})`;
    case "compareAll": {
      const inner = subquery(expression.query, scope, t);
      const [left, right] = [value(expression.value, scope, t), oneColumn(inner.columns)];
      unified(left, right);
      if (family(left.type) !== family(right.type))
        throw notSupported(`${expression.quantifier.toUpperCase()} over another type`);
      return `(${left.sql} ${expression.operator} ${expression.quantifier.toUpperCase()} (${inner.sql}))`;
    }
    case "updated":
      return updatedColumn(expression.column, t);
    default:
  }
  throw new SqlError(
    4145,
    15,
    "An expression of non-boolean type specified in a context where a condition is expected.",
  );
}

/** Chains of AND and OR are flattened: a page's filter may have hundreds of terms. */
function junction(expression: Extract<Expression, { kind: "binary" }>, scope: Scope, t: Translation): string {
  const terms: string[] = [];
  let rest: Expression = expression;
  while (rest.kind === "binary" && rest.operator === expression.operator) {
    terms.push(condition(rest.right, scope, t));
    rest = rest.left;
  }
  terms.push(condition(rest, scope, t));
  return `(${terms.reverse().join(expression.operator === "and" ? " AND " : " OR ")})`;
}

function inList(expression: Extract<Expression, { kind: "in" }>, scope: Scope, t: Translation): string {
  const subject = value(expression.value, scope, t);
  const not = expression.negated ? "NOT " : "";
  if (expression.query) {
    const inner = subquery(expression.query, scope, t);
    const found = oneColumn(inner.columns);
    const [left, right] = unified(subject, found);
    const suffix = isString(left.type) ? collationSuffix(subject, found) : "";
    if (right.sql === found.sql) return `(${left.sql}${suffix} ${not}IN (${inner.sql}))`;
    const name = t.alias();
    const moved = unified(subject, { ...found, sql: `${name}.c` })[1];
    return `(${left.sql}${suffix} ${not}IN (SELECT ${moved.sql} FROM (${inner.sql}) AS ${name}(c)))`;
  }
  const items = (expression.list ?? []).map((item) => value(item, scope, t));
  const { values } = branches([subject, ...items]);
  const [left, ...list] = values;
  if (!left) throw new SqlError(102, 15, "Incorrect syntax near ')'.");
  const suffix = isString(left.type) ? collationSuffix(subject, ...items) : "";
  return `(${left.sql}${suffix} ${not}IN (${list.map((item) => item.sql).join(", ")}))`;
}

function oneColumn(columns: readonly { type: SqlType; nullable: boolean }[]): Typed {
  const [first] = columns;
  if (columns.length !== 1 || !first) {
    throw new SqlError(
      116,
      16,
      "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
    );
  }
  return { sql: "", type: first.type, nullable: first.nullable };
}

/** UPDATE(column): true for every column of an INSERT; for an UPDATE the translator of that UPDATE announced the columns. */
function updatedColumn(name: string, t: Translation): string {
  const { trigger } = t.environment;
  if (!trigger) throw new SqlError(156, 15, "Incorrect syntax near the keyword 'UPDATE'.");
  const found = trigger.table.columns.find((c) => c.name.toLowerCase() === name.toLowerCase());
  if (!found) throw new SqlError(207, 16, `Invalid column name '${name}'.`);
  if (trigger.event !== "update") return trigger.event === "insert" ? "true" : "false";
  return `(strpos("$updated", ',${found.id},') > 0)`;
}
