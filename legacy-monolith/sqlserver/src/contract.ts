/**
 * What the parts of the simulator say to each other: the wire (TDS) on one side, sessions (T-SQL on PostgreSQL) on the
 * other. Values travel as text in PostgreSQL's own text format, so that a row goes from the engine to the client without
 * becoming a JavaScript object in between.
 */

const typeNames = [
  "bit",
  "tinyint",
  "smallint",
  "int",
  "bigint",
  "decimal",
  "numeric",
  "money",
  "smallmoney",
  "float",
  "real",
  "datetime",
  "smalldatetime",
  "datetime2",
  "date",
  "time",
  "char",
  "varchar",
  "nchar",
  "nvarchar",
  "text",
  "ntext",
  "binary",
  "varbinary",
  "image",
  "uniqueidentifier",
  "timestamp",
] as const; // prettier keeps one line per family

export type TypeName = (typeof typeNames)[number];

/** A T-SQL type. `length` in characters or bytes, -1 = max; `precision`/`scale` for decimal, `scale` for datetime2 and time. */
export type SqlType = {
  readonly name: TypeName;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
};

/**
 * A value in PostgreSQL's text format, null for NULL: `1`, `-12.3400`, `2026-11-22 01:30:00.003`, `2026-11-22`,
 * `01:30:00`, `\x0a0b` (binary, timestamp), lower-case uuid, plain characters. bit is `0` or `1`.
 */
export type SqlValue = string | null;

export type ColumnMeta = {
  /** As the client sees it; may be empty. */
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly identity?: boolean;
  readonly computed?: boolean;
  /** Source table, wanted on the wire for text, ntext and image. */
  readonly table?: string;
};

/** INFO (severity up to 10) or ERROR (above). */
export type SqlMessage = {
  readonly number: number;
  readonly state: number;
  readonly severity: number;
  readonly text: string;
  readonly procedure?: string;
  readonly line: number;
};

export type EnvironmentChange =
  | { readonly kind: "begin" | "commit" | "rollback"; readonly descriptor: Buffer }
  | { readonly kind: "database"; readonly name: string; readonly previous: string };

/** Where a session puts its answer; the wire makes tokens of it. */
export type ResultSink = {
  columns(columns: readonly ColumnMeta[]): void;
  row(values: readonly SqlValue[]): void;
  /** A promise while the client reads slower than rows arrive; undefined when more rows may come at once. */
  drained(): Promise<void> | undefined;
  /** End of one statement. `rowCount` undefined: no count (SET NOCOUNT ON, DDL, SET …). */
  done(statement: {
    readonly kind: "select" | "insert" | "update" | "delete" | "merge" | "other";
    readonly rowCount?: number | undefined;
  }): void;
  message(message: SqlMessage): void;
  environment(change: EnvironmentChange): void;
};

export type SqlArgument = {
  /** With the @; empty when positional. */
  readonly name: string;
  readonly type: SqlType;
  readonly value: SqlValue;
  readonly output: boolean;
  /** The client asked for the parameter's default. */
  readonly useDefault?: boolean;
};

export type ProcedureOutcome = {
  readonly returnStatus: number;
  readonly outputs: readonly {
    readonly ordinal: number;
    readonly name: string;
    readonly type: SqlType;
    readonly value: SqlValue;
  }[];
};

export type IsolationLevel = "read uncommitted" | "read committed" | "repeatable read" | "serializable" | "snapshot";

/** A Transaction Manager request of the protocol. */
export type TransactionRequest =
  | { readonly kind: "begin"; readonly isolation?: IsolationLevel; readonly name: string }
  | { readonly kind: "commit" }
  | { readonly kind: "rollback"; readonly name: string }
  | { readonly kind: "save"; readonly name: string };

export type BulkColumn = { readonly name: string; readonly type: SqlType };

/**
 * One connection's state. A method resolves when its whole answer is in the sink; what T-SQL can fail with goes to the
 * sink as a message, so a rejection means that the engine itself is gone. After `signal` aborts, the method stops soon
 * and resolves without rolling back.
 */
export type SqlSession = {
  readonly spid: number;
  readonly database: string;
  readonly inTransaction: boolean;
  batch(text: string, sink: ResultSink, signal: AbortSignal): Promise<void>;
  /** Names are system procedures (`sp_executesql`, `sp_prepare`, …) or those of the database, with or without schema and brackets. */
  procedure(
    name: string,
    args: readonly SqlArgument[],
    sink: ResultSink,
    signal: AbortSignal,
  ): Promise<ProcedureOutcome>;
  transaction(request: TransactionRequest, sink: ResultSink): Promise<void>;
  /** The rows that follow an `insert bulk` batch, in chunks. */
  bulkLoad(
    columns: readonly BulkColumn[],
    rows: AsyncIterable<readonly (readonly SqlValue[])[]>,
    sink: ResultSink,
    signal: AbortSignal,
  ): Promise<void>;
  /** RESETCONNECTION: SET options, temp tables and (unless kept) the transaction go. */
  reset(keepTransaction: boolean): Promise<void>;
  close(): Promise<void>;
};

export type LoginRequest = {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly host: string;
  readonly application: string;
  readonly language: string;
};

export type SqlBackend = {
  /** @throws SqlError 18456 (bad login), 4060 (no such database) */
  login(request: LoginRequest): Promise<SqlSession>;
};

/** A T-SQL error on its way to the client. */
export class SqlError extends Error {
  readonly number: number;
  readonly severity: number;
  readonly state: number;
  readonly procedure: string | undefined;
  /** Line within the batch, 1-based; 0 when unknown. */
  line: number;
  /** Reported just before this one, which only says that the first had consequences (1750, 4922). */
  readonly preceding: SqlError | undefined;

  constructor(
    number: number,
    severity: number,
    message: string,
    more: { state?: number; procedure?: string; line?: number; preceding?: SqlError } = {},
  ) {
    super(message);
    this.name = "SqlError";
    this.number = number;
    this.severity = severity;
    this.state = more.state ?? 1;
    this.procedure = more.procedure;
    this.line = more.line ?? 0;
    this.preceding = more.preceding;
  }
}

/** What the simulator cannot do is refused by name, never answered wrongly. Number 40000 is the simulator's own. */
export function notSupported(construct: string): SqlError {
  return new SqlError(40000, 16, `not supported by the simulator: ${construct}`);
}
