/** Plain text by lines, with its line ends as a value of their own. */

import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";
import { lineEndOf } from "./csv.ts";

export function textTree(forest: Forest, text: string): Tree {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  const last = lines.at(-1) === "" ? "yes" : "no";
  if (last === "yes") lines.pop();
  return forest.record(
    new Map<string, Tree>([
      ["line", forest.list(lines.map((line) => forest.text(line)))],
      ["line-end", forest.text(lineEndOf(text))],
      ["last-line-end", forest.text(last)],
    ]),
  );
}
