/**
 * The parser's place in the tokens: look, take, expect, complain. The grammar itself is plain functions over a cursor,
 * one file a concern; where two files would need each other (a subquery in an expression, a statement in IF), the call
 * goes through the cursor's `grammar`.
 */

import { SqlError } from "../contract.ts";
import type { ObjectName, Query, Statement } from "./ast.ts";
import { reservedWords } from "./keyword.ts";
import { nestingDepthMax } from "../limits.ts";
import { type Token, tokenize } from "./token.ts";

export type Grammar = {
  /** SELECT … without the WITH before it; `nested` forbids a bare ORDER BY. */
  readonly query: (c: Cursor, nested: boolean) => Query;
  readonly viewQuery: (c: Cursor) => Query;
  readonly statement: (c: Cursor) => Statement;
  readonly statements: (c: Cursor, isEnd: (c: Cursor) => boolean) => readonly Statement[];
  /** Whether the current word can only be the beginning of a statement. */
  readonly startsStatement: (c: Cursor) => boolean;
};

export class Cursor {
  readonly source: string;
  readonly grammar: Grammar;
  /** The statement before the current one in the same list has no semicolon. */
  unterminated = false;
  token: Token;
  private readonly tokens: readonly Token[];
  private position = 0;
  private depth = 0;

  constructor(source: string, grammar: Grammar) {
    this.source = source;
    this.grammar = grammar;
    this.tokens = tokenize(source);
    this.token = this.tokens[0] as Token;
  }

  get isFirst(): boolean {
    return this.position === 0;
  }

  /** Whether nothing but blanks and comments stands before an offset. */
  isFirstInBatch(start: number): boolean {
    return (this.tokens[0] as Token).start === start;
  }

  get previous(): Token {
    return this.tokens[Math.max(0, this.position - 1)] as Token;
  }

  peek(distance: number): Token {
    return (this.tokens[this.position + distance] ?? this.tokens[this.tokens.length - 1]) as Token;
  }

  at(word: string): boolean {
    return this.token.word === word;
  }

  atAll(first: string, second: string): boolean {
    return this.token.word === first && this.peek(1).word === second;
  }

  take(): Token {
    const taken = this.token;
    if (taken.kind !== "end") this.token = this.tokens[++this.position] as Token;
    return taken;
  }

  accept(word: string): boolean {
    if (this.token.word !== word) return false;
    this.take();
    return true;
  }

  acceptAll(first: string, second: string): boolean {
    if (!this.atAll(first, second)) return false;
    this.take();
    this.take();
    return true;
  }

  expect(word: string): void {
    if (!this.accept(word)) throw this.fail();
  }

  expectAny(words: readonly string[]): string {
    if (!words.includes(this.token.word)) throw this.fail();
    return this.take().word;
  }

  /** A name that is not a reserved word, or a quoted one. */
  atName(distance = 0): boolean {
    const { kind, word } = distance === 0 ? this.token : this.peek(distance);
    return kind === "quoted" || (kind === "word" && !reservedWords.has(word));
  }

  name(): string {
    if (!this.atName()) throw this.fail();
    return this.take().text;
  }

  /** With the @, lower case. */
  variable(): string {
    if (this.token.kind !== "variable") throw this.fail();
    return this.take().text.toLowerCase();
  }

  /** `a`, `b.a`, `c..a` (the part left out is empty). @throws SqlError 117 beyond four parts */
  objectName(): ObjectName {
    const parts = [this.name()];
    while (this.at(".")) {
      this.take();
      parts.push(this.at(".") ? "" : this.name());
    }
    if (parts.length > 4) {
      const text = `The object name '${parts.join(".")}' contains more than the maximum number of prefixes. The maximum is 3.`;
      throw new SqlError(117, 15, text, { line: this.token.line });
    }
    return parts;
  }

  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.accept(",")) items.push(item());
    return items;
  }

  parenthesised<T>(item: () => T): T {
    this.expect("(");
    const value = item();
    this.expect(")");
    return value;
  }

  /** From an offset to the end of the last token taken. */
  textFrom(start: number): string {
    return this.source.slice(start, this.previous.end);
  }

  /** Runs one level deeper. @throws SqlError 191 beyond the nesting limit */
  nested<T>(parse: () => T): T {
    if (++this.depth > nestingDepthMax) throw this.tooDeep();
    const value = parse();
    this.depth--;
    return value;
  }

  tooDeep(): SqlError {
    const text =
      "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller queries.";
    return new SqlError(191, 15, text, { line: this.token.line });
  }

  error(number: number, text: string): SqlError {
    return new SqlError(number, 15, text, { line: this.token.line });
  }

  /** 156 near a keyword, else 102; at the end of the text the last token is named, as the server does. */
  fail(token: Token = this.token): SqlError {
    if (token.kind === "end") {
      const { text, line } = this.previous;
      return new SqlError(102, 15, `Incorrect syntax near '${text}'.`, { line });
    }
    const { line, text } = token;
    if (token.kind === "word" && reservedWords.has(token.word)) {
      return new SqlError(156, 15, `Incorrect syntax near the keyword '${text}'.`, { line });
    }
    return new SqlError(102, 15, `Incorrect syntax near '${text}'.`, { line });
  }
}
