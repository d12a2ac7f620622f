/** How alike two unequal trees are, from 0 to 1: which row is the changed form of which. Symmetric. */

import { classify } from "../transform/classify.ts";
import type { Element, Tree } from "../tree/tree.ts";

/** From here on two items are taken for two states of one thing. */
export const similarEnough = 0.5;

export function similarity(left: Tree, right: Tree): number {
  if (left === right) return 1;
  if (left.kind === "scalar" && right.kind === "scalar") {
    return left.type === right.type && classify(left, right) !== "other" ? 0.75 : 0;
  }
  if (left.kind === "record" && right.kind === "record") return memberSimilarity(left.members, right.members);
  if (left.kind === "element" && right.kind === "element") return elementSimilarity(left, right);
  if (left.kind === "list" && right.kind === "list") return 0.5 + 0.5 * shareOfShared(left.items, right.items);
  return left.kind === right.kind ? similarEnough : 0;
}

function memberSimilarity(left: ReadonlyMap<string, unknown>, right: ReadonlyMap<string, unknown>): number {
  const size = Math.max(left.size, right.size);
  if (size === 0) return 1;
  let equal = 0;
  for (const [name, value] of left) if (right.get(name) === value) equal += 1;
  return equal / size;
}

/** Elements of one name and place in the markup may always be states of one; the more they share, the sooner. */
function elementSimilarity(left: Element, right: Element): number {
  if (left.name !== right.name || left.segment !== right.segment || left.key !== right.key) return 0;
  const attributes = memberSimilarity(left.attributes, right.attributes);
  return 0.5 + 0.2 * attributes + 0.3 * shareOfShared(left.children, right.children);
}

function shareOfShared(left: readonly Tree[], right: readonly Tree[]): number {
  const size = Math.max(left.length, right.length);
  if (size === 0) return 1;
  const rest = new Set(right);
  return left.filter((one) => rest.has(one)).length / size;
}
