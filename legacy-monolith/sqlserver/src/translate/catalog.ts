/**
 * The catalog as the translator sees it: tables, views and functions with their T-SQL types, found by name without case.
 * Loaded whole from schema `sim` (user objects) and from PostgreSQL's own catalog (system views, capture's tables and
 * functions); immutable, replaced after DDL.
 */

import type { SqlType } from "../contract.ts";

export type Column = {
  readonly id: number;
  /** Declared spelling. */
  readonly name: string;
  readonly physical: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly identity?: { readonly seed: string; readonly increment: string };
  readonly computed?: { readonly text: string; readonly persisted: boolean };
  readonly hasDefault: boolean;
};

export type Index = {
  readonly id: number;
  readonly name: string;
  readonly physical: string;
  readonly unique: boolean;
  readonly primaryKey: boolean;
  readonly uniqueConstraint: boolean;
  readonly filter?: string;
  readonly columns: readonly { readonly column: Column; readonly descending: boolean; readonly included: boolean }[];
};

/** A default, check or foreign key. */
export type Constraint = {
  readonly objectId: number;
  readonly kind: "D" | "C" | "F";
  readonly name: string;
  readonly physical: string;
  readonly definition: string;
};

export type Trigger = {
  readonly objectId: number;
  readonly name: string;
  readonly events: readonly ("insert" | "update" | "delete")[];
  readonly enabled: boolean;
  /** Its body asks UPDATE(column). */
  readonly asksUpdated: boolean;
};

export type Table = {
  /** 0 for temp tables, table variables and system objects. */
  readonly objectId: number;
  readonly kind: "table" | "view";
  readonly schema: string;
  readonly name: string;
  /** Quoted, schema and all: ready for SQL text. */
  readonly sql: string;
  readonly columns: readonly Column[];
  readonly indexes: readonly Index[];
  readonly constraints: readonly Constraint[];
  readonly triggers: readonly Trigger[];
};

/** A function of schemas sys, cdc or dbo that PostgreSQL holds. */
export type CatalogFunction = {
  readonly sql: string;
  readonly parameters: readonly { readonly name: string; readonly type: SqlType; readonly hasDefault: boolean }[];
  readonly returns: SqlType | readonly Column[];
};

export type Catalog = {
  /** Schema undefined: dbo. Without case. */
  table(schema: string | undefined, name: string): Table | undefined;
  tableById(objectId: number): Table | undefined;
  function(schema: string, name: string): CatalogFunction | undefined;
  hasSchema(name: string): boolean;
  /** The constraint, key or index behind a name in a PostgreSQL error, with its table. */
  constraint(
    physical: string,
  ): { readonly table: Table; readonly name: string; readonly kind: ConstraintKind } | undefined;
  readonly tables: readonly Table[];
};

export type ConstraintKind = "primaryKey" | "unique" | "uniqueIndex" | "check" | "foreignKey";

/** Runs a query on the database whose catalog is wanted; rows of values as PostgreSQL's text. */
export type CatalogQuery = (sql: string) => Promise<readonly (readonly (string | null)[])[]>;
