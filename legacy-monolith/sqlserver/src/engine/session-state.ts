/** What a session remembers between statements, apart from its transaction: options, globals, temp tables, handles. */

import type { IsolationLevel, SqlError, SqlMessage, SqlType, SqlValue } from "../contract.ts";
import type { Table } from "../translate/index.ts";

export type SessionOptions = {
  noCount: boolean;
  xactAbort: boolean;
  isolation: IsolationLevel;
  /** As SQL Server has it: -1 waits for ever, 0 does not wait. */
  lockTimeoutMs: number;
  /** Object id of the table whose identity may be given. */
  identityInsert: number | undefined;
  /** `SET FMTONLY ON`, `SET PARSEONLY ON` and their like are refused, so that nothing else is here. */
};

export const defaultOptions = (): SessionOptions => ({
  noCount: false,
  xactAbort: false,
  isolation: "read committed",
  lockTimeoutMs: -1,
  identityInsert: undefined,
});

/** An error caught by a TRY block that is being handled. */
export type CaughtError = Pick<SqlMessage, "number" | "severity" | "state" | "line" | "text"> & {
  readonly procedure: string | undefined;
};

export const caughtError = (error: SqlError): CaughtError => ({
  number: error.number,
  severity: error.severity,
  state: error.state,
  line: error.line,
  text: error.message,
  procedure: error.procedure,
});

export type SessionIdentity = {
  readonly spid: number;
  readonly login: string;
  readonly host: string;
  readonly application: string;
};

export class SessionState {
  readonly identity: SessionIdentity;
  options = defaultOptions();
  rowCount = 0;
  /** @@ERROR */
  errorNumber = 0;
  /** @@IDENTITY: the last one of the session, whatever the scope. */
  lastIdentity: SqlValue = null;
  /** Errors being handled, innermost last. */
  caught: CaughtError[] = [];
  /** `#t`, lower case. */
  tempTables = new Map<string, Table>();

  constructor(identity: SessionIdentity) {
    this.identity = identity;
  }
}

/** Variables of one batch, procedure call or EXEC. */
export class Scope {
  /** 0 for what the client sent, one more for each EXEC inside. */
  readonly level: number;
  readonly types = new Map<string, SqlType>();
  readonly values = new Map<string, SqlValue>();
  readonly tableVariables = new Map<string, Table>();
  /** A ROLLBACK undid rows of table variables, which a real server would have kept: they may no longer be read. */
  tableVariablesLost = false;
  /** SCOPE_IDENTITY() */
  identity: SqlValue = null;
  /** TRY blocks of this scope that are running their body. */
  tryDepth = 0;
  /** Temp tables made in this scope; they go with it. */
  readonly ownTempTables = new Set<string>();
  /** Names and types of all variables: a part of the key of cached plans. */
  signature = "";
  returnValue: SqlValue = null;

  constructor(level: number) {
    this.level = level;
  }

  declare(name: string, type: SqlType, value: SqlValue = null): void {
    if (!this.types.has(name)) {
      this.types.set(name, type);
      this.signature += `${name} ${type.name},${type.length ?? ""},${type.precision ?? ""},${type.scale ?? ""};`;
    }
    this.values.set(name, value);
  }
}
