/**
 * The end of every data change: OUTPUT, OUTPUT INTO, variables assigned by SET @v, the identity value the session wants
 * to know, and what triggers and capture have to be told. PostgreSQL's RETURNING with OLD and NEW carries all of it.
 */

import { SqlError } from "../contract.ts";
import type { Output } from "../tsql/ast.ts";
import { insertColumns, insertedText } from "./assignment.ts";
import type { Column, Table } from "./catalog.ts";
import { value } from "./expressions.ts";
import { compact } from "./parameters.ts";
import type { Plan, PlanKind } from "./plan.ts";
import { starItems } from "./queries.ts";
import { Scope } from "./scope.ts";
import { resolveTable, tableScope, tableVariable } from "./sources.ts";
import { type OutputColumn, quote, type Translation, type Typed } from "./typed.ts";
import { nvarchar } from "./types.ts";

export type Change = {
  readonly kind: Exclude<PlanKind, "select" | "other">;
  readonly table: Table;
  readonly output: Output | undefined;
  /** Scope whose tables OUTPUT may name besides inserted and deleted. */
  readonly scope: Scope;
  readonly assigns?: readonly { readonly variable: string; readonly value: Typed }[];
  /** Rows are inserted: the identity is wanted. */
  readonly inserts: boolean;
  /** Columns an UPDATE sets. */
  readonly updated?: readonly Column[];
  /** Which T-SQL triggers it fires. */
  readonly events: readonly ("insert" | "update" | "delete")[];
};

export const oldRow = quote("$old");
export const newRow = quote("$new");

/** Adds RETURNING to the statement and makes the plan. `prefix` is a WITH clause. */
export function changePlan(prefix: string, statement: string, change: Change, t: Translation): Plan {
  const { table, output } = change;
  const fires = table.triggers.some(
    (trigger) => trigger.enabled && trigger.events.some((event) => change.events.includes(event)),
  );
  if (output && !output.into && fires) {
    throw new SqlError(
      334,
      16,
      `The target table '${table.name}' of the DML statement cannot have any enabled triggers if the statement contains an OUTPUT clause without INTO clause.`,
    );
  }
  announceUpdated(change, t);
  const items = output ? outputItems(output, change, t) : [];
  const identity = change.inserts ? table.columns.find((column) => column.identity) : undefined;
  const list = items.map((item) => item.value.sql);
  const assigns = (change.assigns ?? []).map((assign) => {
    list.push(assign.value.sql);
    return { variable: assign.variable, index: list.length - 1 };
  });
  if (identity) list.push(`${newRow}.${quote(identity.physical)}`);
  const identityIndex = identity ? list.length - 1 : undefined;
  const returning = list.length > 0 ? ` RETURNING WITH (OLD AS ${oldRow}, NEW AS ${newRow}) ` : "";
  const into = output?.into ? outputInto(output, items, t) : undefined;
  const head = prefix === "" ? "" : `${prefix} `;
  const sql = into
    ? wrapInto(
        prefix,
        `${statement}${returning}${list.map((item, i) => `${item} AS c${i + 1}`).join(", ")}`,
        into,
        list.length,
        items.length,
      )
    : `${head}${statement}${returning}${list.join(", ")}`;
  const shift = into ? items.length : 0;
  const columns =
    output && !output.into
      ? items.map(
          ({ value: { type, nullable, column }, name }): OutputColumn => ({
            name,
            type,
            nullable,
            ...(column && { column }),
          }),
        )
      : undefined;
  return {
    kind: change.kind,
    ...compact(sql, t.parameters),
    ...(columns && { columns: columns.map(({ name, type, nullable }) => ({ name, type, nullable })) }),
    ...(assigns.length > 0 && { assigns: assigns.map((assign) => ({ ...assign, index: assign.index - shift })) }),
    ...(identityIndex !== undefined && { identityIndex: identityIndex - shift }),
    ...(t.before.size > 0 && { before: [...t.before] }),
    ...(t.retryDuplicate && { retryDuplicate: true }),
    table,
    ...(fires && { firesTriggers: true }),
    cacheable: t.cacheable,
  };
}

