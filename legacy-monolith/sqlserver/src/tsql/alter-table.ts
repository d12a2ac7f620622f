/** ALTER TABLE, and ENABLE / DISABLE TRIGGER. Source: "ALTER TABLE (Transact-SQL)", "ENABLE TRIGGER". */

import { notSupported } from "../contract.ts";
import type { AlterAction, ColumnDefinition, StatementBody } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { columnDefinition, defaultValue, tableConstraint } from "./table-definition.ts";
import { dataType } from "./type.ts";

const constraintWords = new Set(["primary", "unique", "foreign", "check", "default"]);

export function alterTable(c: Cursor): StatementBody {
  const name = c.objectName();
  return { kind: "alterTable", name, action: alterAction(c) };
}

function alterAction(c: Cursor): AlterAction {
  if (c.at("with")) {
    if (c.peek(1).word === "nocheck") throw notSupported("ALTER TABLE … WITH NOCHECK");
    c.take();
    c.expect("check");
    if (!c.at("add")) throw notSupported("ALTER TABLE … WITH CHECK CHECK CONSTRAINT");
  }
  switch (c.token.word) {
    case "add":
      c.take();
      return several(additions(c));
    case "alter":
      c.take();
      return alterColumn(c);
    case "drop":
      c.take();
      return several(removals(c));
    case "enable":
    case "disable":
      return toggle(c);
    case "check":
    case "nocheck":
      throw notSupported(`ALTER TABLE … ${c.token.text.toUpperCase()} CONSTRAINT`);
    case "set":
    case "rebuild":
    case "switch":
      throw notSupported(`ALTER TABLE … ${c.token.text.toUpperCase()}`);
    default:
      throw c.fail();
  }
}

function several(actions: readonly AlterAction[]): AlterAction {
  const [only] = actions;
  return actions.length === 1 && only ? only : { kind: "several", actions };
}

/** Neighbouring columns become one action. */
function additions(c: Cursor): AlterAction[] {
  const actions: AlterAction[] = [];
  let columns: ColumnDefinition[] = [];
  const flush = () => {
    if (columns.length > 0) actions.push({ kind: "addColumns", columns });
    columns = [];
  };
  do {
    if (c.at("constraint") || constraintWords.has(c.token.word)) {
      flush();
      actions.push(addedConstraint(c));
    } else columns.push(columnDefinition(c));
  } while (c.accept(","));
  flush();
  return actions;
}

function addedConstraint(c: Cursor): AlterAction {
  const isNamed = c.at("constraint");
  if ((isNamed ? c.peek(2) : c.token).word !== "default")
    return { kind: "addConstraint", constraint: tableConstraint(c) };
  if (isNamed) c.take();
  const name = isNamed ? c.name() : undefined;
  const { value, text } = defaultValue(c);
  c.expect("for");
  const column = c.name();
  if (c.atAll("with", "values")) throw notSupported("DEFAULT … WITH VALUES");
  return { kind: "addDefault", ...(name !== undefined && { name }), column, value, text };
}

function alterColumn(c: Cursor): AlterAction {
  c.expect("column");
  const column = c.name();
  if (c.at("add") || c.at("drop")) throw notSupported(`ALTER COLUMN … ${c.token.text.toUpperCase()}`);
  const type = dataType(c, "declaration");
  const collation = c.accept("collate") ? c.name() : undefined;
  const nullable = nullability(c);
  return {
    kind: "alterColumn",
    column,
    type,
    ...(nullable !== undefined && { nullable }),
    ...(collation !== undefined && { collation }),
  };
}

function nullability(c: Cursor): boolean | undefined {
  if (c.accept("null")) return true;
  if (!c.accept("not")) return undefined;
  c.expect("null");
  return false;
}

/** `DROP COLUMN [IF EXISTS] a, b`, `DROP CONSTRAINT x`, `DROP x`; a new kind word starts a new action. */
function removals(c: Cursor): AlterAction[] {
  const actions: AlterAction[] = [];
  do {
    const isColumn = c.accept("column");
    if (!isColumn) c.accept("constraint");
    const ifExists = c.acceptAll("if", "exists");
    const names = [c.name()];
    while (c.at(",") && c.peek(1).word !== "column" && c.peek(1).word !== "constraint") {
      c.take();
      names.push(c.name());
    }
    actions.push(
      isColumn ? { kind: "dropColumns", columns: names, ifExists } : { kind: "dropConstraints", names, ifExists },
    );
  } while (c.accept(","));
  return actions;
}

function toggle(c: Cursor): AlterAction {
  const enable = c.take().word === "enable";
  if (c.accept("trigger")) return { kind: "triggers", enable, ...triggerNames(c) };
  c.expect("change_tracking");
  let trackColumns = false;
  if (c.accept("with")) {
    c.parenthesised(() => {
      c.expect("track_columns_updated");
      c.expect("=");
      trackColumns = c.expectAny(["on", "off"]) === "on";
    });
  }
  return { kind: "changeTracking", enable, trackColumns };
}

function triggerNames(c: Cursor): { names?: string[] } {
  if (c.accept("all")) return {};
  return { names: c.list(() => c.objectName().at(-1) ?? "") };
}

/** `ENABLE TRIGGER x ON t` */
export function toggleTrigger(c: Cursor): StatementBody {
  const enable = c.take().word === "enable";
  c.expect("trigger");
  const names = triggerNames(c);
  c.expect("on");
  if (c.at("database") || c.at("all")) throw notSupported("triggers on a database or server");
  return { kind: "alterTable", name: c.objectName(), action: { kind: "triggers", enable, ...names } };
}
