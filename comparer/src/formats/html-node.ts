/** The few things the page reader asks of parse5's nodes. */

import type { DefaultTreeAdapterTypes } from "parse5";
import { schemaName } from "../diff/path.ts";

export type Node = DefaultTreeAdapterTypes.Node;
export type PageElement = DefaultTreeAdapterTypes.Element;

/** A template's children stand in its content. */
export function childrenOf(node: Node): readonly Node[] {
  if (node.nodeName === "template") return (node as DefaultTreeAdapterTypes.Template).content.childNodes;
  return "childNodes" in node ? node.childNodes : [];
}

export function elementsOf(node: Node): readonly PageElement[] {
  return childrenOf(node).filter((one): one is PageElement => "tagName" in one);
}

const inline = new Set(
  "a abbr b big button code em font i img input kbd label q s samp select small span strike strong sub sup textarea tt u var".split(
    " ",
  ),
);

/** Text, comments and inline elements stand in a line; everything else begins a new one. */
export function isBlock(node: Node): boolean {
  return "tagName" in node && !inline.has(node.tagName);
}

const preformatted = new Set(["pre", "textarea", "script", "style"]);

export function keepsBlanks(node: Node): boolean {
  for (let one: Node | null | undefined = node; one; one = "parentNode" in one ? one.parentNode : undefined) {
    if (preformatted.has(one.nodeName)) return true;
  }
  return false;
}

/** Begins the name of a place holder; no element is called so. */
export const placeHolderMark = "#";

export function attributeOf(element: PageElement, name: string): string | undefined {
  return element.attrs.find((one) => one.name === name)?.value;
}

const noAttributes: ReadonlyMap<string, string> = new Map();

/** Classes are a set, so they are sorted. */
export function attributesOf(element: PageElement, without = ""): ReadonlyMap<string, string> {
  if (element.attrs.length === 0) return noAttributes;
  const attributes = new Map<string, string>();
  for (const { name, value } of element.attrs) {
    if (name !== without) attributes.set(name, name === "class" ? classesOf(value) : value);
  }
  return attributes;
}

function classesOf(value: string): string {
  return /\s/.test(value) ? value.split(/\s+/).sort().join(" ").trim() : value;
}

/** `span#ctl00_cph_lblErr`, `table.grid`, `p`. */
export function segmentOf(element: PageElement): string {
  const id = attributeOf(element, "id");
  if (id !== undefined && id !== "") return `${element.tagName}#${schemaName(id)}`;
  if (silent.has(element.tagName)) return "";
  const [first] = (attributeOf(element, "class") ?? "").split(/\s+/);
  return first ? `${element.tagName}.${schemaName(first)}` : element.tagName;
}

/** Elements every page has or every parser adds: naming them in a path says nothing. */
const silent = new Set(["html", "body", "tbody"]);
