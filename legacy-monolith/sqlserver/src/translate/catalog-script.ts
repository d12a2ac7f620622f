/** Lines of a DDL plan that keep the simulator's catalog in step with what PostgreSQL has been told. */

import { createHash } from "node:crypto";
import type { SqlType } from "../contract.ts";
import { quoteText } from "./typed.ts";
import { storage } from "./types.ts";

/** PostgreSQL's bound on the length of a name, in bytes. */
const physicalNameMax = 63;

/** Name of an index or constraint in PostgreSQL, where index names share one space with tables. */
export function physicalName(table: string, name: string): string {
  const full = `${table}$${name}`.toLowerCase();
  if (Buffer.byteLength(full) <= physicalNameMax) return full;
  const hash = createHash("md5").update(full).digest("hex").slice(0, 10);
  return `${Buffer.from(full)
    .subarray(0, physicalNameMax - 11)
    .toString()}$${hash}`;
}

/** A name as SQL Server makes one up: `PK__PATMST__3214EC07…`; made of the table and column, so that it is the same every time. */
export function systemName(prefix: string, table: string, column: string): string {
  const hash = createHash("md5")
    .update(`${prefix}.${table}.${column}`.toLowerCase())
    .digest("hex")
    .slice(0, 8)
    .toUpperCase();
  const short = prefix === "PK" || prefix === "UQ" ? table.slice(0, 8) : `${table.slice(0, 9)}__${column.slice(0, 5)}`;
  return `${prefix}__${short}__${hash}`;
}

export const objectId = (schema: string, name: string): string =>
  `sim.object_id_of(${quoteText(schema)}, ${quoteText(name)})`;

export function addObject(object: {
  readonly schema: string;
  readonly name: string;
  readonly physical: string;
  readonly type: "U" | "V" | "TR" | "PK" | "UQ" | "D" | "C" | "F";
  /** SQL text of the parent's object id. */
  readonly parent?: string;
  readonly definition?: string | undefined;
  readonly systemNamed?: boolean;
}): string {
  const definition = object.definition === undefined ? "NULL" : quoteText(object.definition);
  return `SELECT sim.add_object(${quoteText(object.schema)}, ${quoteText(object.name)}, ${quoteText(object.physical)}, '${object.type}', ${object.parent ?? "0"}, ${definition}, ${object.systemNamed ?? false})`;
}

export type CatalogColumn = {
  readonly id: number | "next";
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly identity?: { readonly seed: string; readonly increment: string } | undefined;
  readonly computed?: { readonly text: string; readonly persisted: boolean } | undefined;
};

export function addColumn(table: string, column: CatalogColumn): string {
  const { maxLength, precision, scale } = storage(column.type);
  const id =
    column.id === "next"
      ? `(SELECT coalesce(max(column_id), 0) + 1 FROM sim.columns WHERE object_id = ${table})`
      : column.id;
  const seed = column.identity ? `${column.identity.seed}, ${column.identity.increment}` : "NULL, NULL";
  const computed = column.computed ? `${quoteText(column.computed.text)}, ${column.computed.persisted}` : "NULL, false";
  return `INSERT INTO sim.columns (object_id, column_id, name, physical, type_name, max_length, precision, scale, is_nullable, identity_seed, identity_increment, computed_text, is_persisted)
    VALUES (${table}, ${id}, ${quoteText(column.name)}, ${quoteText(column.name.toLowerCase())}, ${quoteText(column.type.name)}, ${maxLength}, ${precision}, ${scale}, ${column.nullable}, ${seed}, ${computed})`;
}

export function addIndex(
  table: string,
  index: {
    readonly name: string;
    readonly physical: string;
    readonly unique: boolean;
    readonly kind: "primaryKey" | "unique" | "index";
    readonly filter?: string | undefined;
    readonly columns: readonly { readonly name: string; readonly descending: boolean; readonly included: boolean }[];
  },
): string[] {
  const next = `(SELECT coalesce(max(index_id), ${index.kind === "primaryKey" ? 0 : 1}) + 1 FROM sim.indexes WHERE object_id = ${table})`;
  const id = `(SELECT index_id FROM sim.indexes WHERE object_id = ${table} AND physical = ${quoteText(index.physical)})`;
  const filter = index.filter === undefined ? "NULL" : quoteText(index.filter);
  return [
    `INSERT INTO sim.indexes (object_id, index_id, name, physical, is_unique, is_primary_key, is_unique_constraint, filter)
      VALUES (${table}, ${next}, ${quoteText(index.name)}, ${quoteText(index.physical)}, ${index.unique}, ${index.kind === "primaryKey"}, ${index.kind === "unique"}, ${filter})`,
    ...index.columns.map(
      (
        column,
        position,
      ) => `INSERT INTO sim.index_columns (object_id, index_id, ordinal, column_id, descending, included)
      SELECT ${table}, ${id}, ${position + 1}, column_id, ${column.descending}, ${column.included} FROM sim.columns WHERE object_id = ${table} AND name = ${quoteText(column.name)}::bpchar`,
    ),
  ];
}

/** Removes an object and everything that hangs on it from the catalog. */
export function removeObject(id: string): string[] {
  const own = `SELECT object_id FROM sim.objects WHERE object_id = ${id} OR parent_object_id = ${id}`;
  return [
    ...["columns", "indexes", "index_columns"].map((table) => `DELETE FROM sim.${table} WHERE object_id = ${id}`),
    `DELETE FROM sim.extended_properties WHERE major_id = ${id}`,
    `DELETE FROM sim.foreign_keys WHERE object_id IN (${own})`,
    `DELETE FROM sim.triggers WHERE object_id IN (${own})`,
    `DELETE FROM sim.objects WHERE parent_object_id = ${id}`,
    `DELETE FROM sim.objects WHERE object_id = ${id}`,
  ];
}
