/**
 * Little-endian reading and writing of TDS data. The writer is one growing buffer that rows are encoded into without
 * intermediate objects; the reader checks every length against what is there, since lengths come from the network.
 */

import { AppError } from "@banyan/kernel";

/** What a client sent does not follow the protocol. */
export function protocolError(message: string): AppError {
  return new AppError({
    code: "TDS_PROTOCOL",
    op: "read TDS",
    message,
    hint: "The client speaks another protocol or its data was damaged on the way.",
  });
}

/** Thrown by {@link ByteReader} at the end of the data; a streaming reader waits for more and tries again. */
export class OutOfBytes extends AppError {
  constructor() {
    super({
      code: "TDS_TRUNCATED",
      op: "read TDS",
      message: "the stream ended unexpectedly",
      hint: "The client sent a length that its data does not fill.",
    });
    this.name = "OutOfBytes";
  }
}

export class ByteReader {
  readonly data: Buffer;
  position: number;

  constructor(data: Buffer, position = 0) {
    this.data = data;
    this.position = position;
  }

  get remaining(): number {
    return this.data.length - this.position;
  }

  /** Moves on by `count` bytes and gives the offset where they start. */
  private take(count: number): number {
    const start = this.position;
    if (count > this.data.length - start) throw new OutOfBytes();
    this.position = start + count;
    return start;
  }

  skip(count: number): void {
    this.take(count);
  }
  u8(): number {
    return this.data.readUInt8(this.take(1));
  }
  u16(): number {
    return this.data.readUInt16LE(this.take(2));
  }
  i16(): number {
    return this.data.readInt16LE(this.take(2));
  }
  u32(): number {
    return this.data.readUInt32LE(this.take(4));
  }
  i32(): number {
    return this.data.readInt32LE(this.take(4));
  }
  u64(): bigint {
    return this.data.readBigUInt64LE(this.take(8));
  }
  i64(): bigint {
    return this.data.readBigInt64LE(this.take(8));
  }
  f32(): number {
    return this.data.readFloatLE(this.take(4));
  }
  f64(): number {
    return this.data.readDoubleLE(this.take(8));
  }
  /** An unsigned integer of up to six bytes. */
  uint(bytes: number): number {
    return this.data.readUIntLE(this.take(bytes), bytes);
  }
  /** A view, not a copy. */
  bytes(count: number): Buffer {
    const start = this.take(count);
    return this.data.subarray(start, start + count);
  }
  ucs2(characters: number): string {
    const start = this.take(characters * 2);
    return this.data.toString("utf16le", start, start + characters * 2);
  }
  /** Text behind a one-byte count of characters. */
  shortText(): string {
    return this.ucs2(this.u8());
  }
  /** Text behind a two-byte count of characters. */
  longText(): string {
    return this.ucs2(this.u16());
  }
}

const firstBytes = 4096;

export class ByteWriter {
  buffer: Buffer;
  position = 0;

  constructor(size = firstBytes) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  /** Makes room for `count` more bytes; afterwards `buffer` may be another one. */
  reserve(count: number): void {
    const needed = this.position + count;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.position++] = value;
  }
  u16(value: number): void {
    this.reserve(2);
    this.position = this.buffer.writeUInt16LE(value, this.position);
  }
  u16BE(value: number): void {
    this.reserve(2);
    this.position = this.buffer.writeUInt16BE(value, this.position);
  }
  u32(value: number): void {
    this.reserve(4);
    this.position = this.buffer.writeUInt32LE(value, this.position);
  }
  u32BE(value: number): void {
    this.reserve(4);
    this.position = this.buffer.writeUInt32BE(value, this.position);
  }
  i32(value: number): void {
    this.reserve(4);
    this.position = this.buffer.writeInt32LE(value, this.position);
  }
  u64(value: bigint): void {
    this.reserve(8);
    this.position = this.buffer.writeBigUInt64LE(value, this.position);
  }
  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.position);
    this.position += value.length;
  }
  ucs2(value: string): void {
    const count = value.length * 2;
    this.reserve(count);
    const { buffer } = this;
    let at = this.position;
    if (value.length < 24) {
      // A native call costs more than a handful of characters.
      for (let index = 0; index < value.length; index++) {
        const code = value.charCodeAt(index);
        buffer[at++] = code & 0xff;
        buffer[at++] = code >> 8;
      }
    } else {
      buffer.write(value, at, count, "utf16le");
    }
    this.position += count;
  }
  /** Text behind a one-byte count of characters; what is beyond 255 is cut, since the field cannot hold it. */
  shortText(value: string): void {
    const text = value.length > 255 ? value.slice(0, 255) : value;
    this.u8(text.length);
    this.ucs2(text);
  }
  /** Text behind a two-byte count of characters. */
  longText(value: string): void {
    this.u16(value.length);
    this.ucs2(value);
  }
  /** A copy of what was written. */
  toBuffer(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.position));
  }
}
