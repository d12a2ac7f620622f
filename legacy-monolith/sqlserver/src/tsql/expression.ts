/**
 * Expressions by precedence climbing. T-SQL keeps conditions and values apart (`SELECT a = b` names a column), so
 * operands are checked where a node is built: a condition is never taken for a value nor the reverse.
 * Source: "Operator Precedence", "Expressions", "Search Condition" (Transact-SQL).
 */

import { notSupported } from "../contract.ts";
import type { BinaryOperator, Expression } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { callOrColumn, functionWord } from "./function-call.ts";
import { operatorChainMax } from "../limits.ts";

const orLevel = 1;
const notLevel = 3;
const comparisonLevel = 4;
const valueLevel = 5;
const levels: ReadonlyMap<string, number> = new Map([
  ["or", orLevel],
  ["and", 2],
  ["=", comparisonLevel],
  ["<>", comparisonLevel],
  ["<", comparisonLevel],
  [">", comparisonLevel],
  ["<=", comparisonLevel],
  [">=", comparisonLevel],
  ["is", comparisonLevel],
  ["not", comparisonLevel],
  ["like", comparisonLevel],
  ["between", comparisonLevel],
  ["in", comparisonLevel],
  ["+", valueLevel],
  ["-", valueLevel],
  ["&", valueLevel],
  ["|", valueLevel],
  ["^", valueLevel],
  ["*", 6],
  ["/", 6],
  ["%", 6],
]);

/** A value or a condition, whichever stands there. */
export function expression(c: Cursor): Expression {
  return climb(c, orLevel);
}

/** @throws SqlError 4145 when a value stands there */
export function condition(c: Cursor): Expression {
  return requireCondition(c, climb(c, orLevel));
}

export function scalar(c: Cursor): Expression {
  return requireValue(c, climb(c, valueLevel));
}

/** `DEFAULT`, or a value. */
export function scalarOrDefault(c: Cursor): Expression {
  if (c.accept("default")) return { kind: "default" };
  return scalar(c);
}

function isCondition(node: Expression): boolean {
  switch (node.kind) {
    case "binary":
      return (levels.get(node.operator) ?? 0) <= comparisonLevel;
    case "unary":
      return node.operator === "not";
    case "like":
    case "between":
    case "in":
    case "isNull":
    case "exists":
    case "compareAll":
    case "updated":
      return true;
    default:
      return false;
  }
}

function requireValue(c: Cursor, node: Expression): Expression {
  if (isCondition(node)) throw c.fail();
  return node;
}

function requireCondition(c: Cursor, node: Expression): Expression {
  if (isCondition(node)) return node;
  const near = c.token.kind === "end" ? c.previous.text : c.token.text;
  throw c.error(
    4145,
    `An expression of non-boolean type specified in a context where a condition is expected, near '${near}'.`,
  );
}

function climb(c: Cursor, lowest: number): Expression {
  return c.nested(() => {
    let left = lowest <= notLevel && c.at("not") ? negation(c) : operand(c);
    for (let length = 0; ; length++) {
      const level = levels.get(c.token.word);
      if (level === undefined || level < lowest) return left;
      if (length === operatorChainMax) throw c.tooDeep();
      left = level === comparisonLevel ? predicate(c, left) : operation(c, left, level);
    }
  });
}

function negation(c: Cursor): Expression {
  c.take();
  return { kind: "unary", operator: "not", operand: requireCondition(c, climb(c, notLevel)) };
}

function operation(c: Cursor, left: Expression, level: number): Expression {
  const require = level < comparisonLevel ? requireCondition : requireValue;
  require(c, left);
  const operator = c.take().word as BinaryOperator;
  const right = require(c, climb(c, level + 1));
  return { kind: "binary", operator, left, right };
}

