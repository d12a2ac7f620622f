/**
 * Names in expressions: columns and calls, with the functions that have a grammar of their own (CAST, CONVERT, IIF, the
 * ones whose name is a reserved word, OVER). Which functions exist is the translator's business.
 */

import { notSupported } from "../contract.ts";
import type { Expression, Order, Window } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { reservedWords } from "./keyword.ts";
import { dataType } from "./type.ts";

type Parse = (c: Cursor) => Expression;

/** Reserved words that may be called like functions. */
const callable = new Set(["coalesce", "nullif", "left", "right"]);
/** Reserved words that are functions without parentheses. */
const bare = new Set(["current_timestamp", "current_user", "session_user", "system_user", "user"]);
const refused: ReadonlyMap<string, string> = new Map([
  ["parse", "PARSE"],
  ["try_parse", "TRY_PARSE"],
  ["openjson", "OPENJSON"],
  ["contains", "CONTAINS"],
  ["freetext", "FREETEXT"],
  ["identitycol", "IDENTITYCOL"],
  ["rowguidcol", "ROWGUIDCOL"],
]);

/** A word in an expression that is neither NULL, CASE nor EXISTS. */
export function functionWord(c: Cursor, scalar: Parse, condition: Parse): Expression {
  const { word } = c.token;
  const isCalled = c.peek(1).word === "(";
  const refusal = refused.get(word);
  if (refusal !== undefined && (isCalled || reservedWords.has(word))) throw notSupported(refusal);
  if (isCalled) {
    if (word === "cast" || word === "try_cast") return cast(c, scalar);
    if (word === "convert" || word === "try_convert") return convert(c, scalar);
    if (word === "iif") return iif(c, scalar, condition);
    if (callable.has(word)) {
      c.take();
      return call(c, word, scalar);
    }
  }
  if (bare.has(word)) {
    c.take();
    return { kind: "call", name: word, args: [] };
  }
  if (word === "next" && c.peek(1).word === "value") throw notSupported("NEXT VALUE FOR");
  return callOrColumn(c, scalar);
}

/** `a`, `t.a`, `dbo.f(…)`; also `$action` of MERGE. */
export function callOrColumn(c: Cursor, scalar: Parse): Expression {
  const parts = c.objectName();
  if (c.at("(")) return call(c, parts.join(".").toLowerCase(), scalar);
  if (c.at("::")) throw notSupported("static method call (::)");
  return { kind: "column", parts };
}

function call(c: Cursor, name: string, scalar: Parse): Expression {
  c.expect("(");
  if (c.at("*")) {
    c.take();
    c.expect(")");
    return withWindow(c, { kind: "call", name, args: [], star: true }, scalar);
  }
  const distinct = c.accept("distinct");
  if (!distinct) c.accept("all");
  const args = c.at(")") ? [] : c.list(() => scalar(c));
  c.expect(")");
  if (c.atAll("within", "group")) throw notSupported("WITHIN GROUP");
  return withWindow(c, { kind: "call", name, args, ...(distinct && { distinct }) }, scalar);
}

function withWindow(c: Cursor, node: Expression & { kind: "call" }, scalar: Parse): Expression {
  if (!c.accept("over")) return node;
  return { ...node, over: c.parenthesised(() => window(c, scalar)) };
}

function window(c: Cursor, scalar: Parse): Window {
  const partitionBy = c.acceptAll("partition", "by") ? c.list(() => scalar(c)) : [];
  const orderBy = c.acceptAll("order", "by") ? orderList(c, scalar) : [];
  if (c.at("rows") || c.at("range")) throw notSupported("window frame (ROWS, RANGE)");
  return { partitionBy, orderBy };
}

export function orderList(c: Cursor, scalar: Parse): Order[] {
  return c.list(() => {
    const value = scalar(c);
    const descending = c.accept("desc");
    if (!descending) c.accept("asc");
    return { value, descending };
  });
}

function cast(c: Cursor, scalar: Parse): Expression {
  const attempt = c.take().word === "try_cast";
  return c.parenthesised(() => {
    const value = scalar(c);
    c.expect("as");
    return { kind: "cast", attempt, type: dataType(c, "cast"), value };
  });
}

function convert(c: Cursor, scalar: Parse): Expression {
  const attempt = c.take().word === "try_convert";
  return c.parenthesised(() => {
    const type = dataType(c, "cast");
    c.expect(",");
    const value = scalar(c);
    if (c.accept(",")) return { kind: "cast", attempt, type, value, style: scalar(c) };
    return { kind: "cast", attempt, type, value };
  });
}

/** IIF is documented as a shorthand of CASE, and becomes one. */
function iif(c: Cursor, scalar: Parse, condition: Parse): Expression {
  c.take();
  return c.parenthesised(() => {
    const when = condition(c);
    c.expect(",");
    const then = scalar(c);
    c.expect(",");
    // oxlint-disable-next-line unicorn/no-thenable -- a field of the tree, not a method; nothing awaits a node
    return { kind: "case", whens: [{ when, then }], otherwise: scalar(c) };
  });
}
