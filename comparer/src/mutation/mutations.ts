/**
 * Known defects worked into an answer, to prove that the comparison sees them: each is one class of what goes wrong when a
 * system is taken over. A mutation that does not fit an answer gives undefined; one that fits changes its meaning always.
 */

import type { Random } from "@banyan/kernel";
import iconv from "iconv-lite";
import type { Answer } from "../answer/answer.ts";
import { headerValues, mediaTypeOf } from "../answer/answer.ts";
import { readText } from "../answer/charset.ts";
import { type Format, formatOf } from "../formats/format.ts";
import { classifyTexts } from "../transform/classify.ts";
import { readDecimal } from "../transform/decimal.ts";
import { changedMoment } from "./changed-moment.ts";
import { rowsOf, type Stretch, valuesOf } from "./sites.ts";

export const mutationNames = [
  "time-zone-shift",
  "rounding",
  "truncation",
  "case",
  "identifier",
  "blanked",
  "encoding",
  "other-value",
  "dropped-row",
  "doubled-row",
  "reordered",
  "wrong-charset",
  "status",
  "redirect",
  "cookie-flag",
  "cookie-lost",
  "header-lost",
] as const;
export type MutationName = (typeof mutationNames)[number];

/** @returns the answer with the defect; undefined where it does not fit. */
export function mutate(answer: Answer, name: MutationName, random: Random): Answer | undefined {
  return mutations[name](answer, random);
}

type Mutation = (answer: Answer, random: Random) => Answer | undefined;

