/**
 * Walks the statements of a batch: control flow, variables, TRY, transactions. Everything that reads or writes data, and
 * every expression, is a plan that the engine runs; what an error does to the batch and to the transaction is decided in
 * one place, `settle`.
 */

import { notSupported, type ResultSink, type SqlType, type SqlValue } from "../contract.ts";
import { tableVariable, translate, translateCondition, translateExpression } from "../translate/index.ts";
import type { Plan } from "../translate/index.ts";
import type { Expression, Statement, StatementBody } from "../tsql/ast.ts";
import { checkColumns } from "./compile-check.ts";
import { errorEffect } from "./error-effects.ts";
import { execute } from "./execute-statement.ts";
import type { Run } from "./executor.ts";
import { asFailure, BatchEnded, Cancelled, ConnectionDropped, Failure } from "./failure.ts";
import type { Fault } from "./faults.ts";
import { sqlErrors } from "./messages.ts";
import { pause } from "./pause.ts";
import { info, report } from "./report.ts";
import { assignedValue, constantValue, hoist, mentionsTableVariable, writesTableVariable } from "./statement-facts.ts";
import { raise, rethrow, throwError } from "./raise.ts";
import { refreshTriggers } from "./refresh-triggers.ts";
import { dbccStatement, serverStatement } from "./server-statements.ts";
import type { SessionCore } from "./session-core.ts";
import { caughtError, Scope } from "./session-state.ts";
import { setIdentityInsert, setOption } from "./set-options.ts";
import {
  beginTransaction,
  commitTransaction,
  rollBackAll,
  rollBackTransaction,
  saveTransaction,
} from "./transaction-control.ts";

type Flow = "next" | "break" | "continue" | "return";
type Of<K extends StatementBody["kind"]> = Extract<Statement, { kind: K }>;

/** What one batch, procedure call or EXEC runs with. */
export type Frame = {
  readonly scope: Scope;
  readonly sink: ResultSink;
  readonly signal: AbortSignal;
  readonly text: string;
};

export class Interpreter {
  readonly core: SessionCore;

  constructor(core: SessionCore) {
    this.core = core;
  }

  /**
   * Runs a batch to its end. Errors are in the sink, unless a TRY block of an outer scope wants them.
   * @throws BatchEnded, Cancelled, Failure (for an outer TRY), EngineGone
   */
  async run(statements: readonly Statement[], frame: Frame): Promise<void> {
    const { scopes } = this.core;
    if (scopes.length > 32) throw new Failure(sqlErrors.nestingTooDeep());
    scopes.push(frame.scope);
    try {
      hoist(statements, frame.scope);
      if (statements.length > 1) await checkColumns(this, statements, frame);
      await this.block(statements, frame);
    } finally {
      scopes.pop();
      await this.leave(frame.scope);
    }
  }

  /** The error goes to the client, or to the TRY block that is waiting for it. */
  async settle(failure: Failure, frame: Frame): Promise<void> {
    const { core } = this;
    const { transaction, state } = core;
    const { error } = failure;
    state.errorNumber = error.number;
    const own = failure.compileLevel === frame.scope.level ? frame.scope.tryDepth : 0;
    const inTry = core.tryDepth - own > 0;
    const effect =
      failure.effect ?? errorEffect(error.number, { xactAbort: state.options.xactAbort, raised: failure.raised });
    if (!inTry) report(error, frame.sink, failure.dataChange);
    if (effect === "transaction" && transaction.count > 0) {
      if (failure.rolledBackByTrigger || !inTry) await rollBackAll(core, frame.sink);
      else transaction.doomed = true;
    }
    if (inTry) throw failure;
    if (effect !== "statement") {
      throw new BatchEnded(error.number, effect === "batch" ? failure.compileLevel : -1);
    }
  }

  wasSettled(failure: Failure): boolean {
    return this.settled.has(failure);
  }

