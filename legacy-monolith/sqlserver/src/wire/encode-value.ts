/**
 * Values on their way to the client: from PostgreSQL's text to TDS bytes. One encoder is made per column, so that the
 * loop over a hundred thousand rows makes no decisions about types.
 */

import { SqlError, type SqlType } from "../contract.ts";
import { shortValueBytesMax } from "../limits.ts";
import type { ByteWriter } from "./bytes.ts";
import { writeCodePage } from "./code-page.ts";
import { datetime2Encoder, encodeDate, encodeDatetime, encodeSmallDatetime, timeEncoder } from "./encode-time.ts";
import { digitsExact, overflow, writeDecimal, writeMoney, writeWords } from "./exact-number.ts";
import { bytesPerCharacter, isMax, precisionOf, scaleOf } from "./type-info.ts";

/** Writes length and value. May throw with part of the value written: the caller takes the whole row back. */
export type Encoder = (writer: ByteWriter, value: string) => void;

/** Text pointer and time stamp that precede every text, ntext and image value; clients only carry them along. */
const textPointer = Buffer.from("\x10dummy textptr\0\0\0dummyTS\0", "latin1");

const plpNull = Buffer.alloc(8, 0xff);

export function writeNull(writer: ByteWriter, type: SqlType): void {
  if (!hasLength(type)) writer.u8(0);
  else if (type.name !== "timestamp" && isMax(type)) writer.bytes(plpNull);
  else writer.u16(0xffff);
}

/** Character and binary types that carry a length of their own. */
function hasLength({ name }: SqlType): boolean {
  return /^(n?(var)?char|(var)?binary|timestamp)$/.test(name);
}

const integerRange = {
  bit: [0, 1, 1],
  tinyint: [0, 255, 1],
  smallint: [-32_768, 32_767, 2],
  int: [-2_147_483_648, 2_147_483_647, 4],
} as const;

export function encoderFor(type: SqlType): Encoder {
  const { name } = type;
  switch (name) {
    case "bit":
    case "tinyint":
    case "smallint":
    case "int":
      return integerEncoder(name);
    case "bigint":
      return encodeBigint;
    case "decimal":
    case "numeric": {
      const precision = precisionOf(type);
      const scale = scaleOf(type);
      return (writer, value) => writeDecimal(writer, value, precision, scale);
    }
    case "money":
      return (writer, value) => writeMoney(writer, value, 8);
    case "smallmoney":
      return (writer, value) => writeMoney(writer, value, 4);
    case "float":
      return encodeFloat;
    case "real":
      return encodeReal;
    case "datetime":
      return encodeDatetime;
    case "smalldatetime":
      return encodeSmallDatetime;
    case "date":
      return encodeDate;
    case "time":
      return timeEncoder(scaleOf(type));
    case "datetime2":
      return datetime2Encoder(scaleOf(type));
    case "uniqueidentifier":
      return encodeGuid;
    case "timestamp":
      return encodeShortBinary;
    case "binary":
    case "varbinary":
      return isMax(type) ? encodeMaxBinary : encodeShortBinary;
    case "char":
    case "varchar":
      return isMax(type) ? encodeMaxCodePage : encodeShortCodePage;
    case "nchar":
    case "nvarchar":
      return isMax(type) ? encodeMaxUnicode : encodeShortUnicode;
    case "text":
    case "ntext":
    case "image":
      return encodeLong(name);
  }
}

function integerEncoder(name: keyof typeof integerRange): Encoder {
  const [min, max, bytes] = integerRange[name];
  return (writer, text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max || text === "") throw overflow(name);
    writer.reserve(5);
    const { buffer } = writer;
    let at = writer.position;
    buffer[at++] = bytes;
    buffer[at++] = value;
    if (bytes > 1) buffer[at++] = value >> 8;
    if (bytes > 2) {
      buffer[at++] = value >> 16;
      buffer[at++] = value >> 24;
    }
    writer.position = at;
  };
}

