/** EXECUTE: of a procedure, or of text. Source: "EXECUTE (Transact-SQL)". */

import { notSupported } from "../contract.ts";
import type { ExecuteArgument, Expression, StatementBody } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { scalar } from "./expression.ts";

export function execute(c: Cursor): StatementBody {
  c.expectAny(["exec", "execute"]);
  if (c.at("as")) throw notSupported("EXECUTE AS");
  if (c.at("(")) return executeText(c);
  const result = c.token.kind === "variable" && c.peek(1).word === "=" ? c.variable() : undefined;
  if (result !== undefined) c.take();
  if (c.token.kind === "variable") throw notSupported("EXECUTE of a procedure named by a variable");
  return { ...procedureCall(c), ...(result !== undefined && { result }) };
}

/** Without EXECUTE: the first statement of a batch may be a bare procedure name. */
export function procedureCall(c: Cursor): StatementBody & { kind: "execute" } {
  const procedure = c.objectName();
  if (c.token.kind === "mark" && c.at(";") && c.peek(1).kind === "int")
    throw notSupported("procedure groups (;number)");
  const args = startsArgument(c) ? c.list(() => argument(c)) : [];
  if (c.at("with")) {
    const { word, text } = c.peek(1);
    if (word === "recompile" || word === "result") throw notSupported(`EXECUTE … WITH ${text.toUpperCase()}`);
  }
  return { kind: "execute", procedure, args };
}

function executeText(c: Cursor): StatementBody {
  const text = c.parenthesised(() => {
    const value = scalar(c);
    if (c.at(",")) throw notSupported("EXEC ('…', arguments) AT linked server");
    return value;
  });
  if (c.at("as")) throw notSupported("EXECUTE … AS USER");
  if (c.at("at")) throw notSupported("EXECUTE … AT linked server");
  return { kind: "execute", text, args: [] };
}

function startsArgument(c: Cursor): boolean {
  const { kind, word } = c.token;
  if (kind === "end") return false;
  if (kind === "mark") return word === "-" || word === "+";
  if (kind === "word") return word === "null" || word === "default" || (c.atName() && !c.grammar.startsStatement(c));
  return true;
}

function argument(c: Cursor): ExecuteArgument {
  const isNamed = c.token.kind === "variable" && c.peek(1).word === "=";
  const name = isNamed ? c.variable() : undefined;
  if (isNamed) c.take();
  const value = argumentValue(c);
  const output = c.accept("output") || c.accept("out");
  if (output && value.kind !== "variable") {
    throw c.error(179, "Cannot use the OUTPUT option when passing a constant to a stored procedure.");
  }
  return { ...(name !== undefined && { name }), value, output };
}

/** A constant, a variable, DEFAULT, NULL, or a bare word, which is a string. */
function argumentValue(c: Cursor): Expression {
  if (c.accept("default")) return { kind: "default" };
  if (c.accept("-")) return { kind: "unary", operator: "-", operand: constant(c) };
  c.accept("+");
  if (c.atName()) return { kind: "literal", type: "nstring", text: c.name() };
  if (c.accept("null")) return { kind: "literal", type: "null", text: "" };
  return constant(c);
}

function constant(c: Cursor): Expression {
  const { kind, text } = c.token;
  if (kind === "end" || kind === "mark" || kind === "word" || kind === "quoted") throw c.fail();
  c.take();
  if (kind === "variable" || kind === "global") return { kind, name: text.toLowerCase() };
  return { kind: "literal", type: kind, text };
}
