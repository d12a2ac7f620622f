/** Dates and times on their way to the client, each counted as its type does (MS-TDS 2.2.5.5.1.8). */

import { SqlError } from "../contract.ts";
import type { ByteWriter } from "./bytes.ts";
import { daysTo1753, daysTo1900, lastDay, parseDay, parseMoment, parseTicks, ticksPerDay } from "./calendar.ts";
import type { Encoder } from "./encode-value.ts";

function outOfRange(name: string): SqlError {
  return new SqlError(
    242,
    16,
    `The conversion of a varchar data type to a ${name} data type resulted in an out-of-range value.`,
  );
}

/** Days since 1900 and 1/300 s; a moment nearer to midnight than to the last tick is the next day. */
export function encodeDatetime(writer: ByteWriter, text: string): void {
  const moment = parseMoment(text);
  let day = moment.day;
  let thirds = Math.round((moment.ticks * 3) / 100_000);
  if (thirds === 25_920_000) {
    day++;
    thirds = 0;
  }
  if (day < daysTo1753 || day > lastDay) throw outOfRange("datetime");
  writer.u8(8);
  writer.i32(day - daysTo1900);
  writer.u32(thirds);
}

/** Days since 1900 and minutes, each in two bytes; seconds round to the minute. */
export function encodeSmallDatetime(writer: ByteWriter, text: string): void {
  const moment = parseMoment(text);
  let day = moment.day - daysTo1900;
  let minutes = Math.round(moment.ticks / 600_000_000);
  if (minutes === 1440) {
    day++;
    minutes = 0;
  }
  if (day < 0 || day > 65_535) throw outOfRange("smalldatetime");
  writer.u8(4);
  writer.u16(day);
  writer.u16(minutes);
}

function writeDay(writer: ByteWriter, day: number): void {
  writer.reserve(3);
  writer.position = writer.buffer.writeUIntLE(day, writer.position, 3);
}

export function encodeDate(writer: ByteWriter, text: string): void {
  const day = parseDay(text);
  writer.u8(3);
  writeDay(writer, day);
}

function timeBytes(scale: number): 3 | 4 | 5 {
  return scale <= 2 ? 3 : scale <= 4 ? 4 : 5;
}

export function timeEncoder(scale: number): Encoder {
  const bytes = timeBytes(scale);
  const unit = 10 ** (7 - scale);
  return (writer, text) => {
    // A time has no next day to round into.
    const count = Math.min(Math.round(parseTicks(text, 0) / unit), ticksPerDay / unit - 1);
    writer.u8(bytes);
    writer.reserve(bytes);
    writer.position = writer.buffer.writeUIntLE(count, writer.position, bytes);
  };
}

export function datetime2Encoder(scale: number): Encoder {
  const bytes = timeBytes(scale);
  const unit = 10 ** (7 - scale);
  return (writer, text) => {
    const moment = parseMoment(text);
    let day = moment.day;
    let count = Math.round(moment.ticks / unit);
    if (count * unit >= ticksPerDay) {
      day++;
      count = 0;
    }
    if (day > lastDay) throw outOfRange("datetime2");
    writer.u8(bytes + 3);
    writer.reserve(bytes);
    writer.position = writer.buffer.writeUIntLE(count, writer.position, bytes);
    writeDay(writer, day);
  };
}