  markSettled(failure: Failure): void {
    this.settled.add(failure);
  }

  async value(expression: Expression, frame: Frame, type?: SqlType): Promise<{ value: SqlValue; type: SqlType }> {
    const constant = constantValue(expression, type);
    if (constant) return constant;
    const plan = await this.core.executor.plan(expression, frame.scope, (environment) =>
      translateExpression(expression, environment, type),
    );
    const value = await this.core.executor.value(plan, this.runOf(frame));
    return { value, type: type ?? plan.columns?.[0]?.type ?? { name: "nvarchar", length: 4000 } };
  }

  runOf(frame: Frame): Run {
    return { scope: frame.scope, sink: frame.sink, signal: frame.signal, inTry: this.core.tryDepth > 0 };
  }

  /** End of a statement that has no rows to count. */
  done(frame: Frame): void {
    this.core.state.rowCount = 0;
    frame.sink.done({ kind: "other" });
  }

  private async block(statements: readonly Statement[], frame: Frame): Promise<Flow> {
    for (const statement of statements) {
      const flow = await this.statement(statement, frame);
      if (flow !== "next") return flow;
    }
    return "next";
  }

  private async statement(statement: Statement, frame: Frame): Promise<Flow> {
    if (frame.signal.aborted) throw new Cancelled();
    try {
      if (this.core.server.faults.size > 0) await this.strike(statement, frame);
      const flow = await this.dispatch(statement, frame);
      if (!structural.has(statement.kind)) this.core.state.errorNumber = 0;
      return flow;
    } catch (error) {
      if (error instanceof BatchEnded || error instanceof Cancelled || error instanceof ConnectionDropped) throw error;
      const settled = error instanceof Failure && this.settled.has(error);
      const failure = asFailure(error, frame.scope.level);
      if (settled) throw failure;
      if (failure.error.line === 0) failure.error.line = statement.line;
      this.settled.add(failure);
      await this.settle(failure, frame);
      frame.sink.done({ kind: "other" });
      return "next";
    }
  }

  /** Failures on their way to a TRY block: their effect has happened already. */
  private readonly settled = new WeakSet<Failure>();

  private async dispatch(statement: Statement, frame: Frame): Promise<Flow> {
    const { core } = this;
    switch (statement.kind) {
      case "query":
      case "insert":
      case "update":
      case "delete":
      case "merge":
        await this.data(statement, frame);
        return "next";
      case "block":
        return this.block(statement.statements, frame);
      case "if":
        return this.ifElse(statement, frame);
      case "while":
        return this.loop(statement, frame);
      case "try":
        return this.tryCatch(statement, frame);
      case "break":
      case "continue":
        return statement.kind;
      case "return":
        if (statement.value)
          frame.scope.returnValue = (await this.value(statement.value, frame, { name: "int" })).value;
        return "return";
      case "declare":
        for (const { name, type, value } of statement.variables) {
          if (value) frame.scope.values.set(name, (await this.value(value, frame, type)).value);
        }
        return "next";
      case "declareTable":
        await this.declareTable(statement, frame);
        return "next";
      case "setVariable":
        await this.setVariable(statement, frame);
        return "next";
      case "setOption":
        if (statement.option === "identity_insert") await setIdentityInsert(statement, core, frame.scope);
        else setOption(statement.option, statement.value, core);
        this.done(frame);
        return "next";
      case "print":
        frame.sink.message(
          info(
            (await this.value(statement.value, frame, { name: "nvarchar", length: 4000 })).value ?? " ",
            statement.line,
          ),
        );
        this.done(frame);
        return "next";
      case "raiserror":
        await raise(this, statement, frame);
        return "next";
      case "throw":
        if (!statement.number) rethrow(core);
        return throwError(this, statement, frame);
      case "begin":
        beginTransaction(core, await this.name(statement.name ?? "", frame), frame.sink);
        this.done(frame);
        return "next";
      case "commit":
        await commitTransaction(core, frame.sink);
        this.done(frame);
        return "next";
      case "rollback":
        await rollBackTransaction(core, await this.name(statement.name ?? "", frame), frame.sink);
        this.done(frame);
        return "next";
      case "save":
        await saveTransaction(core, await this.name(statement.name, frame));
        this.done(frame);
        return "next";
      case "execute":
        await execute(this, statement, frame);
        return "next";
      case "waitfor":
        await this.wait(statement, frame);
        return "next";
      case "dbcc":
        await dbccStatement(this, statement, frame);
        return "next";
      case "insertBulk":
        core.bulk = { table: statement.table, columns: statement.columns, options: statement.options };
        return "next";
      case "use":
      case "createDatabase":
      case "dropDatabase":
      case "alterDatabase":
      case "createLogin":
      case "security":
        await serverStatement(this, statement, frame);
        return "next";
      default:
        await this.data(statement, frame);
        return "next";
    }
  }

