/**
 * Both bodies as trees ready for the differ: which trees there are depends on the format. A body that is not what it claims
 * to be is undefined; when both are, they are compared as text instead.
 */

import type { Answer } from "../answer/answer.ts";
import { type ReadText, readText } from "../answer/charset.ts";
import type { Part } from "../comparison.ts";
import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";
import type { Channel } from "../verdict.ts";
import { calendarTree } from "./calendar.ts";
import { csvTree } from "./csv.ts";
import type { Format } from "./format.ts";
import { htmlTrees } from "./html.ts";
import { isMessage, messageTree } from "./message.ts";
import { textTree } from "./text.ts";
import { xmlTree } from "./xml.ts";

export type ReadBody = {
  readonly charset: ReadText;
  /** Undefined when the text is not what the format demands. */
  readonly parts: readonly Part[] | undefined;
};

type TextFormat = Exclude<Format, "json" | "pdf" | "image" | "binary">;

/** Charset of a format where nobody names one. Sources: HTML's and RFC 4180's history, XML 1.0 4.3.3, RFC 5545 3.1.4. */
const fallbackCharset: Readonly<Record<TextFormat, string>> = {
  html: "windows-1252",
  xml: "utf-8",
  csv: "windows-1252",
  calendar: "utf-8",
  text: "iso-8859-1",
};

export type BodyReader = { readonly forest: Forest; readonly words: ReadonlySet<string> };

/** @throws Incomparable */
export function readTextBody(
  reader: BodyReader,
  format: TextFormat,
  { answer, body }: { answer: Answer; body: Uint8Array },
): ReadBody {
  const charset = readText(answer, body, fallbackCharset[format]);
  const parts = partsOf(reader, format, charset.text);
  reader.forest.meter.lookAtClock();
  return { charset, parts };
}

function partsOf({ forest, words }: BodyReader, format: TextFormat, text: string): Part[] | undefined {
  switch (format) {
    case "html": {
      const { page, forms, tables } = htmlTrees(forest, text, words);
      return [
        { channel: "form", root: "", tree: forms },
        { channel: "table", root: "", tree: tables },
        { channel: "html", root: "", tree: page },
      ];
    }
    case "xml":
      return one("xml", xmlTree(forest, text));
    case "csv":
      return one("csv", csvTree(forest, text));
    case "calendar":
      return one("calendar", calendarTree(forest, text));
    case "text":
      return isMessage(text) ? one("message", messageTree(forest, text)) : one("text", textTree(forest, text));
  }
}

function one(channel: Channel, tree: Tree | undefined): Part[] | undefined {
  return tree && [{ channel, root: "", tree }];
}
