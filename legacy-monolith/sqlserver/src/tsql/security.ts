/**
 * Logins, users, roles and permissions. The simulator has one kind of login and no permissions, so what is granted is
 * only read far enough to find its end, and kept as text. Source: "GRANT", "CREATE USER", "ALTER ROLE", "CREATE LOGIN".
 */

import { notSupported } from "../contract.ts";
import type { StatementBody } from "./ast.ts";
import type { Cursor } from "./cursor.ts";

export function createLogin(c: Cursor): StatementBody {
  c.take();
  const name = c.name();
  if (c.at("from")) throw notSupported("CREATE LOGIN … FROM");
  c.expect("with");
  c.expect("password");
  c.expect("=");
  if (c.token.kind !== "string" && c.token.kind !== "nstring") throw c.fail();
  const password = c.take().text;
  while (c.accept(",")) loginOption(c);
  return { kind: "createLogin", name, password };
}

function loginOption(c: Cursor): void {
  c.name();
  c.expect("=");
  if (!c.accept("on") && !c.accept("off")) c.name();
}

export function createPrincipal(c: Cursor, start: number): StatementBody {
  const isUser = c.take().word === "user";
  c.name();
  if (isUser) {
    if (c.acceptAll("without", "login")) return security(c, start);
    if (c.accept("for") || c.accept("from")) {
      c.expect("login");
      c.name();
    }
    if (c.accept("with")) c.list(() => loginOption(c));
  } else if (c.accept("authorization")) c.name();
  return security(c, start);
}

export function alterPrincipal(c: Cursor, start: number): StatementBody {
  c.take();
  c.name();
  c.expectAny(["add", "drop"]);
  c.expect("member");
  c.name();
  return security(c, start);
}

export function dropPrincipal(c: Cursor, start: number): StatementBody {
  c.take();
  c.acceptAll("if", "exists");
  c.name();
  return security(c, start);
}

/** GRANT / DENY / REVOKE permissions [ON securable] TO | FROM principals */
export function permission(c: Cursor): StatementBody {
  const { start } = c.take();
  let words = 0;
  while (!c.at("to") && !c.at("from")) {
    if (c.token.kind === "end" || c.at(";")) throw c.fail();
    c.take();
    words++;
  }
  if (words === 0) throw c.fail();
  c.take();
  c.list(() => (c.at("public") ? c.take().text : c.name()));
  if (c.accept("with")) {
    c.expect("grant");
    c.expect("option");
  }
  c.accept("cascade");
  return security(c, start);
}

function security(c: Cursor, start: number): StatementBody {
  return { kind: "security", text: c.textFrom(start) };
}