function encodeBigint(writer: ByteWriter, text: string): void {
  const small = text.length <= digitsExact ? Number(text) : Number.NaN;
  if (Number.isInteger(small) && text !== "") {
    writer.u8(8);
    writeWords(writer, small, "low first");
    return;
  }
  let value: bigint;
  try {
    value = BigInt(text);
  } catch {
    throw overflow("bigint");
  }
  if (BigInt.asIntN(64, value) !== value || text === "") throw overflow("bigint");
  writer.u8(8);
  writer.u64(BigInt.asUintN(64, value));
}

function finite(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || text === "") throw overflow(name);
  return value;
}

function encodeFloat(writer: ByteWriter, text: string): void {
  const value = finite(text, "float");
  writer.u8(8);
  writer.reserve(8);
  writer.position = writer.buffer.writeDoubleLE(value, writer.position);
}

function encodeReal(writer: ByteWriter, text: string): void {
  const value = Math.fround(finite(text, "real"));
  if (!Number.isFinite(value)) throw overflow("real");
  writer.u8(4);
  writer.reserve(4);
  writer.position = writer.buffer.writeFloatLE(value, writer.position);
}

/** Where each byte of a GUID stands among the 32 digits: the first three groups are little-endian. */
const guidOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

function encodeGuid(writer: ByteWriter, text: string): void {
  const digits = Buffer.from(text.replaceAll("-", ""), "hex");
  if (digits.length !== 16) {
    throw new SqlError(8169, 16, "Conversion failed when converting from a character string to uniqueidentifier.");
  }
  writer.u8(16);
  writer.reserve(16);
  for (const from of guidOrder) writer.buffer[writer.position++] = digits[from] as number;
}

/** Bytes of a `\x…` text. */
function binaryBytes(text: string): number {
  if (!text.startsWith("\\x") || text.length % 2 !== 0) throw overflow("varbinary");
  return text.length / 2 - 1;
}

function writeHex(writer: ByteWriter, text: string, bytes: number): void {
  writer.reserve(bytes);
  if (writer.buffer.write(text.slice(2), writer.position, bytes, "hex") !== bytes) throw overflow("varbinary");
  writer.position += bytes;
}

/** The length field could hold more, but no such type exists; the engine owed a (max) type. */
function shortLength(bytes: number): number {
  if (bytes > shortValueBytesMax) {
    throw new SqlError(8152, 16, "String or binary data would be truncated.");
  }
  return bytes;
}

function encodeShortBinary(writer: ByteWriter, text: string): void {
  const bytes = shortLength(binaryBytes(text));
  writer.u16(bytes);
  writeHex(writer, text, bytes);
}

function encodeShortCodePage(writer: ByteWriter, text: string): void {
  writer.u16(shortLength(text.length));
  writeCodePage(writer, text);
}

function encodeShortUnicode(writer: ByteWriter, text: string): void {
  writer.u16(shortLength(text.length * 2));
  writer.ucs2(text);
}

/** Total length, one chunk unless empty, terminator. */
function plp(writer: ByteWriter, bytes: number, write: () => void): void {
  writer.u32(bytes);
  writer.u32(0);
  if (bytes > 0) {
    writer.u32(bytes);
    write();
  }
  writer.u32(0);
}

function encodeMaxBinary(writer: ByteWriter, text: string): void {
  const bytes = binaryBytes(text);
  plp(writer, bytes, () => writeHex(writer, text, bytes));
}

function encodeMaxCodePage(writer: ByteWriter, text: string): void {
  plp(writer, text.length, () => writeCodePage(writer, text));
}

function encodeMaxUnicode(writer: ByteWriter, text: string): void {
  plp(writer, text.length * 2, () => writer.ucs2(text));
}

function encodeLong(name: "text" | "ntext" | "image"): Encoder {
  return (writer, text) => {
    writer.bytes(textPointer);
    const bytes = name === "image" ? binaryBytes(text) : text.length * bytesPerCharacter(name);
    writer.u32(bytes);
    if (name === "image") writeHex(writer, text, bytes);
    else if (name === "text") writeCodePage(writer, text);
    else writer.ucs2(text);
  };
}
