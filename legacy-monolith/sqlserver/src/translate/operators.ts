/** Arithmetic, concatenation, comparison and LIKE, with SQL Server's result types. */

import { notSupported, SqlError, type SqlType } from "../contract.ts";
import type { BinaryOperator } from "../tsql/ast.ts";
import { convert } from "./coercion.ts";
import { isNullLiteral, type Typed } from "./typed.ts";
import {
  asDecimal,
  commonString,
  commonType,
  datetime,
  decimalResult,
  displayName,
  family,
  isExact,
  isNumber,
  isString,
  isUnicode,
  outranks,
  pgType,
} from "./types.ts";

type Arithmetic = "+" | "-" | "*" | "/" | "%";

const wordOf: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "modulo",
  "&": "'&'",
  "|": "'|'",
  "^": "'^'",
};

/** The type all branches share. */
export function branches(values: readonly Typed[]): { values: Typed[]; type: SqlType; nullable: boolean } {
  const typed = values.filter((branch) => !isNullLiteral(branch));
  const [first] = typed;
  if (!first) return { values: [...values], type: { name: "int" }, nullable: true };
  const type = typed.map((branch) => branch.type).reduce(commonType);
  return {
    values: values.map((branch) => convert(branch, type)),
    type,
    nullable: values.some((branch) => branch.nullable),
  };
}

export function arithmetic(operator: BinaryOperator, left: Typed, right: Typed): Typed {
  const [a, b] = typeNulls(left, right);
  const nullable = a.nullable || b.nullable;
  if (operator === "&" || operator === "|" || operator === "^") return bitwise(operator, a, b, nullable);
  const op = operator as Arithmetic;
  if (op === "+" && isString(a.type) && isString(b.type)) return concatenation(a, b);
  if (op === "+" && family(a.type) === "binary" && family(b.type) === "binary") {
    const length =
      (a.type.length ?? 8) === -1 || (b.type.length ?? 8) === -1 ? -1 : (a.type.length ?? 8) + (b.type.length ?? 8);
    return { sql: `(${a.sql} || ${b.sql})`, type: { name: "varbinary", length }, nullable };
  }
  if (family(a.type) === "datetime" || family(b.type) === "datetime") return moments(op, a, b, nullable);
  const type = commonType(a.type, b.type);
  if (!isNumber(type)) throw refusedOperator(op, a.type, b.type);
  if (family(type) === "decimal") return decimals(op, a, b, nullable);
  const [x, y] = [convert(a, type), convert(b, type)];
  const pg = pgType(type);
  if (family(type) === "integer") {
    const sql = `(${x.sql} ${op} ${y.sql})`;
    if (type.name === "bit") throw refusedOperator(op, a.type, b.type);
    return { sql: type.name === "tinyint" ? `sim.tiny(${sql}::int8)` : sql, type, nullable };
  }
  if (family(type) === "money") {
    const sql = op === "/" ? `trunc(${x.sql} / ${y.sql}, 4)` : `(${x.sql} ${op} ${y.sql})`;
    return { sql: `${sql}::${pg}`, type, nullable };
  }
  if (op === "%") throw refusedOperator(op, a.type, b.type);
  return { sql: `(${x.sql} ${op} ${y.sql})`, type, nullable };
}

/** NULL takes the other side's type. */
function typeNulls(left: Typed, right: Typed): [Typed, Typed] {
  if (isNullLiteral(left)) return [convert(left, right.type), right];
  if (isNullLiteral(right)) return [left, convert(right, left.type)];
  return [left, right];
}

function refusedOperator(operator: string, left: SqlType, right: SqlType): SqlError {
  if (left.name === right.name && !["%", "&", "|", "^"].includes(operator)) {
    return new SqlError(
      8117,
      16,
      `Operand data type ${displayName(left)} is invalid for ${wordOf[operator] ?? operator} operator.`,
    );
  }
  return new SqlError(
    402,
    16,
    `The data types ${displayName(left)} and ${displayName(right)} are incompatible in the ${wordOf[operator] ?? operator} operator.`,
  );
}

