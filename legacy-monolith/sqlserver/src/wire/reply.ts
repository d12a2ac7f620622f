/**
 * One answer: the session puts results in, tokens come out, cut into packets. DONE is held back until it is known
 * whether something follows (its MORE bit says so). Rows are encoded straight into one buffer that is flushed between
 * rows, never within one, so that a value that cannot be sent takes back its row and nothing else.
 */

import type {
  ColumnMeta,
  EnvironmentChange,
  ProcedureOutcome,
  ResultSink,
  SqlMessage,
  SqlType,
  SqlValue,
} from "../contract.ts";
import { replyBufferKeptBytes, replyChunkBytes } from "../limits.ts";
import { ByteWriter } from "./bytes.ts";
import { type Encoder, encoderFor, writeNull } from "./encode-value.ts";
import { frame, headerBytes, packetCount, packetType } from "./packets.ts";
import { writeDone, writeEnvironment, writeMessage, writeRawEnvironment } from "./tokens.ts";
import { isLong, steppedDown, tds72, tds73, writeTypeInfo } from "./type-info.ts";

/** Where packets go; the part of a socket that an answer needs. */
type PacketTarget = {
  /** False when the target wants the writer to wait. */
  write(bytes: Buffer): boolean;
  /** Resolves when more may be written, or when nothing ever will be. */
  drained(): Promise<void> | undefined;
};

export type ReplyOptions = {
  readonly target: PacketTarget;
  readonly packetBytes: number;
  readonly spid: number;
  /** Protocol version, see type-info.ts. */
  readonly version: number;
  readonly serverName: string;
  /** Reused buffer; an own one when left out. */
  readonly writer?: ByteWriter;
  /** Asked for at every DONE. */
  readonly inTransaction: () => boolean;
};

const doneBits = { more: 0x01, error: 0x02, inTransaction: 0x04, count: 0x10, attention: 0x20 } as const;

/** `CurCmd` of DONE, as SQL Server sends it. */
const commands = { select: 0xc1, insert: 0xc3, delete: 0xc4, update: 0xc5, merge: 0x117, other: 0 } as const;

const token = { columns: 0x81, row: 0xd1, rowWithNulls: 0xd2, returnStatus: 0x79, returnValue: 0xac } as const;

const doneToken = { batch: 0xfd, procedure: 0xfe, inProcedure: 0xff } as const;

type Done = Parameters<ResultSink["done"]>[0];

export class Reply implements ResultSink {
  /** One a connection, since its answers come one after the other; an answer that has ended lets go of it. */
  writer: ByteWriter;
  private readonly options: ReplyOptions;
  private packetNumber = 1;
  private types: SqlType[] = [];
  private encoders: Encoder[] = [];
  /** A DONE that waits for what comes behind it. */
  private heldDone: Done | undefined;
  /** An ERROR was sent and the DONE that says so was not. */
  private failed = false;
  /** DONEINPROC inside a procedure call, DONE else. */
  private statementToken: number = doneToken.batch;

  constructor(options: ReplyOptions) {
    this.options = options;
    this.writer = options.writer ?? new ByteWriter();
    this.writer.position = 0;
  }

  columns(columns: readonly ColumnMeta[]): void {
    this.releaseDone();
    // An error ended the statement before this one, and nobody said so with a DONE.
    if (this.failed) this.writeDone(this.statementToken, { kind: "other" }, doneBits.more);
    this.types = columns.map((column) => steppedDown(column.type, this.options.version));
    this.encoders = this.types.map(encoderFor);
    this.writer.u8(token.columns);
    this.writer.u16(columns.length);
    columns.forEach((column, index) => this.column(column, this.types[index] as SqlType));
  }

  private column(column: ColumnMeta, type: SqlType): void {
    const { writer } = this;
    this.userType(column.type);
    const updatable = column.computed || column.identity ? 0 : 8;
    writer.u16((column.nullable ? 1 : 0) | updatable | (column.identity ? 0x10 : 0) | (column.computed ? 0x20 : 0));
    writeTypeInfo(writer, type);
    if (isLong(type.name)) {
      if (this.options.version >= tds72) writer.u8(1);
      writer.longText(column.table ?? "");
    }
    writer.shortText(column.name);
  }

  private userType(type: SqlType): void {
    const userType = type.name === "timestamp" ? 0x50 : 0;
    if (this.options.version >= tds72) this.writer.u32(userType);
    else this.writer.u16(userType);
  }

  /** @throws SqlError when a value does not fit its column's type; nothing of the row is sent then */
  row(values: readonly SqlValue[]): void {
    const { writer } = this;
    const start = writer.position;
    try {
      if (this.options.version >= tds73 && values.includes(null)) this.rowWithNulls(values);
      else this.fullRow(values);
    } catch (error) {
      writer.position = start;
      throw error;
    }
    if (writer.position >= replyChunkBytes) this.flush(false);
  }

  private fullRow(values: readonly SqlValue[]): void {
    const { writer, encoders } = this;
    writer.u8(token.row);
    for (let index = 0; index < encoders.length; index++) {
      const value = values[index] as SqlValue;
      if (value === null) writeNull(writer, this.types[index] as SqlType);
      else (encoders[index] as Encoder)(writer, value);
    }
  }

