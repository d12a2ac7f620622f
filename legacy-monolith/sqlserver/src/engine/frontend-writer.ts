/**
 * Writes the frontend messages of a pipeline into one buffer, so that a statement costs one write to the socket; `pg`'s own
 * serializer makes a buffer and a write of each message, which was half of the simulator's time a statement. Formats:
 * PostgreSQL 18, "Message Formats".
 */

import type { SqlValue } from "../contract.ts";

const startBytes = 8 * 1024;
/** Larger buffers, grown for one long text, are let go. */
const keptBytes = 256 * 1024;
/** Execute of the unnamed portal, all rows. */
const executeMessage = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0]);
const describePortal = Buffer.from([0x44, 0, 0, 0, 6, 0x50, 0]);
const syncMessage = Buffer.from([0x53, 0, 0, 0, 4]);

export class FrontendWriter {
  private buffer = Buffer.allocUnsafe(startBytes);
  private length = 0;

  parse(name: string, sql: string): void {
    const start = this.begin(0x50, name.length + sql.length * 3 + 4);
    this.text(name);
    this.text(sql);
    this.length = this.buffer.writeUInt16BE(0, this.length);
    this.end(start);
  }

  /** Values and results as text. */
  bind(statement: string, values: readonly SqlValue[]): void {
    const start = this.begin(0x42, statement.length + 16);
    this.buffer[this.length++] = 0;
    this.text(statement);
    this.length = this.buffer.writeUInt16BE(0, this.length);
    this.length = this.buffer.writeUInt16BE(values.length, this.length);
    for (const value of values) this.value(value);
    this.reserve(2);
    this.length = this.buffer.writeUInt16BE(0, this.length);
    this.end(start);
  }

  describe(): void {
    this.copy(describePortal);
  }

  execute(): void {
    this.copy(executeMessage);
  }

  sync(): void {
    this.copy(syncMessage);
  }

  close(name: string): void {
    const start = this.begin(0x43, name.length + 2);
    this.buffer[this.length++] = 0x53;
    this.text(name);
    this.end(start);
  }

  /** What has been written, as a buffer of its own; the writer is empty again. */
  take(): Buffer {
    const taken = Buffer.from(this.buffer.subarray(0, this.length));
    this.length = 0;
    if (this.buffer.length > keptBytes) this.buffer = Buffer.allocUnsafe(startBytes);
    return taken;
  }

  private begin(type: number, bytes: number): number {
    this.reserve(bytes + 7);
    this.buffer[this.length] = type;
    const start = this.length + 1;
    this.length += 5;
    return start;
  }

  private end(start: number): void {
    this.buffer.writeInt32BE(this.length - start, start);
  }

  private value(value: SqlValue): void {
    if (value === null) {
      this.reserve(4);
      this.length = this.buffer.writeInt32BE(-1, this.length);
      return;
    }
    this.reserve(4 + value.length * 3);
    const bytes = this.buffer.write(value, this.length + 4);
    this.buffer.writeInt32BE(bytes, this.length);
    this.length += 4 + bytes;
  }

  /** Zero-terminated; the caller has reserved three bytes a character. */
  private text(text: string): void {
    this.length += this.buffer.write(text, this.length);
    this.buffer[this.length++] = 0;
  }

  private copy(message: Buffer): void {
    this.reserve(message.length);
    message.copy(this.buffer, this.length);
    this.length += message.length;
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
