/** Pieces of SQL with their bindings, so that values never become part of a statement's text. */

import type { Knex } from "knex";

export type Binding = string | number | boolean | null | readonly string[] | readonly number[];
export type Sql = { readonly text: string; readonly bindings: readonly Binding[] };

/** A template: a piece of SQL is put in, anything else is bound. */
export function sql(strings: TemplateStringsArray, ...values: readonly (Sql | Binding)[]): Sql {
  const bindings: Binding[] = [];
  const text = strings.reduce((before, after, at) => {
    const value = values[at - 1];
    if (isSql(value)) {
      bindings.push(...value.bindings);
      return before + value.text + after;
    }
    bindings.push(value ?? null);
    return `${before}?${after}`;
  });
  return { text, bindings };
}

const isSql = (value: unknown): value is Sql => typeof value === "object" && value !== null && "bindings" in value;

/** Text of our own: names of tables and columns, never of a request. */
export const raw = (text: string): Sql => ({ text, bindings: [] });

export const nothing: Sql = raw("FALSE");
export const everything: Sql = raw("TRUE");

export const allOf = (parts: readonly Sql[]): Sql => joined(parts, " AND ", everything);
export const anyOf = (parts: readonly Sql[]): Sql => joined(parts, " OR ", nothing);
export const list = (parts: readonly Sql[]): Sql => ({
  text: parts.map((part) => part.text).join(", "),
  bindings: parts.flatMap((part) => part.bindings),
});

function joined(parts: readonly Sql[], by: string, none: Sql): Sql {
  if (parts.length === 0) return none;
  return { text: `(${parts.map((part) => part.text).join(by)})`, bindings: parts.flatMap((part) => part.bindings) };
}

export async function query<Row>(db: Knex, { text, bindings }: Sql): Promise<Row[]> {
  const result: { rows: Row[] } = await db.raw(text, bindings as Knex.RawBinding[]);
  return result.rows;
}

/** The beginning of a text, for LIKE: its own wild cards are taken literally. */
export const prefixPattern = (text: string): string => `${literally(text)}%`;
export const partPattern = (text: string): string => `%${literally(text)}%`;
const literally = (text: string): string => text.replaceAll(/[\\%_]/g, "\\$&");
