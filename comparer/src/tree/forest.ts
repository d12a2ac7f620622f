/**
 * Makes trees so that equal content is one object. The key of a node is its own text and the numbers of its parts, so a key
 * is short whatever the size below, and equality is exact: nothing rests on a hash. This is the hot path of every comparison
 * that is not JSON: keys are put together by hand.
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
const noChildren: readonly Tree[] = [];

export class Forest {
  readonly meter: Meter;
  readonly #byKey = new Map<string, Tree>();

  constructor(meter: Meter) {
    this.meter = meter;
  }

  scalar(type: ScalarType, text: string): Scalar {
    return this.#one(`s${type}:${text}`, (id) => ({ kind: "scalar", id, type, text }));
  }

  text(text: string): Scalar {
    return this.scalar("text", text);
  }

  record(members: ReadonlyMap<string, Tree>): Members {
    const parts: string[] = [];
    for (const [name, { id }] of members) parts.push(`${name.length}:${name}${id}`);
    return this.#one(`r${parts.sort().join(",")}`, (id) => ({ kind: "record", id, members }));
  }

  list(items: readonly Tree[]): List {
    return this.#one(`l${idsOf(items)}`, (id) => ({ kind: "list", id, items }));
  }

  repeated(items: readonly Tree[]): Repeated {
    return this.#one(`d${idsOf(items)}`, (id) => ({ kind: "repeated", id, items }));
  }

  element(init: ElementInit): Element {
    const { name, segment, key, attributes = noAttributes, children = noChildren } = init;
    const own = `e${name.length}:${name}${segment.length}:${segment}${key === undefined ? "" : `${key.length}=${key}`}`;
    return this.#one(`${own}${attributeText(attributes)}|${idsOf(children)}`, (id) => ({
      kind: "element",
      id,
      name,
      segment,
      key,
      attributes,
      children,
    }));
  }

  table(columns: readonly string[], rows: readonly Members[]): Table {
    return this.#one(`t${JSON.stringify(columns)}${idsOf(rows)}`, (id) => ({ kind: "table", id, columns, rows }));
  }

  /** Strings as a record of texts. */
  texts(members: Readonly<Record<string, string | undefined>>): Members {
    const present = Object.entries(members).flatMap(([name, value]): [string, Tree][] =>
      value === undefined ? [] : [[name, this.text(value)]],
    );
    return this.record(new Map(present));
  }

  /** A key begins with the letter of its kind, so what is found under it is of the kind that is made for it. */
  #one<T extends Tree>(key: string, make: (id: number) => T): T {
    this.meter.take();
    const known = this.#byKey.get(key);
    if (known !== undefined) return known as T;
    const tree = make(this.#byKey.size);
    this.#byKey.set(key, tree);
    return tree;
  }
}

function idsOf(trees: readonly Tree[]): string {
  let text = "";
  for (const { id } of trees) text += `${id},`;
  return text;
}

/** In order of names; lengths make the text unambiguous. */
function attributeText(attributes: ReadonlyMap<string, string>): string {
  if (attributes.size === 0) return "";
  const parts: string[] = [];
  for (const [name, value] of attributes) parts.push(`${name.length}@${name}${value.length}:${value}`);
  return parts.length === 1 ? (parts[0] ?? "") : parts.sort().join("");
}
