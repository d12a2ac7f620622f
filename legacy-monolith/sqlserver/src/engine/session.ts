/** One client's session: the requests of the protocol, each run to its end with its errors in the sink. */

import type {
  BulkColumn,
  ProcedureOutcome,
  ResultSink,
  SqlArgument,
  SqlSession,
  SqlValue,
  TransactionRequest,
} from "../contract.ts";
import { bulkLoad } from "./bulk-load.ts";
import { Executor } from "./executor.ts";
import { asFailure, BatchEnded, Cancelled, ConnectionDropped, Failure } from "./failure.ts";
import { type Frame, Interpreter } from "./interpreter.ts";
import { report } from "./report.ts";
import { sqlErrors } from "./messages.ts";
import { EngineGone, type PgConnection } from "./pg-connection.ts";
import { parsedBatch } from "./plan-cache.ts";
import { PreparedHandles } from "./prepared-procedures.ts";
import { callProcedure } from "./procedure-call.ts";
import type { Database } from "./database.ts";
import type { SimulatedServer } from "./server.ts";
import type { SessionCore } from "./session-core.ts";
import { defaultOptions, Scope, type SessionIdentity, SessionState } from "./session-state.ts";
import { resetOptions, setIsolation } from "./set-options.ts";
import { Transaction } from "./transaction.ts";
import {
  beginTransaction,
  commitTransaction,
  rollBackAll,
  rollBackTransaction,
  saveTransaction,
} from "./transaction-control.ts";

export type SessionParts = {
  readonly identity: SessionIdentity;
  readonly database: Database;
  readonly connection: PgConnection;
  readonly server: SimulatedServer;
  readonly onClose: (session: Session) => void;
};

const never = new AbortController().signal;

export class Session implements SqlSession {
  readonly spid: number;
  private readonly core: SessionCore;
  private readonly interpreter: Interpreter;
  private readonly home: Database;
  private readonly onClose: (session: Session) => void;

  constructor({ identity, database, connection, server, onClose }: SessionParts) {
    this.spid = identity.spid;
    this.home = database;
    this.onClose = onClose;
    const state = new SessionState(identity);
    const transaction = new Transaction();
    const executor = new Executor(connection, database, state, transaction);
    this.core = {
      state,
      transaction,
      executor,
      server,
      scopes: [],
      tryDepth: 0,
      bulk: undefined,
      prepared: new PreparedHandles(),
    };
    this.interpreter = new Interpreter(this.core);
  }

  get database(): string {
    return this.core.executor.database.name;
  }

  get inTransaction(): boolean {
    return this.core.transaction.count > 0;
  }

  async batch(text: string, sink: ResultSink, signal: AbortSignal): Promise<void> {
    const frame: Frame = { scope: new Scope(0), sink, signal, text };
    await this.guarded(frame, async () => {
      await this.interpreter.run(parsedBatch(text), frame);
    });
  }

  async procedure(
    name: string,
    args: readonly SqlArgument[],
    sink: ResultSink,
    signal: AbortSignal,
  ): Promise<ProcedureOutcome> {
    const frame: Frame = { scope: new Scope(0), sink, signal, text: name };
    let returnStatus = 0;
    let outputs: ReadonlyMap<number, SqlValue> = new Map();
    const failed = await this.guarded(frame, async () => {
      const outcome = await callProcedure(this.interpreter, name, args, frame);
      returnStatus = outcome.status;
      outputs = outcome.outputs;
    });
    return {
      returnStatus: failed === 0 ? returnStatus : failed,
      outputs: args.flatMap((argument, ordinal) =>
        argument.output && outputs.has(ordinal)
          ? [{ ordinal, name: argument.name, type: argument.type, value: outputs.get(ordinal) ?? null }]
          : [],
      ),
    };
  }

  async transaction(request: TransactionRequest, sink: ResultSink): Promise<void> {
    const frame: Frame = { scope: new Scope(0), sink, signal: never, text: "" };
    const { core } = this;
    await this.guarded(frame, async () => {
      switch (request.kind) {
        case "begin":
          if (request.isolation) setIsolation(request.isolation, core);
          return beginTransaction(core, request.name, sink);
        case "commit":
          return commitTransaction(core, sink);
        case "rollback":
          return rollBackTransaction(core, request.name, sink);
        case "save":
          return saveTransaction(core, request.name);
      }
    });
  }

  async bulkLoad(
    columns: readonly BulkColumn[],
    rows: AsyncIterable<readonly (readonly SqlValue[])[]>,
    sink: ResultSink,
    signal: AbortSignal,
  ): Promise<void> {
    const frame: Frame = { scope: new Scope(0), sink, signal, text: "" };
    await this.guarded(frame, () => bulkLoad(this.interpreter, columns, rows, frame));
  }

  async reset(keepTransaction: boolean): Promise<void> {
    const { core } = this;
    const { state, transaction, executor } = core;
    if (transaction.count > 0 && !keepTransaction) await rollBackAll(core, undefined);
    const tables = [...state.tempTables.values()];
    state.tempTables.clear();
    await executor.control(tables.map(({ sql }) => ({ sql: `DROP TABLE IF EXISTS ${sql}`, once: true })));
    resetOptions(core, defaultOptions());
    Object.assign(state, { rowCount: 0, errorNumber: 0, lastIdentity: null, caught: [] });
    core.bulk = undefined;
    if (executor.database !== this.home && transaction.count === 0) await core.server.moveSession(core, this.home);
  }

  async close(): Promise<void> {
    this.onClose(this);
    await this.core.executor.connection.close();
  }

  /** @returns the number of the error that ended the request, 0 when none did */
  private async guarded(frame: Frame, work: () => Promise<void>): Promise<number> {
    const { core } = this;
    core.tryDepth = 0;
    core.state.caught = [];
    let failed = 0;
    try {
      await work();
    } catch (error) {
      failed = await this.ended(error, frame);
    }
    if (core.transaction.doomed) {
      report(sqlErrors.uncommittableAtEnd(), frame.sink);
      await rollBackAll(core, frame.sink);
    }
    return failed;
  }

  private async ended(error: unknown, frame: Frame): Promise<number> {
    if (error instanceof BatchEnded) return error.number;
    if (error instanceof EngineGone || error instanceof ConnectionDropped) throw error;
    if (error instanceof Cancelled) {
      const { state, transaction } = this.core;
      if (state.options.xactAbort && transaction.count > 0) await rollBackAll(this.core, frame.sink);
      return 0;
    }
    const failure: Failure = asFailure(error, frame.scope.level);
    if (failure.error.line === 0) failure.error.line = 1;
    try {
      await this.interpreter.settle(failure, frame);
    } catch (ended) {
      if (!(ended instanceof BatchEnded)) throw ended;
    }
    return failure.error.number;
  }
}
