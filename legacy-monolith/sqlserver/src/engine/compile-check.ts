/**
 * SQL Server compiles a batch before it runs any of it: a column that a table does not have (207) stops all of it, while
 * a table that does not exist yet (208) is left to the statement itself ("deferred name resolution").
 */

import { SqlError } from "../contract.ts";
import { type Catalog, translate } from "../translate/index.ts";
import type { Statement } from "../tsql/ast.ts";
import { Failure } from "./failure.ts";
import type { Frame, Interpreter } from "./interpreter.ts";

const checked = new WeakMap<Catalog, WeakSet<object>>();

/** @throws Failure 207 */
export async function checkColumns(
  interpreter: Interpreter,
  statements: readonly Statement[],
  frame: Frame,
): Promise<void> {
  const { executor } = interpreter.core;
  const environment = await executor.environment(frame.scope);
  let known = checked.get(environment.catalog);
  if (known?.has(statements)) return;
  for (const statement of dataStatements(statements)) {
    try {
      await executor.plan(statement, frame.scope, (current) => translate(statement, current));
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      if (error.number === 207) throw new Failure(error, { compileLevel: frame.scope.level });
      // Whatever else is wrong, the statement says so when its turn comes.
    }
  }
  if (!known) checked.set(environment.catalog, (known = new WeakSet()));
  known.add(statements);
}

const dataKinds: ReadonlySet<string> = new Set(["query", "insert", "update", "delete", "merge"]);

function* dataStatements(statements: readonly Statement[]): Generator<Statement> {
  for (const statement of statements) {
    if (dataKinds.has(statement.kind)) yield statement;
    else if (statement.kind === "block") yield* dataStatements(statement.statements);
    else if (statement.kind === "if") {
      yield* dataStatements([statement.then]);
      if (statement.otherwise) yield* dataStatements([statement.otherwise]);
    } else if (statement.kind === "while") yield* dataStatements([statement.body]);
    else if (statement.kind === "try") yield* dataStatements([...statement.body, ...statement.handler]);
  }
}
