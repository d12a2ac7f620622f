/** BEGIN, COMMIT, ROLLBACK and SAVE TRANSACTION, from T-SQL and from the protocol's own requests alike. */

import type { ResultSink } from "../contract.ts";
import { sqlErrorOf } from "./engine-errors.ts";
import { Failure } from "./failure.ts";
import { sqlErrors } from "./messages.ts";
import { EngineError } from "./pg-connection.ts";
import type { SessionCore } from "./session-core.ts";

export function beginTransaction({ transaction, state }: SessionCore, name: string, sink: ResultSink): void {
  transaction.begin(name, state.tempTables, sink);
}

/** Resolves once the commit is in the engine's log. @throws SqlError 3902, 3930; Failure when the engine refuses */
export async function commitTransaction(core: SessionCore, sink: ResultSink): Promise<void> {
  const { transaction, executor } = core;
  if (transaction.count === 0) throw sqlErrors.noTransactionToCommit();
  if (transaction.doomed) throw sqlErrors.doomed();
  if (transaction.count > 1) {
    transaction.count -= 1;
    return;
  }
  if (transaction.begun) await commitEngine(core, sink);
  const { catalogChanged } = transaction;
  transaction.end("commit", sink);
  if (catalogChanged) executor.database.invalidate();
}

/** What is checked only now, such as a conflict of serializable transactions, rolls the transaction back. */
async function commitEngine(core: SessionCore, sink: ResultSink): Promise<void> {
  const { executor, state } = core;
  try {
    const [outcome] = await executor.connection.run([{ sql: "COMMIT" }]);
    if (outcome?.command === "COMMIT") return;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    await rollBackAll(core, sink);
    const failure = await sqlErrorOf(error, {
      spid: state.identity.spid,
      database: executor.database.name,
      verb: "COMMIT",
      snapshot: state.options.isolation === "snapshot",
      query: (sql, values) => executor.connection.rows(sql, values),
    });
    throw new Failure(failure, { engineRolledBack: true });
  }
  await rollBackAll(core, sink);
  throw sqlErrors.doomed();
}

/** @param name of a savepoint, of the transaction, or empty. @throws SqlError 3903, 3931, 6401 */
export async function rollBackTransaction(core: SessionCore, name: string, sink: ResultSink): Promise<void> {
  const { transaction, executor, state } = core;
  if (transaction.count === 0) throw sqlErrors.noTransactionToRollBack();
  const point = name === "" ? undefined : transaction.savePoint(name);
  if (!point) return rollBackAll(core, sink);
  await executor.control([{ sql: `ROLLBACK TO SAVEPOINT ${point.engineName}`, once: true }]);
  state.tempTables = new Map(point.tempTables);
  loseTableVariables(core);
  executor.rolledBack();
}

export async function saveTransaction(core: SessionCore, name: string): Promise<void> {
  const { transaction, executor, state } = core;
  const point = transaction.save(name, state.tempTables);
  await executor.control([...transaction.opening(state.options.isolation), point]);
}

/** Ends the transaction without its work, whatever state it is in. */
export async function rollBackAll(core: SessionCore, sink: ResultSink | undefined): Promise<void> {
  await core.executor.rollBackEngine();
  loseTableVariables(core);
  core.state.tempTables = new Map(core.transaction.end("rollback", sink));
}

/** The engine rolls table variables back with the rest, where SQL Server would keep their rows: they become unreadable. */
function loseTableVariables({ scopes, transaction }: SessionCore): void {
  if (!transaction.wroteTableVariable) return;
  for (const scope of scopes) if (scope.tableVariables.size > 0) scope.tableVariablesLost = true;
}