function decimals(operator: Arithmetic, left: Typed, right: Typed, nullable: boolean): Typed {
  const [a, b] = [numberOf(left, right), numberOf(right, left)];
  const type = decimalResult(operator, a.size, b.size);
  const pg = pgType(type);
  if (operator === "/") {
    return { sql: `trunc(${a.sql} / ${b.sql}, ${type.scale ?? 0})::${pg}`, type, nullable };
  }
  return { sql: `(${a.sql} ${operator} ${b.sql})::${pg}`, type, nullable };
}

/** A decimal operand; a string becomes of the other side's type, an integer literal counts its own digits. */
function numberOf(value: Typed, other: Typed): { sql: string; size: { precision: number; scale: number } } {
  if (!isExact(value.type)) {
    const converted = convert(value, other.type);
    return { sql: converted.sql, size: asDecimal(converted.type) };
  }
  const sql = value.type.name === "int" ? `${value.sql}::numeric` : value.sql;
  return { sql, size: asDecimal(value.type, value.digits) };
}

function bitwise(operator: "&" | "|" | "^", a: Typed, b: Typed, nullable: boolean): Typed {
  const binary = (type: SqlType): boolean => family(type) === "binary";
  if (binary(a.type) !== binary(b.type)) {
    // A binary operand beside an integer is read as a number.
    const type = binary(a.type) ? b.type : a.type;
    return bitwise(operator, convert(a, type, { explicit: true }), convert(b, type, { explicit: true }), nullable);
  }
  const type = commonType(a.type, b.type);
  if (family(type) !== "integer") throw refusedOperator(operator, a.type, b.type);
  const [x, y] = [convert(a, type), convert(b, type)];
  return { sql: `(${x.sql} ${operator === "^" ? "#" : operator} ${y.sql})`, type, nullable };
}

function concatenation(a: Typed, b: Typed): Typed {
  if (["text", "ntext"].includes(a.type.name) || ["text", "ntext"].includes(b.type.name)) {
    throw refusedOperator("+", a.type, b.type);
  }
  const joined = commonString(a.type, b.type, (x, y) => x + y);
  const size = (type: SqlType): number => type.length ?? 1;
  const most = isUnicode(joined) ? 4000 : 8000;
  const cut = joined.length !== -1 && size(a.type) + size(b.type) > most;
  const sql = `(${a.sql} || ${b.sql})`;
  const type =
    joined.name === "char"
      ? { ...joined, name: "varchar" as const }
      : joined.name === "nchar"
        ? { ...joined, name: "nvarchar" as const }
        : joined;
  const collation = a.collation ?? b.collation;
  return {
    sql: cut ? `left(${sql}, ${most})::bpchar` : `${sql}::bpchar`,
    type,
    nullable: a.nullable || b.nullable,
    ...(collation !== undefined && { collation }),
  };
}

/** datetime ± days, datetime - datetime. */
function moments(operator: Arithmetic, a: Typed, b: Typed, nullable: boolean): Typed {
  const plain = (type: SqlType): boolean => type.name === "datetime" || type.name === "smalldatetime";
  const operand = (type: SqlType): boolean => plain(type) || isNumber(type) || isString(type);
  const isSum = operator === "+" || operator === "-";
  if (isSum && (isNumber(a.type) || isNumber(b.type)) && !(operand(a.type) && operand(b.type))) {
    throw new SqlError(
      206,
      16,
      `Operand type clash: ${displayName(a.type)} is incompatible with ${displayName(b.type)}`,
      {
        state: 2,
      },
    );
  }
  if (!isSum || !operand(a.type) || !operand(b.type)) {
    throw refusedOperator(operator, a.type, b.type);
  }
  const days = (value: Typed): string =>
    isNumber(value.type) ? `(${value.sql})::float8` : `sim.day_number(${convert(value, datetime).sql})`;
  const type = plain(a.type) && a.type.name === "smalldatetime" && !plain(b.type) ? a.type : datetime;
  if (plain(a.type) && isNumber(b.type) && family(b.type) === "integer") {
    const moved = `sim.added(${a.sql} ${operator} ${b.sql} * interval '1 day', '${type.name}')`;
    return { sql: `${moved}::${pgType(type)}`, type, nullable };
  }
  return { sql: `sim.dt(sim.days(${days(a)} ${operator} ${days(b)}))::${pgType(datetime)}`, type: datetime, nullable };
}

