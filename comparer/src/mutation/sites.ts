/**
 * Where a body can be changed so that the change means something: its values and its rows, as stretches of its text. What is
 * invisible (scripts, comments, attributes) is left out.
 */

import type { Format } from "../formats/format.ts";

export type Stretch = { readonly start: number; readonly end: number };

/** Values as they are written, escapes included; never empty. */
export function valuesOf(format: Format, text: string): Stretch[] {
  const pattern = valuePatterns[format];
  return pattern ? groups(format === "html" ? withoutCode(text) : text, pattern) : [];
}

/** Parts of which there are several of one make: rows, items, events, segments, lines. */
export function rowsOf(format: Format, text: string): Stretch[] {
  if (format === "json") return jsonItems(text);
  const pattern = format === "text" && /^(?:MSH|ISA)\W/.test(text) ? /([^\r\n]+[\r\n]+)/g : rowPatterns[format];
  return pattern ? groups(format === "html" ? withoutCode(text) : text, pattern) : [];
}

type Patterns = Readonly<Partial<Record<Format, RegExp>>>;

/** The one group of each is the value. */
const valuePatterns: Patterns = {
  html: /<(?:td|span|b|h1|p|a|pre)\b[^>]*>\s*([^<>\s](?:[^<>]*[^<>\s])?)\s*</g,
  json: /:\s*(?:"((?:[^"\\]|\\.)+)"|(-?\d[\d.eE+-]*))/g,
  xml: />([^<>\s](?:[^<>]*[^<>\s])?)</g,
  csv: /(?:^|,|\n)"([^"\r\n]+)"/g,
  calendar: /(?:^|\n)(?:DTSTART|DTEND|SUMMARY|DESCRIPTION|LOCATION)[^:\r\n]*:([^\r\n]+)/g,
  text: /([^\s|*~^]{2,})/g,
};

const rowPatterns: Patterns = {
  html: /(<tr\b[^>]*>(?:(?!<\/?t(?:r|able)\b)[\s\S])*?<td\b(?:(?!<\/?t(?:r|able)\b)[\s\S])*<\/tr>)/g,
  xml: /(<(\w+)\b[^<>]*>[^<>]*<\/\2>)/g,
  csv: /(?<=\n)("[^\r\n]*\r?\n)/g,
  calendar: /(BEGIN:VEVENT[\s\S]*?END:VEVENT\r?\n)/g,
  text: /([^\r\n]*\S[^\r\n]*\r?\n)/g,
};

function groups(text: string, pattern: RegExp): Stretch[] {
  return [...text.matchAll(new RegExp(pattern.source, `${pattern.flags}d`))].flatMap(({ indices }) => {
    const [start, end] = indices?.[1] ?? indices?.[2] ?? [0, 0];
    return end > start ? [{ start, end }] : [];
  });
}

/** Scripts, styles, comments and the head, blanked out at their places. */
function withoutCode(text: string): string {
  return text.replaceAll(/<!--[\s\S]*?-->|<(script|style|head)\b[\s\S]*?<\/\1>/gi, (code) => " ".repeat(code.length));
}

/** Objects in a list, outermost lists first; a brace within a string is skipped. */
function jsonItems(text: string): Stretch[] {
  const list = /\[\s*\{/.exec(text);
  if (!list) return [];
  const items: Stretch[] = [];
  let depth = 0;
  let start = -1;
  for (const { index, 0: mark } of text.slice(list.index + 1).matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    const at = list.index + 1 + index;
    if (mark === "{" || mark === "[") {
      if (depth === 0) start = at;
      depth += 1;
    } else if (mark === "}" || mark === "]") {
      depth -= 1;
      if (depth < 0) break;
      if (depth === 0) items.push({ start, end: at + 1 });
    }
  }
  return items;
}
