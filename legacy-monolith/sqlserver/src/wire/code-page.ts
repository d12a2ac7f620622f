/**
 * Windows code page 1252, the code page of SQL_Latin1_General_CP1_CI_AS: what char, varchar and text hold on the wire.
 * Both directions are tables made once, because a row may hold dozens of short strings.
 */

import iconv from "iconv-lite";
import type { ByteWriter } from "./bytes.ts";

const toUnicode = new Uint16Array(256);
/** Code points outside Latin-1 that the page has, and the byte of each. */
const toByte = new Map<number, number>();

for (let byte = 0; byte < 256; byte++) {
  const code = iconv.decode(Buffer.from([byte]), "win1252").charCodeAt(0);
  // The five bytes that 1252 leaves undefined stand for themselves, as Windows converts them.
  toUnicode[byte] = code === 0xfffd ? byte : code;
  if (toUnicode[byte] !== byte) toByte.set(toUnicode[byte] as number, byte);
}

const questionMark = 0x3f;

/** Writes one byte a UTF-16 unit; what the page does not have becomes `?`, as in SQL Server. */
export function writeCodePage(writer: ByteWriter, value: string): void {
  writer.reserve(value.length);
  const { buffer } = writer;
  let at = writer.position;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    buffer[at++] = code < 0x80 || (code >= 0xa0 && code < 0x100) ? code : byteOf(code);
  }
  writer.position = at;
}

function byteOf(code: number): number {
  return toByte.get(code) ?? (code < 0x100 && toUnicode[code] === code ? code : questionMark);
}

export function readCodePage(bytes: Buffer): string {
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    if (byte >= 0x80 && byte < 0xa0) return decodeMapped(bytes);
  }
  return bytes.toString("latin1");
}

function decodeMapped(bytes: Buffer): string {
  const wide = Buffer.allocUnsafe(bytes.length * 2);
  for (let index = 0; index < bytes.length; index++) {
    wide.writeUInt16LE(toUnicode[bytes[index] as number] as number, index * 2);
  }
  return wide.toString("utf16le");
}
