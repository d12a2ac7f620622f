/** The translator's face: what the interpreter, capture and start-up use. */

export type { Catalog, CatalogQuery, Column, Index, Table, Trigger } from "./catalog.ts";
export type { ConditionPlan, DdlPlan, Environment, Parameter, ParameterSource, Plan, PlanKind } from "./plan.ts";
export { globalTypes, sqlStates } from "./plan.ts";
// Still to come, with these signatures:
//   loadCatalog(query: CatalogQuery): Promise<Catalog>
//   translate(statement: Statement, environment: Environment): Plan | DdlPlan     query, insert, update, delete, merge, DDL
//   translateExpression(expression, environment, wanted?: SqlType): Plan          one row, one column, plus columns[0].type
//   translateCondition(expression, environment): ConditionPlan
//   tableVariable(statement: declareTable, environment): { table: Table; statements: string[] }
//   preludeStatements(): string                                                   SQL text for sim_template
