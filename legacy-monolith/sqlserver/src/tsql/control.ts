/**
 * Control flow, variables, errors and transactions. Source: "Control-of-Flow", "DECLARE @local_variable", "TRY...CATCH",
 * "RAISERROR", "THROW", "BEGIN TRANSACTION", "SAVE TRANSACTION", "WAITFOR" (Transact-SQL).
 */

import { notSupported } from "../contract.ts";
import type { Expression, Statement, StatementBody } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { assignedValue } from "./dml.ts";
import { condition, scalar } from "./expression.ts";
import { tableBody } from "./table-definition.ts";
import { dataType } from "./type.ts";

export function declare(c: Cursor): StatementBody {
  c.expect("declare");
  if (c.atName() && c.peek(1).word === "cursor") throw notSupported("CURSOR");
  const name = c.variable();
  c.accept("as");
  if (c.accept("table")) return { kind: "declareTable", name, ...tableBody(c) };
  const variables = [declared(c, name)];
  while (c.accept(",")) {
    const next = c.variable();
    c.accept("as");
    if (c.at("table")) throw notSupported("DECLARE of several variables with a TABLE among them");
    variables.push(declared(c, next));
  }
  return { kind: "declare", variables };
}

function declared(c: Cursor, name: string) {
  const type = dataType(c, "declaration");
  return c.accept("=") ? { name, type, value: scalar(c) } : { name, type };
}

/** `SET @x = e`, `SET @x += e` */
export function setVariable(c: Cursor): StatementBody {
  const name = c.variable();
  if (c.at(".") || c.at("::")) throw notSupported("method calls on variables");
  if (c.at("=") && c.peek(1).word === "cursor") throw notSupported("CURSOR");
  return { kind: "setVariable", name, ...assignedValue(c, { kind: "variable", name }) };
}

export function ifStatement(c: Cursor): StatementBody {
  c.expect("if");
  const test = condition(c);
  const then = c.grammar.statement(c);
  if (c.at(";") && c.peek(1).word === "else") c.take();
  // oxlint-disable-next-line unicorn/no-thenable -- a field of the tree, not a method; nothing awaits a node
  if (!c.accept("else")) return { kind: "if", condition: test, then };
  // oxlint-disable-next-line unicorn/no-thenable -- a field of the tree, not a method; nothing awaits a node
  return { kind: "if", condition: test, then, otherwise: c.grammar.statement(c) };
}

export function whileStatement(c: Cursor): StatementBody {
  c.expect("while");
  const test = condition(c);
  return { kind: "while", condition: test, body: c.grammar.statement(c) };
}

/** BEGIN: a block, a TRY, or a transaction. */
export function begin(c: Cursor): StatementBody {
  c.expect("begin");
  if (c.accept("try")) return tryCatch(c);
  if (c.at("tran") || c.at("transaction")) {
    c.take();
    const name = transactionName(c);
    if (c.atAll("with", "mark")) throw notSupported("BEGIN TRANSACTION … WITH MARK");
    return { kind: "begin", ...(name !== undefined && { name }) };
  }
  if (c.at("distributed") || c.at("dialog") || c.at("conversation") || c.at("atomic")) {
    throw notSupported(`BEGIN ${c.token.text.toUpperCase()}`);
  }
  c.accept(";");
  const statements = statementsUntilEnd(c);
  if (statements.length === 0) throw c.fail();
  c.expect("end");
  return { kind: "block", statements };
}

/** An empty CATCH is allowed, an empty TRY is not. */
function tryCatch(c: Cursor): StatementBody {
  c.accept(";");
  const body = statementsUntilEnd(c);
  if (body.length === 0) throw c.fail();
  c.expect("end");
  c.expect("try");
  c.expect("begin");
  c.expect("catch");
  c.accept(";");
  const handler = statementsUntilEnd(c);
  c.expect("end");
  c.expect("catch");
  return { kind: "try", body, handler };
}

function statementsUntilEnd(c: Cursor): readonly Statement[] {
  return c.grammar.statements(c, (at) => at.at("end"));
}

/** A name, or a variable that holds one (with its @). */
function transactionName(c: Cursor): string | undefined {
  if (c.token.kind === "variable") return c.variable();
  return c.atName() ? c.name() : undefined;
}

export function commit(c: Cursor): StatementBody {
  c.expect("commit");
  endOfTransaction(c);
  return { kind: "commit" };
}

export function rollback(c: Cursor): StatementBody {
  c.expect("rollback");
  const name = endOfTransaction(c);
  return { kind: "rollback", ...(name !== undefined && { name }) };
}

function endOfTransaction(c: Cursor): string | undefined {
  if (c.accept("work")) return undefined;
  if (!c.accept("tran") && !c.accept("transaction")) return undefined;
  return transactionName(c);
}

export function save(c: Cursor): StatementBody {
  c.expect("save");
  c.expectAny(["tran", "transaction"]);
  const name = transactionName(c);
  if (name === undefined) throw c.fail();
  return { kind: "save", name };
}

export function returnStatement(c: Cursor): StatementBody {
  c.expect("return");
  if (!startsValue(c)) return { kind: "return" };
  return { kind: "return", value: scalar(c) };
}

function startsValue(c: Cursor): boolean {
  const { kind, word } = c.token;
  if (kind === "word") return word === "case" || word === "null" || (c.atName() && !c.grammar.startsStatement(c));
  if (kind === "mark") return word === "(" || word === "-" || word === "+" || word === "~";
  return kind !== "end";
}

export function print(c: Cursor): StatementBody {
  c.expect("print");
  return { kind: "print", value: scalar(c) };
}

export function raiserror(c: Cursor): StatementBody {
  c.expect("raiserror");
  if (!c.at("(")) throw notSupported("RAISERROR number text (the form without parentheses)");
  const values = c.parenthesised(() => c.list(() => scalar(c)));
  const [message, severity, state, ...args] = values;
  if (!message || !severity || !state) throw c.fail(c.previous);
  const options = c.accept("with") ? c.list(() => c.expectAny(["log", "nowait", "seterror"])) : [];
  return { kind: "raiserror", message, severity, state, args, options };
}

/** @throws SqlError 102 when the statement before it has no semicolon, as documented */
export function throwStatement(c: Cursor): StatementBody {
  if (c.unterminated) throw c.fail();
  c.expect("throw");
  if (!startsValue(c)) return { kind: "throw" };
  const number = throwArgument(c);
  c.expect(",");
  const message = throwArgument(c);
  c.expect(",");
  return { kind: "throw", number, message, state: throwArgument(c) };
}

/** Constants and variables only. */
function throwArgument(c: Cursor): Expression {
  const { kind } = c.token;
  if (kind !== "int" && kind !== "string" && kind !== "nstring" && kind !== "variable") throw c.fail();
  return scalar(c);
}

export function waitfor(c: Cursor): StatementBody {
  c.expect("waitfor");
  if (!c.accept("delay")) throw notSupported(`WAITFOR ${c.token.text.toUpperCase()}`);
  return { kind: "waitfor", delay: scalar(c) };
}
