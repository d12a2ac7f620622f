/**
 * Procedures the simulator brings itself: `sys.sp_cdc_enable_table`, `sp_rename`, `sp_sim_fault` … Each is plain data and
 * one function, so that a part of the simulator can add its own without knowing the interpreter. Called from T-SQL
 * (`EXEC`) and by the protocol's procedure calls alike.
 */

import type { ColumnMeta, SqlType, SqlValue } from "../contract.ts";

export type ProcedureParameter = {
  /** With the @, as documented: `@source_schema`. Matched without regard to case. */
  readonly name: string;
  readonly type: SqlType;
  /** Value when the caller leaves it out; a parameter without one is required (error 201). */
  readonly fallback?: SqlValue;
  readonly output?: boolean;
};

/** Lower-case parameter name with the @ → value in the engine's text format, converted to the parameter's type. */
export type ProcedureArguments = ReadonlyMap<string, SqlValue>;

/** What a procedure may do. Everything runs in the caller's connection and, when there is one, transaction. */
export type ProcedureContext = {
  readonly spid: number;
  /** Current database, as spelled when it was made. */
  readonly database: string;
  readonly login: string;
  /** Whether the caller has a transaction open. */
  readonly inTransaction: boolean;
  /** Runs one PostgreSQL statement; rows as arrays of text. Engine errors are thrown as `EngineError`. */
  query(sql: string, values?: readonly SqlValue[]): Promise<SqlValue[][]>;
  /** Sends a whole result set to the client. */
  resultSet(columns: readonly ColumnMeta[], rows: readonly (readonly SqlValue[])[]): void;
  /** Sends an INFO message (severity 0, number 0 unless given). */
  info(text: string, number?: number): void;
  /** Runs T-SQL text as part of the procedure, its results going to the client. */
  batch(text: string): Promise<void>;
  /** The procedure changed tables, columns or names: catalogs and prepared plans are read anew. */
  catalogChanged(): void;
  /** Sets an output parameter. */
  output(name: string, value: SqlValue): void;
};

export type SystemProcedure = {
  /** Lower case, without schema: `sp_cdc_enable_db`. Found as `sp_x`, `sys.sp_x`, `dbo.sp_x` and with a database in front. */
  readonly name: string;
  readonly parameters: readonly ProcedureParameter[];
  /**
   * True (the default) when all of it must happen or nothing: outside a transaction the procedure gets one of its own, and
   * inside one a savepoint that an error goes back to.
   */
  readonly atomic?: boolean;
  /** @returns the return status; nothing means 0. @throws SqlError to fail with that error */
  run(context: ProcedureContext, args: ProcedureArguments): Promise<number | void>;
};

const nvarchar = (length: number): SqlType => ({ name: "nvarchar", length });

/** `sysname` as parameters declare it. */
export const sysname: SqlType = nvarchar(128);

export function registry(...lists: readonly (readonly SystemProcedure[])[]): ReadonlyMap<string, SystemProcedure> {
  return new Map(lists.flat().map((procedure) => [procedure.name, procedure]));
}
