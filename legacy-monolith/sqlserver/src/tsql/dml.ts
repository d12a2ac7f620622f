/**
 * INSERT, UPDATE, DELETE, TRUNCATE and the bulk insert of the protocol.
 * Source: "INSERT", "UPDATE", "DELETE", "OUTPUT Clause", "TRUNCATE TABLE" (Transact-SQL); INSERT BULK is what clients
 * send before a bulk load message (MS-TDS 2.2.6.1).
 */

import { notSupported } from "../contract.ts";
import type { Assignment, Expression, ObjectName, Output, SelectItem, StatementBody, Target } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { condition, scalar, scalarOrDefault } from "./expression.ts";
import { query, selectItem, topClause } from "./query.ts";
import { fromClause, tableHints, valuesRows } from "./table-source.ts";
import { dataType } from "./type.ts";

type Insert = StatementBody & { kind: "insert" };
type SimpleOperator = Assignment["operator"];

export function insert(c: Cursor): StatementBody {
  c.expect("insert");
  if (c.at("bulk") && c.atName(1)) return insertBulk(c);
  if (c.at("top")) throw notSupported("INSERT TOP");
  c.accept("into");
  const target = modificationTarget(c);
  const columns = c.at("(") && c.peek(1).word !== "select" ? columnList(c) : undefined;
  const output = outputClause(c);
  const source = insertSource(c);
  return { kind: "insert", with: [], target, ...(columns && { columns }), source, ...(output && { output }) };
}

function insertSource(c: Cursor): Insert["source"] {
  if (c.accept("values")) return { kind: "values", rows: valuesRows(c, scalarOrDefault) };
  if (c.acceptAll("default", "values")) return { kind: "defaults" };
  if (c.at("exec") || c.at("execute")) return { kind: "execute", statement: c.grammar.statement(c) };
  if (c.at("select") || c.at("(")) return { kind: "query", query: query(c, false) };
  throw c.fail();
}

export function columnList(c: Cursor): string[] {
  return c.parenthesised(() => c.list(() => c.name()));
}

export function modificationTarget(c: Cursor): Target {
  if (c.token.kind === "variable") return { kind: "variable", name: c.variable() };
  const name = c.objectName();
  return { kind: "table", name, hints: tableHints(c) };
}

export function outputClause(c: Cursor): Output | undefined {
  if (!c.accept("output")) return undefined;
  const items: SelectItem[] = c.list(() => selectItem(c));
  if (!c.accept("into")) return { items };
  const into: ObjectName | { variable: string } =
    c.token.kind === "variable" ? { variable: c.variable() } : c.objectName();
  const intoColumns = c.at("(") ? columnList(c) : undefined;
  if (c.at("output")) throw notSupported("OUTPUT … INTO … OUTPUT");
  return { items, into, ...(intoColumns && { intoColumns }) };
}

export function update(c: Cursor): StatementBody {
  c.expect("update");
  if (c.at("statistics")) throw notSupported("UPDATE STATISTICS");
  const top = c.at("top") ? topClause(c) : undefined;
  const target = modificationTarget(c);
  c.expect("set");
  const set = c.list(() => assignment(c));
  const output = outputClause(c);
  const from = c.accept("from") ? fromClause(c) : [];
  const where = whereClause(c);
  return {
    kind: "update",
    with: [],
    ...(top && { top }),
    target,
    set,
    from,
    ...(where && { where }),
    ...(output && { output }),
  };
}

export function remove(c: Cursor): StatementBody {
  c.expect("delete");
  const top = c.at("top") ? topClause(c) : undefined;
  c.accept("from");
  const target = modificationTarget(c);
  const output = outputClause(c);
  const from = c.accept("from") ? fromClause(c) : [];
  const where = whereClause(c);
  return {
    kind: "delete",
    with: [],
    ...(top && { top }),
    target,
    from,
    ...(where && { where }),
    ...(output && { output }),
  };
}

function whereClause(c: Cursor): Expression | undefined {
  if (!c.accept("where")) {
    if (c.at("option")) throw notSupported("OPTION (query hints)");
    return undefined;
  }
  if (c.at("current")) throw notSupported("WHERE CURRENT OF (CURSOR)");
  const where = condition(c);
  if (c.at("option")) throw notSupported("OPTION (query hints)");
  return where;
}

/** `a = e`, `t.a += e`, `@v = e`, `@v = a = e` */
export function assignment(c: Cursor): Assignment {
  if (c.token.kind !== "variable") return columnAssignment(c, undefined);
  const variable = c.variable();
  if (c.at("=") && c.atName(1) && endsInAssignment(c)) {
    c.take();
    return columnAssignment(c, variable);
  }
  const left: Expression = { kind: "variable", name: variable };
  return { variable, ...assignedValue(c, left) };
}

/** After `@v =`: is it `column =` that follows, and not a value? */
function endsInAssignment(c: Cursor): boolean {
  let distance = 2;
  while (c.peek(distance).word === "." && c.atName(distance + 1)) distance += 2;
  return c.peek(distance).word === "=";
}

function columnAssignment(c: Cursor, variable: string | undefined): Assignment {
  const column = c.objectName();
  if (c.at("(")) throw notSupported(`UPDATE … SET ${column.at(-1)?.toUpperCase()}(…)`);
  const left: Expression = { kind: "column", parts: column };
  return { column, ...(variable !== undefined && { variable }), ...assignedValue(c, left) };
}

const simpleOperators = new Set(["=", "+=", "-=", "*=", "/="]);
const otherOperators = new Set(["%=", "&=", "|=", "^="]);

/** The rarer operators are written out: `a %= e` is `a = a % e`. */
export function assignedValue(c: Cursor, left: Expression): { operator: SimpleOperator; value: Expression } {
  const { word } = c.token;
  if (simpleOperators.has(word)) {
    c.take();
    return { operator: word as SimpleOperator, value: scalarOrDefault(c) };
  }
  if (!otherOperators.has(word)) throw c.fail();
  c.take();
  return { operator: "=", value: { kind: "binary", operator: word.charAt(0) as "%", left, right: scalar(c) } };
}

export function truncate(c: Cursor): StatementBody {
  c.expect("truncate");
  c.expect("table");
  const table = c.objectName();
  if (c.atAll("with", "(")) throw notSupported("TRUNCATE TABLE … WITH (PARTITIONS)");
  return { kind: "truncate", table };
}

function insertBulk(c: Cursor): StatementBody {
  c.take();
  const table = c.objectName();
  const columns = c.parenthesised(() =>
    c.list(() => {
      const name = c.name();
      const type = dataType(c, "declaration");
      if (c.accept("collate")) c.name();
      return { name, type };
    }),
  );
  const options = c.accept("with") ? c.parenthesised(() => c.list(() => bulkOption(c))) : [];
  return { kind: "insertBulk", table, columns, options };
}

/** `tablock`, `order(a asc, b)`, `rows_per_batch=1`; lower case */
function bulkOption(c: Cursor): string {
  const { start } = c.token;
  c.accept("order");
  if (c.previous.word !== "order") c.name();
  if (c.accept("=")) c.take();
  if (c.accept("(")) {
    c.list(() => {
      c.name();
      if (!c.accept("asc")) c.accept("desc");
    });
    c.expect(")");
  }
  return c.textFrom(start).toLowerCase();
}
