/**
 * HL7 v2 messages and X12 interchanges: segments of fields, told apart by the segment's name. A field's path is its segment
 * and number as the standards count them: `MSH/7`, `ISA/9`. Source: HL7 v2.3 section 2.6; ASC X12.5.
 */

import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";
import { lineEndOf } from "./csv.ts";

export function isMessage(text: string): boolean {
  return /^MSH[^\w\s]/.test(text) || /^ISA[^\w\s]/.test(text);
}

export function messageTree(forest: Forest, text: string): Tree {
  const { separator, terminator, firstField } = text.startsWith("MSH")
    ? { separator: text[3] ?? "|", terminator: /\r\n|\r|\n/, firstField: 1 }
    : { separator: text[3] ?? "*", terminator: new RegExp(`${escaped(text[105] ?? "~")}[\\r\\n]*`), firstField: 0 };
  const segments = text.split(terminator).filter((segment) => segment !== "");
  const trees = segments.map((segment) => segmentTree(forest, segment.split(separator), firstField));
  return forest.element({
    name: "message",
    segment: "",
    attributes: new Map([
      ["line-end", lineEndOf(text)],
      ["last-line-end", /[\r\n]$/.test(text) ? "yes" : "no"],
    ]),
    children: trees,
  });
}

/** In MSH the separator itself is field 1, so that the first field after it is number 2. */
function segmentTree(forest: Forest, fields: readonly string[], mshOffset: number): Tree {
  const [name = "", ...rest] = fields;
  const offset = name === "MSH" ? mshOffset : 0;
  forest.meter.take(rest.length);
  return forest.element({
    name,
    segment: /^[A-Z][A-Z0-9]{1,2}$/.test(name) ? name : "*",
    children: rest.map((field, index) =>
      forest.element({
        name: String(index + 1 + offset),
        segment: String(index + 1 + offset),
        key: String(index + 1 + offset),
        children: field === "" ? [] : [forest.text(field)],
      }),
    ),
  });
}

function escaped(character: string): string {
  return character.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
