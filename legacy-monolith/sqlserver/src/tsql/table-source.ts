/**
 * What may stand after FROM: tables with hints, derived tables, table variables, table-valued functions, CHANGETABLE,
 * joins. Source: "FROM clause plus JOIN, APPLY, PIVOT", "Table Hints", "CHANGETABLE" (Transact-SQL).
 */

import { notSupported } from "../contract.ts";
import type { Expression, TableSource } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { condition, scalar } from "./expression.ts";
import { valuesRowsMax } from "../limits.ts";

type JoinType = (TableSource & { kind: "join" })["type"];

const knownHints = new Set(
  (
    "updlock holdlock rowlock nolock tablock tablockx readpast xlock paglock nowait readuncommitted readcommitted " +
    "repeatableread serializable readcommittedlock snapshot keepidentity keepdefaults"
  ).split(" "),
);
const refusedHints = new Set([
  "index",
  "forceseek",
  "forcescan",
  "noexpand",
  "spatial_window_max_cells",
  "fastfirstrow",
]);
const refusedSources = new Set([
  "openrowset",
  "openquery",
  "opendatasource",
  "openxml",
  "containstable",
  "freetexttable",
]);

export function fromClause(c: Cursor): TableSource[] {
  return c.list(() => tableSource(c));
}

export function tableSource(c: Cursor): TableSource {
  let left = tablePrimary(c);
  for (;;) {
    const joined = join(c, left);
    if (!joined) return left;
    left = joined;
  }
}

function join(c: Cursor, left: TableSource): TableSource | undefined {
  const type = joinType(c);
  if (type === undefined) return undefined;
  if (type === "cross") return { kind: "join", type, left, right: tablePrimary(c) };
  const right = joinOperand(c);
  c.expect("on");
  return { kind: "join", type, left, right, on: condition(c) };
}

/** `a JOIN b JOIN c ON … ON …`: a further join before ON belongs to the right side. */
function joinOperand(c: Cursor): TableSource {
  return c.nested(() => {
    let right = tablePrimary(c);
    while (!c.at("on")) {
      const joined = join(c, right);
      if (!joined) return right;
      right = joined;
    }
    return right;
  });
}

function joinType(c: Cursor): JoinType | undefined {
  const { word } = c.token;
  switch (word) {
    case "join":
      c.take();
      return "inner";
    case "inner":
      return finishJoin(c, "inner");
    case "left":
    case "right":
    case "full":
      return finishJoin(c, word);
    case "cross":
      if (c.peek(1).word === "apply") throw notSupported("CROSS APPLY");
      c.take();
      c.expect("join");
      return "cross";
    case "outer":
      if (c.peek(1).word === "apply") throw notSupported("OUTER APPLY");
      return undefined;
    case "pivot":
    case "unpivot":
    case "tablesample":
      throw notSupported(word.toUpperCase());
    default:
      return undefined;
  }
}

function finishJoin(c: Cursor, type: JoinType): JoinType {
  c.take();
  if (type !== "inner") c.accept("outer");
  if (c.at("loop") || c.at("hash") || c.at("merge") || c.at("remote")) {
    throw notSupported(`join hint ${c.token.text.toUpperCase()}`);
  }
  c.expect("join");
  return type;
}

function tablePrimary(c: Cursor): TableSource {
  if (c.at("(")) return c.nested(() => parenthesised(c));
  if (c.token.kind === "variable") {
    const name = c.variable();
    const alias = optionalAlias(c);
    return { kind: "variable", name, ...(alias !== undefined && { alias }) };
  }
  if (c.atAll("changetable", "(")) return changeTable(c);
  if (refusedSources.has(c.token.word) || (c.at("openjson") && c.peek(1).word === "(")) {
    throw notSupported(c.token.text.toUpperCase());
  }
  return named(c);
}

function parenthesised(c: Cursor): TableSource {
  let distance = 1;
  while (c.peek(distance).word === "(") distance++;
  const { word } = c.peek(distance);
  if (word === "values" && distance === 1) return derivedValues(c);
  if (word === "select") {
    const query = c.parenthesised(() => c.grammar.query(c, true));
    return { kind: "derived", query, ...derivedNames(c) };
  }
  return c.parenthesised(() => tableSource(c));
}

