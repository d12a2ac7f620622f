/**
 * An HTML page as three trees: the page itself, its forms by control, its tables by row and column. Where a control or a table
 * stood, the page keeps a place holder, so that its place is compared too. Comments mean nothing; blanks mean nothing at the
 * edges of blocks and one blank elsewhere, as browsers have it.
 */

import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { Incomparable } from "../budget.ts";
import { depthMax } from "../limits.ts";
import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";
import { controlTree, isControl } from "./html-form.ts";
import {
  attributeOf,
  attributesOf,
  childrenOf,
  isBlock,
  keepsBlanks,
  type Node,
  type PageElement,
  placeHolderMark,
  segmentOf,
} from "./html-node.ts";
import { isTable, tableTree } from "./html-table.ts";

export type HtmlTrees = { readonly page: Tree; readonly forms: Tree; readonly tables: Tree };

/** @param words headings that may stand in a path. @throws Incomparable */
export function htmlTrees(forest: Forest, text: string, words: ReadonlySet<string>): HtmlTrees {
  const document = parse(text);
  forest.meter.lookAtClock();
  const reader = new PageReader(forest, words);
  const children = reader.children(document);
  const page = forest.element({
    name: "document",
    segment: "",
    attributes: new Map([["mode", document.mode]]),
    children,
  });
  return { page, forms: reader.forms(), tables: reader.tables() };
}

type OpenForm = { readonly controls: Tree[]; readonly seen: Map<string, number> };

export class PageReader {
  readonly forest: Forest;
  readonly words: ReadonlySet<string>;
  readonly #forms: Tree[] = [];
  readonly #tables: Tree[] = [];
  readonly #names = new Map<string, number>();
  #form: OpenForm | undefined;
  #depth = 0;

  constructor(forest: Forest, words: ReadonlySet<string>) {
    this.forest = forest;
    this.words = words;
  }

  forms(): Tree {
    return this.forest.element({ name: "forms", segment: "", children: this.#forms });
  }

  tables(): Tree {
    return this.forest.element({ name: "tables", segment: "", children: this.#tables });
  }

  children(parent: Node): Tree[] {
    const nodes = childrenOf(parent);
    const trees: Tree[] = [];
    for (const [index, node] of nodes.entries()) {
      const tree =
        "tagName" in node ? this.#element(node) : this.#text(node, parent, [nodes[index - 1], nodes[index + 1]]);
      if (tree) trees.push(tree);
    }
    return trees;
  }

  /** The element as it is, whatever it is: a cell, a row. */
  plain(element: PageElement, children: readonly Tree[] = this.children(element)): Tree {
    return this.forest.element({
      name: element.tagName,
      segment: segmentOf(element),
      key: attributeOf(element, "id"),
      attributes: attributesOf(element),
      children,
    });
  }

  #element(element: PageElement): Tree {
    if (this.#depth >= depthMax) throw new Incomparable("depth-budget");
    this.#depth += 1;
    const tree = this.#elementWithin(element);
    this.#depth -= 1;
    return tree;
  }

  #elementWithin(element: PageElement): Tree {
    if (element.tagName === "form") return this.#formOf(element);
    if (this.#form && isControl(element)) return this.#control(element, this.#form);
    if (isTable(element)) {
      const name = segmentOf(element);
      this.#tables.push(tableTree(this, element, name));
      return this.#placeHolder("table", this.#numbered(name));
    }
    return this.plain(element);
  }

  #formOf(element: PageElement): Tree {
    const outer = this.#form;
    const form: OpenForm = { controls: [], seen: new Map() };
    this.#form = form;
    const children = this.children(element);
    this.#form = outer;
    this.#forms.push(this.plain(element, form.controls));
    return this.forest.element({ name: "form", segment: "form", children });
  }

  #control(element: PageElement, form: OpenForm): Tree {
    const control = controlTree(this, element, form.seen);
    form.controls.push(control.tree);
    return this.#placeHolder("control", control.key);
  }

  #placeHolder(what: "control" | "table", key: string): Tree {
    return this.forest.element({ name: `${placeHolderMark}${what}`, segment: what, key });
  }

  #numbered(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  }

  #text(node: Node, parent: Node, around: readonly (Node | undefined)[]): Tree | undefined {
    if (node.nodeName !== "#text") return undefined;
    const { value } = node as DefaultTreeAdapterTypes.TextNode;
    if (keepsBlanks(parent)) return value === "" ? undefined : this.forest.text(value);
    const [before, after] = around;
    let text = value.replaceAll(/[ \t\r\n\f]+/g, " ");
    if (!before ? isBlock(parent) : isBlock(before)) text = text.trimStart();
    if (!after ? isBlock(parent) : isBlock(after)) text = text.trimEnd();
    return text === "" ? undefined : this.forest.text(text);
  }
}
