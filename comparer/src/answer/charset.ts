/** In which charset an answer says it is, in which it is, and its text. A wrong charset is a defect even where the letters survive. */

import { isUtf8 } from "node:buffer";
import iconv from "iconv-lite";
import { type Answer, charsetName, mediaTypeOf } from "./answer.ts";

export type ReadText = {
  readonly text: string;
  /** Of the Content-Type header; "none" when it says nothing. */
  readonly declared: string;
  /** Of the document itself: byte order mark, XML declaration, meta element; "none" when it says nothing. */
  readonly inDocument: string;
  /** `as declared`, or what the bytes are instead. */
  readonly bytes: "as declared" | "not utf-8" | "utf-8" | "not ascii" | "unknown charset";
};

/** @param fallback charset of the format where neither header nor document name one. */
export function readText(answer: Answer, body: Uint8Array, fallback: string): ReadText {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const declared = mediaTypeOf(answer).charset;
  const inDocument = documentCharset(bytes);
  const charset = declared ?? inDocument ?? fallback;
  const actual = actualBytes(bytes, charset);
  return {
    text: decode(bytes, charset, actual),
    declared: declared ?? "none",
    inDocument: inDocument ?? "none",
    bytes: actual,
  };
}

function decode(bytes: Buffer, charset: string, actual: ReadText["bytes"]): string {
  // What is no UTF-8 although it says so is shown by browsers as the old code page; so it is compared.
  if (actual === "not utf-8" || actual === "unknown charset") return iconv.decode(bytes, "windows-1252");
  return iconv.decode(bytes, charset === "us-ascii" ? "iso-8859-1" : charset);
}

function actualBytes(bytes: Buffer, charset: string): ReadText["bytes"] {
  if (!iconv.encodingExists(charset)) return "unknown charset";
  const utf8 = isUtf8(bytes);
  if (charset === "utf-8") return utf8 ? "as declared" : "not utf-8";
  const plain = !bytes.some((byte) => byte >= 0x80);
  if (plain) return "as declared";
  if (charset === "us-ascii") return "not ascii";
  // Letters of a one-byte charset practically never form valid UTF-8 sequences by chance.
  return utf8 && /^(?:windows-125\d|iso-8859-\d+)$/.test(charset) ? "utf-8" : "as declared";
}

/** Bytes in which a document names its charset: HTML allows 1,024. */
const declarationBytesMax = 1_024;

function documentCharset(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
  const start = bytes.subarray(0, declarationBytesMax).toString("latin1");
  const named =
    /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w-]+)["']/i.exec(start)?.[1] ??
    /<meta[^>]*charset\s*=\s*["']?([\w-]+)/i.exec(start)?.[1];
  return named === undefined ? undefined : charsetName(named);
}