  /** Queries, DML and DDL: whatever the translator makes a plan of. */
  private async data(statement: Statement, frame: Frame): Promise<void> {
    const { executor, state, transaction } = this.core;
    if (frame.scope.tableVariablesLost && mentionsTableVariable(statement, frame)) {
      throw notSupported("table variables after a ROLLBACK of a transaction that wrote to them");
    }
    const plan = await executor.plan(statement, frame.scope, (environment) => translate(statement, environment));
    const run = this.runOf(frame);
    if (transaction.count > 0 && writesTableVariable(statement)) transaction.wroteTableVariable = true;
    if (plan.kind === "ddl") {
      const rows = await executor.runDdl(plan, run, {
        ...(statement.kind === "alterTable" && { text: frame.text.slice(statement.start, statement.end) }),
        ...(statement.kind === "createIndex" && { index: statement.name }),
      });
      if (statement.kind === "alterTable" && !plan.temp) await refreshTriggers(this, statement, frame);
      state.rowCount = rows ?? 0;
      frame.sink.done({ kind: plan.then ? "select" : "other", rowCount: state.options.noCount ? undefined : rows });
      return;
    }
    const rows = await executor.run(plan, run);
    state.rowCount = rows;
    frame.sink.done({ kind: plan.kind, rowCount: this.countOf(plan, rows) });
  }

  /** Assignments and SET NOCOUNT ON tell the client no count. */
  private countOf(plan: Plan, rows: number): number | undefined {
    const counted = plan.kind !== "select" || plan.columns !== undefined;
    return counted && plan.kind !== "other" && !this.core.state.options.noCount ? rows : undefined;
  }

  private async ifElse(statement: Of<"if">, frame: Frame): Promise<Flow> {
    if (await this.condition(statement.condition, frame)) return this.statement(statement.then, frame);
    return statement.otherwise ? this.statement(statement.otherwise, frame) : "next";
  }

  private async loop(statement: Of<"while">, frame: Frame): Promise<Flow> {
    while (await this.condition(statement.condition, frame)) {
      const flow = await this.statement(statement.body, frame);
      if (flow === "return") return flow;
      if (flow === "break") break;
      if (frame.signal.aborted) throw new Cancelled();
    }
    return "next";
  }

  private async condition(expression: Expression, frame: Frame): Promise<boolean> {
    const { executor, state } = this.core;
    const plan = await executor.plan(expression, frame.scope, (environment) =>
      translateCondition(expression, environment),
    );
    const value = await executor.value(plan, this.runOf(frame));
    state.rowCount = 0;
    return value === "1";
  }

