/**
 * Which item of one list is which item of the other: by declared key, else by a key both lists turn out to have, else equal
 * items whatever their order, else the most similar ones. What is left over has no partner. Symmetric in both lists.
 */

import type { Meter } from "../budget.ts";
import { similarityPairsMax } from "../limits.ts";
import { textOf, type Tree } from "../tree/tree.ts";
import { similarEnough, similarity } from "./similarity.ts";

export type Pair = readonly [left: number, right: number];

export type Pairing = {
  /** In the order of the left list. */
  readonly pairs: readonly Pair[];
  readonly onlyLeft: readonly number[];
  readonly onlyRight: readonly number[];
  /** Name of the member that told the items apart, where there is one. */
  readonly key: string | undefined;
};

export function pairItems(
  left: readonly Tree[],
  right: readonly Tree[],
  options: { meter: Meter; key?: string | undefined },
): Pairing {
  const work = new Work(left, right, options.meter);
  const key = options.key ?? inferKey(left, right);
  work.pairBy((tree) => identityOf(tree, key));
  work.pairEqual();
  work.pairSimilar();
  work.pairByPlace();
  return { ...work.result(), key };
}

class Work {
  readonly #left: readonly Tree[];
  readonly #right: readonly Tree[];
  readonly #meter: Meter;
  readonly #pairs: Pair[] = [];
  readonly #freeLeft: Set<number>;
  readonly #freeRight: Set<number>;

  constructor(left: readonly Tree[], right: readonly Tree[], meter: Meter) {
    this.#left = left;
    this.#right = right;
    this.#meter = meter;
    this.#freeLeft = new Set(left.keys());
    this.#freeRight = new Set(right.keys());
  }

  /** Items that carry the same identity, where that is unique on both sides. */
  pairBy(identity: (tree: Tree) => string | undefined): void {
    const [left, right] = [unique(this.#left, identity), unique(this.#right, identity)];
    for (const [id, index] of left) {
      const partner = right.get(id);
      if (partner !== undefined) this.#pair(index, partner);
    }
  }

  /** Equal items, the n-th with the n-th. */
  pairEqual(): void {
    const waiting = new Map<Tree, number[]>();
    for (const index of [...this.#freeRight].toReversed()) {
      const tree = this.#right[index] as Tree;
      const same = waiting.get(tree);
      if (same) same.push(index);
      else waiting.set(tree, [index]);
    }
    for (const index of this.#freeLeft) {
      const partner = waiting.get(this.#left[index] as Tree)?.pop();
      if (partner !== undefined) this.#pair(index, partner);
    }
  }

  pairSimilar(): void {
    const product = this.#freeLeft.size * this.#freeRight.size;
    if (product === 0 || product > similarityPairsMax) return;
    this.#meter.take(product);
    const candidates: { left: number; right: number; score: number }[] = [];
    for (const left of this.#freeLeft) {
      for (const right of this.#freeRight) {
        const score = similarity(this.#left[left] as Tree, this.#right[right] as Tree);
        if (score >= similarEnough) candidates.push({ left, right, score });
      }
    }
    candidates.sort(
      (a, b) =>
        b.score - a.score ||
        Math.abs(a.left - a.right) - Math.abs(b.left - b.right) ||
        a.left + a.right - (b.left + b.right),
    );
    for (const { left, right } of candidates) {
      if (this.#freeLeft.has(left) && this.#freeRight.has(right)) this.#pair(left, right);
    }
  }

  /** As many left over on both sides, of one make: then the first is the first. */
  pairByPlace(): void {
    if (this.#freeLeft.size !== this.#freeRight.size) return;
    const rights = [...this.#freeRight];
    for (const [place, left] of [...this.#freeLeft].entries()) {
      const right = rights[place] as number;
      if (ofOneMake(this.#left[left] as Tree, this.#right[right] as Tree)) this.#pair(left, right);
    }
  }

  result(): Omit<Pairing, "key"> {
    return {
      pairs: this.#pairs.sort(([a], [b]) => a - b),
      onlyLeft: [...this.#freeLeft],
      onlyRight: [...this.#freeRight],
    };
  }

  #pair(left: number, right: number): void {
    this.#pairs.push([left, right]);
    this.#freeLeft.delete(left);
    this.#freeRight.delete(right);
  }
}

function ofOneMake(left: Tree, right: Tree): boolean {
  if (left.kind === "element")
    return right.kind === "element" && left.segment === right.segment && left.key === right.key;
  if (left.kind === "record") return right.kind === "record" && sameNames(left.members, right.members);
  return left.kind === right.kind;
}

function sameNames(left: ReadonlyMap<string, Tree>, right: ReadonlyMap<string, Tree>): boolean {
  return left.size === right.size && [...left.keys()].every((name) => right.has(name));
}

function unique(items: readonly Tree[], identity: (tree: Tree) => string | undefined): Map<string, number> {
  const found = new Map<string, number>();
  const twice = new Set<string>();
  for (const [index, item] of items.entries()) {
    const id = identity(item);
    if (id === undefined) continue;
    if (found.has(id)) twice.add(id);
    found.set(id, index);
  }
  for (const id of twice) found.delete(id);
  return found;
}

function identityOf(tree: Tree, key: string | undefined): string | undefined {
  if (tree.kind === "element") return tree.key;
  if (tree.kind !== "record" || key === undefined) return undefined;
  const member = tree.members.get(key);
  return member === undefined ? undefined : textOf(member) || undefined;
}

/** Names that databases give to what identifies a row. */
const keyLike = /(?:^id|id$|no$|nbr$|num$|key$|mrn|uid|code$|cd$|#$)/i;
/** As few common values as these and the member identifies nothing. */
const sharedShareMin = 0.5;

/** A member that is there, filled and unique in every item of both lists, and whose values mostly occur in both. */
function inferKey(left: readonly Tree[], right: readonly Tree[]): string | undefined {
  if (left.length < 2 && right.length < 2) return undefined;
  const [first] = left;
  if (first?.kind !== "record") return undefined;
  const candidates = [...first.members.keys()].flatMap((name, place) => {
    // Attributes of a row are its looks.
    if (name.startsWith("@")) return [];
    const values = uniqueValues(left, name);
    const others = values && uniqueValues(right, name);
    if (!others) return [];
    const shared = [...values].filter((value) => others.has(value)).length;
    const share = shared / Math.min(values.size, others.size);
    return share >= sharedShareMin
      ? [{ name, share, place: place + placeOf(right, name), named: keyLike.test(name) }]
      : [];
  });
  candidates.sort(
    (a, b) => Number(b.named) - Number(a.named) || b.share - a.share || a.place - b.place || (a.name < b.name ? -1 : 1),
  );
  return candidates[0]?.name;
}

function uniqueValues(items: readonly Tree[], name: string): Set<string> | undefined {
  const values = new Set<string>();
  for (const item of items) {
    const member = item.kind === "record" ? item.members.get(name) : undefined;
    const text = member === undefined ? "" : textOf(member);
    if (text === "" || values.has(text)) return undefined;
    values.add(text);
  }
  return values.size > 0 ? values : undefined;
}

function placeOf([first]: readonly Tree[], name: string): number {
  return first?.kind === "record" ? [...first.members.keys()].indexOf(name) : 0;
}
