/** Looks for something in a part of the syntax tree. */

import { aggregateNames } from "./aggregates.ts";

export type Node = Readonly<Record<string, unknown>>;

export const isAggregate = (node: Node): boolean =>
  node["kind"] === "call" && aggregateNames.has(node["name"] as string) && node["over"] === undefined;
export const isWindow = (node: Node): boolean => node["kind"] === "call" && node["over"] !== undefined;

/** Whether a part of the tree passes the test; subqueries are looked into only when asked. */
export function some(node: unknown, test: (node: Node) => boolean, deep = false): boolean {
  if (Array.isArray(node)) return node.some((item) => some(item, test, deep));
  if (node === null || typeof node !== "object") return false;
  if (test(node as Node)) return true;
  return Object.entries(node).some(([key, child]) => (deep || key !== "query") && some(child, test, deep));
}
