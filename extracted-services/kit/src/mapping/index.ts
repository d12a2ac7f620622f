/**
 * The two-way mapping a service publishes between the legacy rows it is kept in step with and the rows of its own model: an
 * anti-corruption layer. The legacy adapter reads legacy rows in the form below, asks the mapping, and writes the service's
 * rows; it knows nothing else of the service. One legacy row is one row of the service.
 *
 * Laws, tested by properties on every table:
 *   toLegacy(toService(row)) equals row, padding, sentinels and repeated hours included (owned tables)
 *   keyToService(keyOf(row)) names the row toService(row) makes
 *   toService never throws on a row SQL Server can hold; what it cannot read it keeps in `legacy_residue`
 */

/** Type of a legacy column; decides how it is read from and written to SQL Server. */
export type LegacyColumnType =
  | "int"
  | "smallint"
  | "tinyint"
  | "bit"
  | `char(${number})`
  | `varchar(${number})`
  | `nvarchar(${number})`
  | "text"
  | "ntext"
  | "image"
  | "datetime"
  | "money"
  | `decimal(${number},${number})`
  | "uniqueidentifier"
  | `varbinary(${number})`
  | "rowversion";

/**
 * A column's value as the adapter reads it. Integers: number. bit: boolean. char and nchar: padded as stored; varchar, text:
 * as stored. datetime: wall time of the legacy server, `YYYY-MM-DD HH:MM:SS.mmm` (style 121), never a Date. money and decimal:
 * decimal text with the column's whole scale (`12.5000`). uniqueidentifier: upper-case text. image, varbinary, rowversion: bytes.
 */
export type LegacyValue = string | number | boolean | Uint8Array | null;
export type LegacyRow = Readonly<Record<string, LegacyValue>>;

/**
 * A value for a column of the service, bound with the type `targetColumns` names. date: `YYYY-MM-DD`. timestamptz: ISO 8601 in
 * UTC with milliseconds. numeric: decimal text. jsonb: JSON text. bytea: bytes. text[]: list.
 */
export type TargetValue = string | number | boolean | Uint8Array | readonly string[] | null;
export type TargetRow = Readonly<Record<string, TargetValue>>;

/** PostgreSQL type of a service column, as written in a cast. */
export type TargetType =
  | "text"
  | "int"
  | "smallint"
  | "bigint"
  | "boolean"
  | "date"
  | "time"
  | "timestamptz"
  | "numeric"
  | "jsonb"
  | "bytea"
  | "uuid"
  | "text[]";

/** Who wins when both sides changed a column since the last agreed value; `manual` parks the key for a person. */
export type ConflictPolicy = "legacy" | "service" | "newer" | "merge" | "manual";

export type LegacyColumn = {
  readonly type: LegacyColumnType;
  /** Default manual. Owned tables only. */
  readonly conflict?: ConflictPolicy;
  /** SQL Server issues the value (identity, rowversion, computed): it is read, never written in an update. */
  readonly issued?: true;
};

export type TableMapping = {
  /** Table of schema dbo. */
  readonly legacyTable: string;
  /** Columns of the primary key, in order. */
  readonly legacyKey: readonly string[];
  /** Every captured column, in the table's order. Columns left out (derived, secret) are not read at all. */
  readonly legacyColumns: Readonly<Record<string, LegacyColumn>>;
  /** The service's table, without schema (public). It has a column `source_position bytea` besides those below. */
  readonly target: string;
  readonly targetKey: readonly string[];
  /** Every column the mapping writes. */
  readonly targetColumns: Readonly<Record<string, TargetType>>;
  /** owned: the module's own table, two-way. reference: a copy of another module's rows that this one reads. */
  readonly ownership: "owned" | "reference";
  /** Aggregates whose changes stay in order, for example `patient:100001`. Not empty; no PHI (ids only). */
  readonly lanes: (row: LegacyRow) => readonly string[];
  readonly toService: (row: LegacyRow) => TargetRow;
  /** @param key the columns of `legacyKey`. @returns the columns of `targetKey`. */
  readonly keyToService: (key: LegacyRow) => TargetRow;
  /** Owned tables only: the whole legacy row, issued columns included where the service knows them. */
  readonly toLegacy?: (row: TargetRow) => LegacyRow;
};

export type ServiceMapping = {
  /** Name of the service and of its database role, for example `patients`. */
  readonly service: string;
  /** Name of the module in the routing rules, for example `patient`. */
  readonly module: string;
  /** Referenced tables come before the tables that refer to them. */
  readonly tables: readonly TableMapping[];
};

export { changeOf } from "./change-of.ts";
export { type ColumnMapping, noEnd, noStart } from "./columns.ts";
export * as columns from "./columns.ts";
export { defineTable, type MappedTable } from "./define-table.ts";
export { decodeChange, type EncodedChange, encodeChange, type RowChange } from "./row-change.ts";
export { saveRow } from "./save-row.ts";
export { targetTypes } from "./target-types.ts";
export { instantToWall, roundToDatetime, wallToInstant } from "./wall-time.ts";
