/**
 * The translator's working values: a piece of PostgreSQL text with its T-SQL type, and the state of one translation
 * (parameters found so far, locks to take first). Invariants: a string is always `bpchar` collated sim.ci, char(n) is
 * padded to n, bit is int2 0 or 1, datetime is rounded to 1/300 s.
 */

import { SqlError, type SqlType } from "../contract.ts";
import type { Expression, Query } from "../tsql/ast.ts";
import type { Column } from "./catalog.ts";
import { type Environment, globalTypes, type Parameter, type ParameterSource } from "./plan.ts";
import type { Scope } from "./scope.ts";
import { isString, pgType } from "./types.ts";

export type Typed = {
  readonly sql: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  /** Text of a literal as written; null for NULL, whose type gives way to any other. */
  readonly literal?: string | null;
  /** An integer constant has as many digits of precision as it shows. */
  readonly digits?: number;
  /** Set by COLLATE: comparisons follow it. */
  readonly collation?: string;
  /** A column itself, not an expression over it. */
  readonly column?: Column & { readonly table?: string };
};

export const isNullLiteral = (value: Typed): boolean => value.literal === null;

/** Quoted for PostgreSQL. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const quoteText = (text: string): string =>
  text.includes("\\") ? `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`;

/** A string made by a function whose arguments are no strings has no collation of its own. */
export const ciText = (sql: string): string => `(${sql})::bpchar COLLATE sim.ci`;

export type OutputColumn = {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly column?: Column & { readonly table?: string };
  /** The NULL constant: in a UNION the other branches give the type. */
  readonly untyped?: boolean;
};

export type TranslatedQuery = {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
  /** Variables of `SELECT @x = …`, by column. */
  readonly assigns: readonly string[];
};

export type QueryOptions = {
  /** Makes each output value what the receiver wants (INSERT … SELECT, UNION). */
  readonly convert?: ((value: Typed, index: number) => Typed) | undefined;
};

export type TranslateQuery = (
  query: Query,
  parent: Scope | undefined,
  t: Translation,
  options?: QueryOptions,
) => TranslatedQuery;

/** The value of an argument where the call stands. */
export type Evaluate = (expression: Expression) => Typed;

const noSubqueries: TranslateQuery = () => {
  throw new SqlError(1046, 15, "Subqueries are not allowed in this context. Only scalar expressions are allowed.");
};

export class Translation {
  readonly environment: Environment;
  /** How a query inside an expression or FROM is translated; given from outside, because queries are made of expressions. */
  readonly query: TranslateQuery;
  readonly parameters: Parameter[] = [];
  readonly before = new Set<string>();
  /** Only immutable functions may be used: computed columns, index filters. */
  readonly immutable: boolean;
  cacheable = true;
  retryDuplicate = false;
  #aliases = 0;
  readonly #numbers = new Map<string, number>();

  constructor(environment: Environment, options: { immutable?: boolean; query?: TranslateQuery } = {}) {
    this.environment = environment;
    this.immutable = options.immutable ?? false;
    this.query = options.query ?? noSubqueries;
  }

  /** A name no T-SQL identifier can be. */
  alias(): string {
    this.#aliases += 1;
    return quote(`$${this.#aliases}`);
  }

  /** @throws SqlError 137 for an undeclared variable */
  variableType(name: string): SqlType {
    const type = this.environment.variables.get(name);
    if (type !== undefined) return type;
    const isTable = this.environment.tableVariables.has(name);
    throw new SqlError(137, 15, `Must declare the scalar variable "${name}".`, { state: isTable ? 1 : 2 });
  }

  /** @throws SqlError 137 for an undeclared variable */
  variable(name: string): Typed {
    const type = this.variableType(name);
    if (this.environment.trigger) {
      return { sql: this.environment.trigger.variable(name), type, nullable: true };
    }
    return this.#parameter({ kind: "variable", name }, type);
  }

  global(name: string): Typed {
    const type = globalTypes[name];
    if (type === undefined) throw new SqlError(137, 15, `Must declare the scalar variable "${name}".`, { state: 2 });
    if (this.environment.trigger) {
      return { sql: this.environment.trigger.variable(name), type, nullable: true };
    }
    return this.#parameter({ kind: "global", name }, type);
  }

  #parameter(source: ParameterSource, type: SqlType): Typed {
    const key = `${source.kind}${source.name}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      this.parameters.push({ source, type });
      number = this.parameters.length;
      this.#numbers.set(key, number);
    }
    const collation = isString(type) ? " COLLATE sim.ci" : "";
    // The value already has its type's length and rounding; a plain `bpchar` keeps the padding of char(n).
    const cast = isString(type) ? "bpchar" : pgType(type);
    return { sql: `$${number}::${cast}${collation}`, type, nullable: true };
  }
}
