/** EXEC: of text in a scope of its own, or of a system procedure. Source: "EXECUTE (Transact-SQL)". */

import { notSupported, type SqlType } from "../contract.ts";
import type { ExecuteArgument, Statement } from "../tsql/ast.ts";
import type { Frame, Interpreter } from "./interpreter.ts";
import { sqlErrors } from "./messages.ts";
import { runText } from "./run-text.ts";
import { callProcedure, type CallArgument } from "./procedure-call.ts";
import { Scope } from "./session-state.ts";

type Execute = Extract<Statement, { kind: "execute" }>;

export async function execute(interpreter: Interpreter, statement: Execute, frame: Frame): Promise<void> {
  if (statement.text) {
    const { value } = await interpreter.value(statement.text, frame, { name: "nvarchar", length: -1 });
    await runText(interpreter, value ?? "", new Scope(frame.scope.level + 1), frame);
    return;
  }
  const args: CallArgument[] = [];
  for (const argument of statement.args) args.push(await callArgument(interpreter, argument, frame));
  const name = (statement.procedure ?? []).filter((part) => part !== "").join(".");
  const outcome = await callProcedure(interpreter, name, args, frame);
  for (const [index, output] of outcome.outputs) {
    const argument = statement.args[index];
    if (argument?.output && argument.value.kind === "variable") frame.scope.values.set(argument.value.name, output);
  }
  if (statement.result) frame.scope.values.set(statement.result, String(outcome.status));
}

async function callArgument(interpreter: Interpreter, argument: ExecuteArgument, frame: Frame): Promise<CallArgument> {
  const { value: expression, output } = argument;
  const name = argument.name ?? "";
  if (expression.kind === "default") return { name, type: anyText, value: null, output, useDefault: true };
  if (expression.kind === "variable") {
    const type = frame.scope.types.get(expression.name);
    if (!type) throw sqlErrors.undeclaredVariable(expression.name);
    return { name, type, value: frame.scope.values.get(expression.name) ?? null, output };
  }
  if (output) throw notSupported("OUTPUT of anything but a variable");
  const { value, type } = await interpreter.value(expression, frame);
  return { name, type, value, output };
}

const anyText: SqlType = { name: "nvarchar", length: 4000 };
