/** The translator's face: what the interpreter, capture and start-up use. */

export type { Catalog, CatalogQuery, Column, Index, Table, Trigger } from "./catalog.ts";
export { tableVariable } from "./ddl.ts";
export { loadCatalog } from "./load-catalog.ts";
export type {
  ConditionPlan,
  DdlPlan,
  Environment,
  Parameter,
  ParameterSource,
  Plan,
  PlanKind,
} from "./plan.ts";
export { sqlStates } from "./plan.ts";
export { preludeSql } from "./prelude.ts";
export { translateCondition, translateExpression } from "./data-plan.ts";
export { translate } from "./translate.ts";
