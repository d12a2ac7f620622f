/**
 * SET options, USE and DBCC: what changes or asks the session rather than data. Which options mean something is the
 * session's business; here they only get one spelling. Source: "SET Statements", "USE", "DBCC" (Transact-SQL).
 */

import type { Statement, StatementBody } from "./ast.ts";
import { setVariable } from "./control.ts";
import type { Cursor } from "./cursor.ts";
import { scalar } from "./expression.ts";

const onOff = new Set([
  "ansi_defaults",
  "ansi_null_dflt_off",
  "ansi_null_dflt_on",
  "ansi_nulls",
  "ansi_padding",
  "ansi_warnings",
  "arithabort",
  "arithignore",
  "concat_null_yields_null",
  "cursor_close_on_commit",
  "fmtonly",
  "forceplan",
  "implicit_transactions",
  "nocount",
  "noexec",
  "numeric_roundabort",
  "parseonly",
  "quoted_identifier",
  "remote_proc_transactions",
  "showplan_all",
  "showplan_text",
  "showplan_xml",
  "xact_abort",
]);
const withValue = new Set([
  "context_info",
  "datefirst",
  "dateformat",
  "deadlock_priority",
  "language",
  "lock_timeout",
  "query_governor_cost_limit",
  "rowcount",
  "textsize",
]);

/** @throws SqlError 195 for an option that does not exist */
export function set(c: Cursor): StatementBody {
  const { start, line } = c.token;
  c.expect("set");
  if (c.token.kind === "variable") return setVariable(c);
  const { word } = c.token;
  if (word === "transaction" || word === "tran") return isolationLevel(c);
  if (word === "identity_insert") return identityInsert(c);
  if (word === "statistics") return statistics(c);
  if (withValue.has(word)) {
    c.take();
    return { kind: "setOption", option: word, value: optionValue(c) };
  }
  const options = c.list(() => switchName(c));
  const value = c.expectAny(["on", "off"]);
  const statements = options.map(
    (option): Statement => ({ kind: "setOption", option, value, line, start, end: c.previous.end }),
  );
  const [only] = statements;
  return statements.length === 1 && only ? only : { kind: "block", statements };
}

function switchName(c: Cursor): string {
  const { word, text, kind } = c.token;
  if (kind !== "word") throw c.fail();
  if (!onOff.has(word)) throw c.error(195, `'${text}' is not a recognized SET option.`);
  c.take();
  return word;
}

function optionValue(c: Cursor): string {
  const sign = c.accept("-") ? "-" : "";
  const { kind, text } = c.token;
  if (kind === "end" || kind === "mark") throw c.fail();
  c.take();
  return (sign + (kind === "binary" ? `0x${text}` : text)).toLowerCase();
}

function isolationLevel(c: Cursor): StatementBody {
  c.take();
  c.expect("isolation");
  c.expect("level");
  return { kind: "setOption", option: "transaction isolation level", value: levelName(c) };
}

function levelName(c: Cursor): string {
  if (c.accept("read")) return `read ${c.expectAny(["committed", "uncommitted"])}`;
  if (c.accept("repeatable")) {
    c.expect("read");
    return "repeatable read";
  }
  return c.expectAny(["serializable", "snapshot"]);
}

function identityInsert(c: Cursor): StatementBody {
  c.take();
  const table = c.objectName();
  return { kind: "setOption", option: "identity_insert", value: c.expectAny(["on", "off"]), table };
}

function statistics(c: Cursor): StatementBody {
  c.take();
  const names = c.list(() => c.expectAny(["io", "time", "profile", "xml"]));
  return { kind: "setOption", option: `statistics ${names.join(", ")}`, value: c.expectAny(["on", "off"]) };
}

export function use(c: Cursor): StatementBody {
  c.expect("use");
  return { kind: "use", database: c.name() };
}

/** `DBCC CHECKIDENT (t, RESEED, 10) WITH NO_INFOMSGS`: bare words among the arguments are columns of one part. */
export function dbcc(c: Cursor): StatementBody {
  c.expect("dbcc");
  const command = c.name().toLowerCase();
  const args = c.accept("(") ? dbccArguments(c) : [];
  const options = c.accept("with") ? c.list(() => c.name().toLowerCase()) : [];
  return { kind: "dbcc", command, args, options };
}

function dbccArguments(c: Cursor) {
  const args = c.at(")") ? [] : c.list(() => scalar(c));
  c.expect(")");
  return args;
}
