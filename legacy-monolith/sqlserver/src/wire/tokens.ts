/** The small tokens of a reply: DONE, ERROR, INFO, ENVCHANGE (MS-TDS 2.2.7). */

import type { EnvironmentChange, SqlMessage } from "../contract.ts";
import type { ByteWriter } from "./bytes.ts";
import { tds72 } from "./type-info.ts";

const token = { error: 0xaa, info: 0xab, environment: 0xe3 } as const;

export type DoneFields = {
  readonly token: number;
  readonly status: number;
  readonly command: number;
  readonly count?: number;
  readonly version: number;
};

export function writeDone(writer: ByteWriter, done: DoneFields): void {
  writer.u8(done.token);
  writer.u16(done.status);
  writer.u16(done.command);
  if (done.version >= tds72) writer.u64(BigInt(done.count ?? 0));
  else writer.u32((done.count ?? 0) >>> 0);
}

/** ERROR above severity 10, INFO up to it. */
export function writeMessage(
  writer: ByteWriter,
  message: SqlMessage,
  server: { readonly serverName: string; readonly version: number },
): void {
  writer.u8(message.severity > 10 ? token.error : token.info);
  withLength(writer, () => {
    writer.i32(message.number);
    writer.u8(message.state & 0xff);
    writer.u8(message.severity);
    // SQL Server cuts message texts at 2,047 characters.
    writer.longText(message.text.slice(0, 2047));
    writer.shortText(server.serverName);
    writer.shortText(message.procedure ?? "");
    if (server.version >= tds72) writer.i32(message.line);
    else writer.u16(message.line & 0xffff);
  });
}

/** Runs `write` behind a two-byte length that is filled in afterwards. */
function withLength(writer: ByteWriter, write: () => void): void {
  const at = writer.position;
  writer.u16(0);
  write();
  writer.buffer.writeUInt16LE(writer.position - at - 2, at);
}

export const environmentType = {
  database: 1,
  language: 2,
  packetSize: 4,
  collation: 7,
  begin: 8,
  commit: 9,
  rollback: 10,
} as const;

/** An environment change whose values are text. */
export function writeTextEnvironment(writer: ByteWriter, type: number, value: string, previous: string): void {
  writer.u8(token.environment);
  withLength(writer, () => {
    writer.u8(type);
    writer.shortText(value);
    writer.shortText(previous);
  });
}

/** An environment change whose values are bytes. */
export function writeRawEnvironment(writer: ByteWriter, type: number, value: Buffer, previous: Buffer): void {
  writer.u8(token.environment);
  withLength(writer, () => {
    writer.u8(type);
    writer.u8(value.length);
    writer.bytes(value);
    writer.u8(previous.length);
    writer.bytes(previous);
  });
}

const nothing = Buffer.alloc(0);

export function writeEnvironment(writer: ByteWriter, change: EnvironmentChange): void {
  if (change.kind === "database") {
    writeTextEnvironment(writer, environmentType.database, change.name, change.previous);
  } else if (change.kind === "begin") {
    writeRawEnvironment(writer, environmentType.begin, change.descriptor, nothing);
  } else {
    writeRawEnvironment(writer, environmentType[change.kind], nothing, change.descriptor);
  }
}
