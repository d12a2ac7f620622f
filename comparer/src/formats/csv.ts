/** A CSV export as a table, and its form apart: line ends, quoting, byte order mark, which importers stumble over. */

import { CsvError, parse } from "csv-parse/sync";
import { readDecimal } from "../transform/decimal.ts";
import { readMoment } from "../transform/moment.ts";
import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";

/** @returns undefined when it is no CSV (an open quote). */
export function csvTree(forest: Forest, text: string): Tree | undefined {
  const lines = readLines(text);
  if (!lines) return undefined;
  const headings = headingsOf(lines);
  const body = headings ? lines.slice(1) : lines;
  forest.meter.take(body.length);
  const rows = body.map((cells) =>
    forest.record(new Map(cells.map((cell, index) => [headings?.[index] ?? `column ${index + 1}`, forest.text(cell)]))),
  );
  return forest.record(
    new Map<string, Tree>([
      ["form", formTree(forest, text)],
      ["rows", forest.table(headings ?? [], rows)],
    ]),
  );
}

function readLines(text: string): string[][] | undefined {
  try {
    return parse(text, { bom: true, relax_column_count: true, skip_empty_lines: false });
  } catch (error) {
    // Broken CSV is a finding of its own; the parser's message would quote the line.
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}

/** A first line of unlike names without numbers and dates, as wide as what follows, is a heading. */
function headingsOf(lines: readonly string[][]): readonly string[] | undefined {
  const [first] = lines;
  if (!first || first.length < 2) return undefined;
  const named = first.every(isHeading) && new Set(first).size === first.length;
  const spans = (lines[1]?.length ?? first.length) === first.length;
  return named && spans ? first : first.map((_, index) => `column ${index + 1}`);
}

const headingCharsMax = 40;

function isHeading(cell: string): boolean {
  const fits = cell.trim() !== "" && cell.length <= headingCharsMax && !cell.includes(",");
  return fits && readDecimal(cell) === undefined && readMoment(cell) === undefined;
}

function formTree(forest: Forest, text: string): Tree {
  return forest.texts({
    "line-end": lineEndOf(text),
    "last-line-end": /[\r\n]$/.test(text) ? "yes" : "no",
    quotes: text.startsWith('"') ? "yes" : "no",
    mark: text.startsWith("\ufeff") ? "yes" : "no",
  });
}

/** Which line ends a text uses. */
export function lineEndOf(text: string): string {
  const kinds = [
    ["CRLF", /\r\n/],
    ["LF", /(?<!\r)\n/],
    ["CR", /\r(?!\n)/],
  ] as const;
  const used = kinds.filter(([, pattern]) => pattern.test(text)).map(([name]) => name);
  return used.length === 0 ? "none" : used.join(" and ");
}
