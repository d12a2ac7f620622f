/** T-SQL types: families, precedence, arithmetic result types, and what each is in PostgreSQL. Source: Microsoft's "Data type precedence" and "Precision, scale, and length". */

import { notSupported, type SqlType, type TypeName } from "../contract.ts";
import type { TypeFamily } from "./plan.ts";

/** Highest first. */
const precedence: readonly TypeName[] = [
  "datetime2",
  "datetime",
  "smalldatetime",
  "date",
  "time",
  "float",
  "real",
  "decimal",
  "numeric",
  "money",
  "smallmoney",
  "bigint",
  "int",
  "smallint",
  "tinyint",
  "bit",
  "ntext",
  "text",
  "image",
  "timestamp",
  "uniqueidentifier",
  "nvarchar",
  "nchar",
  "varchar",
  "char",
  "varbinary",
  "binary",
];

const families: Readonly<Record<TypeName, TypeFamily>> = {
  bit: "integer",
  tinyint: "integer",
  smallint: "integer",
  int: "integer",
  bigint: "integer",
  decimal: "decimal",
  numeric: "decimal",
  money: "money",
  smallmoney: "money",
  float: "float",
  real: "float",
  datetime: "datetime",
  smalldatetime: "datetime",
  datetime2: "datetime",
  date: "datetime",
  time: "datetime",
  char: "string",
  varchar: "string",
  nchar: "string",
  nvarchar: "string",
  text: "string",
  ntext: "string",
  binary: "binary",
  varbinary: "binary",
  image: "binary",
  uniqueidentifier: "guid",
  timestamp: "binary",
};

export const family = (type: SqlType): TypeFamily => families[type.name];
export const isString = (type: SqlType): boolean => families[type.name] === "string";
export const isUnicode = (type: SqlType): boolean =>
  type.name === "nchar" || type.name === "nvarchar" || type.name === "ntext";
export const isFixed = (type: SqlType): boolean => type.name === "char" || type.name === "nchar";
export const isExact = (type: SqlType): boolean => {
  const of = families[type.name];
  return of === "integer" || of === "decimal" || of === "money";
};
export const isNumber = (type: SqlType): boolean => isExact(type) || families[type.name] === "float";
export const isLarge = (type: SqlType): boolean =>
  type.name === "text" || type.name === "ntext" || type.name === "image" || type.length === -1;

export const int: SqlType = { name: "int" };
export const bigint: SqlType = { name: "bigint" };
export const bit: SqlType = { name: "bit" };
export const float: SqlType = { name: "float" };
export const datetime: SqlType = { name: "datetime" };
export const money: SqlType = { name: "money" };
export const sysname: SqlType = { name: "nvarchar", length: 128 };
export const varchar = (length: number): SqlType => ({ name: "varchar", length: clampLength("varchar", length) });
export const nvarchar = (length: number): SqlType => ({ name: "nvarchar", length: clampLength("nvarchar", length) });
export const decimal = (precision: number, scale: number): SqlType => ({ name: "decimal", precision, scale });

function clampLength(name: TypeName, length: number): number {
  if (length === -1) return -1;
  return Math.max(1, Math.min(length, name.startsWith("n") ? 4000 : 8000));
}

/** Characters or bytes; Infinity for max. */
export function maxLength(type: SqlType): number {
  if (isLarge(type)) return Number.POSITIVE_INFINITY;
  if (type.name === "timestamp") return 8;
  return type.length ?? 1;
}

/** Number types as decimals, for the rules below. */
export function asDecimal(type: SqlType, digits?: number): { precision: number; scale: number } {
  switch (type.name) {
    case "bit":
      return { precision: 1, scale: 0 };
    case "tinyint":
      return { precision: 3, scale: 0 };
    case "smallint":
      return { precision: 5, scale: 0 };
    case "int":
      return { precision: digits ?? 10, scale: 0 };
    case "bigint":
      return { precision: digits ?? 19, scale: 0 };
    case "money":
      return { precision: 19, scale: 4 };
    case "smallmoney":
      return { precision: 10, scale: 4 };
    default:
      return { precision: type.precision ?? 18, scale: type.scale ?? 0 };
  }
}

export const outranks = (left: SqlType, right: SqlType): boolean =>
  precedence.indexOf(left.name) < precedence.indexOf(right.name);

/** Result type of UNION, CASE, COALESCE, comparisons: the one of higher precedence, wide enough for both. */
export function commonType(left: SqlType, right: SqlType): SqlType {
  const [high, low] = outranks(right, left) ? [right, left] : [left, right];
  if (isString(high) && isString(low)) return commonString(left, right, Math.max);
  if (families[high.name] === "decimal" && isExact(low)) {
    const a = asDecimal(high);
    const b = asDecimal(low);
    const scale = Math.max(a.scale, b.scale);
    return decimal(Math.min(38, Math.max(a.precision - a.scale, b.precision - b.scale) + scale), scale);
  }
  if (families[high.name] === "binary" && families[low.name] === "binary" && high.name !== "timestamp") {
    const length = Math.max(maxLength(high), maxLength(low));
    return { name: high.name, length: Number.isFinite(length) ? length : -1 };
  }
  if (high.name === low.name && (high.name === "datetime2" || high.name === "time")) {
    return { name: high.name, scale: Math.max(high.scale ?? 7, low.scale ?? 7) };
  }
  return high;
}

