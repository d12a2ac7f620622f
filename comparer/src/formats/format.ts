/** Which rules a body is compared by, from its media type; from its first bytes where the type says nothing. */

import { type Answer, mediaTypeOf } from "../answer/answer.ts";

export type Format = "json" | "html" | "xml" | "csv" | "calendar" | "text" | "pdf" | "image" | "binary";

const byType: readonly (readonly [pattern: RegExp, format: Format])[] = [
  [/^(?:application|text)\/(?:[\w.-]+\+)?json$/, "json"],
  [/^(?:text\/html|application\/xhtml\+xml)$/, "html"],
  [/^(?:application|text)\/(?:[\w.-]+\+)?xml$/, "xml"],
  [/^text\/csv$/, "csv"],
  [/^text\/calendar$/, "calendar"],
  [/^application\/pdf$/, "pdf"],
  [/^image\/(?!svg)/, "image"],
  [/^(?:text\/.*|application\/(?:x-)?javascript|application\/(?:hl7-v2|edi-x12))$/, "text"],
];

export function formatOf(answer: Answer, body: Uint8Array): Format {
  const { type } = mediaTypeOf(answer);
  if (type === "" || type === "application/octet-stream") return sniffed(body);
  return byType.find(([pattern]) => pattern.test(type))?.[1] ?? "binary";
}

function sniffed(body: Uint8Array): Format {
  const start = Buffer.from(body.subarray(0, 64)).toString("latin1").trimStart();
  if (start.startsWith("%PDF-")) return "pdf";
  if (/^(?:\x89PNG|\xff\xd8|GIF8)/.test(start)) return "image";
  if (/^<(?:!doctype html|html)/i.test(start)) return "html";
  if (start.startsWith("<?xml")) return "xml";
  if (start.startsWith("BEGIN:VCALENDAR")) return "calendar";
  return /^[{[]/.test(start) ? "json" : "binary";
}
