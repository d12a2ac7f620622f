/**
 * One comparison under way: the parts of both answers go through the differ, what it finds goes by the rules, and what remains
 * becomes the verdict.
 */

import type { Meter } from "./budget.ts";
import { Differ, type Found } from "./diff/differ.ts";
import { visitValues } from "./diff/visit.ts";
import { placeHolderMark } from "./formats/html-node.ts";
import { prefixAttribute } from "./formats/xml.ts";
import { Ledger } from "./ledger.ts";
import type { GroupValues } from "./rules/one-to-one.ts";
import type { RouteRules } from "./rules/rule-model.ts";
import { Forest } from "./tree/forest.ts";
import type { Tree } from "./tree/tree.ts";
import type { Channel, Finding, IncomparableReason, Verdict } from "./verdict.ts";

/** A part of an answer as a tree. `root` is how its paths begin: `$` for JSON, nothing where `/` begins them. */
export type Part = { readonly channel: Channel; readonly root: string; readonly tree: Tree };

export class Comparison {
  readonly forest: Forest;
  readonly rules: RouteRules;
  readonly #ledger: Ledger;
  readonly #differ: Differ;
  readonly #compared: { readonly left: Part; readonly right: Part }[] = [];
  readonly #oneSided = new Set<string>();

  constructor(rules: RouteRules, meter: Meter) {
    this.rules = rules;
    this.forest = new Forest(meter);
    this.#ledger = new Ledger(rules);
    this.#differ = new Differ({
      forest: this.forest,
      report: (found) => this.#found(found),
      keyOf: rules.keyOf,
      words: rules.words,
    });
  }

  get meter(): Meter {
    return this.forest.meter;
  }

  /** @throws Incomparable */
  compare(left: Part, right: Part): void {
    this.#differ.compare(left.channel, left.root, { left: left.tree, right: right.tree });
    if (this.rules.oneToOne.length > 0) this.#compared.push({ left, right });
  }

  /** A difference of a whole part, without values. */
  report({ channel, path, kind, transform }: Finding): void {
    this.#ledger.report({ channel, path, kind, transform, exactPath: path, left: undefined, right: undefined });
  }

  verdict(incomplete: IncomparableReason | undefined): Verdict {
    this.#ledger.settle(this.#groupValues());
    const { differences, more, hits } = this.#ledger;
    if (differences.length > 0) {
      const level = more === 0 && differences.every(({ finding }) => isSimilar(finding)) ? "similar" : "different";
      return { verdict: "different", level, differences, more, hits, ...(incomplete && { incomplete }) };
    }
    if (incomplete) return { verdict: "incomparable", why: incomplete };
    return hits.length > 0 ? { verdict: "match-by-rule", hits } : { verdict: "match" };
  }

  /** A control or table that only one side has is one difference; its place in the page is not a second one. */
  #found(found: Found): void {
    const tree = found.left ?? found.right;
    if (tree?.kind === "element" && (found.kind === "missing" || found.kind === "extra")) {
      if (
        found.channel === "html" &&
        this.#oneSided.has((tree.key ?? "").replace(/ \d+$/, "")) &&
        tree.name.startsWith(placeHolderMark)
      )
        return;
      for (const part of [tree, ...tree.children]) this.#noteOneSided(part);
    }
    this.#ledger.report(found);
  }

  #noteOneSided(tree: Tree): void {
    if (tree.kind !== "element") return;
    this.#oneSided.add(tree.segment);
    if (tree.key !== undefined) this.#oneSided.add(tree.key);
  }

  #groupValues(): ReadonlyMap<string, GroupValues> {
    const groups = new Map<string, { left: Set<string>; right: Set<string> }>();
    for (const { left, right } of this.#compared) {
      this.#collect(left, groups, "left");
      this.#collect(right, groups, "right");
    }
    return groups;
  }

  #collect(part: Part, groups: Map<string, { left: Set<string>; right: Set<string> }>, side: "left" | "right"): void {
    const declared = this.rules.oneToOne.filter(({ channel }) => channel === part.channel);
    if (declared.length === 0) return;
    visitValues(part, this.rules.words, (path, text) => {
      for (const { group } of declared.filter((one) => one.path.test(path))) {
        const values = groups.get(group) ?? { left: new Set(), right: new Set() };
        values[side].add(text);
        groups.set(group, values);
      }
    });
  }
}

function isSimilar({ kind, path, transform }: Finding): boolean {
  return kind === "order" || path.endsWith(`@${prefixAttribute}`) || (kind === "value" && transform === "padding");
}