/** Triggers that ask UPDATE(column) read the columns from a setting. */
function announceUpdated(change: Change, t: Translation): void {
  const asked = change.table.triggers.some((trigger) => trigger.enabled && trigger.asksUpdated);
  // A trigger's own statements announce always: the trigger that asks may be made later than this one.
  if (!change.updated || (!asked && !t.environment.trigger)) return;
  const ids = change.updated.map((column) => column.id).join(",");
  t.before.add(`SELECT set_config('sim.updated_columns', ',${ids},', true)`);
}

type Item = { readonly value: Typed; readonly name: string };

function outputItems(output: Output, change: Change, t: Translation): Item[] {
  const scope = new Scope();
  scope.ctes.clear();
  scope.add(tableScope(change.table, "inserted", undefined, newRow));
  scope.add(tableScope(change.table, "deleted", undefined, oldRow));
  const outer = new Scope();
  for (const table of change.scope.tables) outer.tables.push(table);
  const both = new OutputScope(scope, outer, change.kind === "merge");
  return output.items.flatMap((item) => {
    if (item.kind === "star") return starItems(item.table, both);
    if (item.kind === "assign") throw new SqlError(102, 15, "Incorrect syntax near '='.");
    const found = value(item.value, both, t);
    const action = item.value.kind === "column" && item.value.parts[0]?.toLowerCase() === "$action" ? "$action" : "";
    const name =
      item.alias ??
      (item.value.kind === "column" ? found.column?.name || action || (item.value.parts.at(-1) ?? "") : "");
    return [{ value: found, name }];
  });
}

/** inserted and deleted first, then the tables of FROM; $action in MERGE. */
class OutputScope extends Scope {
  readonly #isMerge: boolean;

  constructor(rows: Scope, others: Scope, isMerge: boolean) {
    super();
    this.#isMerge = isMerge;
    this.tables.push(
      ...rows.tables,
      ...others.tables.filter((table) => !["inserted", "deleted"].includes(table.name.toLowerCase())),
    );
  }

  override resolve(parts: readonly string[]): Typed {
    if (this.#isMerge && parts.length === 1 && parts[0]?.toLowerCase() === "$action") {
      return { sql: "merge_action()::bpchar COLLATE sim.ci", type: nvarchar(10), nullable: false };
    }
    const found = super.resolve(parts);
    // Which of the two rows exists depends on the action.
    return this.#isMerge ? { ...found, nullable: true } : found;
  }
}

type Into = { readonly target: Table; readonly columns: readonly Column[]; readonly values: readonly string[] };

function outputInto(output: Output, items: readonly Item[], t: Translation): Into {
  const { into } = output;
  if (!into) throw new SqlError(102, 15, "Incorrect syntax near 'into'.");
  const target = "variable" in into ? tableVariable(into.variable, t) : resolveTable(into, t);
  if (target.triggers.some((trigger) => trigger.enabled)) {
    throw new SqlError(
      331,
      16,
      `The target table '${target.name}' of the OUTPUT INTO clause cannot have any enabled triggers.`,
    );
  }
  const columns = insertColumns(target, output.intoColumns, t, () => false);
  if (columns.length !== items.length) {
    throw new SqlError(213, 16, "Column name or number of supplied values does not match table definition.");
  }
  const values = items.map((item, i) =>
    insertedText({ ...item.value, sql: `c${i + 1}` }, columns[i] as Column, target),
  );
  return { target, columns, values };
}

/** OUTPUT INTO: the change is a CTE, its rows go to the other table, the hidden values to the session. */
function wrapInto(prefix: string, statement: string, into: Into, all: number, shown: number): string {
  const head = prefix === "" ? "WITH " : `${prefix}, `;
  const insert = `INSERT INTO ${into.target.sql} (${into.columns.map((column) => quote(column.physical)).join(", ")}) SELECT ${into.values.join(", ")} FROM "$change"`;
  if (all === shown) return `${head}"$change" AS (${statement}) ${insert}`;
  const hidden = Array.from({ length: all - shown }, (_, i) => `c${shown + i + 1}`).join(", ");
  return `${head}"$change" AS (${statement}), "$into" AS (${insert}) SELECT ${hidden} FROM "$change"`;
}
