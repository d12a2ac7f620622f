/**
 * An XML document as a tree: elements by namespace and local name, text as it is, order kept. The prefix is remembered apart: it means
 * nothing to XML and something to programs that search for `<soap:`. Comments and processing instructions mean nothing.
 */

import { SaxesParser, type SaxesTagNS } from "saxes";
import { Incomparable } from "../budget.ts";
import { schemaName } from "../diff/path.ts";
import { depthMax } from "../limits.ts";
import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";

type Open = { readonly tag: SaxesTagNS; readonly children: (Tree | string)[] };

/** @returns undefined when the text is no well-formed document. @throws Incomparable */
export function xmlTree(forest: Forest, text: string): Tree | undefined {
  const parser = new SaxesParser({ xmlns: true });
  const open: Open[] = [];
  let root: Tree | undefined;
  let broken = false;
  parser.on("error", () => (broken = true));
  parser.on("opentag", (tag) => {
    if (open.length >= depthMax) throw new Incomparable("depth-budget");
    open.push({ tag, children: [] });
  });
  const addText = (part: string): void => {
    const children = open.at(-1)?.children;
    const last = children?.at(-1);
    if (children && typeof last === "string") children[children.length - 1] = last + part;
    else children?.push(part);
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    const closed = open.pop();
    if (!closed) return;
    const element = elementOf(forest, closed);
    const parent = open.at(-1);
    if (parent) parent.children.push(element);
    // Its own name is the first step of every path.
    else root = forest.element({ name: "document", segment: "", children: [element] });
  });
  parser.write(text.replace(/^\ufeff/, "")).close();
  return broken ? undefined : root;
}

function elementOf(forest: Forest, { tag, children }: Open): Tree {
  const attributes = new Map<string, string>();
  for (const one of Object.values(tag.attributes)) {
    if (one.prefix === "xmlns" || one.name === "xmlns") continue;
    attributes.set(one.uri === "" ? one.local : `{${one.uri}}${one.local}`, one.value);
  }
  if (tag.prefix !== "") attributes.set(prefixAttribute, tag.prefix);
  return forest.element({
    name: tag.uri === "" ? tag.local : `{${tag.uri}}${tag.local}`,
    segment: schemaName(tag.local),
    attributes,
    children: withoutLayout(children).map((child) => (typeof child === "string" ? forest.text(child) : child)),
  });
}

/** Under which a prefix stands among the attributes; no attribute can be called so. */
export const prefixAttribute = ":prefix";

/** Blanks between elements and line breaks are layout; other blanks that are all an element holds are its value. */
function withoutLayout(children: readonly (Tree | string)[]): readonly (Tree | string)[] {
  const hasElements = children.some((child) => typeof child !== "string");
  return children.filter(
    (child) => typeof child !== "string" || (hasElements || child.includes("\n") ? child.trim() !== "" : child !== ""),
  );
}
