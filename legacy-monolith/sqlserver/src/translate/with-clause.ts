/** WITH: common table expressions, recursive ones too. */

import { notSupported, SqlError } from "../contract.ts";
import type { Query, QueryBody, SelectItem } from "../tsql/ast.ts";
import { convert, sameType } from "./coercion.ts";
import type { Scope, ScopeColumn } from "./scope.ts";
import { named } from "./sources.ts";
import { some } from "./tree-search.ts";
import { isNullLiteral, quote, type TranslatedQuery, type Translation } from "./typed.ts";
import { int } from "./types.ts";

/** The WITH clause; its names go into the scope. */
export function commonTables(query: Pick<Query, "with">, scope: Scope, t: Translation): string {
  const parts: string[] = [];
  let recursive = false;
  for (const cte of query.with) {
    const name = cte.name.toLowerCase();
    const self = isRecursive(cte.query.body, name);
    recursive ||= self;
    const inner = self ? recursiveQuery(cte.query, cte, scope, t) : t.query(cte.query, scope, t);
    const columns = named(inner.columns, cte.name, cte.columns);
    scope.ctes.set(name, { sql: quote(name), columns });
    const list = [...columns.map((column) => column.sql), ...(self ? [quote("$depth")] : [])];
    parts.push(`${quote(name)} (${list.join(", ")}) AS (${inner.sql})`);
  }
  return parts.length === 0 ? "" : `WITH ${recursive ? "RECURSIVE " : ""}${parts.join(", ")}`;
}

function isRecursive(body: QueryBody, name: string): boolean {
  return (
    body.kind === "setOperation" &&
    some(
      body.right,
      (node) =>
        node["kind"] === "table" &&
        (node["name"] as string[]).length === 1 &&
        (node["name"] as string[])[0]?.toLowerCase() === name,
      true,
    )
  );
}

/** A hidden column counts the levels: SQL Server stops after 100 (MAXRECURSION's default). */
const deeper: SelectItem = {
  kind: "value",
  value: {
    kind: "binary",
    operator: "+",
    left: { kind: "column", parts: ["$depth"] },
    right: { kind: "literal", type: "int", text: "1" },
  },
};

/** The anchor fixes the columns; the recursive part is converted to them. */
function recursiveQuery(
  query: Query,
  cte: { name: string; columns?: readonly string[] },
  scope: Scope,
  t: Translation,
): TranslatedQuery {
  const { body } = query;
  if (body.kind !== "setOperation" || body.operator !== "union all") {
    throw new SqlError(
      252,
      16,
      `Recursive common table expression '${cte.name}' does not contain a top-level UNION ALL operator.`,
    );
  }
  if (body.right.kind !== "select") throw notSupported("several recursive members in a common table expression");
  const anchor = t.query({ with: [], body: body.left, orderBy: [] }, scope, t);
  const columns = named(anchor.columns, cte.name, cte.columns);
  const depth: ScopeColumn = { name: "$depth", sql: "", type: int, nullable: false, hidden: true };
  scope.ctes.set(cte.name.toLowerCase(), {
    sql: quote(cte.name.toLowerCase()),
    columns: [...columns.map((column) => ({ ...column, nullable: true })), depth],
  });
  const right = t.query(
    { with: [], body: { ...body.right, items: [...body.right.items, deeper] }, orderBy: [] },
    scope,
    t,
    {
      convert: (item, i) => {
        if (i === columns.length) return { ...item, sql: `sim.recursion(${item.sql})` };
        const column = columns[i];
        if (!column) return item;
        if (isNullLiteral(item) || sameType(item.type, column.type)) return convert(item, column.type);
        throw new SqlError(
          240,
          16,
          `Types don't match between the anchor and the recursive part in column "${column.name}" of recursive query "${cte.name}".`,
        );
      },
    },
  );
  const first = t.alias();
  const sql = `SELECT ${first}.*, 0 FROM (${anchor.sql}) AS ${first} UNION ALL ${right.sql}`;
  return { sql, columns: anchor.columns, assigns: [] };
}
