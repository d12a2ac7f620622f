/**
 * Walks two trees of one forest side by side and reports what differs. It enters only what is not equal, names every
 * difference by its path, kind and class, and knows nothing of rules: the ledger decides what a difference is worth.
 */

import type { Meter } from "../budget.ts";
import { classify } from "../transform/classify.ts";
import type { Forest } from "../tree/forest.ts";
import { type Element, type Members, type Table, textOf, type Tree } from "../tree/tree.ts";
import type { Channel, Kind, Transform } from "../verdict.ts";
import { type Pair, pairItems } from "./pairing.ts";
import { headingName, Path, schemaName } from "./path.ts";

export type Found = {
  readonly channel: Channel;
  readonly path: string;
  readonly kind: Kind;
  readonly transform: Transform;
  readonly exactPath: string;
  readonly left: Tree | undefined;
  readonly right: Tree | undefined;
};

export type DifferOptions = {
  readonly forest: Forest;
  readonly report: (found: Found) => void;
  /** Declared key of the items of a list. */
  readonly keyOf: (channel: Channel, path: string) => string | undefined;
  /** Headings and labels that may stand in a path. */
  readonly words: ReadonlySet<string>;
};

export class Differ {
  readonly #options: DifferOptions;
  readonly #meter: Meter;
  #path = new Path();
  #channel: Channel = "body";

  constructor(options: DifferOptions) {
    this.#options = options;
    this.#meter = options.forest.meter;
  }

  /** @param root how the path begins: `$` for JSON, nothing for formats whose parts are named by `/`. @throws Incomparable */
  compare(channel: Channel, root: string, sides: { left: Tree; right: Tree }): void {
    this.#channel = channel;
    this.#path = new Path();
    this.#path.push(root);
    this.#trees(sides.left, sides.right);
  }

