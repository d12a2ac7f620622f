/** Tables for a terminal: columns as wide as their widest cell, numbers to the right, no boxes. Colour only where one reads it. */

import { stripVTControlCharacters, styleText } from "node:util";

export type Column = { readonly title: string; readonly align?: "left" | "right" };

/** @returns lines without a last line feed; the empty text stands for a table without rows. */
export function renderTable(columns: readonly (string | Column)[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const heads = columns.map((column): Column => (typeof column === "string" ? { title: column } : column));
  const widths = heads.map((head, index) =>
    Math.max(...[head.title, ...rows.map((row) => row[index] ?? "")].map(displayWidth)),
  );
  const line = (cells: readonly string[]): string =>
    heads
      .map((head, index) => {
        const cell = cells[index] ?? "";
        const space = " ".repeat((widths[index] ?? 0) - displayWidth(cell));
        return head.align === "right" ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  return [faint(line(heads.map((head) => head.title.toUpperCase()))), ...rows.map(line)].join("\n");
}

/** Names and values, one a line: `rule    lab.results`. */
export function renderFacts(facts: readonly (readonly [name: string, value: string])[], indent = "  "): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${indent}${faint(name.padEnd(width))}  ${value}`).join("\n");
}

export const faint = (text: string): string => styleText("dim", text);
export const strong = (text: string): string => styleText("bold", text);
export const good = (text: string): string => styleText("green", text);
export const bad = (text: string): string => styleText("red", text);
export const doubtful = (text: string): string => styleText("yellow", text);

/** Control characters of what others wrote (a reason, a user name) never reach the terminal. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, " ");
}

/** `1 rule`, `2 rules`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function displayWidth(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
