/**
 * Conversions between T-SQL types as PostgreSQL text. One function decides; what SQL Server refuses is refused here with
 * its number, what can fail at run time goes through the prelude's functions. Source: "CAST and CONVERT", the table of
 * implicit conversions.
 */

import { notSupported, SqlError, type SqlType } from "../contract.ts";
import { ciText, isNullLiteral, quoteText, type Typed } from "./typed.ts";
import { asDecimal, displayName, family, isFixed, isLarge, isString, isUnicode, maxLength, pgType } from "./types.ts";

export type Conversion = {
  /** CAST or CONVERT: allows more, cuts strings silently. */
  readonly explicit?: boolean;
  /** Third argument of CONVERT as SQL text. */
  readonly style?: string;
  /** Assignment to a column, `dbo.t:column`: a string that does not fit is error 2628. */
  readonly target?: string;
  /** Needs immutable functions. */
  readonly immutable?: boolean;
};

/** @throws SqlError 206, 257, 529 where SQL Server has no such conversion */
export function convert(value: Typed, to: SqlType, how: Conversion = {}): Typed {
  if (isNullLiteral(value)) return { sql: `NULL::${pgType(to)}`, type: to, nullable: true, literal: null };
  const from = value.type;
  if (sameType(from, to)) return { ...value, type: to };
  checkAllowed(from, to, how);
  const sql = textOf(value, to, how);
  return { sql, type: to, nullable: value.nullable };
}

export function sameType(from: SqlType, to: SqlType): boolean {
  if (from.name !== to.name) return false;
  return (
    from.length === to.length && (from.precision ?? 0) === (to.precision ?? 0) && (from.scale ?? 0) === (to.scale ?? 0)
  );
}

function checkAllowed(from: SqlType, to: SqlType, how: Conversion): void {
  const a = family(from);
  const b = family(to);
  const clash = (): never => {
    throw new SqlError(206, 16, `Operand type clash: ${displayName(from)} is incompatible with ${displayName(to)}`, {
      state: 2,
    });
  };
  const needsConvert = (): void => {
    if (how.explicit) return;
    throw new SqlError(
      257,
      16,
      `Implicit conversion from data type ${displayName(from)} to ${displayName(to)} is not allowed. Use the CONVERT function to run this query.`,
      { state: 3 },
    );
  };
  const never = (): never => {
    if (!how.explicit) return clash();
    throw new SqlError(
      529,
      16,
      `Explicit conversion from data type ${displayName(from)} to ${displayName(to)} is not allowed.`,
      { state: 2 },
    );
  };
  const isNumeric = (f: string): boolean => f === "integer" || f === "decimal" || f === "money" || f === "float";
  if (a === "guid" && b !== "guid" && b !== "string" && b !== "binary") never();
  if (b === "guid" && a !== "guid" && a !== "string" && a !== "binary") never();
  if (a === "string" && b === "binary" && to.name !== "timestamp") needsConvert();
  if (a === "datetime" && isNumeric(b)) {
    if (from.name === "date" || from.name === "time" || from.name === "datetime2") never();
    needsConvert();
  }
  if (isNumeric(a) && b === "datetime" && (to.name === "date" || to.name === "time" || to.name === "datetime2"))
    never();
  if (a === "binary" && b === "float") never();
  if (a === "binary" && b === "string") needsConvert();
  if ((from.name === "date" && to.name === "time") || (from.name === "time" && to.name === "date")) never();
  if (a === "datetime" && b === "binary" && !how.explicit) needsConvert();
}

function textOf(value: Typed, to: SqlType, how: Conversion): string {
  switch (family(to)) {
    case "integer":
      return toInteger(value, to);
    case "decimal":
    case "money":
      return toDecimal(value, to);
    case "float":
      return toFloat(value, to);
    case "datetime":
      return toMoment(value, to, how);
    case "string":
      return toText(value, to, how);
    case "binary":
      return toBinary(value, to, how);
    case "guid":
      return family(value.type) === "binary" ? `sim.binary_uuid(${value.sql})` : `sim.to_uuid(${value.sql})`;
  }
}

const sourceName = (type: SqlType): string => quoteText(displayName(type));

function toInteger(value: Typed, to: SqlType): string {
  const { sql, type: from } = value;
  const cast = (inner: string): string => {
    if (to.name === "tinyint") return `sim.tiny((${inner})::int8)`;
    if (to.name === "smallint" && family(from) === "integer") return `sim.small((${inner})::int8)`;
    return `(${inner})::${pgType(to)}`;
  };
  switch (family(from)) {
    case "integer":
      if (to.name === "bit") return isSmallLiteral(value, 1) ? `${sql}::int2` : `abs(sign(${sql}))::int2`;
      if (to.name === "tinyint" && (from.name === "bit" || isSmallLiteral(value, 255))) return `(${sql})::int2`;
      if (to.name === "smallint" && (from.name === "bit" || from.name === "tinyint" || isSmallLiteral(value, 32_767))) {
        return `(${sql})::int2`;
      }
      return cast(sql);
    case "decimal":
      return to.name === "bit" ? `abs(sign(${sql}))::int2` : cast(`trunc(${sql})`);
    case "float":
      if (to.name === "bit") return `abs(sign(${sql}))::int2`;
      return `sim.whole(${sql}, ${quoteText(to.name)})::${pgType(to)}`;
    case "money":
      return to.name === "bit" ? `abs(sign(${sql}))::int2` : cast(`round(${sql})`);
    case "string":
      return `sim.to_int(${sql}, ${sourceName(from)}, ${quoteText(to.name)})::${pgType(to)}`;
    case "datetime":
      return cast(`round(sim.day_number(${sql}))`);
    case "binary":
      return cast(`sim.binary_int(${sql}, ${to.name === "bigint" ? 8 : to.name === "int" ? 4 : 2})`);
    case "guid":
      throw notSupported("uniqueidentifier to a number");
  }
}

