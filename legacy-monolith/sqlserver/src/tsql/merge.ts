/** MERGE. Source: "MERGE (Transact-SQL)", which also demands the semicolon at its end (error 10713). */

import { notSupported } from "../contract.ts";
import type { MergeAction, StatementBody } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { assignment, columnList, modificationTarget, outputClause } from "./dml.ts";
import { condition, scalarOrDefault } from "./expression.ts";
import { optionalAlias, tableSource } from "./table-source.ts";

type Merge = StatementBody & { kind: "merge" };
type Clause = Merge["clauses"][number];

/** @throws SqlError 10713 without the closing semicolon */
export function merge(c: Cursor): StatementBody {
  c.expect("merge");
  if (c.at("top")) throw notSupported("MERGE TOP");
  c.accept("into");
  const target = modificationTarget(c);
  const alias = optionalAlias(c);
  c.expect("using");
  const source = tableSource(c);
  c.expect("on");
  const on = condition(c);
  const clauses: Clause[] = [];
  while (c.at("when")) clauses.push(mergeClause(c));
  if (clauses.length === 0) throw c.fail();
  const output = outputClause(c);
  if (c.at("option")) throw notSupported("OPTION (query hints)");
  if (!c.at(";")) throw c.error(10713, "A MERGE statement must be terminated by a semi-colon (;).");
  return {
    kind: "merge",
    with: [],
    target,
    ...(alias !== undefined && { alias }),
    source,
    on,
    clauses,
    ...(output && { output }),
  };
}

function mergeClause(c: Cursor): Clause {
  c.expect("when");
  const match = mergeMatch(c);
  const matchCondition = c.accept("and") ? condition(c) : undefined;
  c.expect("then");
  const action = mergeAction(c);
  if ((action.kind === "insert") !== (match === "notMatched")) throw c.fail(c.previous);
  return { match, ...(matchCondition && { condition: matchCondition }), action };
}

function mergeMatch(c: Cursor): Clause["match"] {
  if (c.accept("matched")) return "matched";
  c.expect("not");
  c.expect("matched");
  if (!c.accept("by")) return "notMatched";
  return c.expectAny(["source", "target"]) === "source" ? "notMatchedBySource" : "notMatched";
}

function mergeAction(c: Cursor): MergeAction {
  if (c.accept("delete")) return { kind: "delete" };
  if (c.accept("update")) {
    c.expect("set");
    return { kind: "update", set: c.list(() => assignment(c)) };
  }
  c.expect("insert");
  if (c.at("default")) throw notSupported("MERGE … INSERT DEFAULT VALUES");
  const columns = c.at("(") ? columnList(c) : [];
  c.expect("values");
  return { kind: "insert", columns, values: c.parenthesised(() => c.list(() => scalarOrDefault(c))) };
}
