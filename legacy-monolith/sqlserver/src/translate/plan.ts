/**
 * What the translator hands to the interpreter. A plan is PostgreSQL text with numbered parameters, plus everything the
 * interpreter has to know that the text does not say: where each parameter's value comes from, what the result columns
 * are in T-SQL's types, which variables a statement assigns. Plans are immutable and may be cached by statement text,
 * variable types and catalog version.
 */

import type { ColumnMeta, SqlType, TypeName } from "../contract.ts";
import type { Catalog, Table } from "./catalog.ts";

/** Where a parameter's value is taken from when the plan runs. The text casts each one (`$1::int4`): no type ids are needed. */
export type ParameterSource =
  | { readonly kind: "variable" /** With the @, lower case. */; readonly name: string }
  /** `@@rowcount`, and the pseudo globals of session functions: `scope_identity()`, `error_number()`, `error_message()` … */
  | { readonly kind: "global"; readonly name: string };

export type Parameter = { readonly source: ParameterSource; readonly type: SqlType };

export type PlanKind = "select" | "insert" | "update" | "delete" | "merge" | "other";

export type Plan = {
  readonly kind: PlanKind;
  readonly sql: string;
  /** `$1` is the first. */
  readonly parameters: readonly Parameter[];
  /**
   * Columns for the client, in the order of the row; undefined: the client gets no result set. A row may be longer: the
   * columns behind these are hidden.
   */
  readonly columns?: readonly ColumnMeta[];
  /** `SELECT @x = …`, `SET @x = column`: for each row in order, the value at `index` goes to the variable. */
  readonly assigns?: readonly { readonly variable: string; readonly index: number }[];
  /** Row position of the identity value of each inserted row: SCOPE_IDENTITY and @@IDENTITY take the last one. */
  readonly identityIndex?: number;
  /**
   * Statements without parameters or results that have to run just before, in the same transaction (announce updated
   * columns to triggers, take a table or range lock before the snapshot). One pipeline up to one Sync makes them one
   * transaction without BEGIN.
   */
  readonly before?: readonly string[];
  /**
   * WITH CHANGE_TRACKING_CONTEXT: to run just before the statement; afterwards `sim.tracking_context` has to be empty again
   * (`SELECT set_config('sim.tracking_context', '', true)`).
   */
  readonly trackingContext?: { readonly sql: string; readonly parameters: readonly Parameter[] };
  /** Two writers may insert the same key at once where SQL Server would have made the second wait: run again on SQLSTATE 23505. */
  readonly retryDuplicate?: boolean;
  /** The statement changed this table: capture and triggers may need to know. */
  readonly table?: Table;
  /** T-SQL triggers fire on it: an error inside one aborts the batch and the transaction. */
  readonly firesTriggers?: boolean;
  /** Same statement text, variable types and catalog: same plan. False when it names temp tables or table variables. */
  readonly cacheable: boolean;
};

/** DDL: statements for one PostgreSQL transaction, catalog rows included. The catalog is to be loaded again after it. */
export type DdlPlan = {
  readonly kind: "ddl";
  readonly statements: readonly string[];
  /** The object is a temp table: it goes to (undefined: leaves) the session's temp tables; the catalog is untouched. */
  readonly temp?: { readonly name: string; readonly table: Table | undefined };
  /** `SELECT … INTO`: rows are counted from this plan, run after the statements. */
  readonly then?: Plan;
};

/** What a name in a statement may mean, besides the catalog. */
export type Environment = {
  readonly catalog: Catalog;
  /** Declared spelling of the current database. */
  readonly database: string;
  /** With the @, lower case. */
  readonly variables: ReadonlyMap<string, SqlType>;
  /** With the @, lower case; made by `tableVariable()`. */
  readonly tableVariables: ReadonlyMap<string, Table>;
  /** `#t`, lower case. */
  readonly tempTables: ReadonlyMap<string, Table>;
  /** Object id of the table that IDENTITY_INSERT is ON for. */
  readonly identityInsert?: number | undefined;
  /** Inside a trigger's body. */
  readonly trigger?: TriggerContext;
};

export type TriggerContext = {
  readonly table: Table;
  readonly event: "insert" | "update" | "delete";
  /** PL/pgSQL names of the variables instead of parameters. */
  readonly variable: (name: string) => string;
};

/** A condition's plan has one row and one column, `1` or `0` (unknown is 0). */
export type ConditionPlan = Plan;

/** Types of the globals and session functions that plans may ask for. */
export const globalTypes: Readonly<Record<string, SqlType>> = {
  "@@rowcount": { name: "int" },
  "@@trancount": { name: "int" },
  "@@error": { name: "int" },
  "@@spid": { name: "smallint" },
  "@@identity": { name: "numeric", precision: 38, scale: 0 },
  "@@nestlevel": { name: "int" },
  "@@options": { name: "int" },
  "@@datefirst": { name: "tinyint" },
  "@@language": { name: "nvarchar", length: 128 },
  "@@lock_timeout": { name: "int" },
  "@@max_precision": { name: "tinyint" },
  "@@servername": { name: "nvarchar", length: 128 },
  "@@version": { name: "nvarchar", length: 300 },
  "@@fetch_status": { name: "int" },
  "scope_identity()": { name: "numeric", precision: 38, scale: 0 },
  "rowcount_big()": { name: "bigint" },
  "xact_state()": { name: "smallint" },
  "error_number()": { name: "int" },
  "error_severity()": { name: "int" },
  "error_state()": { name: "int" },
  "error_line()": { name: "int" },
  "error_message()": { name: "nvarchar", length: 4000 },
  "error_procedure()": { name: "nvarchar", length: 128 },
  "suser_sname()": { name: "nvarchar", length: 128 },
  "host_name()": { name: "nvarchar", length: 128 },
  "app_name()": { name: "nvarchar", length: 128 },
};

export type TypeFamily = "integer" | "decimal" | "money" | "float" | "datetime" | "string" | "binary" | "guid";

/**
 * Errors raised inside PostgreSQL by the prelude's functions and by translated triggers have these SQLSTATEs; MESSAGE is
 * SQL Server's text, DETAIL is `number|severity|state|procedure|line` (the last two may be empty). `message` comes as a NOTICE (the statement goes
 * on), `error` ends the statement, `rollback` ends statement, batch and transaction (3609).
 */
export const sqlStates = { error: "U0001", message: "U0002", rollback: "U0003" } as const;

export type { TypeName };
