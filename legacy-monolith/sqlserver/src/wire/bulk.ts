/**
 * A bulk load's message (type 07: COLMETADATA, ROW …, DONE), decoded while it arrives. The client is slowed down when the
 * engine does not keep up, so a load of any length needs the memory of a few thousand rows.
 */

import { AppError } from "@banyan/kernel";
import type { BulkColumn, SqlValue } from "../contract.ts";
import { bulkChunkRowsMax, bulkWaitingBytesMax, messageBytesMax } from "../limits.ts";
import { ByteReader, OutOfBytes, protocolError } from "./bytes.ts";
import { decodeValue } from "./decode-value.ts";
import { isLong, readTypeInfo, tds72, type WireType } from "./type-info.ts";

const token = { columns: 0x81, row: 0xd1, rowWithNulls: 0xd2, done: 0xfd } as const;

/** What slows the client down. */
export type Tap = { pause(): void; resume(): void };

function cancelled(): AppError {
  return new AppError({
    code: "BULK_CANCELLED",
    op: "bulk load",
    message: "the client gave the bulk load up",
    hint: "Nothing of it is kept; send it again.",
    retryable: true,
  });
}

export class BulkInput {
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  /** Bytes taken over but not decoded, because the end of a row is missing. */
  private rest: Buffer = Buffer.alloc(0);
  private ended = false;
  private failure: Error | undefined;
  private discarding = false;
  private wake: (() => void) | undefined;
  private wakeAtBytes = 0;
  private wires: WireType[] = [];
  private finished = false;
  private readonly tap: Tap;
  private readonly version: number;

  constructor(tap: Tap, version: number) {
    this.tap = tap;
    this.version = version;
  }

  push(payload: Buffer): void {
    if (this.discarding || this.failure) return;
    this.waiting.push(payload);
    this.waitingBytes += payload.length;
    if (this.wake) {
      if (this.waitingBytes >= this.wakeAtBytes) this.wake();
    } else if (this.waitingBytes > bulkWaitingBytesMax) {
      this.tap.pause();
    }
  }

  /** @param ignored the client sent the packet with the ignore bit: it gave up */
  end(ignored: boolean): void {
    this.ended = true;
    if (ignored) this.failure ??= cancelled();
    this.wake?.();
  }

  /** The client cancelled or is gone: whoever reads rows gets an error instead of an end. */
  cancel(): void {
    this.failure ??= cancelled();
    this.wake?.();
    this.tap.resume();
  }

  /** Waits for the end of the message and forgets what comes until then. */
  async discardRest(): Promise<void> {
    this.discarding = true;
    this.waiting = [];
    this.waitingBytes = 0;
    this.rest = Buffer.alloc(0);
    await this.arrival(Number.POSITIVE_INFINITY);
  }

  /** Waits for `bytes` more bytes, the end or a failure. */
  private async arrival(bytes: number): Promise<void> {
    if (this.waitingBytes >= bytes || this.ended || this.failure) return;
    await new Promise<void>((resolve) => {
      this.wakeAtBytes = bytes;
      this.wake = resolve;
      this.tap.resume();
    });
    this.wake = undefined;
  }

  /** Waits for `bytes` more bytes or the end, and joins them to what is there. */
  private async more(bytes: number): Promise<void> {
    await this.arrival(bytes);
    if (this.failure) throw this.failure;
    this.rest = Buffer.concat([this.rest, ...this.waiting]);
    this.waiting = [];
    this.waitingBytes = 0;
    this.tap.resume();
  }

  /** Runs `decode` again with more data until it finds all it needs. */
  private async decoded<Result>(decode: (reader: ByteReader) => Result): Promise<Result> {
    for (;;) {
      const reader = new ByteReader(this.rest);
      try {
        const result = decode(reader);
        this.rest = this.rest.subarray(reader.position);
        return result;
      } catch (error) {
        if (!(error instanceof OutOfBytes) || (this.ended && this.waitingBytes === 0)) throw error;
      }
      if (this.rest.length > messageBytesMax) throw protocolError("a bulk row is larger than a request may be");
      // Twice the data each time, so that a large value is not decoded again for every packet of it.
      await this.more(Math.max(1, this.rest.length));
    }
  }

  /** @throws AppError, SqlError 40000 for a type the simulator does not have */
  columns(): Promise<BulkColumn[]> {
    return this.decoded((reader) => {
      if (reader.u8() !== token.columns) throw protocolError("a bulk load starts with its columns");
      const columns: BulkColumn[] = [];
      this.wires = [];
      for (let left = reader.u16(); left > 0; left--) {
        reader.skip(this.version >= tds72 ? 6 : 4);
        const wire = readTypeInfo(reader);
        if (isLong(wire.type.name)) reader.longText();
        this.wires.push(wire);
        columns.push({ name: reader.shortText(), type: wire.type });
      }
      return columns;
    });
  }

  /** Rows in chunks of up to `bulkChunkRowsMax`. Throws when the client gives up: what was read must not be kept then. */
  async *rows(): AsyncGenerator<SqlValue[][]> {
    while (!this.finished) {
      const chunk = await this.decoded((reader) => this.decodeRows(reader));
      if (chunk.length > 0) yield chunk;
    }
    if (this.failure) throw this.failure;
  }

  /** As many rows as are there; OutOfBytes when there is not even one. */
  private decodeRows(reader: ByteReader): SqlValue[][] {
    const rows: SqlValue[][] = [];
    while (rows.length < bulkChunkRowsMax) {
      const start = reader.position;
      try {
        if (this.atEnd(reader)) return rows;
        rows.push(this.decodeRow(reader));
      } catch (error) {
        if (!(error instanceof OutOfBytes) || rows.length === 0) throw error;
        reader.position = start;
        return rows;
      }
    }
    return rows;
  }

  private atEnd(reader: ByteReader): boolean {
    const over = reader.remaining === 0 && this.ended && this.waitingBytes === 0;
    if (over || (reader.remaining > 0 && reader.data[reader.position] === token.done)) this.finished = true;
    return this.finished;
  }

  private decodeRow(reader: ByteReader): SqlValue[] {
    const kind = reader.u8();
    if (kind === token.row) return this.wires.map((wire) => decodeValue(reader, wire, "row"));
    if (kind !== token.rowWithNulls) throw protocolError("a bulk load holds something else than rows");
    const nulls = reader.bytes(Math.ceil(this.wires.length / 8));
    return this.wires.map((wire, index) =>
      ((nulls[index >> 3] as number) & (1 << (index & 7))) !== 0 ? null : decodeValue(reader, wire, "row"),
    );
  }
}
