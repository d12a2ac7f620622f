/** ORDER BY terms: SQL Server sorts NULL lowest. */

import { isString } from "./types.ts";
import type { Typed } from "./typed.ts";

export function orderTerm(value: Typed, descending: boolean): string {
  const collation = value.collation === undefined || !isString(value.type) ? "" : ` COLLATE ${value.collation}`;
  // Without NULLs the clause is left out: PostgreSQL's indexes then give the order.
  const nulls = value.nullable ? (descending ? " NULLS LAST" : " NULLS FIRST") : "";
  return `${value.sql}${collation}${descending ? " DESC" : ""}${nulls}`;
}
