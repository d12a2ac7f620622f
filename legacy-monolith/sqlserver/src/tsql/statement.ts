/**
 * One statement by its first word, and lists of them. Semicolons are optional except where SQL Server asks for one:
 * before WITH (319) and THROW, after MERGE (10713).
 */

import { notSupported } from "../contract.ts";
import { toggleTrigger } from "./alter-table.ts";
import type { Query, Statement, StatementBody } from "./ast.ts";
import {
  begin,
  commit,
  declare,
  ifStatement,
  print,
  raiserror,
  returnStatement,
  rollback,
  save,
  throwStatement,
  waitfor,
  whileStatement,
} from "./control.ts";
import { Cursor, type Grammar } from "./cursor.ts";
import { alter, create, drop } from "./ddl.ts";
import { insert, remove, truncate, update } from "./dml.ts";
import { execute, procedureCall } from "./execute.ts";
import { scalar } from "./expression.ts";
import { merge } from "./merge.ts";
import { commonTables, query } from "./query.ts";
import { permission } from "./security.ts";
import { dbcc, set, use } from "./session-option.ts";

type Parse = (c: Cursor) => StatementBody;

const keyword =
  (kind: "break" | "continue"): Parse =>
  (c) => {
    c.take();
    return { kind };
  };
const refuse =
  (construct: string): Parse =>
  () => {
    throw notSupported(construct);
  };
const select: Parse = (c) => ({ kind: "query", query: query(c, false) });

const starters: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ["select", select],
  ["insert", insert],
  ["update", update],
  ["delete", remove],
  ["merge", merge],
  ["truncate", truncate],
  ["with", withClause],
  ["declare", declare],
  ["set", set],
  ["if", ifStatement],
  ["while", whileStatement],
  ["begin", begin],
  ["break", keyword("break")],
  ["continue", keyword("continue")],
  ["return", returnStatement],
  ["print", print],
  ["raiserror", raiserror],
  ["throw", throwStatement],
  ["commit", commit],
  ["rollback", rollback],
  ["save", save],
  ["exec", execute],
  ["execute", execute],
  ["waitfor", waitfor],
  ["use", use],
  ["dbcc", dbcc],
  ["create", create],
  ["alter", alter],
  ["drop", drop],
  ["grant", permission],
  ["deny", permission],
  ["revoke", permission],
  ["goto", refuse("GOTO")],
  ["open", refuse("CURSOR (OPEN)")],
  ["fetch", refuse("CURSOR (FETCH)")],
  ["close", refuse("CURSOR (CLOSE)")],
  ["deallocate", refuse("CURSOR (DEALLOCATE)")],
  ["backup", refuse("BACKUP")],
  ["restore", refuse("RESTORE")],
  ["bulk", refuse("BULK INSERT")],
  ["kill", refuse("KILL")],
  ["checkpoint", refuse("CHECKPOINT")],
  ["reconfigure", refuse("RECONFIGURE")],
  ["revert", refuse("REVERT")],
  ["shutdown", refuse("SHUTDOWN")],
  ["readtext", refuse("READTEXT")],
  ["writetext", refuse("WRITETEXT")],
  ["updatetext", refuse("UPDATETEXT")],
]);

const grammar: Grammar = {
  query,
  viewQuery: (c) => (c.accept("with") ? withTables(c) : query(c, true)),
  statement,
  statements,
  startsStatement: (c) => starters.has(c.token.word),
};

export function newCursor(text: string): Cursor {
  return new Cursor(text, grammar);
}

function statement(c: Cursor): Statement {
  return c.nested(() => {
    const { line, start } = c.token;
    const parse = starter(c);
    const body = parse(c);
    return { ...body, line, start, end: c.previous.end };
  });
}

function starter(c: Cursor): Parse {
  const { word } = c.token;
  const found = starters.get(word);
  if (found) return found;
  if (word === "(") return select;
  if ((word === "enable" || word === "disable") && c.peek(1).word === "trigger") {
    if (c.unterminated) throw c.fail();
    return toggleTrigger;
  }
  if (c.atName() && c.peek(1).word === ":") throw notSupported("GOTO label");
  if (c.atName() && c.isFirst) return procedureCall;
  throw c.fail();
}

export function statements(c: Cursor, isEnd: (c: Cursor) => boolean): readonly Statement[] {
  const list: Statement[] = [];
  let terminated = true;
  for (;;) {
    while (c.accept(";")) terminated = true;
    if (isEnd(c)) return list;
    c.unterminated = !terminated;
    list.push(statement(c));
    terminated = false;
  }
}

/** Common table expressions and the change tracking context before a statement. */
function withClause(c: Cursor): StatementBody {
  if (c.unterminated) {
    throw c.error(
      319,
      "Incorrect syntax near the keyword 'with'. If this statement is a common table expression, an xmlnamespaces clause or a change tracking context clause, the previous statement must be terminated with a semicolon.",
    );
  }
  c.expect("with");
  if (c.at("xmlnamespaces")) throw notSupported("WITH XMLNAMESPACES");
  const trackingContext = c.atAll("change_tracking_context", "(") ? contextValue(c) : undefined;
  const ctes = trackingContext && !c.accept(",") ? [] : commonTables(c);
  const context = trackingContext && { trackingContext };
  switch (c.token.word) {
    case "insert":
      return { ...(insert(c) as StatementBody & { kind: "insert" }), with: ctes, ...context };
    case "update":
      return { ...(update(c) as StatementBody & { kind: "update" }), with: ctes, ...context };
    case "delete":
      return { ...(remove(c) as StatementBody & { kind: "delete" }), with: ctes, ...context };
    case "merge":
      return { ...(merge(c) as StatementBody & { kind: "merge" }), with: ctes, ...context };
    case "select":
    case "(":
      if (context) throw c.fail();
      return { kind: "query", query: { ...query(c, false), with: ctes } };
    default:
      throw c.fail();
  }
}

function contextValue(c: Cursor) {
  c.take();
  return c.parenthesised(() => scalar(c));
}

/** A view's query may have common table expressions of its own. */
function withTables(c: Cursor): Query {
  const ctes = commonTables(c);
  return { ...query(c, true), with: ctes };
}
