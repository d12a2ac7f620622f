/**
 * TDS packets: every message in either direction travels as packets of at most the negotiated size, each behind a header
 * of eight bytes (type, status, length big-endian, spid, number, 0). See MS-TDS 2.2.3.1.
 */

import { packetBytesMax } from "../limits.ts";
import { protocolError } from "./bytes.ts";

export const packetType = {
  batch: 0x01,
  rpc: 0x03,
  reply: 0x04,
  attention: 0x06,
  bulk: 0x07,
  transaction: 0x0e,
  login: 0x10,
  prelogin: 0x12,
} as const;

export const packetStatus = {
  endOfMessage: 0x01,
  ignore: 0x02,
  resetConnection: 0x08,
  resetKeepTransaction: 0x10,
} as const;

export const headerBytes = 8;

/** Cuts a byte stream into packets, wherever the network cut it. */
export class PacketParser {
  private rest: Buffer | undefined;
  private readonly onPacket: (type: number, status: number, payload: Buffer) => void;
  private stopped = false;

  constructor(onPacket: (type: number, status: number, payload: Buffer) => void) {
    this.onPacket = onPacket;
  }

  /** Bytes of a packet that has not arrived whole. */
  get waitingBytes(): number {
    return this.rest?.length ?? 0;
  }

  stop(): void {
    this.stopped = true;
    this.rest = undefined;
  }

  /** @throws AppError TDS_PROTOCOL when a header cannot be one */
  push(chunk: Buffer): void {
    let data = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = undefined;
    while (data.length >= headerBytes && !this.stopped) {
      const length = data.readUInt16BE(2);
      if (length < headerBytes || length > packetBytesMax + 1) {
        throw protocolError(`a packet of ${length} bytes was announced`);
      }
      if (data.length < length) break;
      const packet = data.subarray(0, length);
      data = data.subarray(length);
      this.onPacket(packet.readUInt8(0), packet.readUInt8(1), packet.subarray(headerBytes));
    }
    if (data.length > 0 && !this.stopped) this.rest = data;
  }
}

export type PacketOptions = {
  readonly type: number;
  readonly packetBytes: number;
  readonly spid: number;
  /** Number of the first packet, counted modulo 256. */
  readonly number: number;
  /** The last packet ends the message. */
  readonly last: boolean;
};

/** How many packets {@link frame} makes of `bytes`. */
export function packetCount(bytes: number, packetBytes: number): number {
  return Math.max(1, Math.ceil(bytes / (packetBytes - headerBytes)));
}

/** Copies `data` into packets laid out one behind the other in one buffer, ready for a single write. */
export function frame(data: Buffer, options: PacketOptions): Buffer {
  const room = options.packetBytes - headerBytes;
  const count = packetCount(data.length, options.packetBytes);
  const out = Buffer.allocUnsafe(data.length + count * headerBytes);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const start = index * room;
    const end = Math.min(start + room, data.length);
    out[at] = options.type;
    out[at + 1] = options.last && index === count - 1 ? packetStatus.endOfMessage : 0;
    out.writeUInt16BE(end - start + headerBytes, at + 2);
    out.writeUInt16BE(options.spid & 0xffff, at + 4);
    out[at + 6] = (options.number + index) & 0xff;
    out[at + 7] = 0;
    data.copy(out, at + headerBytes, start, end);
    at += headerBytes + end - start;
  }
  return out;
}
