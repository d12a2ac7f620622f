/**
 * Gathers what the differ finds: asks the rules about each difference, counts what they cover, keeps the rest up to a limit.
 * Rules on numbers that each side issues itself are settled at the end, when all pairs of the answer are known.
 */

import { differencesMax, valueCharsMax } from "./limits.ts";
import type { Found } from "./diff/differ.ts";
import { OneToOneBook } from "./rules/one-to-one.ts";
import type { RouteRules } from "./rules/rule-model.ts";
import { textOf, type Tree } from "./tree/tree.ts";
import type { Difference, RuleHit } from "./verdict.ts";

export class Ledger {
  readonly #rules: RouteRules;
  readonly #differences: Difference[] = [];
  readonly #hits = new Map<string, number>();
  readonly #book = new OneToOneBook();
  #more = 0;

  constructor(rules: RouteRules) {
    this.#rules = rules;
  }

  readonly report = (found: Found): void => {
    const { channel, path, kind, transform } = found;
    const [left, right] = [writtenOut(found.left), writtenOut(found.right)];
    const cover = this.#rules.cover({ channel, path, kind, transform, left, right });
    if (cover?.oneToOne !== undefined)
      this.#book.pair(cover.oneToOne, { found, left: left ?? "", right: right ?? "", rule: cover.rule });
    else if (cover) this.#hit(cover.rule);
    else this.#keep(found);
  };

  /** Values of a declared path that stand on both sides, equal ones too: without them a pairing proves nothing. */
  settle(
    equalValues: ReadonlyMap<string, { readonly left: ReadonlySet<string>; readonly right: ReadonlySet<string> }>,
  ): void {
    for (const { found, rule, holds } of this.#book.settle(equalValues)) {
      if (holds) this.#hit(rule);
      else this.#keep({ ...found, transform: "identifier" });
    }
  }

  get differences(): readonly Difference[] {
    return this.#differences;
  }

  get more(): number {
    return this.#more;
  }

  get hits(): readonly RuleHit[] {
    return [...this.#hits].map(([rule, count]) => ({ rule, count })).sort((a, b) => (a.rule < b.rule ? -1 : 1));
  }

  #hit(rule: string): void {
    this.#hits.set(rule, (this.#hits.get(rule) ?? 0) + 1);
  }

  #keep({ channel, path, kind, transform, exactPath, left, right }: Found): void {
    if (this.#differences.length >= differencesMax) {
      this.#more += 1;
      return;
    }
    this.#differences.push({
      finding: { channel, path, kind, transform },
      values: { path: exactPath, left: cut(writtenOut(left)), right: cut(writtenOut(right)) },
    });
  }
}

function writtenOut(tree: Tree | undefined): string | undefined {
  return tree && textOf(tree);
}

const cut = (text: string | undefined): string | undefined => text?.slice(0, valueCharsMax);
