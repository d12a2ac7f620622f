/**
 * Columns and constraints, as CREATE TABLE, ALTER TABLE … ADD and table variables have them. Clustering is read and
 * dropped (the engine has heaps only, and no answer depends on it); everything else that would be lost is refused.
 * Source: "CREATE TABLE (Transact-SQL)".
 */

import { notSupported } from "../contract.ts";
import type { ColumnDefinition, StatementBody, TableConstraint } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { columnList } from "./dml.ts";
import { condition, scalar } from "./expression.ts";
import { dataType } from "./type.ts";

type Draft = { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] } & { constraints: TableConstraint[] };

const constraintWords = new Set(["constraint", "primary", "unique", "foreign", "check"]);

export function createTable(c: Cursor): StatementBody {
  const name = c.objectName();
  if (c.at("as")) throw notSupported(`CREATE TABLE … AS ${c.peek(1).text.toUpperCase()}`);
  const body = tableBody(c);
  refuseStorage(c);
  return { kind: "createTable", name, ...body };
}

export function tableBody(c: Cursor): { columns: ColumnDefinition[]; constraints: TableConstraint[] } {
  const columns: ColumnDefinition[] = [];
  const constraints: TableConstraint[] = [];
  c.expect("(");
  do {
    if (c.at(")") && columns.length > 0) break;
    if (constraintWords.has(c.token.word)) constraints.push(tableConstraint(c));
    else if (c.at("index") || c.atAll("period", "for"))
      throw notSupported(`CREATE TABLE (… ${c.token.text.toUpperCase()} …)`);
    else columns.push(columnDefinition(c));
  } while (c.accept(",") || constraintWords.has(c.token.word));
  c.expect(")");
  return { columns, constraints };
}

function refuseStorage(c: Cursor): void {
  if (c.at("on") || c.at("textimage_on") || c.at("filestream_on"))
    throw notSupported(`CREATE TABLE … ${c.token.text.toUpperCase()}`);
  if (c.atAll("with", "(")) throw notSupported("CREATE TABLE … WITH (options)");
}

export function columnDefinition(c: Cursor): ColumnDefinition {
  const draft: Draft = { name: c.name(), constraints: [] };
  if (c.accept("as")) {
    const { start } = c.token;
    const value = scalar(c);
    const text = c.textFrom(start);
    draft.computed = { value, text, persisted: c.accept("persisted") };
  } else {
    draft.type = c.at(",") || c.at(")") ? impliedType(c, draft.name) : dataType(c, "declaration");
  }
  while (columnOption(c, draft));
  return draft;
}

/** A column named timestamp needs no type. */
function impliedType(c: Cursor, name: string) {
  if (name.toLowerCase() !== "timestamp") throw c.fail();
  return { name: "timestamp" as const };
}

/** One option of a column into the draft. @returns false when none follows */
function columnOption(c: Cursor, draft: Draft): boolean {
  switch (c.token.word) {
    case "null":
      c.take();
      draft.nullable = true;
      return true;
    case "not":
      c.take();
      if (c.at("for")) throw notSupported("NOT FOR REPLICATION");
      c.expect("null");
      draft.nullable = false;
      return true;
    case "identity":
      c.take();
      draft.identity = identityOption(c);
      return true;
    case "collate":
      c.take();
      draft.collation = c.name();
      return true;
    case "constraint":
      c.take();
      return namedOption(c, draft, c.name());
    case "sparse":
    case "rowguidcol":
    case "filestream":
    case "masked":
    case "generated":
    case "hidden":
    case "encrypted":
    case "index":
      throw notSupported(`column option ${c.token.text.toUpperCase()}`);
    default:
      return constraintOption(c, draft, undefined);
  }
}

function namedOption(c: Cursor, draft: Draft, name: string): boolean {
  if (c.at("null") || c.at("not")) return columnOption(c, draft);
  if (!constraintOption(c, draft, name)) throw c.fail();
  return true;
}

