/** Requests made from a rule's own text, at least one of which must find the rule; if none does, nothing can reach it. */

import type { RuleModel } from "./compile.ts";
import type { RoutingRequest } from "./match.ts";

/** A word that no rule uses, for parameters, open ends and values that may be anything. */
const anything = "witness";

export function witnessesOf(rule: RuleModel): RoutingRequest[] {
  const methods = rule.methods ? [...rule.methods] : ["GET", "PATCH"];
  const headers = new Map(rule.headers.map(({ name, value }) => [name, value ?? anything]));
  const query = rule.query.map(({ name, value }) => [name, value ?? anything] as const);
  return methods.flatMap((method) =>
    pathsOf(rule).map((path) => ({ method, path, query, header: (name: string) => headers.get(name) })),
  );
}

function pathsOf(rule: RuleModel): string[] {
  const path = `/${rule.pattern.segments.map((segment) => (segment.kind === "text" ? segment.text : anything)).join("/")}`;
  if (rule.pattern.kind !== "prefix") return [path];
  return [path, `${path === "/" ? "" : path}/${anything}`];
}