  private rowWithNulls(values: readonly SqlValue[]): void {
    const { writer, encoders } = this;
    writer.u8(token.rowWithNulls);
    const bitmap = writer.position;
    const bytes = Math.ceil(encoders.length / 8);
    writer.reserve(bytes);
    writer.buffer.fill(0, bitmap, bitmap + bytes);
    writer.position += bytes;
    for (let index = 0; index < encoders.length; index++) {
      const value = values[index] as SqlValue;
      if (value === null) (writer.buffer[bitmap + (index >> 3)] as number) |= 1 << (index & 7);
      else (encoders[index] as Encoder)(writer, value);
    }
  }

  drained(): Promise<void> | undefined {
    return this.options.target.drained();
  }

  done(statement: Done): void {
    this.releaseDone();
    this.heldDone = statement;
  }

  message(message: SqlMessage): void {
    this.releaseDone();
    if (message.severity > 10) this.failed = true;
    writeMessage(this.writer, message, this.options);
  }

  environment(change: EnvironmentChange): void {
    this.releaseDone();
    writeEnvironment(this.writer, change);
  }

  /** RESETCONNECTION is confirmed ahead of everything else. */
  resetDone(): void {
    writeRawEnvironment(this.writer, 18, Buffer.alloc(0), Buffer.alloc(0));
  }

  startProcedure(): void {
    this.releaseDone();
    this.statementToken = doneToken.inProcedure;
  }

  /** Return status, output values and DONEPROC. @param more another call's answer follows in the same message */
  endProcedure(outcome: ProcedureOutcome | undefined, more: boolean): void {
    const { writer } = this;
    this.releaseDone();
    if (outcome) {
      writer.u8(token.returnStatus);
      writer.i32(outcome.returnStatus);
      for (const output of outcome.outputs) this.returnValue(output);
    }
    this.writeDone(doneToken.procedure, { kind: "other" }, more ? doneBits.more : 0);
    this.statementToken = doneToken.batch;
  }

  private returnValue(output: ProcedureOutcome["outputs"][number]): void {
    const { writer } = this;
    const start = writer.position;
    const type = steppedDown(output.type, this.options.version);
    try {
      writer.u8(token.returnValue);
      writer.u16(output.ordinal);
      writer.shortText(output.name);
      writer.u8(1);
      this.userType(output.type);
      writer.u16(1);
      writeTypeInfo(writer, type);
      if (output.value === null) writeNull(writer, type);
      else encoderFor(type)(writer, output.value);
    } catch (error) {
      writer.position = start;
      throw error;
    }
  }

  /** Ends the message of a batch, transaction request or bulk load, and sends what is left of it. */
  end(): void {
    const done = this.heldDone ?? { kind: "other" };
    this.heldDone = undefined;
    this.writeDone(this.statementToken, done, 0);
    this.flush(true);
  }

  /** Ends the message of a procedure call, whose DONEPROC is already there. */
  endMessage(): void {
    this.flush(true);
  }

  attention(): void {
    writeDone(this.writer, {
      token: doneToken.batch,
      status: doneBits.attention,
      command: 0,
      version: this.options.version,
    });
    this.flush(true);
  }

  /** Something follows, so the DONE that was held back goes out with its MORE bit. */
  private releaseDone(): void {
    const done = this.heldDone;
    this.heldDone = undefined;
    if (done) this.writeDone(this.statementToken, done, doneBits.more);
  }

  private writeDone(doneToken: number, done: Done, bits: number): void {
    const status =
      bits |
      (this.failed ? doneBits.error : 0) |
      (this.options.inTransaction() ? doneBits.inTransaction : 0) |
      (done.rowCount === undefined ? 0 : doneBits.count);
    this.failed = false;
    writeDone(this.writer, {
      token: doneToken,
      status,
      command: commands[done.kind],
      count: done.rowCount ?? 0,
      version: this.options.version,
    });
  }

  /** Sends what fills packets, or all of it as the message's end. */
  private flush(last: boolean): void {
    const { writer, options } = this;
    const room = options.packetBytes - headerBytes;
    // The last packet carries the end-of-message bit, so something is always kept back for it.
    const bytes = last ? writer.position : Math.floor((writer.position - 1) / room) * room;
    const packets = frame(writer.buffer.subarray(0, bytes), {
      type: packetType.reply,
      packetBytes: options.packetBytes,
      spid: options.spid,
      number: this.packetNumber,
      last,
    });
    this.packetNumber += packetCount(bytes, options.packetBytes);
    options.target.write(packets);
    this.keepRest(bytes);
    // Whoever still writes into an answer that is over does not write into the next one.
    if (last) this.writer = new ByteWriter(16);
  }

  private keepRest(sentBytes: number): void {
    const { writer } = this;
    const rest = writer.buffer.subarray(sentBytes, writer.position);
    if (writer.buffer.length > replyBufferKeptBytes) {
      const smaller = Buffer.allocUnsafe(replyChunkBytes + rest.length);
      rest.copy(smaller);
      writer.buffer = smaller;
    } else {
      writer.buffer.copy(writer.buffer, 0, sentBytes, writer.position);
    }
    writer.position = rest.length;
  }
}
