/** The parser's face: text in, syntax trees out, SqlError for everything that is not T-SQL of the subset. */

import type { SqlType } from "../contract.ts";
import type { Expression, Statement } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { expression, scalar } from "./expression.ts";
import { newCursor, statements } from "./statement.ts";
import { dataType } from "./type.ts";

export type ParameterDeclaration = {
  /** With the @, lower case. */
  readonly name: string;
  readonly type: SqlType;
  readonly output: boolean;
  readonly default?: Expression;
};

/** A whole batch. @throws SqlError 102, 105, 156, … with the line; 40000 naming a construct outside the subset */
export function parse(text: string): readonly Statement[] {
  return statements(newCursor(text), (c) => c.token.kind === "end");
}

/** One value or condition, as computed columns, defaults and checks are stored. */
export function parseExpression(text: string): Expression {
  return whole(text, expression);
}

/** `nvarchar(30)`; a length left out is 1, as in a declaration. */
export function parseType(text: string): SqlType {
  return whole(text, (c) => dataType(c, "declaration"));
}

/** The declaration list of sp_executesql and sp_prepare: `@p0 nvarchar(4000), @p1 int = 3 output`. Empty text: none. */
export function splitDeclarations(text: string): readonly ParameterDeclaration[] {
  return whole(text, (c) => (c.token.kind === "end" ? [] : c.list(() => parameter(c))));
}

function parameter(c: Cursor): ParameterDeclaration {
  const name = c.variable();
  c.accept("as");
  const type = dataType(c, "declaration");
  const value = c.accept("=") ? scalar(c) : undefined;
  const output = c.accept("output") || c.accept("out");
  return { name, type, output, ...(value && { default: value }) };
}

function whole<T>(text: string, rule: (c: Cursor) => T): T {
  const c = newCursor(text);
  const result = rule(c);
  if (c.token.kind !== "end") throw c.fail();
  return result;
}
