/** What the tables of built-in functions are made of: an entry with its number of arguments, and the arguments as SQL text. */

import { SqlError, type SqlType } from "../contract.ts";
import { convert } from "./coercion.ts";
import { ciText, isNullLiteral, type Translation, type Typed } from "./typed.ts";
import { float, int, isLarge, isString, isUnicode, maxLength, nvarchar, pgType, sysname, varchar } from "./types.ts";

export type Builtin = {
  readonly least: number;
  readonly most: number;
  readonly build: (args: Arguments, t: Translation) => Typed;
};

export const builtin = (least: number, most: number, build: Builtin["build"]): Builtin => ({ least, most, build });

/** The arguments of one call; each is converted when it is asked for. */
export class Arguments {
  readonly all: readonly Typed[];
  readonly #call: string;

  constructor(call: string, all: readonly Typed[]) {
    this.#call = call;
    this.all = all;
  }

  get nullable(): boolean {
    return this.all.some((argument) => argument.nullable);
  }

  has(i: number): boolean {
    return i < this.all.length;
  }

  get(i: number): Typed {
    const found = this.all[i];
    if (!found) throw new SqlError(174, 15, `The ${this.#call} function requires ${i + 1} argument(s).`);
    return found;
  }

  /** A string; numbers and dates become varchar as SQL Server does on the way in. */
  string(i: number): Typed {
    const argument = this.get(i);
    if (isString(argument.type) && !isNullLiteral(argument)) return argument;
    return convert(argument, varchar(8000));
  }

  text(i: number, otherwise?: string): string {
    return otherwise !== undefined && !this.has(i) ? otherwise : this.string(i).sql;
  }

  int(i: number, otherwise?: string): string {
    return otherwise !== undefined && !this.has(i) ? otherwise : convert(this.get(i), int).sql;
  }

  float(i: number): string {
    return convert(this.get(i), float).sql;
  }

  /** The value of an integer literal. */
  literalInt(i: number): number | undefined {
    const { type, literal } = this.get(i);
    return type.name === "int" && typeof literal === "string" && /^\d+$/.test(literal) ? Number(literal) : undefined;
  }
}

export const typed = (sql: string, type: SqlType, nullable: boolean): Typed => ({ sql, type, nullable });
/** Cast, because PostgreSQL's function gives another type. */
export const castTo = (sql: string, type: SqlType, nullable: boolean): Typed =>
  typed(`${sql}::${pgType(type)}`, type, nullable);
export const intOf = (sql: string, nullable: boolean): Typed => typed(sql, int, nullable);
/** Text functions keep the collation of their argument. */
export const textOf = (sql: string, type: SqlType, nullable: boolean): Typed =>
  typed(`(${sql})::bpchar`, type, nullable);
/** Text made of no text. */
export const newText = (sql: string, type: SqlType, nullable: boolean): Typed => typed(ciText(sql), type, nullable);
export const nameOf = (sql: string): Typed => newText(sql, sysname, true);

/** varchar or nvarchar as the argument is, of another length; a large argument stays large. */
export function textType(of: SqlType, length: number): SqlType {
  if (isLarge(of) || !Number.isFinite(length)) return { name: isUnicode(of) ? "nvarchar" : "varchar", length: -1 };
  return isUnicode(of) ? nvarchar(length) : varchar(length);
}

export const sameText = (of: Typed): SqlType => textType(of.type, maxLength(of.type));

/** CHARINDEX and LEN are bigint for (max) arguments. */
export const countType = (of: SqlType): SqlType => (of.length === -1 ? { name: "bigint" } : int);
