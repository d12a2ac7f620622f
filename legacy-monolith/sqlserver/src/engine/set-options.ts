/**
 * SET options. What the simulator honours, what it accepts because it always behaves that way (tedious sends the whole
 * list on connect), and nothing else: any other value is refused by name. Source: "SET Statements (Transact-SQL)".
 */

import { type IsolationLevel, notSupported, SqlError } from "../contract.ts";
import type { Executor } from "./executor.ts";
import { sqlErrors } from "./messages.ts";
import type { Statement } from "../tsql/ast.ts";
import type { Scope, SessionState } from "./session-state.ts";
import type { Transaction } from "./transaction.ts";

export type OptionTarget = {
  readonly state: SessionState;
  readonly executor: Executor;
  readonly transaction: Transaction;
};

/** Options that have one value here, which is the one every client sets. */
const fixed: Readonly<Record<string, readonly string[]>> = {
  ansi_defaults: ["on"],
  ansi_null_dflt_on: ["on"],
  ansi_null_dflt_off: ["off"],
  ansi_nulls: ["on"],
  ansi_padding: ["on"],
  ansi_warnings: ["on"],
  arithabort: ["on"],
  arithignore: ["off"],
  concat_null_yields_null: ["on"],
  cursor_close_on_commit: ["off"],
  datefirst: ["7"],
  dateformat: ["mdy"],
  fmtonly: ["off"],
  forceplan: ["off"],
  implicit_transactions: ["off"],
  language: ["us_english", "english"],
  noexec: ["off"],
  numeric_roundabort: ["off"],
  parseonly: ["off"],
  quoted_identifier: ["on"],
  rowcount: ["0"],
  "statistics io": ["off"],
  "statistics time": ["off"],
};

/** Options that change nothing the simulator shows, whatever their value. */
const ignored = new Set(["textsize", "deadlock_priority", "query_governor_cost_limit"]);

/** @throws SqlError 40000 for what cannot be honoured, 3951 */
export function setOption(option: string, value: string, target: OptionTarget): void {
  const { options } = target.state;
  if (option === "nocount") options.noCount = value === "on";
  else if (option === "xact_abort") options.xactAbort = value === "on";
  else if (option === "transaction isolation level") setIsolation(value as IsolationLevel, target);
  else if (option === "lock_timeout") setLockTimeout(value, target);
  else if (!ignored.has(option) && !fixed[option]?.includes(value)) {
    throw notSupported(`SET ${option.toUpperCase()} ${value.toUpperCase()}`);
  }
}

export function setIsolation(level: IsolationLevel, { state, executor, transaction }: OptionTarget): void {
  if (!transaction.admits(level)) {
    if (level === "snapshot") throw sqlErrors.snapshotInTransaction(executor.database.name);
    throw notSupported(
      `SET TRANSACTION ISOLATION LEVEL ${level.toUpperCase()} in a transaction that has begun at ${transaction.isolation.toUpperCase()}`,
    );
  }
  state.options.isolation = level;
}

/** 0 means not to wait at all, which PostgreSQL writes as its shortest wait; -1 means for ever, which it writes as 0. */
function setLockTimeout(value: string, { state, executor }: OptionTarget): void {
  const ms = Number(value);
  if (!Number.isInteger(ms) || ms < -1)
    throw new SqlError(1033, 15, `'${value}' is not a lock time-out in milliseconds.`);
  state.options.lockTimeoutMs = ms;
  executor.set("lock_timeout", ms === -1 ? "0" : String(Math.max(1, ms)));
}

/** @throws SqlError 1088, 8106, 8107 */
export async function setIdentityInsert(
  statement: Extract<Statement, { kind: "setOption" }>,
  { state, executor }: OptionTarget,
  scope: Scope,
): Promise<void> {
  const { catalog } = await executor.environment(scope);
  const name = statement.table ?? [];
  const table = catalog.table(name.at(-2) || undefined, name.at(-1) ?? "");
  if (!table) throw sqlErrors.noObjectOrPermission(name.join("."));
  if (!table.columns.some((column) => column.identity)) throw sqlErrors.noIdentityProperty(name.join("."));
  const { options } = state;
  if (statement.value !== "on") {
    if (options.identityInsert === table.objectId) options.identityInsert = undefined;
    return;
  }
  if (options.identityInsert !== undefined && options.identityInsert !== table.objectId) {
    const other = catalog.tableById(options.identityInsert);
    const spelled = other ? `${executor.database.name}.${other.schema}.${other.name}` : "";
    throw sqlErrors.identityInsertOn(spelled, name.join("."));
  }
  options.identityInsert = table.objectId;
}

/** Back to what a new session has (RESETCONNECTION). */
export function resetOptions({ state, executor }: OptionTarget, fresh: SessionState["options"]): void {
  if (state.options.lockTimeoutMs !== fresh.lockTimeoutMs) executor.set("lock_timeout", "0");
  state.options = fresh;
}
