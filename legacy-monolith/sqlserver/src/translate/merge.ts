/** MERGE: PostgreSQL has it, with RETURNING. Two writers of one new key collide there where HOLDLOCK made one wait: the plan asks to be run again. */

import { notSupported, SqlError } from "../contract.ts";
import type { MergeAction, Statement } from "../tsql/ast.ts";
import { assigned, checkCount, insertColumns, insertedText, updatedColumn } from "./assignment.ts";
import type { Column, Table } from "./catalog.ts";
import { condition, value } from "./expressions.ts";
import { arithmetic } from "./operators.ts";
import { changePlan } from "./output.ts";
import type { Plan } from "./plan.ts";
import { commonTables } from "./with-clause.ts";
import { Scope } from "./scope.ts";
import { resolveTable, source, tableScope, tableVariable } from "./sources.ts";
import { quote, type Translation, type Typed } from "./typed.ts";

type Merge = Extract<Statement, { kind: "merge" }>;

const matches = { matched: "MATCHED", notMatched: "NOT MATCHED", notMatchedBySource: "NOT MATCHED BY SOURCE" } as const;

export function translateMerge(statement: Merge, t: Translation): Plan {
  const { target } = statement;
  const table = target.kind === "variable" ? tableVariable(target.name, t) : resolveTable(target.name, t);
  const hints = target.kind === "table" ? target.hints : [];
  if (hints.includes("holdlock") || hints.includes("serializable")) t.retryDuplicate = true;
  const outer = new Scope();
  const prefix = commonTables({ with: statement.with }, outer, t);
  const name = statement.alias ?? (target.kind === "variable" ? target.name : (target.name.at(-1) ?? ""));
  const alias = quote(name.toLowerCase());
  const scope = new Scope(outer);
  const own = scope.add(tableScope(table, name));
  const using = source(statement.source, scope, t, []);
  const on = condition(statement.on, scope, t);
  const updated: Column[] = [];
  const events = new Set<"insert" | "update" | "delete">();
  const clauses = statement.clauses.map((clause) => {
    events.add(clause.action.kind);
    const reach = new Scope(outer);
    reach.tables.push(
      ...scope.tables.filter((other) =>
        clause.match === "notMatched" ? other !== own : clause.match === "notMatchedBySource" ? other === own : true,
      ),
    );
    const and = clause.condition ? ` AND ${condition(clause.condition, reach, t)}` : "";
    return ` WHEN ${matches[clause.match]}${and} THEN ${actionText(clause.action, table, alias, reach, t, updated)}`;
  });
  const text = `MERGE INTO ${table.sql} AS ${alias} USING ${using} ON ${on}${clauses.join("")}`;
  const others = new Scope();
  others.tables.push(...scope.tables.filter((other) => other !== own));
  return changePlan(
    prefix,
    text,
    {
      kind: "merge",
      table,
      output: statement.output,
      scope: others,
      inserts: events.has("insert"),
      updated,
      events: [...events],
    },
    t,
  );
}

function actionText(
  action: MergeAction,
  table: Table,
  alias: string,
  scope: Scope,
  t: Translation,
  updated: Column[],
): string {
  switch (action.kind) {
    case "delete":
      return "DELETE";
    case "update": {
      const sets = action.set.map((assignment) => {
        if (!assignment.column || assignment.variable !== undefined)
          throw notSupported("variables in MERGE … UPDATE SET");
        const column = updatedColumn(table, assignment.column);
        updated.push(column);
        if (assignment.value.kind === "default") return `${quote(column.physical)} = DEFAULT`;
        const current: Typed = {
          sql: `${alias}.${quote(column.physical)}`,
          type: column.type,
          nullable: column.nullable,
        };
        const given = value(assignment.value, scope, t);
        const result =
          assignment.operator === "=" ? given : arithmetic(assignment.operator.charAt(0) as "+", current, given);
        return `${quote(column.physical)} = ${assigned(result, column, table).sql}`;
      });
      return `UPDATE SET ${sets.join(", ")}`;
    }
    case "insert": {
      const names = action.columns.length === 0 ? undefined : action.columns;
      const columns = insertColumns(table, names, t, (i) => action.values[i]?.kind === "default");
      checkCount(names !== undefined, columns.length, action.values.length, "values");
      const cells = action.values.map((cell, i) => {
        const column = columns[i];
        if (!column)
          throw new SqlError(213, 16, "Column name or number of supplied values does not match table definition.");
        return cell.kind === "default" ? "DEFAULT" : insertedText(value(cell, scope, t), column, table);
      });
      return `INSERT (${columns.map((column) => quote(column.physical)).join(", ")}) VALUES (${cells.join(", ")})`;
    }
  }
}
