/** A small XML tree by local names, for the SOAP face. External entities are never read; nesting is bounded. */

import { SaxesParser } from "saxes";
import { xmlDepthMax } from "./limits.ts";

export type XmlElement = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
};

/** The root element; undefined when the text is not well-formed XML or nests too deep. */
export function parseXml(text: string): XmlElement | undefined {
  const parser = new SaxesParser();
  const stack: XmlElement[] = [];
  let root: XmlElement | undefined;
  let broken = false;
  parser.on("error", () => {
    broken = true;
  });
  parser.on("opentag", (tag) => {
    const attributes = Object.fromEntries(
      Object.entries(tag.attributes).map(([name, value]) => [localName(name), value]),
    );
    const element: XmlElement = { name: localName(tag.name), attributes, children: [], text: "" };
    if (stack.length >= xmlDepthMax) broken = true;
    else stack.at(-1)?.children.push(element);
    stack.push(element);
    root ??= element;
  });
  parser.on("text", (value) => {
    const element = stack.at(-1);
    if (element) element.text += value;
  });
  parser.on("cdata", (value) => {
    const element = stack.at(-1);
    if (element) element.text += value;
  });
  parser.on("closetag", () => void stack.pop());
  parser.write(text.replace(/^\uFEFF/, "")).close();
  return broken ? undefined : root;
}

export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((one) => one.name === name);
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
