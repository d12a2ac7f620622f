/**
 * Tables that hold data, by column and row: those with a heading row or an id, and those whose rows are a label and a value.
 * Every other table is layout and stays part of the page.
 */

import { headingName } from "../diff/path.ts";
import { type Members, textOf, type Tree } from "../tree/tree.ts";
import type { PageReader } from "./html.ts";
import { attributeOf, attributesOf, elementsOf, type Node, type PageElement } from "./html-node.ts";

export function isTable(element: PageElement): boolean {
  if (element.tagName !== "table") return false;
  const rows = rowsOf(element);
  if (rows.some(isHeading) || isLabelled(rows)) return true;
  return attributeOf(element, "id") !== undefined && !holdsTable(element);
}

export function tableTree(page: PageReader, element: PageElement, segment: string): Tree {
  const rows = rowsOf(element);
  const body = isLabelled(rows) ? labelledRows(page, rows) : [gridOf(page, rows)];
  return page.forest.element({
    name: "table",
    segment,
    key: attributeOf(element, "id"),
    attributes: attributesOf(element),
    children: [
      ...elementsOf(element)
        .filter(isNoRowGroup)
        .map((one) => page.plain(one)),
      ...body,
    ],
  });
}

const rowGroups = new Set(["tbody", "thead", "tfoot"]);
const isNoRowGroup = (element: PageElement): boolean => !rowGroups.has(element.tagName) && element.tagName !== "tr";

function rowsOf(table: PageElement): readonly PageElement[] {
  return elementsOf(table).flatMap((one) =>
    one.tagName === "tr"
      ? [one]
      : rowGroups.has(one.tagName)
        ? elementsOf(one).filter((row) => row.tagName === "tr")
        : [],
  );
}

function isHeading(row: PageElement): boolean {
  const cells = elementsOf(row);
  return cells.length > 0 && cells.every((cell) => cell.tagName === "th");
}

function isLabelled(rows: readonly PageElement[]): boolean {
  return rows.length > 0 && rows.every((row) => elementsOf(row).length === 2 && isLabel(elementsOf(row)[0]));
}

function isLabel(cell: PageElement | undefined): boolean {
  if (!cell || elementsOf(cell).length > 0) return false;
  const classes = (attributeOf(cell, "class") ?? "").split(/\s+/);
  return cell.tagName === "th" || classes.includes("lbl") || classes.includes("label");
}

function holdsTable(node: Node): boolean {
  return elementsOf(node).some((one) => one.tagName === "table" || holdsTable(one));
}

/** Each row under its label; a label that occurs again is numbered. */
function labelledRows(page: PageReader, rows: readonly PageElement[]): Tree[] {
  const seen = new Map<string, number>();
  return rows.flatMap((row) => {
    const [label, value] = elementsOf(row);
    if (!label || !value) return [];
    const text = textOf(page.plain(label));
    const count = (seen.get(text) ?? 0) + 1;
    seen.set(text, count);
    return [
      page.forest.element({
        name: "row",
        segment: headingName(text, page.words),
        key: count === 1 ? text : `${text} ${count}`,
        attributes: new Map([...prefixed("row-", row), ...prefixed("label-", label), ...attributesOf(value)]),
        children: page.children(value),
      }),
    ];
  });
}

function prefixed(prefix: string, element: PageElement): [string, string][] {
  return [...attributesOf(element)].map(([name, value]) => [prefix + name, value]);
}

function gridOf(page: PageReader, rows: readonly PageElement[]): Tree {
  const heading = rows.find(isHeading);
  const columns = heading ? namesOf(page, heading) : [];
  const body = rows.filter((row) => row !== heading).map((row) => rowOf(page, row, columns));
  const grid = page.forest.table(columns, body);
  return page.forest.element({
    name: "grid",
    segment: "",
    attributes: new Map(heading ? headingAttributes(heading) : []),
    children: [grid],
  });
}

/** Headings need not be unlike each other; rows need names that are. */
function namesOf(page: PageReader, heading: PageElement): string[] {
  const seen = new Map<string, number>();
  return elementsOf(heading).map((cell, index) => {
    const text = textOf(page.plain(cell)) || `column ${index + 1}`;
    const count = (seen.get(text) ?? 0) + 1;
    seen.set(text, count);
    return count === 1 ? text : `${text} ${count}`;
  });
}

/** Which attributes heading cells have, each once: a column more or less is the columns' difference, not this one's. */
function headingAttributes(heading: PageElement): [string, string][] {
  const used = new Set(elementsOf(heading).map((cell) => JSON.stringify([...attributesOf(cell)])));
  return [["cells", [...used].sort().join(" ")], ...prefixed("row-", heading)];
}

function rowOf(page: PageReader, row: PageElement, columns: readonly string[]): Members {
  const members = new Map<string, Tree>();
  for (const [name, value] of attributesOf(row)) members.set(`@${name}`, page.forest.text(value));
  for (const [index, cell] of elementsOf(row).entries()) {
    members.set(columns[index] ?? `column ${index + 1}`, cellOf(page, cell));
  }
  return page.forest.record(members);
}

/** A cell has no name of its own: its column names it. */
function cellOf(page: PageReader, cell: PageElement): Tree {
  return page.forest.element({
    name: cell.tagName,
    segment: "cell",
    attributes: attributesOf(cell),
    children: page.children(cell),
  });
}
