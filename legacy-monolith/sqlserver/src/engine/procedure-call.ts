/**
 * Calls system procedures, from EXEC and from the protocol's procedure calls. Those that run T-SQL of the caller
 * (sp_executesql, sp_prepare and kin) belong to the session; all others are data in the registry.
 */

import { notSupported, type SqlArgument, type SqlValue } from "../contract.ts";
import { preparedProcedures } from "./prepared-procedures.ts";
import { BatchEnded } from "./failure.ts";
import type { Frame, Interpreter } from "./interpreter.ts";
import { info } from "./report.ts";
import { sqlErrors } from "./messages.ts";
import { Scope } from "./session-state.ts";
import type { ProcedureContext, SystemProcedure } from "./system-procedure.ts";
import { beginTransaction, commitTransaction, rollBackAll } from "./transaction-control.ts";
import { runText } from "./run-text.ts";

export type CallArgument = SqlArgument;

/** `outputs`: position of the argument → value. */
export type CallOutcome = { readonly status: number; readonly outputs: ReadonlyMap<number, SqlValue> };

/** @param name as called: `sys.sp_rename`, `[dbo].[sp_rename]`, `EHRPROD.sys.sp_cdc_enable_db`. @throws SqlError 2812 */
export async function callProcedure(
  interpreter: Interpreter,
  name: string,
  args: readonly CallArgument[],
  frame: Frame,
): Promise<CallOutcome> {
  const parts = name.split(".").map((part) => part.replace(/^\[(.*)\]$/, "$1").toLowerCase());
  const bare = parts.at(-1) ?? "";
  const own = preparedProcedures[bare];
  if (own) return own(interpreter, args, frame);
  const procedure = interpreter.core.server.procedures.get(bare);
  if (!procedure) throw sqlErrors.noProcedure(name);
  const database = parts.length > 2 ? parts.at(-3) : undefined;
  if (database && database !== interpreter.core.executor.database.physical) {
    throw notSupported(`a call of ${bare} in another database`);
  }
  return callSystemProcedure(interpreter, procedure, args, frame);
}

async function callSystemProcedure(
  interpreter: Interpreter,
  procedure: SystemProcedure,
  args: readonly CallArgument[],
  frame: Frame,
): Promise<CallOutcome> {
  const values = await boundArguments(interpreter, procedure, args, frame);
  const outputs = new Map<string, SqlValue>();
  const context = contextOf(interpreter, frame, outputs);
  const status = await atomically(interpreter, procedure, frame, () => procedure.run(context, values));
  const positions = new Map<number, SqlValue>();
  args.forEach((argument, index) => {
    const parameter = argument.name.toLowerCase() || procedure.parameters[index]?.name.toLowerCase() || "";
    if (argument.output && outputs.has(parameter)) positions.set(index, outputs.get(parameter) ?? null);
  });
  return { status: status ?? 0, outputs: positions };
}

/** @throws SqlError 201, 8144, 8145 */
async function boundArguments(
  interpreter: Interpreter,
  procedure: SystemProcedure,
  args: readonly CallArgument[],
  frame: Frame,
): Promise<Map<string, SqlValue>> {
  const { parameters, name } = procedure;
  const given = new Map<string, CallArgument>();
  args.forEach((argument, index) => {
    const parameter = argument.name
      ? parameters.find((candidate) => candidate.name.toLowerCase() === argument.name.toLowerCase())
      : parameters[index];
    if (!parameter)
      throw argument.name ? sqlErrors.unknownParameter(argument.name, name) : sqlErrors.tooManyArguments(name);
    given.set(parameter.name.toLowerCase(), argument);
  });
  const values = new Map<string, SqlValue>();
  for (const parameter of parameters) {
    const key = parameter.name.toLowerCase();
    const argument = given.get(key);
    if (argument && !argument.useDefault) {
      values.set(key, await converted(interpreter, argument, parameter.type, frame));
    } else if (parameter.fallback !== undefined) values.set(key, parameter.fallback);
    else throw sqlErrors.missingParameter(name, parameter.name);
  }
  return values;
}

/** A value in the type that the procedure declares, by the same rules as an assignment. */
async function converted(
  interpreter: Interpreter,
  argument: CallArgument,
  type: SystemProcedure["parameters"][number]["type"],
  frame: Frame,
): Promise<SqlValue> {
  if (argument.value === null || argument.type.name === type.name) return argument.value;
  const scope = new Scope(frame.scope.level);
  scope.declare("@value", argument.type, argument.value);
  const expression = { kind: "variable", name: "@value" } as const;
  return (await interpreter.value(expression, { ...frame, scope }, type)).value;
}

function contextOf(interpreter: Interpreter, frame: Frame, outputs: Map<string, SqlValue>): ProcedureContext {
  const { core } = interpreter;
  return {
    spid: core.state.identity.spid,
    database: core.executor.database.name,
    login: core.state.identity.login,
    inTransaction: core.transaction.count > 0,
    query: (sql, values = []) => core.executor.query(sql, values, interpreter.runOf(frame)),
    resultSet: (columns, rows) => {
      frame.sink.columns(columns);
      for (const row of rows) frame.sink.row(row);
      core.state.rowCount = rows.length;
      frame.sink.done({ kind: "select", rowCount: core.state.options.noCount ? undefined : rows.length });
    },
    info: (text, number = 0) => frame.sink.message(info(text, 0, number)),
    batch: async (text) => {
      const number = await runText(interpreter, text, new Scope(frame.scope.level + 1), frame);
      if (number !== 0) throw new BatchEnded(number);
    },
    catalogChanged: () => core.executor.catalogChanged(),
    output: (name, value) => outputs.set(name.toLowerCase(), value),
  };
}

/** Outside a transaction the procedure has one of its own, which the client never hears of. */
async function atomically(
  interpreter: Interpreter,
  procedure: SystemProcedure,
  frame: Frame,
  run: () => Promise<number | void>,
): Promise<number | void> {
  const { core } = interpreter;
  if (procedure.atomic === false || core.transaction.count > 0) return run();
  const silent = { ...silentSink, drained: () => frame.sink.drained() };
  beginTransaction(core, "", silent);
  try {
    const status = await run();
    await commitTransaction(core, silent);
    return status;
  } catch (error) {
    if (core.transaction.count > 0) await rollBackAll(core, silent);
    throw error;
  }
}

const silentSink = {
  columns: () => undefined,
  row: () => undefined,
  drained: () => undefined,
  done: () => undefined,
  message: () => undefined,
  environment: () => undefined,
};
