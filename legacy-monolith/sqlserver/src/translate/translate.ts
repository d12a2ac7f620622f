/** From a statement to a plan. */

import { SqlError } from "../contract.ts";
import type { Statement } from "../tsql/ast.ts";
import { translateData } from "./data-plan.ts";
import { ddl } from "./ddl.ts";
import type { DdlPlan, Environment, Plan } from "./plan.ts";
import { isSelectInto, selectInto } from "./select-into.ts";
import { createTrigger, dropTriggers } from "./triggers.ts";
import { createView } from "./views.ts";

/**
 * Any statement that PostgreSQL runs: queries and data changes give a plan, DDL a list of statements.
 * @throws SqlError what SQL Server finds wrong when it compiles the statement; 40000 for what is not supported
 */
export function translate(statement: Statement, environment: Environment): Plan | DdlPlan {
  try {
    if (isSelectInto(statement)) return selectInto(statement, environment);
    if (statement.kind === "createView") return createView(statement, environment);
    if (statement.kind === "createTrigger") return createTrigger(statement, environment, translateData);
    if (statement.kind === "dropTrigger") return dropTriggers(statement, environment);
    return ddl(statement, environment) ?? translateData(statement, environment);
  } catch (error) {
    if (error instanceof SqlError && error.line === 0) error.line = statement.line;
    throw error;
  }
}
