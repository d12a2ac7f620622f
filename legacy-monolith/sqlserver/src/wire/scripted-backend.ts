/** A backend for tests of the wire alone: it answers as the test says and remembers what arrived. */

import type {
  BulkColumn,
  ColumnMeta,
  LoginRequest,
  ProcedureOutcome,
  ResultSink,
  SqlArgument,
  SqlBackend,
  SqlSession,
  SqlType,
  SqlValue,
  TransactionRequest,
} from "../contract.ts";

export type Script = {
  login?(request: LoginRequest): void;
  batch?(text: string, sink: ResultSink, signal: AbortSignal): Promise<void> | void;
  procedure?(
    name: string,
    args: readonly SqlArgument[],
    sink: ResultSink,
    signal: AbortSignal,
  ): Promise<ProcedureOutcome> | ProcedureOutcome;
  transaction?(request: TransactionRequest, sink: ResultSink): Promise<void> | void;
  bulkLoad?(
    columns: readonly BulkColumn[],
    rows: AsyncIterable<readonly (readonly SqlValue[])[]>,
    sink: ResultSink,
    signal: AbortSignal,
  ): Promise<void>;
};

export type ScriptedBackend = SqlBackend & {
  readonly logins: LoginRequest[];
  readonly batches: string[];
  readonly calls: { name: string; args: readonly SqlArgument[] }[];
  readonly transactions: TransactionRequest[];
  /** `keep` or `drop`, as the transaction was to be treated. */
  readonly resets: string[];
  closed: number;
};

export function scriptedBackend(script: Script = {}): ScriptedBackend {
  let spid = 50;
  const backend: ScriptedBackend = {
    logins: [],
    batches: [],
    calls: [],
    transactions: [],
    resets: [],
    closed: 0,
    async login(request) {
      backend.logins.push(request);
      script.login?.(request);
      return scriptedSession(++spid, request.database || "master", backend, script);
    },
  };
  return backend;
}

function scriptedSession(spid: number, database: string, backend: ScriptedBackend, script: Script): SqlSession {
  return {
    spid,
    database,
    inTransaction: false,
    async batch(text, sink, signal) {
      // tedious opens every connection with one batch of SET statements.
      if (text.startsWith("set ")) return sink.done({ kind: "other" });
      backend.batches.push(text);
      await script.batch?.(text, sink, signal);
    },
    async procedure(name, args, sink, signal) {
      backend.calls.push({ name, args });
      return (await script.procedure?.(name, args, sink, signal)) ?? { returnStatus: 0, outputs: [] };
    },
    async transaction(request, sink) {
      backend.transactions.push(request);
      await script.transaction?.(request, sink);
    },
    async bulkLoad(columns, rows, sink, signal) {
      await script.bulkLoad?.(columns, rows, sink, signal);
    },
    async reset(keepTransaction) {
      backend.resets.push(keepTransaction ? "keep" : "drop");
    },
    async close() {
      backend.closed++;
    },
  };
}

export function column(name: string, type: SqlType, nullable = true): ColumnMeta {
  return { name, type, nullable };
}

/** sp_executesql whose parameters come back as one row. */
export function echo(_name: string, args: readonly SqlArgument[], sink: ResultSink): ProcedureOutcome {
  const values = args.slice(2);
  sink.columns(values.map(({ name, type }) => column(name.replace("@", ""), type)));
  sink.row(values.map(({ value }) => value));
  sink.done({ kind: "select", rowCount: 1 });
  return { returnStatus: 0, outputs: [] };
}
