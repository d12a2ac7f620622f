/**
 * Text to tokens. One pass over character codes, no regular expression on the way, so that no input is slow. A keyword
 * is a token's `word` (lower case); a quoted name has none, so that `[select]` is never taken for SELECT.
 * Source: "Constants", "Database Identifiers" and "Reserved Keywords" (Transact-SQL); QUOTED_IDENTIFIER is ON.
 */

import { SqlError } from "../contract.ts";
import { identifierLengthMax } from "../limits.ts";

export type TokenKind =
  | "word"
  | "quoted"
  | "variable"
  | "global"
  | "string"
  | "nstring"
  | "int"
  | "decimal"
  | "float"
  | "money"
  | "binary"
  | "mark"
  | "end";

export type Token = {
  readonly kind: TokenKind;
  /** The value: names without quotes, strings unescaped, hex digits of a binary (even count, lower case), else as written. */
  readonly text: string;
  /** Lower case for words, the (normalised) mark itself for marks, empty for all else. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
};

const int32Max = 2_147_483_647;
/** Marks of two characters; `!=`, `!<` and `!>` are spelled in the standard way from here on. */
const pairs: ReadonlyMap<string, string> = new Map([
  ["<=", "<="],
  [">=", ">="],
  ["<>", "<>"],
  ["!=", "<>"],
  ["!<", ">="],
  ["!>", "<="],
  ["+=", "+="],
  ["-=", "-="],
  ["*=", "*="],
  ["/=", "/="],
  ["%=", "%="],
  ["&=", "&="],
  ["|=", "|="],
  ["^=", "^="],
  ["::", "::"],
]);
const singles = "(),.;+-*/%&|^~=<>:{}!?\\";
const currencySigns = "$£¤¥€";

/** @throws SqlError 102, 103, 105, 113, 1038 */
export function tokenize(source: string): Token[] {
  const scanner = new Scanner(source);
  const tokens: Token[] = [];
  for (;;) {
    const token = scanner.next();
    tokens.push(token);
    if (token.kind === "end") return tokens;
  }
}

class Scanner {
  private readonly source: string;
  private at = 0;
  private line = 1;

  constructor(source: string) {
    this.source = source;
  }

  next(): Token {
    this.skipBlanks();
    const { source, at: start } = this;
    if (start >= source.length) return this.token("end", start, "", "");
    const code = source.charCodeAt(start);
    const next = source.charCodeAt(start + 1);
    if ((code === 78 || code === 110) && next === 39) {
      return this.token("nstring", start, this.delimited(start + 1, 39), "");
    }
    if (code === 48 && (next === 120 || next === 88)) return this.binary(start);
    if (isNameStart(code)) return this.name(start);
    if (isDigit(code) || (code === 46 && isDigit(next))) return this.number(start);
    if (code === 39) return this.token("string", start, this.delimited(start, 39), "");
    if (code === 91) return this.quotedName(start, 93);
    if (code === 34) return this.quotedName(start, 34);
    if (code === 64) return this.variable(start);
    if (currencySigns.includes(source.charAt(start))) return this.money(start);
    return this.mark(start);
  }

  private token(kind: TokenKind, start: number, text: string, word: string): Token {
    return { kind, text, word, start, end: this.at, line: this.line };
  }

  private skipBlanks(): void {
    const { source } = this;
    for (;;) {
      const code = source.charCodeAt(this.at);
      if (code === 10) {
        this.line++;
        this.at++;
      } else if (code <= 32 || code === 0xa0 || code === 0x3000 || code === 0xfeff || code === 0x85) {
        this.at++;
      } else if (code === 45 && source.charCodeAt(this.at + 1) === 45) {
        const end = source.indexOf("\n", this.at);
        this.at = end < 0 ? source.length : end;
      } else if (code === 47 && source.charCodeAt(this.at + 1) === 42) {
        this.skipComment();
      } else return;
    }
  }

  /** Comments nest. */
  private skipComment(): void {
    const { source, line } = this;
    let depth = 0;
    do {
      const code = source.charCodeAt(this.at);
      const next = source.charCodeAt(this.at + 1);
      if (code !== code) throw new SqlError(113, 15, "Missing end comment mark '*/'.", { line });
      if (code === 10) this.line++;
      const mark = code === 47 && next === 42 ? 1 : code === 42 && next === 47 ? -1 : 0;
      depth += mark;
      this.at += mark === 0 ? 1 : 2;
    } while (depth > 0);
  }

  private name(start: number): Token {
    const { source } = this;
    let end = start + 1;
    while (isNamePart(source.charCodeAt(end))) end++;
    this.at = end;
    const text = source.slice(start, end);
    if (text.length > identifierLengthMax) throw this.tooLong(text);
    return this.token("word", start, text, text.toLowerCase());
  }

  private variable(start: number): Token {
    const { source } = this;
    let end = start + 1;
    while (isNamePart(source.charCodeAt(end))) end++;
    this.at = end;
    const text = source.slice(start, end);
    if (text.length > identifierLengthMax) throw this.tooLong(text);
    const isGlobal = text.startsWith("@@") && text.length > 2;
    if (text.length === 1) throw new SqlError(102, 15, "Incorrect syntax near '@'.", { line: this.line });
    return this.token(isGlobal ? "global" : "variable", start, text, "");
  }

  private quotedName(start: number, close: number): Token {
    const text = this.delimited(start, close);
    if (text.length > identifierLengthMax) throw this.tooLong(text);
    if (text.length === 0) throw emptyName(this.line);
    return this.token("quoted", start, text, "");
  }

  /** From the opening delimiter on; a doubled closing one stands for itself. Leaves `at` behind the closing one. */
  private delimited(open: number, close: number): string {
    const { source } = this;
    const { line } = this;
    const mark = String.fromCharCode(close);
    let text = "";
    let from = open + 1;
    for (;;) {
      const end = source.indexOf(mark, from);
      if (end < 0) {
        const shown = (text + source.slice(from)).slice(0, identifierLengthMax);
        throw new SqlError(105, 15, `Unclosed quotation mark after the character string '${shown}'.`, { line });
      }
      for (let nl = source.indexOf("\n", from); nl >= 0 && nl < end; nl = source.indexOf("\n", nl + 1)) this.line++;
      text += source.slice(from, end);
      if (source.charCodeAt(end + 1) !== close) {
        this.at = end + 1;
        return close === 39 && text.includes("\\") ? joinContinuedLines(text) : text;
      }
      text += mark;
      from = end + 2;
    }
  }

  private number(start: number): Token {
    const { source } = this;
    let end = start;
    while (isDigit(source.charCodeAt(end))) end++;
    let kind: TokenKind = "int";
    if (source.charCodeAt(end) === 46) {
      kind = "decimal";
      end++;
      while (isDigit(source.charCodeAt(end))) end++;
    }
    const exponent = source.charCodeAt(end);
    if (exponent === 101 || exponent === 69) {
      kind = "float";
      end++;
      const sign = source.charCodeAt(end);
      if ((sign === 43 || sign === 45) && isDigit(source.charCodeAt(end + 1))) end++;
      while (isDigit(source.charCodeAt(end))) end++;
    }
    this.at = end;
    const text = source.slice(start, end);
    if (kind === "int" && Number(text) > int32Max) kind = "decimal";
    return this.token(
      kind,
      start,
      kind === "float" && !isDigit(text.charCodeAt(text.length - 1)) ? `${text}0` : text,
      "",
    );
  }

  private binary(start: number): Token {
    const { source } = this;
    let end = start + 2;
    while (isHexDigit(source.charCodeAt(end))) end++;
    this.at = end;
    const digits = source.slice(start + 2, end).toLowerCase();
    return this.token("binary", start, digits.length % 2 === 0 ? digits : `0${digits}`, "");
  }

  /** `$12.5`; a lone sign is zero. `$action` is a name. */
  private money(start: number): Token {
    const { source } = this;
    if (source.charCodeAt(start) === 36 && isNameStart(source.charCodeAt(start + 1))) return this.name(start);
    let end = start + 1;
    while (isDigit(source.charCodeAt(end))) end++;
    if (source.charCodeAt(end) === 46) end++;
    while (isDigit(source.charCodeAt(end))) end++;
    this.at = end;
    const digits = source.slice(start + 1, end);
    return this.token("money", start, digits === "" || digits === "." ? "0" : digits, "");
  }

  private mark(start: number): Token {
    const { source } = this;
    const pair = source.slice(start, start + 2);
    const word = pairs.get(pair);
    if (word !== undefined) {
      this.at = start + 2;
      return this.token("mark", start, pair, word);
    }
    const single = source.charAt(start);
    this.at = start + 1;
    if (!singles.includes(single)) {
      throw new SqlError(102, 15, `Incorrect syntax near '${single}'.`, { line: this.line });
    }
    return this.token("mark", start, single, single);
  }

  private tooLong(text: string): SqlError {
    const shown = text.slice(0, identifierLengthMax);
    const message = `The identifier that starts with '${shown}' is too long. Maximum length is ${identifierLengthMax}.`;
    return new SqlError(103, 15, message, { state: 4, line: this.line });
  }
}

function emptyName(line: number): SqlError {
  const message =
    "An object or column name is missing or empty. For SELECT INTO statements, verify each column has a name. " +
    'For other statements, look for empty alias names. Aliases defined as "" or [] are not allowed. ' +
    "Change the alias to a valid name.";
  return new SqlError(1038, 15, message, { state: 4, line });
}

/** A backslash before a line end continues the constant on the next line ("Backslash (Line Continuation)"). */
function joinContinuedLines(text: string): string {
  return text.replaceAll("\\\r\n", "").replaceAll("\\\n", "");
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

function isNameStart(code: number): boolean {
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 35;
  return code === code && /\p{L}/u.test(String.fromCharCode(code));
}

function isNamePart(code: number): boolean {
  return isNameStart(code) || isDigit(code) || code === 64 || code === 36 || (code >= 128 && isCombining(code));
}

function isCombining(code: number): boolean {
  return /[\p{M}\p{Nd}\p{Pc}]/u.test(String.fromCharCode(code));
}