function constraintOption(c: Cursor, draft: Draft, name: string | undefined): boolean {
  const named = name !== undefined && { name };
  switch (c.token.word) {
    case "default": {
      const { value, text } = defaultValue(c);
      draft.default = { ...named, value, text };
      return true;
    }
    case "primary":
    case "unique": {
      const kind = keyKind(c);
      const columns = c.at("(") ? keyColumns(c) : [{ name: draft.name, descending: false }];
      draft.constraints.push({ kind, ...named, columns });
      return true;
    }
    case "foreign":
      c.take();
      c.expect("key");
      if (!c.at("references")) throw c.fail();
      return constraintOption(c, draft, name);
    case "references":
      draft.constraints.push({ kind: "foreignKey", ...named, columns: [draft.name], ...references(c) });
      return true;
    case "check":
      draft.constraints.push({ kind: "check", ...named, ...checkCondition(c) });
      return true;
    default:
      return false;
  }
}

export function defaultValue(c: Cursor) {
  c.expect("default");
  const { start } = c.token;
  const value = scalar(c);
  return { value, text: c.textFrom(start) };
}

function identityOption(c: Cursor): { seed: string; increment: string } {
  if (!c.at("(")) return { seed: "1", increment: "1" };
  return c.parenthesised(() => {
    const seed = signedNumber(c);
    c.expect(",");
    return { seed, increment: signedNumber(c) };
  });
}

function signedNumber(c: Cursor): string {
  const sign = c.accept("-") ? "-" : "";
  if (sign === "") c.accept("+");
  if (c.token.kind !== "int" && c.token.kind !== "decimal") throw c.fail();
  return sign + c.take().text;
}

export function tableConstraint(c: Cursor): TableConstraint {
  const name = c.accept("constraint") ? c.name() : undefined;
  const named = name !== undefined && { name };
  switch (c.token.word) {
    case "primary":
    case "unique":
      return { kind: keyKind(c), ...named, columns: keyColumns(c) };
    case "foreign": {
      c.take();
      c.expect("key");
      return { kind: "foreignKey", ...named, columns: columnList(c), ...references(c) };
    }
    case "check":
      return { kind: "check", ...named, ...checkCondition(c) };
    default:
      throw c.fail();
  }
}

function keyKind(c: Cursor): "primaryKey" | "unique" {
  const kind = c.take().word === "primary" ? "primaryKey" : "unique";
  if (kind === "primaryKey") c.expect("key");
  if (!c.accept("clustered")) c.accept("nonclustered");
  return kind;
}

/** `(a, b DESC)` of keys and indexes */
export function keyColumns(c: Cursor): { name: string; descending: boolean }[] {
  const columns = c.parenthesised(() =>
    c.list(() => {
      const name = c.name();
      const descending = c.accept("desc");
      if (!descending) c.accept("asc");
      return { name, descending };
    }),
  );
  if (c.atAll("with", "(") || c.atAll("with", "fillfactor")) throw notSupported("index options (WITH …)");
  return columns;
}

function references(c: Cursor) {
  c.expect("references");
  const table = c.objectName();
  const columns = c.at("(") ? columnList(c) : [];
  let onDelete: string | undefined;
  let onUpdate: string | undefined;
  while (c.at("on")) {
    c.take();
    const event = c.expectAny(["delete", "update"]);
    const action = referentialAction(c);
    if (event === "delete") onDelete = action;
    else onUpdate = action;
  }
  if (c.atAll("not", "for")) throw notSupported("NOT FOR REPLICATION");
  return {
    table,
    references: columns,
    ...(onDelete !== undefined && { onDelete }),
    ...(onUpdate !== undefined && { onUpdate }),
  };
}

function referentialAction(c: Cursor): string {
  if (c.accept("cascade")) return "cascade";
  if (c.accept("set")) return `set ${c.expectAny(["null", "default"])}`;
  c.expect("no");
  c.expect("action");
  return "no action";
}

/** The text of a check keeps its parentheses. */
function checkCondition(c: Cursor) {
  c.expect("check");
  if (c.atAll("not", "for")) throw notSupported("NOT FOR REPLICATION");
  const { start } = c.token;
  const value = c.parenthesised(() => condition(c));
  return { value, text: c.textFrom(start) };
}