const isSmallLiteral = (value: Typed, most: number): boolean =>
  typeof value.literal === "string" && /^\d+$/.test(value.literal) && Number(value.literal) <= most;

function toDecimal(value: Typed, to: SqlType): string {
  const { sql, type: from } = value;
  const pg = pgType(to);
  switch (family(from)) {
    case "string":
      if (family(to) === "money") return `sim.to_money(${sql})::${pg}`;
      return `sim.to_numeric(${sql}, ${sourceName(from)}, ${to.precision ?? 18}, ${to.scale ?? 0})::${pg}`;
    case "float":
      return `(${sql})::numeric::${pg}`;
    case "datetime":
      return `sim.day_number(${sql})::numeric::${pg}`;
    case "binary":
      if (family(to) === "money") return `(sim.binary_int(${sql}, 8)::numeric / 10000)::${pg}`;
      throw notSupported("binary to decimal");
    default:
      return `(${sql})::${pg}`;
  }
}

function toFloat(value: Typed, to: SqlType): string {
  const { sql, type: from } = value;
  const pg = pgType(to);
  if (isString(from)) return `sim.to_float(${sql}, ${sourceName(from)})::${pg}`;
  if (family(from) === "datetime") return `sim.day_number(${sql})::${pg}`;
  return `(${sql})::${pg}`;
}

function toMoment(value: Typed, to: SqlType, how: Conversion): string {
  const { sql, type: from } = value;
  const pg = pgType(to);
  const style = how.style ?? "0";
  const moment = momentOf(sql, from, to, style);
  if (to.name === "datetime") {
    if (isString(from)) return `sim.to_datetime(${sql}, ${style})::timestamp(3)`;
    if (from.name === "date" || from.name === "smalldatetime") return `(${sql})::timestamp(3)`;
    return `sim.dt(${moment})::timestamp(3)`;
  }
  if (to.name === "smalldatetime") return `sim.minute(${moment})::timestamp(0)`;
  if (to.name === "date") return `(${moment})::date`;
  if (to.name === "time") {
    if (from.name === "time") return `(${sql})::${pg}`;
    return from.name === "datetime" ? `sim.dt2(${sql})::${pg}` : `(${moment})::${pg}`;
  }
  return from.name === "datetime" ? `sim.dt2(${sql})::${pg}` : `(${moment})::${pg}`;
}

/** Any type as an unrounded timestamp. */
function momentOf(sql: string, from: SqlType, to: SqlType, style: string): string {
  switch (family(from)) {
    case "string":
      return `sim.parse_moment(${sql}, ${style}, ${quoteText(to.name)})`;
    case "datetime":
      return from.name === "time" ? `(date '1900-01-01' + ${sql})` : sql;
    case "binary":
      throw notSupported("binary to a date");
    default:
      return `sim.days((${sql})::float8)`;
  }
}

function toText(value: Typed, to: SqlType, how: Conversion): string {
  const { sql, type: from } = value;
  if (isString(from)) return stringToString(value, to, how);
  const limit = maxLength(to);
  const style = how.style ?? "0";
  const target = quoteText(to.name);
  let text: string;
  switch (family(from)) {
    case "integer": {
      const digits = { bit: 1, tinyint: 3, smallint: 6, int: 11 }[from.name as "bit"] ?? 20;
      if (limit >= digits) text = `(${sql})::text`;
      else if (isUnicode(to)) text = `sim.number_text((${sql})::text, ${limit}, 'expression', ${target})`;
      else text = `sim.int_text(${sql}, ${limit})`;
      break;
    }
    case "decimal":
      text =
        limit >= asDecimal(from).precision + 2
          ? `(${sql})::text`
          : `sim.number_text((${sql})::text, ${limit}, 'numeric', ${target})`;
      break;
    case "money":
      text = style === "0" ? `round(${sql}, 2)::text` : `sim.money_text(${sql}, ${style})`;
      if (limit < 22) text = `sim.number_text(${text}, ${limit}, 'money', ${target})`;
      break;
    case "float":
      text = `sim.float_text(${sql}, ${style})`;
      if (limit < 12) text = `sim.number_text(${text}, ${limit}, 'float', ${target})`;
      break;
    case "datetime":
      text = momentText(sql, from, how);
      break;
    case "guid":
      if (limit < 36)
        throw new SqlError(8170, 16, "Insufficient result space to convert uniqueidentifier value to char.");
      text = `upper((${sql})::text COLLATE "C")`;
      break;
    default:
      text = isUnicode(to) && style === "0" ? `sim.from_utf16(${sql})` : `sim.binary_varchar(${sql}, ${style})`;
  }
  // Dates are cut to the length; char(n) is padded.
  if (isFixed(to)) return `(${text})::character(${to.length ?? 1}) COLLATE sim.ci`;
  if (Number.isFinite(limit) && (family(from) === "datetime" || family(from) === "binary"))
    text = `left(${text}, ${limit})`;
  return ciText(text);
}

