/** Controls of a form as the server will read them: by name, with value, state and choices. */

import { schemaName } from "../diff/path.ts";
import type { Tree } from "../tree/tree.ts";
import type { PageReader } from "./html.ts";
import { attributeOf, attributesOf, elementsOf, type PageElement } from "./html-node.ts";

const controlNames = new Set(["input", "select", "textarea", "button"]);

export function isControl(element: PageElement): boolean {
  return controlNames.has(element.tagName) && (attributeOf(element, "name") ?? "") !== "";
}

/** @param seen how often each name was met; the n-th box of a name is the n-th on the other side. */
export function controlTree(
  page: PageReader,
  element: PageElement,
  seen: Map<string, number>,
): { tree: Tree; key: string } {
  const name = attributeOf(element, "name") ?? "";
  const isChoice = /^(?:radio|checkbox)$/i.test(attributeOf(element, "type") ?? "");
  const own = isChoice ? `${name}=${attributeOf(element, "value") ?? ""}` : name;
  const count = (seen.get(own) ?? 0) + 1;
  seen.set(own, count);
  const key = count === 1 ? own : `${own} ${count}`;
  const tree = page.forest.element({
    name: element.tagName,
    segment: schemaName(name),
    key,
    attributes: attributesOf(element, "name"),
    children: element.tagName === "select" ? optionsOf(page, element) : page.children(element),
  });
  return { tree, key };
}

function optionsOf(page: PageReader, select: PageElement): Tree[] {
  return elementsOf(select).flatMap((one) => {
    if (one.tagName === "optgroup") return optionsOf(page, one);
    const key = attributeOf(one, "value");
    return [
      page.forest.element({
        name: one.tagName,
        segment: one.tagName,
        key,
        attributes: attributesOf(one),
        children: page.children(one),
      }),
    ];
  });
}
