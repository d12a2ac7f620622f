/** The translator's parts as the interpreter calls them. */

import { notSupported } from "../contract.ts";
import { ddl } from "../translate/ddl.ts";
import { type DdlPlan, type Environment, type Plan, preludeSql, translateData } from "../translate/index.ts";
import type { Statement } from "../tsql/ast.ts";

export { tableVariable } from "../translate/ddl.ts";
export const preludeStatements = preludeSql;

export function translate(statement: Statement, environment: Environment): Plan | DdlPlan {
  const plan = ddl(statement, environment);
  if (plan) return plan;
  if (statement.kind === "createTrigger" || statement.kind === "createView") throw notSupported(statement.kind);
  return translateData(statement, environment);
}
