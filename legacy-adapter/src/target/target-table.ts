/**
 * The statements by which rows reach a service's table: one upsert and one delete for any number of rows, their values in
 * arrays. A row is only ever written by a newer position, so that applying twice, or copying while changes flow, changes
 * nothing; a deletion leaves a tombstone, so that a chunk of a copy read before it cannot bring the row back.
 */

import type { TableMapping, TargetRow, TargetType, TargetValue } from "@banyan/service-kit/mapping";
import type { Position } from "../capture/position.ts";

export type PositionedRow = { readonly row: TargetRow; readonly position: Position };
export type Statement = { readonly name: string; readonly text: string; readonly values: unknown[] };

const positionColumn = "source_position";

/** Mapped rows as parameters: one array a column. */
export type RowSource = {
  /** `unnest(…) AS u(columns…)` with parameters from $1 on, for a FROM clause. */
  readonly from: string;
  /** A column of it, in its own type. */
  column(name: string): string;
  values(rows: readonly TargetRow[]): unknown[];
};

export type TargetTable = {
  readonly mapping: TableMapping;
  /** Qualified and quoted. */
  readonly name: string;
  readonly columns: readonly string[];
  upsert(rows: readonly PositionedRow[]): Statement;
  /** As `upsert`, but not over a tombstone that is as new: for rows that were read and not captured. */
  copy(rows: readonly PositionedRow[]): Statement;
  delete(keys: readonly PositionedRow[]): Statement;
};

export function rowSource(mapping: TableMapping, columns: readonly string[], more = ""): RowSource {
  const arrays = columns.map((column, index) => `$${index + 1}::${travelType(typeOf(mapping, column))}[]`);
  return {
    from: `unnest(${arrays.join(", ")})${more} AS u(${[...columns.map(identifier), ...(more ? ["n"] : [])].join(", ")})`,
    column: (name) => selected(mapping, name),
    values: (rows) => {
      const positioned = rows.map((row) => ({ row, position: noPosition }));
      return columns.map((column) => arrayLiteral(positioned, column, typeOf(mapping, column)));
    },
  };
}

const noPosition: Position = new Uint8Array();

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function targetTable(mapping: TableMapping): TargetTable {
  const types: Readonly<Record<string, TargetType>> = mapping.targetColumns;
  const columns = Object.keys(types);
  const name = `public.${identifier(mapping.target)}`;
  const upsertText = upsertStatement(mapping, name, false);
  const copyText = upsertStatement(mapping, name, true);
  const deleteText = deleteStatement(mapping, name);
  const valuesOf = (names: readonly string[], rows: readonly PositionedRow[]): unknown[] => [
    ...names.map((column) => arrayLiteral(rows, column, types[column] as TargetType)),
    rows.map(({ position }) => position),
  ];
  return {
    mapping,
    name,
    columns,
    upsert: (rows) => ({ name: `upsert ${mapping.target}`, text: upsertText, values: valuesOf(columns, rows) }),
    copy: (rows) => ({ name: `copy ${mapping.target}`, text: copyText, values: valuesOf(columns, rows) }),
    delete: (rows) => ({
      name: `delete ${mapping.target}`,
      text: deleteText,
      values: valuesOf(mapping.targetKey, rows),
    }),
  };
}

/** unnest flattens arrays of arrays: a text[] travels as its text. */
const travelType = (type: TargetType): string => (type === "text[]" ? "text" : type);

const values = (mapping: TableMapping, names: readonly string[]): string => {
  const arrays = names.map((column, index) => `$${index + 1}::${travelType(typeOf(mapping, column))}[]`);
  const aliases = [...names, positionColumn].map(identifier).join(", ");
  return `unnest(${[...arrays, `$${names.length + 1}::bytea[]`].join(", ")}) AS u(${aliases})`;
};

const typeOf = (mapping: TableMapping, column: string): TargetType => mapping.targetColumns[column] ?? "text";

const selected = (mapping: TableMapping, column: string): string =>
  typeOf(mapping, column) === "text[]" ? `u.${identifier(column)}::text[]` : `u.${identifier(column)}`;

/** The key as one value, the same in statements that write tombstones and that heed them. */
const keyValue = (mapping: TableMapping, alias: string): string =>
  `jsonb_build_array(${mapping.targetKey.map((column) => `${alias}.${identifier(column)}`).join(", ")})`;

const target = (mapping: TableMapping): string => `'${mapping.target.replaceAll("'", "''")}'`;

function upsertStatement(mapping: TableMapping, name: string, heedsTombstones: boolean): string {
  const columns = Object.keys(mapping.targetColumns);
  const all = [...columns, positionColumn];
  const guard = heedsTombstones
    ? ` WHERE NOT EXISTS (SELECT FROM sync.tombstone s WHERE s.target = ${target(mapping)} AND s.key = ${keyValue(mapping, "u")} AND s.position >= u.${positionColumn})`
    : "";
  return `INSERT INTO ${name} AS t (${all.map(identifier).join(", ")})
SELECT ${columns.map((column) => selected(mapping, column)).join(", ")}, u.${positionColumn} FROM ${values(mapping, columns)}${guard}
ON CONFLICT (${mapping.targetKey.map(identifier).join(", ")}) DO UPDATE SET ${all.map((column) => `${identifier(column)} = EXCLUDED.${identifier(column)}`).join(", ")}
WHERE t.${positionColumn} IS NULL OR t.${positionColumn} < EXCLUDED.${positionColumn}`;
}

function deleteStatement(mapping: TableMapping, name: string): string {
  const same = mapping.targetKey.map((column) => `t.${identifier(column)} = u.${identifier(column)}`).join(" AND ");
  return `WITH u AS MATERIALIZED (SELECT * FROM ${values(mapping, mapping.targetKey)}), marked AS (
  INSERT INTO sync.tombstone AS s (target, key, position) SELECT ${target(mapping)}, ${keyValue(mapping, "u")}, u.${positionColumn} FROM u
  ON CONFLICT (target, key) DO UPDATE SET position = EXCLUDED.position WHERE s.position < EXCLUDED.position)
DELETE FROM ${name} t USING u WHERE ${same} AND (t.${positionColumn} IS NULL OR t.${positionColumn} < u.${positionColumn})`;
}

const plainTypes = new Set<TargetType>([
  "int",
  "smallint",
  "bigint",
  "boolean",
  "date",
  "time",
  "timestamptz",
  "numeric",
  "uuid",
]);

/** PostgreSQL's text form of an array, written here because the driver's own looks at every value's type again and again. */
function arrayLiteral(rows: readonly PositionedRow[], column: string, type: TargetType): string {
  const isPlain = plainTypes.has(type);
  let text = "{";
  for (let index = 0; index < rows.length; index += 1) {
    if (index > 0) text += ",";
    const value = rows[index]?.row[column];
    if (value == null) text += "NULL";
    else if (isPlain && typeof value !== "object") text += String(value) === "" ? '""' : `"${String(value)}"`;
    else text += element(value, type);
  }
  return `${text}}`;
}

function element(value: TargetValue, type: TargetType): string {
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString("hex")}"`;
  if (type === "text[]") return escaped(`{${(value as readonly string[]).map(escaped).join(",")}}`);
  return escaped(String(value));
}

const special = /["\\]/;
const escaped = (text: string): string => `"${special.test(text) ? text.replaceAll(/["\\]/g, "\\$&") : text}"`;
