/**
 * Legacy rows in the form the mapping contract names (@banyan/service-kit/mapping), read and written over mssql: what the legacy
 * adapter does for good, as small as tests need it.
 */

import type { LegacyColumnType, LegacyRow, LegacyValue, RowChange, TableMapping } from "@banyan/service-kit/mapping";
import sql from "mssql";

type Columns = Pick<TableMapping, "legacyTable" | "legacyKey" | "legacyColumns">;

/** Every row of a table. */
export async function readLegacyRows(pool: sql.ConnectionPool, mapping: Columns): Promise<LegacyRow[]> {
  const list = Object.entries(mapping.legacyColumns).map(([name, { type }]) => `${selected(name, type)} AS [${name}]`);
  const { recordset } = await pool.request().query<LegacyRow>(`SELECT ${list.join(", ")} FROM ${mapping.legacyTable}`);
  return recordset;
}

function selected(name: string, type: LegacyColumnType): string {
  if (type === "datetime") return `CONVERT(varchar(23), [${name}], 121)`;
  if (type === "money") return `CONVERT(varchar(24), CAST([${name}] AS decimal(19,4)))`;
  if (type === "uniqueidentifier") return `UPPER(CONVERT(char(36), [${name}]))`;
  return type.startsWith("decimal") ? `CONVERT(varchar(40), [${name}])` : `[${name}]`;
}

/** Writes the changes of one outbox entry in one transaction, changed columns only. */
export async function writeLegacyChanges(
  pool: sql.ConnectionPool,
  changes: readonly RowChange[],
  mappingOf: (table: string) => Columns,
): Promise<void> {
  const transaction = pool.transaction();
  await transaction.begin();
  try {
    for (const change of changes) {
      const request = transaction.request();
      await request.query(statementOf(change, mappingOf(change.table), request));
    }
    await transaction.commit();
  } catch (error) {
    // A trigger that refuses has rolled back itself; what it said is the news.
    await transaction.rollback().catch(() => undefined);
    throw error;
  }
}

function statementOf(change: RowChange, mapping: Columns, request: sql.Request): string {
  const value = (prefix: string, name: string, given: LegacyValue): string => {
    const column = mapping.legacyColumns[name];
    if (!column) throw new Error(`${mapping.legacyTable} has no mapped column ${name}`);
    request.input(`${prefix}${name}`, ...parameter(column.type, given));
    return converted(`@${prefix}${name}`, column.type);
  };
  const where = mapping.legacyKey
    .map((name) => `[${name}] = ${value("k", name, change.key[name] ?? null)}`)
    .join(" AND ");
  if (change.new === null) return `DELETE FROM ${mapping.legacyTable} WHERE ${where}`;
  const written = Object.entries({ ...change.key, ...change.new }).filter(
    ([name]) =>
      mapping.legacyColumns[name]?.issued !== true || (change.old === null && mapping.legacyKey.includes(name)),
  );
  if (change.old !== null) {
    const set = written
      .filter(([name]) => !mapping.legacyKey.includes(name))
      .map(([name, given]) => `[${name}] = ${value("v", name, given)}`);
    return `UPDATE ${mapping.legacyTable} SET ${set.join(", ")} WHERE ${where}`;
  }
  const names = written.map(([name]) => `[${name}]`).join(", ");
  const values = written.map(([name, given]) => value("v", name, given)).join(", ");
  const insert = `INSERT INTO ${mapping.legacyTable} (${names}) VALUES (${values})`;
  const identity = mapping.legacyKey.some((name) => mapping.legacyColumns[name]?.issued);
  return identity
    ? `SET IDENTITY_INSERT ${mapping.legacyTable} ON; ${insert}; SET IDENTITY_INSERT ${mapping.legacyTable} OFF`
    : insert;
}

/** Bound with a type that holds the value whole; what has no type of its own goes as text and is converted. */
function parameter(type: LegacyColumnType, value: LegacyValue): [sql.ISqlType | (() => sql.ISqlType), unknown] {
  const length = Number(/\((\d+)\)/.exec(type)?.[1]);
  if (type === "int" || type === "smallint" || type === "tinyint") return [sql.Int, value];
  if (type === "bit") return [sql.Bit, value];
  if (type.startsWith("char")) return [sql.Char(length), value];
  if (type.startsWith("nvarchar")) return [sql.NVarChar(length), value];
  if (type === "ntext") return [sql.NVarChar(sql.MAX), value];
  if (type === "image" || type.startsWith("varbinary") || type === "rowversion") {
    return [sql.VarBinary(sql.MAX), value === null ? null : Buffer.from(value as Uint8Array)];
  }
  return [sql.VarChar(sql.MAX), value];
}

function converted(name: string, type: LegacyColumnType): string {
  if (type === "datetime") return `CONVERT(datetime, ${name}, 121)`;
  if (type === "money" || type === "uniqueidentifier" || type.startsWith("decimal")) return `CONVERT(${type}, ${name})`;
  return name;
}
