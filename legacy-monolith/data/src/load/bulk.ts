/** Rows of the data set as bulk-insert tables of the mssql driver. */

import sql from "mssql";
import { amountOf, driverMoney } from "../money.ts";
import { type AnyColumn, columnsOf, type SqlType, type TableName } from "../schema.ts";
import { utcFields } from "../wall-clock.ts";

type Cell = string | number | boolean | Buffer | Date | null;
type LooseRow = Readonly<Record<string, unknown>>;

/**
 * An identity column takes part: a server keeps the values of an identity column that is in the column list of `insert
 * bulk` (so do .NET's SqlBulkCopy and Microsoft's JDBC driver with KeepIdentity; neither sends an option for it).
 */
export function bulkTable(table: TableName, rows: readonly LooseRow[]): sql.Table {
  const bulk = new sql.Table(table);
  const columns = columnsOf(table);
  for (const [name, { type, nullable }] of columns) bulk.columns.add(name, driverType(type), { nullable });
  for (const row of rows) bulk.rows.push(columns.map(([name, column]) => driverValue(row[name], column)) as never);
  return bulk;
}

function driverType(type: SqlType): sql.ISqlType {
  switch (type.kind) {
    case "char":
      return sql.Char(type.length);
    case "varchar":
      return sql.VarChar(type.length);
    case "nvarchar":
      return sql.NVarChar(type.length);
    case "varbinary":
      return sql.VarBinary(type.length);
    case "decimal":
      return sql.Decimal(type.precision, type.scale);
    default:
      return plainTypes[type.kind]();
  }
}

const plainTypes = {
  int: sql.Int,
  smallint: sql.SmallInt,
  tinyint: sql.TinyInt,
  bit: sql.Bit,
  money: sql.Money,
  datetime: sql.DateTime,
  text: sql.Text,
  ntext: sql.NText,
  image: sql.Image,
  uniqueidentifier: sql.UniqueIdentifier,
} as const;

/** A `datetime` goes as a Date whose UTC fields are the wall clock: the connection is opened with `useUTC: true`. */
function driverValue(value: unknown, { type }: AnyColumn): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value !== "string") return value as Cell;
  if (type.kind === "datetime") return new Date(utcFields(value));
  if (type.kind === "money") return driverMoney(amountOf(value));
  if (type.kind === "decimal") return Number(value);
  return value;
}