/** Strings joined (`+`) or unified. */
export function commonString(left: SqlType, right: SqlType, join: (a: number, b: number) => number): SqlType {
  const unicode = isUnicode(left) || isUnicode(right);
  if (left.name === "text" || left.name === "ntext" || right.name === "text" || right.name === "ntext") {
    return { name: unicode ? "nvarchar" : "varchar", length: -1 };
  }
  const length = join(maxLength(left), maxLength(right));
  const fixed = isFixed(left) && isFixed(right);
  const name: TypeName = fixed ? (unicode ? "nchar" : "char") : unicode ? "nvarchar" : "varchar";
  return { name, length: Number.isFinite(length) ? clampLength(name, length) : -1 };
}

/** Result type of decimal arithmetic, brought within 38 digits as SQL Server does. */
export function decimalResult(
  operator: "+" | "-" | "*" | "/" | "%",
  left: { precision: number; scale: number },
  right: { precision: number; scale: number },
): SqlType {
  const whole = Math.max(left.precision - left.scale, right.precision - right.scale);
  if (operator === "+" || operator === "-") {
    const scale = Math.max(left.scale, right.scale);
    const precision = whole + scale + 1;
    return precision <= 38 ? decimal(precision, scale) : decimal(38, Math.max(0, Math.min(scale, 38 - whole)));
  }
  if (operator === "%") {
    const scale = Math.max(left.scale, right.scale);
    return decimal(Math.min(left.precision - left.scale, right.precision - right.scale) + scale, scale);
  }
  const scale = operator === "*" ? left.scale + right.scale : Math.max(6, left.scale + right.precision + 1);
  const precision =
    operator === "*" ? left.precision + right.precision + 1 : left.precision - left.scale + right.scale + scale;
  if (precision <= 38) return decimal(precision, scale);
  const integral = precision - scale;
  return decimal(38, integral < 32 ? Math.min(scale, 38 - integral) : Math.min(scale, 6));
}

/** How a value of the type is written in casts and column definitions. */
export function pgType(type: SqlType): string {
  switch (type.name) {
    case "bit":
    case "tinyint":
    case "smallint":
      return "int2";
    case "int":
      return "int4";
    case "bigint":
      return "int8";
    case "decimal":
    case "numeric":
      return `numeric(${type.precision ?? 18},${type.scale ?? 0})`;
    case "money":
      return "numeric(19,4)";
    case "smallmoney":
      return "numeric(10,4)";
    case "float":
      return (type.precision ?? 53) <= 24 ? "float4" : "float8";
    case "real":
      return "float4";
    case "datetime":
      return "timestamp(3)";
    case "smalldatetime":
      return "timestamp(0)";
    case "datetime2":
      return `timestamp(${Math.min(type.scale ?? 6, 6)})`;
    case "date":
      return "date";
    case "time":
      return `time(${Math.min(type.scale ?? 6, 6)})`;
    case "char":
    case "nchar":
      return `character(${type.length ?? 1})`;
    case "varchar":
    case "nvarchar":
    case "text":
    case "ntext":
      return "bpchar";
    case "binary":
    case "varbinary":
    case "image":
    case "timestamp":
      return "bytea";
    case "uniqueidentifier":
      return "uuid";
    default:
      throw notSupported(`data type ${String(type.name)}`);
  }
}

/** As SQL Server writes a type in messages and INFORMATION_SCHEMA: no length. */
export const displayName = (type: SqlType): string => (type.name === "decimal" ? "numeric" : type.name);

/** max_length, precision and scale as sys.columns shows them. */
export function storage(type: SqlType): { maxLength: number; precision: number; scale: number } {
  const fixed: Partial<Record<TypeName, readonly [number, number, number]>> = {
    bit: [1, 1, 0],
    tinyint: [1, 3, 0],
    smallint: [2, 5, 0],
    int: [4, 10, 0],
    bigint: [8, 19, 0],
    money: [8, 19, 4],
    smallmoney: [4, 10, 4],
    float: [8, 53, 0],
    real: [4, 24, 0],
    datetime: [8, 23, 3],
    smalldatetime: [4, 16, 0],
    date: [3, 10, 0],
    text: [16, 0, 0],
    ntext: [16, 0, 0],
    image: [16, 0, 0],
    uniqueidentifier: [16, 0, 0],
    timestamp: [8, 0, 0],
  };
  const known = fixed[type.name];
  if (known) return { maxLength: known[0], precision: known[1], scale: known[2] };
  if (type.name === "decimal" || type.name === "numeric") {
    const precision = type.precision ?? 18;
    return {
      maxLength: precision <= 9 ? 5 : precision <= 19 ? 9 : precision <= 28 ? 13 : 17,
      precision,
      scale: type.scale ?? 0,
    };
  }
  if (type.name === "datetime2" || type.name === "time") {
    const scale = type.scale ?? 7;
    const base = type.name === "time" ? 3 : 6;
    const extra = scale <= 2 ? 0 : scale <= 4 ? 1 : 2;
    const digits = (type.name === "time" ? 8 : 19) + (scale === 0 ? 0 : scale + 1);
    return { maxLength: base + extra, precision: digits, scale };
  }
  if (type.length === -1) return { maxLength: -1, precision: 0, scale: 0 };
  return { maxLength: (type.length ?? 1) * (isUnicode(type) ? 2 : 1), precision: 0, scale: 0 };
}

/** The other way round: a type from its row in sim.columns. */
export function typeFromStorage(name: string, length: number, precision: number, scale: number): SqlType {
  const type = name as TypeName;
  switch (type) {
    case "decimal":
    case "numeric":
      return { name: type, precision, scale };
    case "datetime2":
    case "time":
      return { name: type, scale };
    case "float":
      return { name: type };
    case "char":
    case "varchar":
    case "binary":
    case "varbinary":
      return { name: type, length };
    case "nchar":
    case "nvarchar":
      return { name: type, length: length === -1 ? -1 : length / 2 };
    default:
      return { name: type };
  }
}
