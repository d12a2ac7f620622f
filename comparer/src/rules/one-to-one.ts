/**
 * Numbers that each side issues itself (an appointment made twice gets two numbers) may differ, but only one to one: the left
 * side's 355 must be the right side's 357 wherever it stands, and nothing else may be 357.
 */

import type { Found } from "../diff/differ.ts";

type Pairing = { readonly found: Found; readonly left: string; readonly right: string; readonly rule: string };

/** All values of a group on each side, differing or not. */
export type GroupValues = { readonly left: ReadonlySet<string>; readonly right: ReadonlySet<string> };

export class OneToOneBook {
  readonly #byGroup = new Map<string, Pairing[]>();

  pair(group: string, pairing: Pairing): void {
    const pairings = this.#byGroup.get(group);
    if (pairings) pairings.push(pairing);
    else this.#byGroup.set(group, [pairing]);
  }

  get isEmpty(): boolean {
    return this.#byGroup.size === 0;
  }

  settle(values: ReadonlyMap<string, GroupValues>): (Pairing & { readonly holds: boolean })[] {
    return [...this.#byGroup].flatMap(([group, pairings]) => {
      const all = values.get(group);
      const toRight = partners(pairings.map(({ left, right }) => [left, right]));
      const toLeft = partners(pairings.map(({ left, right }) => [right, left]));
      return pairings.map((pairing) => ({
        ...pairing,
        holds:
          toRight.get(pairing.left)?.size === 1 &&
          toLeft.get(pairing.right)?.size === 1 &&
          // A value that also stands on the other side under its own name is two records at once.
          !all?.left.has(pairing.right) &&
          !all?.right.has(pairing.left),
      }));
    });
  }
}

function partners(pairs: readonly (readonly [string, string])[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [one, other] of pairs) found.set(one, (found.get(one) ?? new Set()).add(other));
  return found;
}
