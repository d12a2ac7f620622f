/**
 * Names in a query: which tables are in reach, what a column reference means, and whether it may stand where it stands
 * (GROUP BY). Errors are SQL Server's: 207, 209, 4104, 8120.
 */

import { SqlError, type SqlType } from "../contract.ts";
import type { ObjectName } from "../tsql/ast.ts";
import type { Column, Table } from "./catalog.ts";
import type { Typed } from "./typed.ts";

export type ScopeColumn = {
  readonly name: string;
  readonly sql: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly column?: Column & { readonly table?: string };
  /** Not part of `*`. */
  readonly hidden?: boolean;
  /** What a reference to it is answered with: text columns of inserted and deleted. */
  readonly refusal?: () => SqlError;
};

export type ScopeTable = {
  /** As written. */
  readonly name: string;
  readonly schema?: string;
  /** Quoted name in the SQL text. */
  readonly sql: string;
  readonly columns: readonly ScopeColumn[];
  readonly table?: Table;
  /** On the side of an outer join that may be missing. */
  optional: boolean;
};

export type CteInfo = { readonly sql: string; readonly columns: readonly ScopeColumn[] };

type Grouping = {
  /** SQL text of the GROUP BY expressions. */
  readonly keys: ReadonlySet<string>;
  readonly hasExpressions: boolean;
  readonly clause: string;
};

export class Scope {
  readonly parent: Scope | undefined;
  readonly tables: ScopeTable[] = [];
  readonly ctes = new Map<string, CteInfo>();
  /** Set while select list, HAVING and ORDER BY of a grouped query are translated. */
  grouping: Grouping | undefined;
  insideAggregate = false;
  insideWhere = false;

  constructor(parent?: Scope) {
    this.parent = parent;
  }

  /** @throws SqlError 1011, 1013 for a name used twice */
  add(table: ScopeTable): ScopeTable {
    const name = table.name.toLowerCase();
    const twin = this.tables.find((other) => other.name.toLowerCase() === name);
    if (twin && (twin.schema ?? "").toLowerCase() === (table.schema ?? "").toLowerCase()) {
      // An alias has no schema; both messages are the server's own.
      throw table.schema === undefined
        ? new SqlError(1011, 16, `The correlation name '${table.name}' is specified multiple times in a FROM clause.`)
        : new SqlError(
            1013,
            16,
            `The objects "${table.name}" and "${twin.name}" in the FROM clause have the same exposed names. Use correlation names to distinguish them.`,
          );
    }
    this.tables.push(table);
    return table;
  }

  cte(name: string): CteInfo | undefined {
    return this.ctes.get(name.toLowerCase()) ?? this.parent?.cte(name);
  }

  /** A table of this scope or one around it, by alias or name. */
  find(parts: ObjectName): ScopeTable | undefined {
    const name = parts.at(-1)?.toLowerCase();
    const schema = parts.at(-2)?.toLowerCase() || undefined;
    const found = this.tables.find(
      (table) =>
        table.name.toLowerCase() === name && (schema === undefined || (table.schema ?? "").toLowerCase() === schema),
    );
    return found ?? this.parent?.find(parts);
  }

  resolve(parts: ObjectName): Typed {
    const name = parts.at(-1) ?? "";
    const [table, column] = parts.length > 1 ? this.#qualified(parts, name) : this.#bare(name);
    const owner = this.#ownerOf(table);
    owner.#checkGrouping(table, column);
    return columnValue(table, column);
  }

  #qualified(parts: ObjectName, name: string): [ScopeTable, ScopeColumn] {
    const table = this.find(parts.slice(0, -1));
    if (!table) throw new SqlError(4104, 16, `The multi-part identifier "${parts.join(".")}" could not be bound.`);
    const column = findColumn(table, name);
    if (!column) throw invalidColumn(name);
    return [table, column];
  }

  #bare(name: string): [ScopeTable, ScopeColumn] {
    const found: [ScopeTable, ScopeColumn][] = [];
    for (const table of this.tables) {
      const column = findColumn(table, name);
      if (column) found.push([table, column]);
    }
    if (found.length > 1) throw new SqlError(209, 16, `Ambiguous column name '${name}'.`);
    if (found[0]) return found[0];
    if (!this.parent) throw invalidColumn(name);
    return this.parent.#bare(name);
  }

  #ownerOf(table: ScopeTable): Scope {
    return this.tables.includes(table) || !this.parent ? this : this.parent.#ownerOf(table);
  }

  #checkGrouping(table: ScopeTable, column: ScopeColumn): void {
    if (!this.grouping || this.insideAggregate || this.grouping.keys.has(column.sql)) return;
    const { clause } = this.grouping;
    throw new SqlError(
      clause === "HAVING clause" ? 8121 : clause === "ORDER BY clause" ? 8127 : 8120,
      16,
      `Column '${table.name}.${column.name}' is invalid in the ${clause} because it is not contained in either an aggregate function or the GROUP BY clause.`,
    );
  }
}

export function columnValue(table: ScopeTable, column: ScopeColumn): Typed {
  if (column.refusal) throw column.refusal();
  const value = { sql: column.sql, type: column.type, nullable: column.nullable || table.optional };
  return column.column ? { ...value, column: column.column } : value;
}

function findColumn(table: ScopeTable, name: string): ScopeColumn | undefined {
  const wanted = name.toLowerCase();
  return table.columns.find((column) => column.name.toLowerCase() === wanted);
}

export const invalidColumn = (name: string): SqlError => new SqlError(207, 16, `Invalid column name '${name}'.`);

export const invalidObject = (name: ObjectName): SqlError =>
  new SqlError(208, 16, `Invalid object name '${name.join(".")}'.`);
