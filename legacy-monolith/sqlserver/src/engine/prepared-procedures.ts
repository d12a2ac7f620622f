/**
 * sp_executesql and the prepared statements of the protocol: T-SQL text with declared parameters, run in a scope of its
 * own. Sources: "sp_executesql", "sp_prepare", "sp_execute", "sp_prepexec", "sp_unprepare" (Transact-SQL); tedious and
 * mssql call them by number and by name.
 */

import { type SqlArgument, SqlError, type SqlValue } from "../contract.ts";
import { engineLimits, parametersMax } from "../limits.ts";
import { asFailure } from "./failure.ts";
import { runText } from "./run-text.ts";
import type { Frame, Interpreter } from "./interpreter.ts";
import { sqlErrors } from "./messages.ts";
import { declaredParameters } from "./plan-cache.ts";
import type { CallOutcome } from "./procedure-call.ts";
import { Scope } from "./session-state.ts";

type Call = (interpreter: Interpreter, args: readonly SqlArgument[], frame: Frame) => Promise<CallOutcome>;

const none: CallOutcome = { status: 0, outputs: new Map() };

/** (@statement, @params, values …) */
const executeSql: Call = (interpreter, args, frame) => {
  const [statement, declaration, ...values] = args;
  if (!statement) throw sqlErrors.missingParameter("sp_executesql", "@statement");
  return runDeclared(interpreter, statement.value ?? "", declaration?.value ?? "", { values, first: 2 }, frame);
};

/** (@handle out, @params, @stmt, @options) */
const prepare: Call = async ({ core }, args) => {
  const [handle, declaration, statement] = args;
  if (!handle || !statement) throw sqlErrors.missingParameter("sp_prepare", "@stmt");
  const number = core.prepared.add({ text: statement.value ?? "", declaration: declaration?.value ?? "" });
  return { status: 0, outputs: new Map([[0, String(number)]]) };
};

/** (@handle, values …) */
const executePrepared: Call = (interpreter, args, frame) => {
  const [handle, ...values] = args;
  const found = interpreter.core.prepared.get(handle?.value ?? null);
  return runDeclared(interpreter, found.text, found.declaration, { values, first: 1 }, frame);
};

/** (@handle out, @params, @stmt, values …) */
const prepareAndExecute: Call = async (interpreter, args, frame) => {
  const [, declaration, statement, ...values] = args;
  const prepared = await prepare(interpreter, args, frame);
  const given = { values, first: 3 };
  const run = await runDeclared(interpreter, statement?.value ?? "", declaration?.value ?? "", given, frame);
  return { status: run.status, outputs: new Map([...prepared.outputs, ...run.outputs]) };
};

/** (@handle) */
const unprepare: Call = async ({ core }, args) => {
  core.prepared.remove(args[0]?.value ?? null);
  return none;
};

export const preparedProcedures: Readonly<Record<string, Call>> = {
  sp_executesql: executeSql,
  sp_prepare: prepare,
  sp_execute: executePrepared,
  sp_prepexec: prepareAndExecute,
  sp_unprepare: unprepare,
};

/** Handles of one session. */
export class PreparedHandles {
  private readonly handles = new Map<string, { readonly text: string; readonly declaration: string }>();
  private next = 1;

  /** @throws SqlError 40000 when a client never gives its handles back */
  add(statement: { readonly text: string; readonly declaration: string }): number {
    if (this.handles.size >= engineLimits.preparedHandlesMax) {
      throw new SqlError(40000, 16, `a session may hold ${engineLimits.preparedHandlesMax} prepared statements`);
    }
    const handle = this.next++;
    this.handles.set(String(handle), statement);
    return handle;
  }

  /** @throws SqlError 8179 */
  get(handle: SqlValue): { readonly text: string; readonly declaration: string } {
    const found = handle === null ? undefined : this.handles.get(handle);
    if (!found) throw sqlErrors.preparedHandle(handle ?? "NULL");
    return found;
  }

  /** @throws SqlError 8179 */
  remove(handle: SqlValue): void {
    this.get(handle);
    this.handles.delete(handle ?? "");
  }
}

/** @throws SqlError 8003, 8144, 8145, 8178 and what the declaration does not parse with */
async function runDeclared(
  interpreter: Interpreter,
  text: string,
  declaration: string,
  given: { readonly values: readonly SqlArgument[]; readonly first: number },
  frame: Frame,
): Promise<CallOutcome> {
  if (given.values.length > parametersMax) throw sqlErrors.tooManyParameters();
  const scope = new Scope(frame.scope.level + 1);
  const positions = bind(scope, declaration, given.values, frame.scope.level);
  const status = await runText(interpreter, text, scope, frame);
  const outputs = new Map<number, SqlValue>();
  given.values.forEach((argument, index) => {
    const name = positions[index];
    if (argument.output && name) outputs.set(given.first + index, scope.values.get(name) ?? null);
  });
  return { status, outputs };
}

/** @returns the variable that each argument went to */
function bind(scope: Scope, declaration: string, values: readonly SqlArgument[], level: number): readonly string[] {
  const declared = declarationOf(declaration, level);
  for (const { name, type } of declared) scope.declare(name, type);
  const filled = new Set<string>();
  const names = values.map((argument, index) => {
    const name = argument.name ? argument.name.toLowerCase() : declared[index]?.name;
    if (!name) throw sqlErrors.tooManyArguments("sp_executesql");
    if (!scope.types.has(name)) throw sqlErrors.unknownParameter(argument.name, "sp_executesql");
    scope.values.set(name, argument.value);
    filled.add(name);
    return name;
  });
  for (const { name } of declared) {
    if (!filled.has(name)) throw sqlErrors.parameterNotSupplied(declaration, name);
  }
  return names;
}

function declarationOf(declaration: string, level: number): ReturnType<typeof declaredParameters> {
  try {
    return declaredParameters(declaration);
  } catch (error) {
    throw asFailure(error, level);
  }
}
