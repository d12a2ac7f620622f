/** CREATE / ALTER TRIGGER; the body runs to the end of the batch. Source: "CREATE TRIGGER (Transact-SQL)". */

import { notSupported } from "../contract.ts";
import type { StatementBody } from "./ast.ts";
import type { Cursor } from "./cursor.ts";

type TriggerEvent = "insert" | "update" | "delete";
export type Mode = "create" | "alter" | "createOrAlter";

export const verbs: Readonly<Record<Mode, string>> = {
  create: "CREATE",
  alter: "ALTER",
  createOrAlter: "CREATE OR ALTER",
};

/** @throws SqlError 111 when something stands before it in the batch */
export function requireFirst(c: Cursor, what: string, start: number): void {
  if (!c.isFirstInBatch(start)) throw c.error(111, `'${what}' must be the first statement in a query batch.`);
}

/** @throws SqlError 111 */
export function createTrigger(c: Cursor, mode: Mode, start: number): StatementBody {
  requireFirst(c, `${verbs[mode]} TRIGGER`, start);
  const name = c.objectName();
  c.expect("on");
  if (c.at("database") || c.at("all")) throw notSupported("triggers on a database or server");
  const table = c.objectName();
  if (c.at("with")) throw notSupported(`CREATE TRIGGER … WITH ${c.peek(1).text.toUpperCase()}`);
  if (c.at("instead")) throw notSupported("INSTEAD OF triggers");
  c.expectAny(["after", "for"]);
  const events = c.list(() => c.expectAny(["insert", "update", "delete"]) as TriggerEvent);
  if (c.at("not")) throw notSupported("NOT FOR REPLICATION");
  c.expect("as");
  const body = c.grammar.statements(c, (at) => at.token.kind === "end");
  if (body.length === 0) throw c.fail();
  return { kind: "createTrigger", name, table, events, body, text: c.textFrom(start), mode };
}