/** Styles whose picture is one to_char call; the function for all styles is slower. */
const pictures: Readonly<Record<string, string>> = {
  "1": "MM/DD/YY",
  "101": "MM/DD/YYYY",
  "102": "YYYY.MM.DD",
  "103": "DD/MM/YYYY",
  "8": "HH24:MI:SS",
  "108": "HH24:MI:SS",
  "110": "MM-DD-YYYY",
  "111": "YYYY/MM/DD",
  "112": "YYYYMMDD",
  "20": "YYYY-MM-DD HH24:MI:SS",
  "120": "YYYY-MM-DD HH24:MI:SS",
  "23": "YYYY-MM-DD",
};

function momentText(sql: string, from: SqlType, how: Conversion): string {
  const style = how.style ?? (from.name === "datetime" || from.name === "smalldatetime" ? "0" : "121");
  if (from.name === "date") return `sim.date_text(${sql}, ${style})`;
  if (from.name === "time") return `sim.time_text(${sql}, ${style}, ${from.scale ?? 7})`;
  const picture = pictures[style];
  if (picture !== undefined && !how.immutable) return `to_char(${sql}, '${picture}')`;
  const digits = from.name === "datetime2" ? (from.scale ?? 7) : 3;
  return `sim.moment_text(${sql}, ${style}, ${digits}, ${quoteText(from.name)})`;
}

function stringToString(value: Typed, to: SqlType, how: Conversion): string {
  let { sql } = value;
  const { type: from } = value;
  if (isUnicode(from) && !isUnicode(to) && !isAscii(value.literal)) sql = `sim.cp1252(${sql})`;
  const limit = maxLength(to);
  const fits = (typeof value.literal === "string" ? value.literal.length : maxLength(from)) <= limit;
  if (how.target !== undefined) {
    const fitted = fits ? sql : `sim.fit(${sql}, ${limit}, ${quoteText(how.target)})`;
    return isFixed(to) ? `(${fitted})::character(${to.length ?? 1})` : fitted;
  }
  if (isFixed(to)) return `(${sql})::character(${to.length ?? 1})`;
  if (fits) return sql;
  return `left(${sql}, ${limit})::bpchar`;
}

/** Only ASCII is worth recognising here: everything else goes through the prelude's function. */
const isAscii = (text: string | null | undefined): boolean =>
  typeof text === "string" && Buffer.byteLength(text) === text.length;

function toBinary(value: Typed, to: SqlType, how: Conversion): string {
  const { sql, type: from } = value;
  const limit = maxLength(to);
  const length = Number.isFinite(limit) ? limit : undefined;
  let bytes: string;
  switch (family(from)) {
    case "integer":
      return `sim.int_binary(${sql}, ${naturalBytes(from, to, length)})`;
    case "money":
      return `sim.int_binary((${sql} * 10000)::int8, ${naturalBytes(from, to, length)})`;
    case "string":
      bytes = how.style && how.style !== "0" ? `sim.hex_binary(${sql}, ${how.style})` : bytesOf(value);
      break;
    case "guid":
      bytes = `sim.uuid_binary(${sql})`;
      break;
    case "binary":
      bytes = sql;
      break;
    default:
      throw notSupported(`${displayName(from)} to ${displayName(to)}`);
  }
  if (length === undefined) return bytes;
  if (how.target !== undefined) {
    if (maxLength(from) > length) bytes = `sim.fit_binary(${bytes}, ${length}, ${quoteText(how.target)})`;
  } else if (isLarge(from) || !(family(from) === "binary" && maxLength(from) <= length)) {
    bytes = `substring(${bytes} FROM 1 FOR ${length})`;
  }
  return to.name === "binary" || to.name === "timestamp" ? `sim.pad_binary(${bytes}, ${length})` : bytes;
}

/** varbinary(n) of a number has as many bytes as the number, binary(n) is filled up with zeros on the left. */
function naturalBytes(from: SqlType, to: SqlType, length: number | undefined): number {
  const own = { bit: 1, tinyint: 1, smallint: 2, int: 4, smallmoney: 4 }[from.name as "bit"] ?? 8;
  if (to.name === "binary" || to.name === "timestamp") return length ?? own;
  return Math.min(own, length ?? own);
}

/** The bytes SQL Server stores for a string. */
export function bytesOf(value: Typed): string {
  return isUnicode(value.type) ? `sim.utf16(${value.sql})` : `sim.varchar_binary(${value.sql})`;
}
