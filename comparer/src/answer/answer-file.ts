/**
 * An answer kept in a file: either a whole HTTP answer (`HTTP/1.1 200 OK`, headers, an empty line, the body), or a body alone,
 * whose media type is given by the file's name. For the command line and for the published corpus.
 */

import { extname } from "node:path";
import type { Answer } from "./answer.ts";

export const mediaTypes: Readonly<Record<string, string>> = {
  json: "application/json",
  html: "text/html",
  htm: "text/html",
  aspx: "text/html",
  xml: "text/xml",
  wsdl: "text/xml",
  csv: "text/csv",
  ics: "text/calendar",
  txt: "text/plain",
  hl7: "text/plain",
  js: "application/x-javascript",
  pdf: "application/pdf",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
};

/** @param mediaType of a body alone; default: by the name's extension, else found out from the bytes. */
export function answerOfFile(name: string, bytes: Uint8Array, mediaType?: string): Answer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = /^HTTP\/\d(?:\.\d)? (\d{3})[^\r\n]*\r?\n/.exec(buffer.toString("latin1", 0, 200));
  if (head) return wholeAnswer(buffer, Number(head[1]));
  const type = mediaType ?? mediaTypes[extname(name).slice(1).toLowerCase()];
  return { status: 200, headers: type === undefined ? [] : [["Content-Type", type]], body: bytes };
}

function wholeAnswer(bytes: Buffer, status: number): Answer {
  const text = bytes.toString("latin1");
  const end = /\r?\n\r?\n/.exec(text);
  const [, ...lines] = text.slice(0, end?.index ?? text.length).split(/\r?\n/);
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(":");
    return [line.slice(0, at), line.slice(at + 1).trim()];
  });
  return { status, headers, body: bytes.subarray(end ? end.index + end[0].length : bytes.length) };
}