/** Both sides in one type. @throws SqlError 402, 206, 468 */
export function unified(left: Typed, right: Typed): [Typed, Typed] {
  if (isNullLiteral(left) || isNullLiteral(right)) return typeNulls(left, right);
  for (const { type } of [left, right]) {
    if (["text", "ntext", "image"].includes(type.name)) {
      const other = type === left.type ? right.type : left.type;
      throw new SqlError(
        402,
        16,
        `The data types ${displayName(left.type)} and ${displayName(other === right.type ? right.type : other)} are incompatible in the equal to operator.`,
      );
    }
  }
  if (isString(left.type) && isString(right.type)) return [left, right];
  const type = comparisonType(left.type, right.type);
  return [
    family(left.type) === family(type) && !isMoment(type) ? left : convert(left, type),
    family(right.type) === family(type) && !isMoment(type) ? right : convert(right, type),
  ];
}

const isMoment = (type: SqlType): boolean => family(type) === "datetime";

/** Numbers compare across types; a string beside a decimal becomes a decimal of its size. */
function comparisonType(left: SqlType, right: SqlType): SqlType {
  return outranks(right, left) ? right : left;
}

export function comparison(operator: string, left: Typed, right: Typed): string {
  const [a, b] = unified(left, right);
  if (!isString(a.type)) return `(${a.sql} ${operator} ${b.sql})`;
  const suffix = collationSuffix(left, right);
  return `(${a.sql}${suffix} ${operator} ${b.sql}${suffix})`;
}

/** @throws SqlError 468 for two different explicit collations */
export function collationSuffix(...values: readonly Typed[]): string {
  const named = [...new Set(values.map((value) => value.collation).filter((name) => name !== undefined))];
  if (named.length > 1)
    throw new SqlError(468, 16, "Cannot resolve the collation conflict in the comparison operation.");
  return named[0] === undefined ? "" : ` COLLATE ${named[0]}`;
}

/** PostgreSQL's collation for a T-SQL one. */
export function collationOf(name: string): string {
  if (/_BIN2?$/i.test(name)) return '"C"';
  if (/_CS_AS/i.test(name)) return "sim.cs";
  if (/_CI_AS/i.test(name)) return "sim.ci";
  if (/^database_default$/i.test(name)) return "sim.ci";
  throw notSupported(`collation ${name}`);
}

export function like(value: Typed, pattern: Typed, escape: Typed | undefined): string {
  const text = (of: Typed): Typed => (isString(of.type) ? of : convert(of, { name: "varchar", length: 100 }));
  const [x, p] = [text(value), text(pattern)];
  const suffix = collationSuffix(x, p);
  const unicode = isUnicode(x.type) || isUnicode(p.type);
  const escaping = escape ? escape.sql : "''";
  if (suffix !== "" && suffix !== " COLLATE sim.ci") return `sim.like_exact(${x.sql}, ${p.sql}, ${escaping})`;
  const simple = typeof p.literal === "string" && !escape && !/[[\\]/.test(p.literal);
  if (simple && (unicode || p.literal.endsWith("%"))) {
    return `(lower(${x.sql}) COLLATE "C" LIKE lower(${p.sql}) COLLATE "C")`;
  }
  return `${unicode ? "sim.like" : "sim.like_trimmed"}(${x.sql}, ${p.sql}, ${escaping})`;
}
