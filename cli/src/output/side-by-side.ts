/**
 * Differences for a terminal: what differs, where, and both values beside each other with the differing part marked. Values
 * are what somebody's pages hold: control characters in them never reach the terminal.
 */

import type { Difference, Finding } from "@banyan/comparer";
import { bad, clean, faint, good, strong } from "./table.ts";

export type SideNames = { readonly left: string; readonly right: string };

/** Lines of one value that are shown; the JSON output has it whole. */
const linesMax = 12;

/** @param width of the terminal, in characters */
export function renderDifferences(differences: readonly Difference[], names: SideNames, width: number): string {
  return differences.map((one, index) => renderDifference(one, { names, width, number: index + 1 })).join("\n\n");
}

type Shown = { readonly names: SideNames; readonly width: number; readonly number: number };

function renderDifference({ finding, values }: Difference, { names, width, number }: Shown): string {
  const column = Math.max(20, Math.floor((width - 7) / 2));
  const [left, right] = marked(values.left, values.right);
  const lines = beside(wrapped(left, column, bad), wrapped(right, column, good), column);
  const head = `${strong(String(number).padStart(3))}  ${describeFinding(finding)}`;
  const exact = values.path === finding.path ? [] : [`     ${faint(clean(values.path))}`];
  return [
    head,
    ...exact,
    `     ${faint(names.left.padEnd(column))} ${faint("│")} ${faint(names.right)}`,
    ...lines,
  ].join("\n");
}

/** `table  table#gvMed[]/Sig  value, truncation`. */
function describeFinding({ channel, path, kind, transform }: Finding): string {
  const what = transform === "none" || transform === kind ? kind : `${kind}, ${transform}`;
  return `${channel}  ${strong(clean(path))}  ${what}`;
}

/** A stretch of text and whether it differs from the other side. */
type Piece = { readonly text: string; readonly differs: boolean };

function marked(left: string | undefined, right: string | undefined): readonly [Piece[], Piece[]] {
  if (left === undefined || right === undefined) return [whole(left), whole(right)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  const endMax = Math.min(left.length, right.length) - start;
  while (end < endMax && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  return [pieces(left, start, end), pieces(right, start, end)];
}

const whole = (text: string | undefined): Piece[] => [{ text: text ?? "(nothing)", differs: text !== undefined }];

function pieces(text: string, start: number, end: number): Piece[] {
  const changed = text.slice(start, text.length - end);
  return [
    { text: text.slice(0, start), differs: false },
    { text: changed === "" ? "·" : changed, differs: true },
    { text: text.slice(text.length - end), differs: false },
  ];
}

type Line = { readonly text: string; readonly length: number };

/** Wraps by characters: columns of a terminal do not know words that long. */
function wrapped(all: readonly Piece[], width: number, mark: (text: string) => string): Line[] {
  const letters = all.flatMap(({ text, differs }) =>
    [...clean(text)].map((letter): Piece => ({ text: letter, differs })),
  );
  const lines: Line[] = [];
  for (let at = 0; at < letters.length && lines.length < linesMax; at += width) {
    const some = letters.slice(at, at + width);
    lines.push({ text: inColour(some, mark), length: some.length });
  }
  if (letters.length > linesMax * width) lines.push({ text: faint("…"), length: 1 });
  return lines.length === 0 ? [{ text: faint("(empty)"), length: 7 }] : lines;
}

/** What differs is one stretch, so a line has at most one before it and one behind it. */
function inColour(letters: readonly Piece[], mark: (text: string) => string): string {
  const text = (some: readonly Piece[]): string => some.map((one) => one.text).join("");
  const start = letters.findIndex(({ differs }) => differs);
  if (start < 0) return text(letters);
  const end = letters.findLastIndex(({ differs }) => differs) + 1;
  return text(letters.slice(0, start)) + mark(text(letters.slice(start, end))) + text(letters.slice(end));
}

function beside(left: readonly Line[], right: readonly Line[], column: number): string[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const [one, other] = [left[index], right[index]];
    const space = " ".repeat(column - (one?.length ?? 0));
    return `     ${one?.text ?? ""}${space} ${faint("│")} ${other?.text ?? ""}`.trimEnd();
  });
}