function predicate(c: Cursor, value: Expression): Expression {
  requireValue(c, value);
  if (c.accept("is")) {
    const negated = c.accept("not");
    c.expect("null");
    return { kind: "isNull", negated, value };
  }
  const negated = c.accept("not");
  if (c.accept("like")) return like(c, value, negated);
  if (c.accept("between")) {
    const low = scalar(c);
    c.expect("and");
    return { kind: "between", negated, value, low, high: scalar(c) };
  }
  if (c.accept("in")) return membership(c, value, negated);
  if (negated) throw c.fail();
  return comparison(c, value);
}

function comparison(c: Cursor, left: Expression): Expression {
  const operator = c.take().word as BinaryOperator;
  if (c.at("all") || c.at("any") || c.at("some")) {
    const quantifier = c.take().word === "all" ? "all" : "any";
    return { kind: "compareAll", operator, quantifier, value: left, query: subquery(c) };
  }
  return { kind: "binary", operator, left, right: scalar(c) };
}

function like(c: Cursor, value: Expression, negated: boolean): Expression {
  const pattern = scalar(c);
  if (c.accept("escape")) return { kind: "like", negated, value, pattern, escape: scalar(c) };
  return { kind: "like", negated, value, pattern };
}

function membership(c: Cursor, value: Expression, negated: boolean): Expression {
  if (c.peek(1).word === "select") return { kind: "in", negated, value, query: subquery(c) };
  return { kind: "in", negated, value, list: c.parenthesised(() => c.list(() => scalar(c))) };
}

function subquery(c: Cursor) {
  return c.parenthesised(() => c.grammar.query(c, true));
}

function operand(c: Cursor): Expression {
  const { word } = c.token;
  if (word === "-" || word === "+" || word === "~") {
    c.take();
    const inner = c.nested(() => operand(c));
    return { kind: "unary", operator: word, operand: requireValue(c, inner) };
  }
  let node = primary(c);
  while (c.accept("collate")) {
    requireValue(c, node);
    node = { kind: "collate", value: node, collation: c.name() };
  }
  if (c.atAll("at", "time")) throw notSupported("AT TIME ZONE");
  return node;
}

function primary(c: Cursor): Expression {
  const { token } = c;
  switch (token.kind) {
    case "word":
      return wordPrimary(c);
    case "quoted":
      return callOrColumn(c, scalar);
    case "variable":
      c.take();
      return { kind: "variable", name: token.text.toLowerCase() };
    case "global":
      c.take();
      return { kind: "global", name: token.text.toLowerCase() };
    case "mark":
      return parenthesis(c);
    case "end":
      throw c.fail();
    default:
      c.take();
      return { kind: "literal", type: token.kind, text: token.text };
  }
}

function parenthesis(c: Cursor): Expression {
  if (c.at("{")) throw notSupported("ODBC escape {…}");
  if (!c.at("(")) throw c.fail();
  if (c.peek(1).word === "select") return { kind: "subquery", query: subquery(c) };
  return c.parenthesised(() => expression(c));
}

function wordPrimary(c: Cursor): Expression {
  switch (c.token.word) {
    case "null":
      c.take();
      return { kind: "literal", type: "null", text: "" };
    case "case":
      return caseExpression(c);
    case "exists":
      c.take();
      return { kind: "exists", query: subquery(c) };
    case "update":
      c.take();
      return { kind: "updated", column: c.parenthesised(() => c.name()) };
    default:
      return functionWord(c, scalar, condition);
  }
}

function caseExpression(c: Cursor): Expression {
  c.expect("case");
  const searched = c.at("when");
  const operand = searched ? undefined : scalar(c);
  const whens: { when: Expression; then: Expression }[] = [];
  while (c.accept("when")) {
    const when = searched ? condition(c) : scalar(c);
    c.expect("then");
    // oxlint-disable-next-line unicorn/no-thenable -- a field of the tree, not a method; nothing awaits a node
    whens.push({ when, then: scalar(c) });
  }
  if (whens.length === 0) throw c.fail();
  const otherwise = c.accept("else") ? scalar(c) : undefined;
  c.expect("end");
  return { kind: "case", ...(operand && { operand }), whens, ...(otherwise && { otherwise }) };
}