  private async tryCatch(statement: Of<"try">, frame: Frame): Promise<Flow> {
    const { core } = this;
    core.tryDepth += 1;
    frame.scope.tryDepth += 1;
    let caught: Failure;
    try {
      return await this.block(statement.body, frame);
    } catch (error) {
      if (!(error instanceof Failure) || error.compileLevel === frame.scope.level) throw error;
      caught = error;
    } finally {
      core.tryDepth -= 1;
      frame.scope.tryDepth -= 1;
    }
    core.state.caught.push(caughtError(caught.error));
    try {
      return await this.block(statement.handler, frame);
    } finally {
      core.state.caught.pop();
    }
  }

  private async setVariable(statement: Of<"setVariable">, frame: Frame): Promise<void> {
    const type = frame.scope.types.get(statement.name);
    if (!type) throw sqlErrors.undeclaredVariable(statement.name);
    frame.scope.values.set(statement.name, (await this.value(assignedValue(statement), frame, type)).value);
    this.core.state.rowCount = 1;
  }

  private async declareTable(statement: Of<"declareTable">, frame: Frame): Promise<void> {
    const { executor, transaction } = this.core;
    if (frame.scope.tableVariables.has(statement.name)) return;
    const { table, statements } = tableVariable(statement, await executor.environment(frame.scope));
    const run = this.runOf(frame);
    for (const sql of statements) await executor.query(sql, [], run);
    frame.scope.tableVariables.set(statement.name, table);
    if (transaction.count > 0) transaction.wroteTableVariable = true;
  }

  /** Transactions may be named by a variable. */
  private async name(name: string, frame: Frame): Promise<string> {
    return name.startsWith("@") ? (frame.scope.values.get(name.toLowerCase()) ?? "") : name;
  }

  private async wait(statement: Of<"waitfor">, frame: Frame): Promise<void> {
    const { value } = await this.value(statement.delay, frame, { name: "nvarchar", length: 40 });
    const [, hours, minutes, seconds = "0"] = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?$/.exec(value ?? "") ?? [];
    if (hours === undefined) {
      throw new Failure(sqlErrors.timeSyntax(value ?? "NULL"));
    }
    await pause((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000, frame.signal);
    this.done(frame);
  }

  private async strike(statement: Statement, frame: Frame): Promise<void> {
    if (structural.has(statement.kind) || statement.kind === "declare" || statement.kind === "setOption") return;
    for (const fault of this.core.server.faults.strike(frame.text.slice(statement.start, statement.end))) {
      await this.meet(fault, frame);
    }
  }

  private async meet(fault: Fault, frame: Frame): Promise<void> {
    const { server, state, executor, transaction } = this.core;
    server.faultStruck(fault);
    if (fault.ms > 0) await pause(fault.ms, frame.signal);
    switch (fault.kind) {
      case "latency":
        return;
      case "drop-connection":
        throw new ConnectionDropped();
      case "error":
        throw new Failure(sqlErrors.injected(fault));
      case "lock-timeout":
        throw new Failure(sqlErrors.lockTimeout());
      case "deadlock":
        if (transaction.count > 0) await executor.rollBackEngine();
        throw new Failure(sqlErrors.deadlock(String(state.identity.spid)), { engineRolledBack: true });
    }
  }

  /** What a scope made goes with it. */
  private async leave(scope: Scope): Promise<void> {
    const { executor, state } = this.core;
    const own = scope.level > 0 ? [...scope.ownTempTables].filter((name) => state.tempTables.has(name)) : [];
    const tables = [
      ...own.map((name) => state.tempTables.get(name)?.sql),
      ...[...scope.tableVariables.values()].map((table) => table.sql),
    ];
    if (tables.length === 0 || executor.connection.lostConnection) return;
    for (const name of own) state.tempTables.delete(name);
    await executor.control(tables.map((sql) => ({ sql: `DROP TABLE IF EXISTS ${sql}`, once: true })));
  }
}

/** Statements that only hold others: they neither reset @@ERROR nor meet faults. */
const structural: ReadonlySet<string> = new Set([
  "block",
  "if",
  "while",
  "try",
  "return",
  "break",
  "continue",
  "declareTable",
]);
