/** Values from the client: parameters and bulk rows, from TDS bytes to PostgreSQL's text. */

import { notSupported, type SqlValue } from "../contract.ts";
import { messageBytesMax } from "../limits.ts";
import { type ByteReader, protocolError } from "./bytes.ts";
import { dayText, daysTo1753, daysTo1900, lastDay, ticksPerDay, timeText } from "./calendar.ts";
import { readCodePage } from "./code-page.ts";
import { readDecimal, readMoney } from "./exact-number.ts";
import { scaleOf, type WireType } from "./type-info.ts";

const plpNull = 0xffff_ffff_ffff_ffffn;

/**
 * Reads one value. `place` matters for text, ntext and image, which carry a text pointer in rows only.
 * @throws OutOfBytes when the value is cut, SqlError 40000 for text PostgreSQL cannot hold, AppError TDS_PROTOCOL
 */
export function decodeValue(reader: ByteReader, wire: WireType, place: "parameter" | "row"): SqlValue {
  const { value } = wire;
  switch (value.form) {
    case "fixed":
      return value.bytes === 0 ? null : decodeSized(reader, wire, value.bytes);
    case "byte": {
      const bytes = reader.u8();
      return bytes === 0 ? null : decodeSized(reader, wire, bytes);
    }
    case "short": {
      const bytes = reader.u16();
      return bytes === 0xffff ? null : decodeBytes(reader.bytes(bytes), wire);
    }
    case "chunks": {
      const bytes = readChunks(reader);
      return bytes === null ? null : decodeBytes(bytes, wire);
    }
    case "long": {
      const bytes = place === "row" ? longRowLength(reader) : reader.u32();
      return bytes === null || bytes === 0xffff_ffff ? null : decodeBytes(reader.bytes(bytes), wire);
    }
  }
}

function longRowLength(reader: ByteReader): number | null {
  const pointerBytes = reader.u8();
  if (pointerBytes === 0) return null;
  reader.skip(pointerBytes + 8);
  return reader.u32();
}

function readChunks(reader: ByteReader): Buffer | null {
  if (reader.u64() === plpNull) return null;
  const first = reader.u32();
  if (first === 0) return Buffer.alloc(0);
  const chunks = [reader.bytes(first)];
  let total = first;
  for (let size = reader.u32(); size !== 0; size = reader.u32()) {
    chunks.push(reader.bytes(size));
    total += size;
    if (total > messageBytesMax) throw protocolError("a value is larger than a request may be");
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, total);
}

function decodeBytes(bytes: Buffer, { type }: WireType): string {
  switch (type.name) {
    case "char":
    case "varchar":
    case "text":
      return storable(readCodePage(bytes));
    case "nchar":
    case "nvarchar":
    case "ntext":
      if (bytes.length % 2 !== 0) throw protocolError("a Unicode value has an odd number of bytes");
      return storable(bytes.toString("utf16le"));
    default:
      return `\\x${bytes.toString("hex")}`;
  }
}

/** PostgreSQL's text knows neither the NUL character nor half a surrogate pair; SQL Server's does. */
function storable(text: string): string {
  if (text.includes("\0")) throw notSupported("the NUL character in a string");
  if (!text.isWellFormed()) throw notSupported("half a surrogate pair in a string");
  return text;
}

function decodeSized(reader: ByteReader, { type }: WireType, bytes: number): string {
  switch (type.name) {
    case "bit":
      return expect(bytes, [1]) && reader.u8() !== 0 ? "1" : "0";
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
      return decodeInteger(reader, bytes);
    case "decimal":
    case "numeric":
      // FreeTDS sends as many bytes as the precision needs, not 5, 9, 13 or 17.
      if (bytes > 17) throw protocolError(`a decimal of ${bytes} bytes does not exist`);
      return readDecimal(reader, bytes, scaleOf(type));
    case "money":
    case "smallmoney":
      expect(bytes, [4, 8]);
      return readMoney(reader, bytes);
    case "float":
    case "real":
      expect(bytes, [4, 8]);
      return bytes === 4 ? realText(reader.f32()) : floatText(reader.f64());
    case "datetime":
    case "smalldatetime":
      expect(bytes, [4, 8]);
      return bytes === 4 ? decodeSmallDatetime(reader) : decodeDatetime(reader);
    case "date":
      expect(bytes, [3]);
      return decodeDay(reader);
    case "time":
      return decodeTime(reader, bytes, scaleOf(type));
    case "datetime2": {
      const time = decodeTime(reader, bytes - 3, scaleOf(type));
      return `${decodeDay(reader)} ${time}`;
    }
    case "uniqueidentifier":
      expect(bytes, [16]);
      return decodeGuid(reader.bytes(16));
    default:
      throw protocolError(`a ${type.name} does not have a length of one byte`);
  }
}

function expect(bytes: number, allowed: readonly number[]): true {
  if (!allowed.includes(bytes)) throw protocolError(`a value of ${bytes} bytes does not fit its type`);
  return true;
}

function decodeInteger(reader: ByteReader, bytes: number): string {
  switch (bytes) {
    case 1:
      return String(reader.u8());
    case 2:
      return String(reader.i16());
    case 4:
      return String(reader.i32());
    case 8:
      return reader.i64().toString();
    default:
      throw protocolError(`an integer of ${bytes} bytes does not exist`);
  }
}

function floatText(value: number): string {
  if (!Number.isFinite(value)) throw notSupported("infinity or NaN as a number");
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The shortest decimal text that gives the same 32-bit float back, as PostgreSQL writes it. */
function realText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return floatText(short);
  }
  return floatText(value);
}

function decodeDatetime(reader: ByteReader): string {
  const day = reader.i32() + daysTo1900;
  const thirds = reader.u32();
  if (day < daysTo1753 || day > lastDay || thirds >= 25_920_000) throw protocolError("a datetime is out of range");
  return `${dayText(day)} ${timeText(Math.round(thirds / 0.3) * 10_000, 3)}`;
}

function decodeSmallDatetime(reader: ByteReader): string {
  const day = reader.u16() + daysTo1900;
  const minutes = reader.u16();
  if (minutes >= 1440) throw protocolError("a smalldatetime is out of range");
  return `${dayText(day)} ${timeText(minutes * 600_000_000, 0)}`;
}

function decodeDay(reader: ByteReader): string {
  const day = reader.uint(3);
  if (day > lastDay) throw protocolError("a date is out of range");
  return dayText(day);
}

function decodeTime(reader: ByteReader, bytes: number, scale: number): string {
  expect(bytes, [scale <= 2 ? 3 : scale <= 4 ? 4 : 5]);
  const ticks = reader.uint(bytes) * 10 ** (7 - scale);
  if (ticks >= ticksPerDay) throw protocolError("a time of day is out of range");
  // PostgreSQL keeps six digits and would round the seventh: it is written only where it says something.
  return timeText(ticks, scale === 7 && ticks % 10 === 0 ? 6 : scale);
}

function decodeGuid(bytes: Buffer): string {
  const swapped = Buffer.from(bytes);
  swapped.subarray(0, 4).reverse();
  swapped.subarray(4, 6).reverse();
  swapped.subarray(6, 8).reverse();
  const hex = swapped.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
