/**
 * Everything a data set can get wrong is found here, before a row is sent: text too long or outside the code page, a missing
 * value, a number out of range, a key twice. A server would stop in the middle of a table with less to say.
 */

import type { Tables } from "./dataset.ts";
import { fitsCodePage } from "./code-page.ts";
import { parseAmount } from "./money.ts";
import { type AnyColumn, columnsOf, type TableName, tableNames, tables as definitions } from "./schema.ts";

/** Table, position of the row (from 0) and column; never a value, since values are patient data. */
export type Problem = {
  readonly table: TableName;
  readonly row: number;
  readonly column: string;
  readonly reason: string;
};

export function checkTables(tables: Tables): Problem[] {
  return tableNames.flatMap((table) => checkValues(table, tables[table]).concat(checkKeys(table, tables[table])));
}

type LooseRow = Readonly<Record<string, unknown>>;

function checkValues(table: TableName, rows: readonly LooseRow[]): Problem[] {
  const columns = columnsOf(table);
  return rows.flatMap((row, index) =>
    columns.flatMap(([column, definition]) => {
      const reason = faultOf(row[column], definition);
      return reason === undefined ? [] : [{ table, row: index, column, reason }];
    }),
  );
}

/** SQL Server compares keys without regard to case and trailing blanks. */
function checkKeys(table: TableName, rows: readonly LooseRow[]): Problem[] {
  const key: readonly string[] = definitions[table].key;
  const seen = new Set<string>();
  return rows.flatMap((row, index) => {
    const value = key.map((column) => String(row[column]).trimEnd().toUpperCase()).join("\u0000");
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [{ table, row: index, column: key.join(", "), reason: "the key occurs twice" }];
  });
}

const ranges = { tinyint: [0, 255], smallint: [-32_768, 32_767], int: [-2_147_483_648, 2_147_483_647] } as const;
const moment = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

function faultOf(value: unknown, { type, nullable }: AnyColumn): string | undefined {
  if (value === null || value === undefined) return nullable ? undefined : "a value is missing";
  switch (type.kind) {
    case "char":
    case "varchar":
      return textFault(value, type.length) ?? pageFault(value);
    case "nvarchar":
      return textFault(value, type.length);
    case "text":
      return pageFault(value);
    case "tinyint":
    case "smallint":
    case "int":
      return numberFault(value, ranges[type.kind]);
    case "money":
      return typeof value === "string" && parseAmount(value) !== undefined ? undefined : "it is not an amount";
    case "decimal":
      return decimalFault(value, type);
    case "datetime":
      return typeof value === "string" && moment.test(value) && value >= "1753"
        ? undefined
        : "it is not a date SQL Server keeps";
    case "varbinary":
      return Buffer.isBuffer(value) && value.length <= type.length ? undefined : "it is too long";
    default:
      return undefined;
  }
}

function textFault(value: unknown, length: number): string | undefined {
  if (typeof value !== "string") return "it is not text";
  return value.length > length ? `it is longer than ${length} characters` : undefined;
}

function pageFault(value: unknown): string | undefined {
  return typeof value === "string" && fitsCodePage(value) ? undefined : "a letter is outside windows-1252";
}

function numberFault(value: unknown, [min, max]: readonly [number, number]): string | undefined {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max
    ? undefined
    : `it is not in ${min} to ${max}`;
}

function decimalFault(value: unknown, type: { precision: number; scale: number }): string | undefined {
  const match = typeof value === "string" ? /^-?(\d+)(?:\.(\d+))?$/.exec(value) : null;
  if (!match) return "it is not a decimal number";
  const fits = (match[1] ?? "").length <= type.precision - type.scale && (match[2] ?? "").length <= type.scale;
  return fits ? undefined : `it does not fit decimal(${type.precision},${type.scale})`;
}