const mutations: Readonly<Record<MutationName, Mutation>> = {
  "time-zone-shift": onValue((value) => changedMoment(value)),
  rounding: onValue(rounded),
  truncation: onValue((value) =>
    /^[\p{L} ,.'-]{8,}$/u.test(value) ? value.slice(0, value.length >> 1).trimEnd() : undefined,
  ),
  case: onValue((value) => (/^[A-Z][A-Z ,'-]{3,}$/.test(value) ? value.toLowerCase() : undefined)),
  identifier: onValue((value) =>
    /^\d{4,18}$/.test(value) ? String(BigInt(value) + 1n).padStart(value.length, "0") : undefined,
  ),
  blanked: onValue((value) => (/^[\p{L}\d][^<>&"\\]*$/u.test(value) ? "" : undefined), { text: "string" }),
  encoding: onValue((value) => (/[\u00c0-\u024f]/.test(value) ? value.replaceAll(/[\u00c0-\u024f]/g, "?") : undefined)),
  "other-value": onValue((value) =>
    /^\p{L}[\p{L} ,.'-]*$/u.test(value) ? `${value[0] === "Q" ? "W" : "Q"}${value.slice(1)}` : undefined,
  ),
  "dropped-row": onRows((text, [row]) => (row ? cut(text, row, "") : undefined)),
  "doubled-row": onRows((text, [row]) => (row ? cut(text, row, doubled(text, row)) : undefined)),
  reordered: onRows(exchanged),
  "wrong-charset": wrongCharset,
  status: (answer) => ({ ...answer, status: answer.status < 400 ? 500 : 200 }),
  redirect: onHeader("location", (value) => (/=/.test(value) ? value.replace(/=([^&]*)/, "=$1x") : `${value}x`)),
  "cookie-flag": onHeader("set-cookie", (value) =>
    /;\s*httponly/i.test(value) ? value.replace(/;\s*httponly/i, "") : undefined,
  ),
  "cookie-lost": onHeader("set-cookie", () => null),
  "header-lost": onHeader("cache-control", () => null),
};

/** The body's text, where it is text of a known format. */
type Written = { readonly format: Format; readonly text: string; readonly write: (text: string) => Answer };

function written(answer: Answer): Written | undefined {
  const format = formatOf(answer, answer.body);
  // Nobody sees the body of a redirect, so it is not compared.
  if (answer.status >= 300 && answer.status < 400) return undefined;
  const isText = format !== "pdf" && format !== "image" && format !== "binary";
  if (!isText || answer.body.length === 0 || headerValues(answer, "content-encoding").length > 0) return undefined;
  const { text, declared, inDocument, bytes } = readText(answer, answer.body, "utf-8");
  if (bytes !== "as declared") return undefined;
  const charset = declared !== "none" ? declared : inDocument !== "none" ? inDocument : "utf-8";
  return { format, text, write: (changed) => ({ ...answer, body: iconv.encode(changed, charset) }) };
}

function onValue(change: (value: string) => string | undefined, needs: { text?: "string" } = {}): Mutation {
  return (answer, random) => {
    const body = written(answer);
    if (!body) return undefined;
    const { format, text, write } = body;
    const fitting = valuesOf(format, text).flatMap((stretch) => {
      const value = text.slice(stretch.start, stretch.end);
      if (value.includes("&") || value.includes("\\") !== value.includes("\\/Date(")) return [];
      // A bare JSON number has no blank form.
      if (format === "json" && needs.text === "string" && text[stretch.end] !== '"') return [];
      const changed = change(value);
      return changed === undefined || changed === value ? [] : [{ stretch, changed }];
    });
    if (fitting.length === 0) return undefined;
    const { stretch, changed } = random.pick(fitting);
    return write(cut(text, stretch, changed));
  };
}

function onRows(change: (text: string, rows: readonly Stretch[]) => string | undefined): Mutation {
  return (answer, random) => {
    const body = written(answer);
    const rows = body ? rowsOf(body.format, body.text) : [];
    if (!body || rows.length === 0) return undefined;
    const from = random.int(0, rows.length - 1);
    const changed = change(body.text, rows.slice(from, from + 2));
    return changed === undefined
      ? undefined
      : body.write(body.format === "json" ? withoutStrayCommas(changed) : changed);
  };
}

const cut = (text: string, { start, end }: Stretch, instead: string): string =>
  text.slice(0, start) + instead + text.slice(end);

function doubled(text: string, { start, end }: Stretch): string {
  const row = text.slice(start, end);
  return /^[[{]/.test(row) ? `${row},${row}` : row + row;
}

/** A removed item leaves its comma. */
function withoutStrayCommas(text: string): string {
  return text
    .replace(/\[\s*,/, "[")
    .replace(/,(\s*),/, ",$1")
    .replace(/,(\s*\])/, "$1");
}

function exchanged(text: string, [first, second]: readonly Stretch[]): string | undefined {
  if (!first || !second || first.end > second.start) return undefined;
  const [one, other] = [text.slice(first.start, first.end), text.slice(second.start, second.end)];
  // Rows of different tables do not change places, and rows that say the same have no order.
  const between = text.slice(first.end, second.start);
  if (
    /\S/.test(between.replace(",", "")) ||
    classifyTexts(words(one), words(other)) === "padding" ||
    words(one) === words(other)
  )
    return undefined;
  return text.slice(0, first.start) + other + between + one + text.slice(second.end);
}

const words = (row: string): string => row.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");

function rounded(value: string): string | undefined {
  const number = readDecimal(value);
  const digits = /^(-?\d+)\.(\d+)$/.exec(value);
  if (!number || !digits || /^0+$/.test(digits[2] ?? "")) return undefined;
  return Number(value).toFixed(Math.max((digits[2]?.length ?? 1) - 1, 0));
}

function wrongCharset(answer: Answer): Answer | undefined {
  const body = written(answer);
  if (!body || !/[\u00c0-\u00ff]/.test(body.text)) return undefined;
  const declared = mediaTypeOf(answer).charset ?? "utf-8";
  return { ...answer, body: iconv.encode(body.text, declared === "utf-8" ? "windows-1252" : "utf-8") };
}

/** Changes the first header of a name the change fits; null takes it away. */
function onHeader(name: string, change: (value: string) => string | null | undefined): Mutation {
  return (answer) => {
    const index = answer.headers.findIndex(([one, value]) => one.toLowerCase() === name && change(value) !== undefined);
    const header = answer.headers[index];
    if (!header) return undefined;
    const changed = change(header[1]);
    if (changed === header[1]) return undefined;
    const instead = changed === null || changed === undefined ? [] : [[header[0], changed] as const];
    return { ...answer, headers: [...answer.headers.slice(0, index), ...instead, ...answer.headers.slice(index + 1)] };
  };
}