function derivedValues(c: Cursor): TableSource {
  const rows = c.parenthesised(() => {
    c.expect("values");
    return valuesRows(c, scalar);
  });
  return { kind: "values", rows, ...derivedNames(c) };
}

/** `(…), (…)` after VALUES. @throws SqlError 10738 beyond 1000 rows, 10709 for rows of different length */
export function valuesRows(c: Cursor, value: (c: Cursor) => Expression): Expression[][] {
  const rows = c.list(() => c.parenthesised(() => c.list(() => value(c))));
  if (rows.length > valuesRowsMax) {
    throw c.error(
      10738,
      `The number of row value expressions in the INSERT statement exceeds the maximum allowed number of ${valuesRowsMax} row values.`,
    );
  }
  const width = rows[0]?.length;
  if (rows.some((row) => row.length !== width)) {
    throw c.error(10709, "The number of columns for each row in a table value constructor must be the same.");
  }
  return rows;
}

function derivedNames(c: Cursor): { alias: string; columns?: string[] } {
  const alias = optionalAlias(c);
  if (alias === undefined) throw c.fail();
  if (!c.at("(")) return { alias };
  return { alias, columns: c.parenthesised(() => c.list(() => c.name())) };
}

function changeTable(c: Cursor): TableSource {
  c.take();
  const { table, version } = c.parenthesised(() => {
    if (c.at("version")) throw notSupported("CHANGETABLE(VERSION …)");
    c.expect("changes");
    const table = c.objectName();
    c.expect(",");
    return { table, version: scalar(c) };
  });
  const alias = optionalAlias(c);
  if (alias === undefined) {
    throw c.error(22104, "A table returned by the CHANGETABLE function must be aliased.");
  }
  return { kind: "changeTable", table, version, alias };
}

function named(c: Cursor): TableSource {
  const name = c.objectName();
  if (c.at("(") && !atBareHint(c)) {
    const args = c.parenthesised(() => (c.at(")") ? [] : c.list(() => scalarOrDefaultArgument(c))));
    const alias = optionalAlias(c);
    return { kind: "function", name, args, ...(alias !== undefined && { alias }) };
  }
  if (c.atAll("for", "system_time")) throw notSupported("FOR SYSTEM_TIME");
  const alias = optionalAlias(c);
  const hints = tableHints(c);
  return { kind: "table", name, ...(alias !== undefined && { alias }), hints };
}

/** `sys.fn_listextendedproperty(default, …)` */
function scalarOrDefaultArgument(c: Cursor): Expression {
  if (c.accept("default")) return { kind: "default" };
  return scalar(c);
}

/** `FROM t (NOLOCK)`: the old spelling without WITH. */
function atBareHint(c: Cursor): boolean {
  const { word } = c.peek(1);
  return knownHints.has(word) && (c.peek(2).word === ")" || c.peek(2).word === ",");
}

export function optionalAlias(c: Cursor): string | undefined {
  if (c.accept("as")) return c.name();
  return c.atName() && !c.at("using") ? c.name() : undefined;
}

/** Lower case. @throws SqlError 321 for what is no hint at all; 40000 for those that name an index */
export function tableHints(c: Cursor): string[] {
  if (c.atAll("with", "(")) c.take();
  else if (!(c.at("(") && atBareHint(c))) return [];
  return c.parenthesised(() => {
    const hints = [tableHint(c)];
    while (!c.at(")")) {
      c.accept(",");
      hints.push(tableHint(c));
    }
    return hints;
  });
}

function tableHint(c: Cursor): string {
  const { kind, word, text } = c.token;
  if (kind !== "word") throw c.fail();
  if (refusedHints.has(word)) throw notSupported(`table hint ${text.toUpperCase()}`);
  if (!knownHints.has(word)) {
    const message = `"${text}" is not a recognized table hints option. If it is intended as a parameter to a table-valued function or to the CHANGETABLE function, ensure that your database compatibility mode is set to 90.`;
    throw c.error(321, message);
  }
  c.take();
  return word;
}
