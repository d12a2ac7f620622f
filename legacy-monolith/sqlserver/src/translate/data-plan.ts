/** Queries, data changes and single expressions as plans. */

import { notSupported, type SqlType } from "../contract.ts";
import type { Expression, Statement } from "../tsql/ast.ts";
import { convert } from "./coercion.ts";
import { condition, value } from "./expressions.ts";
import { translateInsert } from "./insert.ts";
import { translateMerge } from "./merge.ts";
import { compact } from "./parameters.ts";
import type { ConditionPlan, Environment, Plan, PlanKind } from "./plan.ts";
import { newTranslation, translateQuery } from "./queries.ts";
import { Scope } from "./scope.ts";
import type { Translation } from "./typed.ts";
import { bit } from "./types.ts";
import { translateDelete, translateUpdate } from "./update.ts";

/** @throws SqlError what SQL Server finds wrong when it compiles the statement; 40000 for what is not supported */
export function translateData(statement: Statement, environment: Environment): Plan {
  const t = newTranslation(environment);
  const plan = dataPlan(statement, t);
  const context = "trackingContext" in statement ? statement.trackingContext : undefined;
  return context ? { ...plan, trackingContext: trackingContext(context, environment) } : plan;
}

/** Text form of the binary value, as the change tracking triggers read it from the setting. */
function trackingContext(context: Expression, environment: Environment): NonNullable<Plan["trackingContext"]> {
  const t = newTranslation(environment);
  const { sql } = convert(value(context, new Scope(), t), { name: "varbinary", length: 128 });
  return {
    sql: `SELECT set_config('sim.tracking_context', coalesce((${sql})::text, ''), true)`,
    parameters: t.parameters,
  };
}

function dataPlan(statement: Statement, t: Translation): Plan {
  switch (statement.kind) {
    case "query":
      return selectPlan(statement.query, t);
    case "insert":
      return translateInsert(statement, t);
    case "update":
      return translateUpdate(statement, t);
    case "delete":
      return translateDelete(statement, t);
    case "merge":
      return translateMerge(statement, t);
    default:
      throw notSupported(`${statement.kind} as a statement of the database`);
  }
}

function selectPlan(query: Extract<Statement, { kind: "query" }>["query"], t: Translation): Plan {
  const { sql, columns, assigns } = translateQuery(query, undefined, t);
  if (assigns.length > 0) {
    return { ...plan("select", sql, t), assigns: assigns.map((variable, index) => ({ variable, index })) };
  }
  const shown = columns.map(({ name, type, nullable, column }) => ({
    name,
    type,
    nullable,
    ...(column?.identity && { identity: true }),
    ...(column?.computed && { computed: true }),
    ...(column?.table !== undefined && ["text", "ntext", "image"].includes(type.name) && { table: column.table }),
  }));
  return { ...plan("select", sql, t), columns: shown };
}

function plan(kind: PlanKind, sql: string, t: Translation): Plan {
  return {
    kind,
    ...compact(sql, t.parameters),
    ...(t.before.size > 0 && { before: [...t.before] }),
    ...(t.retryDuplicate && { retryDuplicate: true }),
    cacheable: t.cacheable,
  };
}

/** One row, one column: the value of an expression, converted to `wanted` as an assignment to a variable converts. */
export function translateExpression(expression: Expression, environment: Environment, wanted?: SqlType): Plan {
  const t = newTranslation(environment);
  const found = value(expression, new Scope(), t);
  const { sql, type, nullable } = convert(found, wanted ?? found.type);
  return { ...plan("other", `SELECT ${sql}`, t), columns: [{ name: "", type, nullable }] };
}

/** One row, one column, `1` or `0`; unknown is 0. */
export function translateCondition(expression: Expression, environment: Environment): ConditionPlan {
  const t = newTranslation(environment);
  const sql = condition(expression, new Scope(), t);
  return {
    ...plan("other", `SELECT CASE WHEN ${sql} THEN 1 ELSE 0 END`, t),
    columns: [{ name: "", type: bit, nullable: false }],
  };
}
