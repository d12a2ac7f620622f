/**
 * CREATE, ALTER and DROP of everything but tables' insides; also TRIGGER and VIEW, whose text is kept as written.
 * Source: "CREATE INDEX", "CREATE VIEW", "CREATE TRIGGER", "DROP …", "ALTER DATABASE … SET" (Transact-SQL).
 */

import { notSupported } from "../contract.ts";
import type { StatementBody } from "./ast.ts";
import { alterTable } from "./alter-table.ts";
import type { Cursor } from "./cursor.ts";
import { columnList } from "./dml.ts";
import { condition } from "./expression.ts";
import { createLogin, createPrincipal, alterPrincipal, dropPrincipal } from "./security.ts";
import { createTable, keyColumns } from "./table-definition.ts";
import { createTrigger, type Mode, requireFirst, verbs } from "./trigger.ts";

export function create(c: Cursor): StatementBody {
  const start = c.take().start;
  if (c.accept("or")) {
    c.expect("alter");
    return programmable(c, "createOrAlter", start);
  }
  switch (c.token.word) {
    case "table":
      c.take();
      return createTable(c);
    case "unique":
    case "clustered":
    case "nonclustered":
    case "index":
      return createIndex(c);
    case "database":
      return createDatabase(c);
    case "schema":
      c.take();
      return { kind: "createSchema", name: c.name() };
    case "login":
      return createLogin(c);
    case "user":
    case "role":
      return createPrincipal(c, start);
    default:
      return programmable(c, "create", start);
  }
}

export function alter(c: Cursor): StatementBody {
  const start = c.take().start;
  switch (c.token.word) {
    case "table":
      c.take();
      return alterTable(c);
    case "database":
      return alterDatabase(c);
    case "role":
      return alterPrincipal(c, start);
    default:
      return programmable(c, "alter", start);
  }
}

function programmable(c: Cursor, mode: Mode, start: number): StatementBody {
  if (c.accept("view")) return createView(c, mode, start);
  if (c.accept("trigger")) return createTrigger(c, mode, start);
  if (c.token.kind !== "word") throw c.fail();
  const verb = mode === "alter" ? "ALTER" : "CREATE";
  const what = c.at("proc") ? "PROCEDURE" : c.token.text.toUpperCase();
  throw notSupported(`${verb} ${what}`);
}

function createView(c: Cursor, mode: Mode, start: number): StatementBody {
  requireFirst(c, `${verbs[mode]} VIEW`, start);
  const name = c.objectName();
  const columns = c.at("(") ? columnList(c) : undefined;
  if (c.at("with")) throw notSupported(`CREATE VIEW … WITH ${c.peek(1).text.toUpperCase()}`);
  c.expect("as");
  const query = c.grammar.viewQuery(c);
  if (c.at("with")) throw notSupported("WITH CHECK OPTION");
  const text = c.textFrom(start);
  c.accept(";");
  if (c.token.kind !== "end") throw c.fail();
  return { kind: "createView", name, ...(columns && { columns }), query, text, orAlter: mode !== "create", mode };
}

function createIndex(c: Cursor): StatementBody {
  const unique = c.accept("unique");
  if (!c.accept("clustered")) c.accept("nonclustered");
  if (!c.at("index")) throw notSupported(`CREATE ${c.token.text.toUpperCase()} INDEX`);
  c.take();
  const name = c.name();
  c.expect("on");
  const table = c.objectName();
  const columns = keyColumns(c);
  const include = c.accept("include") ? columnList(c) : [];
  const where = c.accept("where") ? condition(c) : undefined;
  if (c.atAll("with", "(")) throw notSupported("index options (WITH …)");
  if (c.at("on")) throw notSupported("CREATE INDEX … ON filegroup");
  return { kind: "createIndex", name, table, unique, columns, include, ...(where && { where }) };
}

function createDatabase(c: Cursor): StatementBody {
  c.take();
  const name = c.name();
  // The server's own collation says nothing new.
  if (c.at("collate") && c.peek(1).text.toLowerCase() === "sql_latin1_general_cp1_ci_as") {
    c.take();
    c.take();
  }
  if (c.at("collate") || c.at("on") || c.at("with") || c.at("as") || c.at("containment") || c.at("for")) {
    throw notSupported(`CREATE DATABASE … ${c.token.text.toUpperCase()}`);
  }
  return { kind: "createDatabase", name };
}

/** Tokens of the options joined by single spaces, none inside parentheses' edges nor before a comma. */
function alterDatabase(c: Cursor): StatementBody {
  c.take();
  const name = c.accept("current") ? "current" : c.name();
  if (!c.at("set")) throw notSupported(`ALTER DATABASE … ${c.token.text.toUpperCase()}`);
  c.take();
  let options = "";
  while (c.token.kind !== "end" && !c.at(";") && !startsStatement(c)) {
    const { text, word } = c.take();
    const glued = options === "" || options.endsWith("(") || word === ")" || word === ",";
    options += (glued ? "" : " ") + text.toLowerCase();
  }
  if (options === "") throw c.fail();
  return { kind: "alterDatabase", name, options };
}

/** `WITH ROLLBACK IMMEDIATE` and `WITH NO_WAIT` belong to the options. */
function startsStatement(c: Cursor): boolean {
  return c.grammar.startsStatement(c) && c.previous.word !== "with" && !c.at("with");
}

export function drop(c: Cursor): StatementBody {
  const start = c.take().start;
  const { token } = c;
  switch (token.word) {
    case "table":
    case "view":
    case "trigger": {
      c.take();
      const ifExists = c.acceptAll("if", "exists");
      const names = c.list(() => c.objectName());
      if (token.word === "trigger" && c.at("on")) throw notSupported("DROP TRIGGER … ON DATABASE");
      const kind = token.word === "table" ? "dropTable" : token.word === "view" ? "dropView" : "dropTrigger";
      return { kind, names, ifExists };
    }
    case "index":
      return dropIndex(c);
    case "database": {
      c.take();
      const ifExists = c.acceptAll("if", "exists");
      return { kind: "dropDatabase", name: c.name(), ifExists };
    }
    case "login":
    case "user":
    case "role":
      return dropPrincipal(c, start);
    default:
      if (token.kind !== "word") throw c.fail();
      throw notSupported(`DROP ${c.at("proc") ? "PROCEDURE" : token.text.toUpperCase()}`);
  }
}

/** `DROP INDEX i ON t` and the old `DROP INDEX t.i` */
function dropIndex(c: Cursor): StatementBody {
  c.take();
  const ifExists = c.acceptAll("if", "exists");
  const parts = c.objectName();
  const name = parts.at(-1) ?? "";
  const table = c.accept("on") ? c.objectName() : parts.slice(0, -1);
  if (table.length === 0 || c.at(",")) throw c.fail();
  if (c.atAll("with", "(")) throw notSupported("DROP INDEX … WITH (options)");
  return { kind: "dropIndex", name, table, ifExists };
}
