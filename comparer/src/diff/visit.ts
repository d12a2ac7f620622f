/** Every value of a tree with the path a difference of it would have. */

import type { Element, Tree } from "../tree/tree.ts";
import type { Channel } from "../verdict.ts";
import { headingName, Path, schemaName } from "./path.ts";

export type Visited = { readonly channel: Channel; readonly root: string; readonly tree: Tree };

export function visitValues(
  { channel, root, tree }: Visited,
  words: ReadonlySet<string>,
  visit: (path: string, text: string) => void,
): void {
  const path = new Path();
  const separator = channel === "json" ? "." : "/";
  const within = (segment: string, act: () => void): void => {
    path.push(segment);
    act();
    path.pop();
  };
  const members = (entries: ReadonlyMap<string, Tree>, nameOf: (name: string) => string): void => {
    for (const [name, member] of entries) within(separator + nameOf(name), () => walk(member));
  };
  const walk = (one: Tree): void => {
    switch (one.kind) {
      case "scalar":
        return visit(path.template, one.text);
      case "record":
        return members(one.members, schemaName);
      case "list":
        return one.items.forEach((item) => within(item.kind === "element" ? stepOf(item) : "[]", () => walk(item)));
      case "repeated":
        return one.items.forEach(walk);
      case "element":
        for (const [name, value] of one.attributes) within(`/@${schemaName(name)}`, () => visit(path.template, value));
        return one.children.forEach((child) =>
          within(child.kind === "element" ? stepOf(child) : "", () => walk(child)),
        );
      case "table":
        return one.rows.forEach((row) =>
          within("[]", () =>
            members(row.members, (name) => (name.startsWith("@") ? schemaName(name) : headingName(name, words))),
          ),
        );
    }
  };
  within(root, () => walk(tree));
}

const stepOf = ({ segment }: Element): string => (segment === "" ? "" : `/${segment}`);
