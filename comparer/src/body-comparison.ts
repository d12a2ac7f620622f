/** The bodies of two answers of one status and media type. */

import { isUtf8 } from "node:buffer";
import { type Answer, mediaTypeOf } from "./answer/answer.ts";
import { type ReadText, readText } from "./answer/charset.ts";
import { Incomparable } from "./budget.ts";
import type { Comparison, Part } from "./comparison.ts";
import { type ReadBody, readTextBody } from "./formats/body-trees.ts";
import { type Format, formatOf } from "./formats/format.ts";
import { imageTree } from "./formats/image.ts";
import { equalTapes } from "./formats/json-equal.ts";
import { type JsonTape, readJsonTape } from "./formats/json-tape.ts";
import { jsonTree } from "./formats/json-tree.ts";
import { pdfTree } from "./formats/pdf.ts";
import { textTree } from "./formats/text.ts";
import type { Tree } from "./tree/tree.ts";
import type { Channel } from "./verdict.ts";

export type Side = { readonly answer: Answer; readonly body: Uint8Array };

/** @throws Incomparable */
export async function compareBodies(comparison: Comparison, left: Side, right: Side): Promise<void> {
  if (sameBytes(left, right)) return;
  const format = formatOf(left.answer, left.body);
  if (format !== formatOf(right.answer, right.body)) {
    comparison.report({ channel: "body", path: "format", kind: "type", transform: "other" });
  } else if (left.body.length === 0 || right.body.length === 0) {
    const kind = right.body.length === 0 ? "missing" : "extra";
    comparison.report({ channel: "body", path: "content", kind, transform: "none" });
  } else if (format === "json") compareJson(comparison, left, right);
  else if (format === "pdf") await comparePdfs(comparison, left, right);
  else if (format === "image") compareImages(comparison, left, right);
  else if (format === "binary")
    comparison.report({ channel: "body", path: "content", kind: "value", transform: "other" });
  else compareTexts(comparison, format, { left, right });
}

/** Equal bytes are equal only where both sides read them the same way. */
function sameBytes(left: Side, right: Side): boolean {
  const charsets = [left, right].map(({ answer }) => mediaTypeOf(answer).charset);
  return charsets[0] === charsets[1] && Buffer.compare(left.body, right.body) === 0;
}

type TextFormat = Exclude<Format, "json" | "pdf" | "image" | "binary">;

function compareTexts(comparison: Comparison, format: TextFormat, { left, right }: { left: Side; right: Side }): void {
  const reader = { forest: comparison.forest, words: comparison.rules.words };
  const [one, other] = [readTextBody(reader, format, left), readTextBody(reader, format, right)];
  compareCharsets(comparison, one.charset, other.charset);
  if (!one.parts && !other.parts) comparePlain(comparison, one.charset.text, other.charset.text);
  else if (!one.parts || !other.parts) reportMalformed(comparison, format);
  else compareParts(comparison, one, other);
}

function compareParts(comparison: Comparison, left: ReadBody, right: ReadBody): void {
  for (const [index, part] of (left.parts ?? []).entries()) {
    const other = right.parts?.[index];
    // One side answered a message, the other a line of text.
    if (other?.channel === part.channel) comparison.compare(part, other);
    else comparison.report({ channel: "text", path: "content", kind: "type", transform: "other" });
  }
}

function compareJson(comparison: Comparison, left: Side, right: Side): void {
  const [one, other] = [jsonText(left), jsonText(right)];
  compareCharsets(comparison, one.charset, other.charset);
  const { meter, forest, rules } = comparison;
  const [tape, otherTape] = [readJsonTape(one.bytes, meter), readJsonTape(other.bytes, meter)];
  const part = (of: JsonTape): Part => ({ channel: "json", root: "$", tree: jsonTree(forest, of) });
  if (!tape && !otherTape) comparePlain(comparison, textOfJson(left), textOfJson(right));
  else if (!tape || !otherTape) reportMalformed(comparison, "json");
  else if (rules.oneToOne.length > 0 || !equalTapes(tape, otherTape)) comparison.compare(part(tape), part(otherTape));
}

type Charset = Omit<ReadText, "text">;

/** JSON is UTF-8 (RFC 8259, 8.1) unless somebody says otherwise; only then it is decoded and encoded again. */
function jsonText({ answer, body }: Side): { bytes: Uint8Array; charset: Charset } {
  const declared = mediaTypeOf(answer).charset;
  if ((declared === undefined || declared === "utf-8") && isUtf8(body)) {
    return { bytes: body, charset: { declared: declared ?? "none", inDocument: "none", bytes: "as declared" } };
  }
  const charset = readText(answer, body, "utf-8");
  return { bytes: Buffer.from(charset.text), charset };
}

const textOfJson = ({ answer, body }: Side): string => readText(answer, body, "utf-8").text;

async function comparePdfs(comparison: Comparison, left: Side, right: Side): Promise<void> {
  const { forest } = comparison;
  const [one, other] = [await pdfTree(forest, left.body), await pdfTree(forest, right.body)];
  if (one && other) comparison.compare(partOf("pdf", one.tree), partOf("pdf", other.tree));
  else if (one || other) reportMalformed(comparison, "pdf");
  // Pictures of pages: that their descriptions agree says nothing about what is on them.
  if (!one?.hasText && !other?.hasText) throw new Incomparable("no-text");
}

function compareImages(comparison: Comparison, left: Side, right: Side): void {
  const { forest } = comparison;
  const [one, other] = [imageTree(forest, left.body), imageTree(forest, right.body)];
  if (one && other) comparison.compare(partOf("image", one), partOf("image", other));
  else if (one || other) reportMalformed(comparison, "image");
  else comparison.report({ channel: "image", path: "content", kind: "value", transform: "other" });
}

function comparePlain(comparison: Comparison, left: string, right: string): void {
  const { forest } = comparison;
  comparison.compare(partOf("text", textTree(forest, left)), partOf("text", textTree(forest, right)));
}

function compareCharsets(comparison: Comparison, left: Charset, right: Charset): void {
  const tree = ({ declared, inDocument, bytes }: Charset): Tree =>
    comparison.forest.texts({ declared, "in-document": inDocument, bytes });
  comparison.compare(partOf("charset", tree(left)), partOf("charset", tree(right)));
}

const partOf = (channel: Channel, tree: Tree): Part => ({ channel, root: "", tree });

function reportMalformed(comparison: Comparison, channel: Channel): void {
  comparison.report({ channel, path: "document", kind: "malformed", transform: "other" });
}
