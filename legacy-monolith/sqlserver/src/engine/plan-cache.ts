/**
 * Parsed batches by text, and plans by statement. A plan is good for one catalog and for variables of the same types;
 * both caches let go of what no longer occurs.
 */

import type { SqlType } from "../contract.ts";
import type { Catalog, DdlPlan, Plan } from "../translate/index.ts";
import type { Statement } from "../tsql/ast.ts";
import { type ParameterDeclaration, parse, splitDeclarations } from "../tsql/parse.ts";
import { engineLimits as limits } from "../limits.ts";

const batches = new Map<string, readonly Statement[]>();

/** @throws SqlError of the parser (102, 156 …) */
export function parsedBatch(text: string): readonly Statement[] {
  const known = batches.get(text);
  if (known) return known;
  const statements = parse(text);
  if (text.length > limits.parsedBatchCharsMax) return statements;
  if (batches.size >= limits.parsedBatchesMax) {
    for (const eldest of batches.keys()) {
      batches.delete(eldest);
      break;
    }
  }
  batches.set(text, statements);
  return statements;
}

type AnyPlan = Plan | DdlPlan;

/** Plans hang on the catalog and on the syntax tree they were made of, and go when either goes. */
const plans = new WeakMap<Catalog, WeakMap<object, Map<string, AnyPlan>>>();

/** @param signature names and types of the variables, and what else the plan depends on */
export function cachedPlan<P extends AnyPlan>(catalog: Catalog, node: object, signature: string, make: () => P): P {
  let ofCatalog = plans.get(catalog);
  if (!ofCatalog) plans.set(catalog, (ofCatalog = new WeakMap()));
  let ofNode = ofCatalog.get(node);
  const known = ofNode?.get(signature);
  if (known) return known as P;
  const plan = make();
  if (plan.kind === "ddl" || !plan.cacheable) return plan;
  if (!ofNode || ofNode.size >= limits.plansPerStatementMax) ofCatalog.set(node, (ofNode = new Map()));
  ofNode.set(signature, plan);
  return plan;
}

const declarations = new Map<string, readonly ParameterDeclaration[]>();

/**
 * `@a int, @b nvarchar(20) OUTPUT` as sp_executesql and sp_prepare take it. Lengths are widened to the type's maximum,
 * because clients declare each value's own length and every length would be a plan.
 */
export function declaredParameters(text: string): readonly ParameterDeclaration[] {
  const known = declarations.get(text);
  if (known) return known;
  const parsed = splitDeclarations(text).map((parameter) =>
    Object.assign({}, parameter, { type: widened(parameter.type) }),
  );
  if (declarations.size >= limits.parsedBatchesMax) declarations.clear();
  declarations.set(text, parsed);
  return parsed;
}

function widened(type: SqlType): SqlType {
  if (type.length === undefined || type.length === -1) return type;
  if (type.name === "nvarchar") return { ...type, length: 4000 };
  if (type.name === "varchar" || type.name === "varbinary") return { ...type, length: 8000 };
  return type;
}
