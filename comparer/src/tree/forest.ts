/**
 * Makes trees so that equal content is one object. The key of a node is its own text and the numbers of its parts, so a key
 * is short whatever the size below, and equality is exact: nothing rests on a hash.
 */

import type { Meter } from "../budget.ts";
import type { Element, List, Members, Repeated, Scalar, ScalarType, Table, Tree } from "./tree.ts";

export type ElementInit = {
  readonly name: string;
  readonly segment: string;
  readonly key?: string | undefined;
  readonly attributes?: ReadonlyMap<string, string>;
  readonly children?: readonly Tree[];
};

const noAttributes: ReadonlyMap<string, string> = new Map();

export class Forest {
  readonly meter: Meter;
  readonly #byKey = new Map<string, Tree>();
  readonly #numbers = new Map<Tree, number>();

  constructor(meter: Meter) {
    this.meter = meter;
  }

  scalar(type: ScalarType, text: string): Scalar {
    return this.#one(`s${type}:${text}`, () => ({ kind: "scalar", type, text })) as Scalar;
  }

  text(text: string): Scalar {
    return this.scalar("text", text);
  }

  record(members: ReadonlyMap<string, Tree>): Members {
    const parts = [...members].map(([name, tree]) => `${name.length}:${name}${this.#numberOf(tree)}`);
    return this.#one(`r${parts.sort().join(",")}`, () => ({ kind: "record", members })) as Members;
  }

  list(items: readonly Tree[]): List {
    return this.#one(`l${this.#numbersOf(items)}`, () => ({ kind: "list", items })) as List;
  }

  repeated(items: readonly Tree[]): Repeated {
    return this.#one(`d${this.#numbersOf(items)}`, () => ({ kind: "repeated", items })) as Repeated;
  }

  element(init: ElementInit): Element {
    const { name, segment, key, attributes = noAttributes, children = [] } = init;
    const attributeText =
      attributes.size === 0 ? "" : JSON.stringify([...attributes].sort(([a], [b]) => (a < b ? -1 : 1)));
    const own = `e${name.length}:${name}${segment.length}:${segment}${key === undefined ? "" : `${key.length}=${key}`}`;
    return this.#one(`${own}${attributeText}|${this.#numbersOf(children)}`, () => ({
      kind: "element",
      name,
      segment,
      key,
      attributes,
      children,
    })) as Element;
  }

  table(columns: readonly string[], rows: readonly Members[]): Table {
    return this.#one(`t${JSON.stringify(columns)}${this.#numbersOf(rows)}`, () => ({
      kind: "table",
      columns,
      rows,
    })) as Table;
  }

  /** Strings as a record of texts. */
  texts(members: Readonly<Record<string, string | undefined>>): Members {
    const present = Object.entries(members).flatMap(([name, value]): [string, Tree][] =>
      value === undefined ? [] : [[name, this.text(value)]],
    );
    return this.record(new Map(present));
  }

  #one(key: string, make: () => Tree): Tree {
    this.meter.take();
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const tree = make();
    this.#byKey.set(key, tree);
    this.#numbers.set(tree, this.#numbers.size);
    return tree;
  }

  #numberOf(tree: Tree): number {
    return this.#numbers.get(tree) ?? -1;
  }

  #numbersOf(trees: readonly Tree[]): string {
    let text = "";
    for (const tree of trees) text += `${this.#numberOf(tree)},`;
    return text;
  }
}
