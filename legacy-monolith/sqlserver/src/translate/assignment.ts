/** What may be written to a column, and how a value becomes the column's. Errors 109, 110, 120, 121, 213, 264, 271, 272, 273, 544, 8101, 8102. */

import { SqlError } from "../contract.ts";
import type { ObjectName } from "../tsql/ast.ts";
import type { Column, Table } from "./catalog.ts";
import { convert } from "./coercion.ts";
import { invalidColumn } from "./scope.ts";
import { quoteText, type Translation, type Typed } from "./typed.ts";
import { pgType } from "./types.ts";

function findColumn(table: Table, name: string): Column {
  const wanted = name.toLowerCase();
  const found = table.columns.find((column) => column.name.toLowerCase() === wanted);
  if (!found) throw invalidColumn(name);
  return found;
}

/** The value converted to the column's type; what does not fit fails with the column's name. */
export function assigned(value: Typed, column: Column, table: Table): Typed {
  return convert(value, column.type, { target: `${table.schema}.${table.name}:${column.name}` });
}

/** Columns that take a value when INSERT names none. */
const defaultColumns = (table: Table): Column[] =>
  table.columns.filter((column) => !column.computed && !column.identity && column.type.name !== "timestamp");

/** Columns of an INSERT's list. `isDefault` tells which get only DEFAULT. */
export function insertColumns(
  table: Table,
  names: readonly string[] | undefined,
  t: Translation,
  isDefault: (index: number) => boolean,
): Column[] {
  const identityInsert = table.objectId !== 0 && t.environment.identityInsert === table.objectId;
  const identity = table.columns.find((column) => column.identity);
  if (!names) {
    if (identityInsert && identity) {
      throw new SqlError(
        8101,
        16,
        `An explicit value for the identity column in table '${table.name}' can only be specified when a column list is used and IDENTITY_INSERT is ON.`,
      );
    }
    return defaultColumns(table);
  }
  const seen = new Set<Column>();
  const columns = names.map((name, i) => {
    const column = findColumn(table, name);
    if (seen.has(column)) {
      throw new SqlError(
        264,
        16,
        `The column name '${name}' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once. If this statement updates or inserts columns into a view, column aliasing can conceal the duplication in your code.`,
      );
    }
    seen.add(column);
    if (column.computed) throw computedColumn(column);
    if (column.type.name === "timestamp" && !isDefault(i)) {
      throw new SqlError(
        273,
        16,
        "Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to exclude the timestamp column, or insert a DEFAULT into the timestamp column.",
      );
    }
    return column;
  });
  checkIdentity(table, identity, columns, identityInsert);
  return columns;
}

function checkIdentity(table: Table, identity: Column | undefined, columns: readonly Column[], allowed: boolean): void {
  if (!identity) return;
  if (columns.includes(identity) && !allowed) {
    throw new SqlError(
      544,
      16,
      `Cannot insert explicit value for identity column in table '${table.name}' when IDENTITY_INSERT is set to OFF.`,
    );
  }
  if (!columns.includes(identity) && allowed) {
    throw new SqlError(
      545,
      16,
      `Explicit value must be specified for identity column in table '${table.name}' either when IDENTITY_INSERT is set to ON or when a replication user is inserting into a NOT FOR REPLICATION identity column.`,
    );
  }
}

const computedColumn = (column: Column): SqlError =>
  new SqlError(
    271,
    16,
    `The column "${column.name}" cannot be modified because it is either a computed column or is the result of a UNION operator.`,
  );

/** The column of an UPDATE's SET. */
export function updatedColumn(table: Table, name: ObjectName): Column {
  const column = findColumn(table, name.at(-1) ?? "");
  if (column.computed) throw computedColumn(column);
  if (column.type.name === "timestamp") throw new SqlError(272, 16, "Cannot update a timestamp column.");
  if (column.identity) throw new SqlError(8102, 16, `Cannot update identity column '${column.name}'.`);
  return column;
}

/** Text of a value in an INSERT; an explicit identity raises the table's counter. */
export function insertedText(value: Typed, column: Column, table: Table): string {
  const { sql } = assigned(value, column, table);
  if (!column.identity) return sql;
  const sequence = `pg_get_serial_sequence(${quoteText(table.sql)}, ${quoteText(column.physical)})`;
  const ascending = !column.identity.increment.startsWith("-");
  return `sim.identity_insert(${sequence}::regclass, (${sql})::int8, ${ascending})::${pgType(column.type)}`;
}

/** @throws SqlError 109, 110 (VALUES), 120, 121 (SELECT), 213 (no column list) */
export function checkCount(listed: boolean, columns: number, values: number, from: "values" | "select"): void {
  if (columns === values) return;
  if (!listed) throw new SqlError(213, 16, "Column name or number of supplied values does not match table definition.");
  if (from === "values") {
    throw columns > values
      ? new SqlError(
          109,
          15,
          "There are more columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.",
        )
      : new SqlError(
          110,
          15,
          "There are fewer columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.",
        );
  }
  throw columns > values
    ? new SqlError(
        120,
        15,
        "The select list for the INSERT statement contains fewer items than the insert list. The number of SELECT values must match the number of INSERT columns.",
      )
    : new SqlError(
        121,
        15,
        "The select list for the INSERT statement contains more items than the insert list. The number of SELECT values must match the number of INSERT columns.",
      );
}
