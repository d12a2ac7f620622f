/**
 * decimal, numeric and money between PostgreSQL's text and TDS: a sign and an integer counted in units of the last
 * decimal place. Never a float: up to fifteen digits a JavaScript number holds exactly, beyond that BigInt.
 */

import { SqlError } from "../contract.ts";
import type { ByteReader, ByteWriter } from "./bytes.ts";

export const digitsExact = 15;
const powers = Array.from({ length: 39 }, (_none, exponent) => 10 ** exponent);
const twoTo32 = 4_294_967_296;

export function overflow(type: string): SqlError {
  return new SqlError(8115, 16, `Arithmetic overflow error converting expression to data type ${type}.`);
}

/**
 * The magnitude of `text` in units of 10^-scale, rounded half away from zero where the text has more places.
 * @returns a number up to fifteen digits, else a bigint. @throws SqlError 8115 for NaN, infinities and other text
 */
function parseScaled(text: string, scale: number, type: string): number | bigint {
  const start = text.charCodeAt(0) === 45 ? 1 : 0;
  const point = text.indexOf(".", start);
  const wholeEnd = point < 0 ? text.length : point;
  const places = point < 0 ? 0 : text.length - point - 1;
  if (wholeEnd - start + scale > digitsExact) return parseBig(text, { start, wholeEnd, places, scale, type });
  let result = 0;
  for (let index = start; index < wholeEnd; index++) result = result * 10 + digitAt(text, index, type);
  for (let place = 0; place < scale; place++) {
    result = result * 10 + (place < places ? digitAt(text, wholeEnd + 1 + place, type) : 0);
  }
  if (wholeEnd === start && places === 0) throw overflow(type);
  return roundsUp(text, wholeEnd + 1 + scale, type) ? result + 1 : result;
}

function digitAt(text: string, index: number, type: string): number {
  const digit = text.charCodeAt(index) - 48;
  if (!(digit >= 0 && digit <= 9)) throw overflow(type);
  return digit;
}

function roundsUp(text: string, index: number, type: string): boolean {
  return index < text.length && digitAt(text, index, type) >= 5;
}

function parseBig(
  text: string,
  {
    start,
    wholeEnd,
    places,
    scale,
    type,
  }: Record<"start" | "wholeEnd" | "places" | "scale", number> & { type: string },
): bigint {
  const fraction = text.slice(wholeEnd + 1, wholeEnd + 1 + Math.min(places, scale)).padEnd(scale, "0");
  const digits = text.slice(start, wholeEnd) + fraction;
  if (!/^\d+$/.test(digits)) throw overflow(type);
  return BigInt(digits) + (roundsUp(text, wholeEnd + 1 + scale, type) ? 1n : 0n);
}

/** Bytes of the magnitude for a precision of 1 to 38 digits. */
export function magnitudeBytes(precision: number): 4 | 8 | 12 | 16 {
  return precision <= 9 ? 4 : precision <= 19 ? 8 : precision <= 28 ? 12 : 16;
}

/** Length byte, sign byte (1 = positive), little-endian magnitude. @throws SqlError 8115 when the precision is too small */
export function writeDecimal(writer: ByteWriter, text: string, precision: number, scale: number): void {
  const magnitude = parseScaled(text, scale, "numeric");
  if (
    typeof magnitude === "number" ? magnitude >= (powers[precision] as number) : magnitude >= 10n ** BigInt(precision)
  ) {
    throw overflow("numeric");
  }
  const bytes = magnitudeBytes(precision);
  writer.reserve(bytes + 2);
  const { buffer } = writer;
  const at = writer.position;
  buffer[at] = bytes + 1;
  buffer[at + 1] = text.charCodeAt(0) === 45 ? 0 : 1;
  if (typeof magnitude === "number") {
    buffer.writeUInt32LE(magnitude % twoTo32, at + 2);
    if (bytes > 4) buffer.writeUInt32LE(Math.floor(magnitude / twoTo32), at + 6);
    for (let index = at + 10; index < at + 2 + bytes; index++) buffer[index] = 0;
  } else {
    for (let word = 0; word < bytes; word += 4) {
      buffer.writeUInt32LE(Number((magnitude >> BigInt(word * 8)) & 0xffffffffn), at + 2 + word);
    }
  }
  writer.position = at + 2 + bytes;
}

/** Length byte, then 10^-4 units: high word before low word. @throws SqlError 8115 beyond the type's range */
export function writeMoney(writer: ByteWriter, text: string, bytes: 4 | 8): void {
  const name = bytes === 4 ? "smallmoney" : "money";
  const magnitude = parseScaled(text, 4, name);
  const negative = text.charCodeAt(0) === 45;
  if (typeof magnitude === "number" && bytes === 8) {
    writer.u8(bytes);
    writeWords(writer, negative ? -magnitude : magnitude, "high first");
    return;
  }
  const value = BigInt(magnitude) * (negative ? -1n : 1n);
  if (BigInt.asIntN(bytes * 8, value) !== value) throw overflow(name);
  writer.u8(bytes);
  if (bytes === 8) writer.i32(Number(value >> 32n));
  writer.u32(Number(value & 0xffffffffn));
}

/** A safe integer as two words of four bytes, two's complement. */
export function writeWords(writer: ByteWriter, value: number, order: "high first" | "low first"): void {
  const high = Math.floor(value / twoTo32);
  const low = value - high * twoTo32;
  if (order === "high first") {
    writer.i32(high);
    writer.u32(low);
  } else {
    writer.u32(low);
    writer.i32(high);
  }
}

/** `-12.3400` of a count of 10^-scale units. */
function scaledText(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const sign = value < 0n ? "-" : "";
  return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-scale)}`;
}

/** @param bytes sign and magnitude together */
export function readDecimal(reader: ByteReader, bytes: number, scale: number): string {
  const negative = reader.u8() === 0;
  let magnitude = 0n;
  const words = reader.bytes(bytes - 1);
  for (let index = words.length - 1; index >= 0; index--)
    magnitude = (magnitude << 8n) | BigInt(words[index] as number);
  return scaledText(negative ? -magnitude : magnitude, scale);
}

export function readMoney(reader: ByteReader, bytes: number): string {
  if (bytes === 4) return scaledText(BigInt(reader.i32()), 4);
  const high = BigInt(reader.i32());
  return scaledText((high << 32n) | BigInt(reader.u32()), 4);
}