  #trees(left: Tree, right: Tree): void {
    if (left === right) return;
    this.#meter.take();
    if (left.kind === "scalar" && right.kind === "scalar") {
      this.#report(left.type === right.type ? "value" : "type", classify(left, right), left, right);
    } else if (left.kind === "repeated" || right.kind === "repeated") this.#repeated(left, right);
    else if (left.kind === "record" && right.kind === "record") this.#records(left, right);
    else if (left.kind === "list" && right.kind === "list") this.#items(left.items, right.items, "item");
    else if (left.kind === "element" && right.kind === "element") this.#elements(left, right);
    else if (left.kind === "table" && right.kind === "table") this.#tables(left, right);
    else this.#report("type", isNothing(left) || isNothing(right) ? "null-absent-empty" : "other", left, right);
  }

  /** @param inTable whether the names are headings of a table, which may hold anything. */
  #records(left: Members, right: Members, inTable = false): void {
    const names = new Set([...left.members.keys(), ...right.members.keys()]);
    for (const name of [...names].sort()) {
      const shown = inTable && !name.startsWith("@") ? headingName(name, this.#options.words) : schemaName(name);
      this.#member({ name, shown }, left.members.get(name), right.members.get(name));
    }
  }

  #member({ name, shown }: { name: string; shown: string }, left: Tree | undefined, right: Tree | undefined): void {
    if (left === right) return;
    const separator = this.#channel === "json" ? "." : "/";
    this.#path.push(separator + shown, separator + name);
    if (left && right) this.#trees(left, right);
    else this.#oneSided(left, right);
    this.#path.pop();
  }

  #oneSided(left: Tree | undefined, right: Tree | undefined): void {
    const there = left ?? right;
    this.#report(left ? "missing" : "extra", there && isNothing(there) ? "null-absent-empty" : "none", left, right);
  }

  #repeated(left: Tree, right: Tree): void {
    const [all, others] = [valuesOf(left), valuesOf(right)];
    if (left.kind !== right.kind || all.length !== others.length) {
      this.#report("duplicate", "none", left, right);
      return;
    }
    for (const [index, one] of all.entries()) this.#trees(one, others[index] as Tree);
  }

  #items(left: readonly Tree[], right: readonly Tree[], place: Place): void {
    const key = place === "child" ? undefined : this.#options.keyOf(this.#channel, this.#path.template);
    const pairing = pairItems(left, right, { meter: this.#meter, key });
    const at = (item: Tree, index: number, act: () => void): void => {
      this.#path.push(...segmentOf(item, place, positionOf(item, index, pairing.key)));
      act();
      this.#path.pop();
    };
    for (const [a, b] of pairing.pairs) {
      const [one, other] = [left[a] as Tree, right[b] as Tree];
      if (one === other) continue;
      if (place === "row") at(one, a, () => this.#records(one as Members, other as Members, true));
      else at(one, a, () => this.#trees(one, other));
    }
    for (const index of pairing.onlyLeft) at(left[index] as Tree, index, () => this.#oneSided(left[index], undefined));
    for (const index of pairing.onlyRight)
      at(right[index] as Tree, index, () => this.#oneSided(undefined, right[index]));
    this.#order(left, right, pairing.pairs);
  }

  #order(left: readonly Tree[], right: readonly Tree[], pairs: readonly Pair[]): void {
    const moved = pairs.filter(
      ([, b], index) => (pairs[index - 1]?.[1] ?? -1) > b || (pairs[index + 1]?.[1] ?? Infinity) < b,
    );
    if (moved.length === 0) return;
    const summary = (trees: readonly Tree[]): Tree => this.#options.forest.text(trees.map(textOf).join(" ¦ "));
    const byRight = moved.toSorted(([, a], [, b]) => a - b);
    this.#report(
      "order",
      "order",
      summary(moved.map(([index]) => left[index] as Tree)),
      summary(byRight.map(([, index]) => right[index] as Tree)),
    );
  }

  #elements(left: Element, right: Element): void {
    if (left.name !== right.name) {
      this.#report("type", "other", left, right);
      return;
    }
    const names = new Set([...left.attributes.keys(), ...right.attributes.keys()]);
    for (const name of [...names].sort()) {
      this.#member(
        { name: `@${name}`, shown: `@${schemaName(name)}` },
        this.#attribute(left, name),
        this.#attribute(right, name),
      );
    }
    this.#items(left.children, right.children, "child");
  }

  #attribute(element: Element, name: string): Tree | undefined {
    const value = element.attributes.get(name);
    return value === undefined ? undefined : this.#options.forest.text(value);
  }

  /** A column that only one side has is one difference, not one a row; its cells are not compared. */
  #tables(left: Table, right: Table): void {
    const [columns, others] = [left.columns, right.columns];
    if ((columns.length === 0) !== (others.length === 0)) {
      this.#report("type", "none", left, right);
      return;
    }
    this.#columns(columns, others);
    const unshared = new Set([
      ...columns.filter((one) => !others.includes(one)),
      ...others.filter((one) => !columns.includes(one)),
    ]);
    const rowsOf = (table: Table): Members[] => table.rows.map((row) => this.#without(row, unshared));
    this.#items(rowsOf(left), rowsOf(right), "row");
  }

  #columns(left: readonly string[], right: readonly string[]): void {
    const pairs: Pair[] = [];
    for (const [index, heading] of left.entries()) {
      const other = right.indexOf(heading);
      if (other >= 0) pairs.push([index, other]);
      else this.#heading(heading, "missing");
    }
    for (const heading of right) if (!left.includes(heading)) this.#heading(heading, "extra");
    const { forest } = this.#options;
    this.#path.push("/columns");
    this.#order(
      left.map((one) => forest.text(one)),
      right.map((one) => forest.text(one)),
      pairs,
    );
    this.#path.pop();
  }

  #heading(heading: string, kind: "missing" | "extra"): void {
    const text = this.#options.forest.text(heading);
    this.#path.push(`/columns/${headingName(heading, this.#options.words)}`, `/columns/${heading}`);
    this.#report(kind, "none", kind === "missing" ? text : undefined, kind === "extra" ? text : undefined);
    this.#path.pop();
  }

  #without(row: Members, columns: ReadonlySet<string>): Members {
    if (columns.size === 0) return row;
    return this.#options.forest.record(new Map([...row.members].filter(([name]) => !columns.has(name))));
  }

  #report(kind: Kind, transform: Transform, left: Tree | undefined, right: Tree | undefined): void {
    this.#options.report({
      channel: this.#channel,
      path: this.#path.template,
      kind,
      transform,
      exactPath: this.#path.exact,
      left,
      right,
    });
  }
}

/** What a list is made of: items of a list, children of an element, rows of a table. */
type Place = "item" | "child" | "row";

/** Text has no name of its own in a path: it belongs to the element around it. */
function segmentOf(item: Tree, place: Place, position: string): [template: string, exact: string] {
  if (item.kind === "element") return elementSegment(item);
  return place === "child" ? ["", ""] : ["[]", position];
}

/** Elements without a name of their own (a page's root, a table's grid) leave no step in a path. */
function elementSegment({ segment, key }: Element): [template: string, exact: string] {
  if (segment === "") return ["", ""];
  return [`/${segment}`, key === undefined || segment.endsWith(key) ? `/${segment}` : `/${segment}[${key}]`];
}

function positionOf(item: Tree, index: number, key: string | undefined): string {
  const member = key !== undefined && item.kind === "record" ? item.members.get(key) : undefined;
  return member ? `[${key}=${textOf(member)}]` : `[${index}]`;
}

const valuesOf = (tree: Tree): readonly Tree[] => (tree.kind === "repeated" ? tree.items : [tree]);

function isNothing(tree: Tree): boolean {
  if (tree.kind === "scalar") return tree.type === "null" || tree.text.trim() === "";
  return tree.kind === "list" || tree.kind === "repeated" ? tree.items.length === 0 : false;
}
