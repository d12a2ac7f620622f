/** T-SQL text inside a running request: EXEC('…'), sp_executesql, what a system procedure runs. */

import type { Statement } from "../tsql/ast.ts";
import { asFailure, BatchEnded, Failure } from "./failure.ts";
import type { Frame, Interpreter } from "./interpreter.ts";
import { parsedBatch } from "./plan-cache.ts";
import type { Scope } from "./session-state.ts";

/**
 * Runs T-SQL text in a scope. An error that ends only the scope (the text does not compile) lets the caller go on; a TRY
 * block outside catches it. @returns the number of the error that ended the scope, 0 when none did
 */
export async function runText(interpreter: Interpreter, text: string, scope: Scope, outer: Frame): Promise<number> {
  const frame: Frame = { scope, sink: outer.sink, signal: outer.signal, text };
  try {
    await interpreter.run(parseIn(text, scope.level), frame);
    return 0;
  } catch (error) {
    if (error instanceof BatchEnded && error.compileLevel === scope.level) return error.number;
    if (!(error instanceof Failure) || error.compileLevel !== scope.level || interpreter.wasSettled(error)) throw error;
    interpreter.markSettled(error);
    try {
      await interpreter.settle(error, frame);
    } catch (ended) {
      if (!(ended instanceof BatchEnded)) throw ended;
    }
    return error.error.number;
  }
}

function parseIn(text: string, level: number): readonly Statement[] {
  try {
    return parsedBatch(text);
  } catch (error) {
    throw asFailure(error, level);
  }
}
