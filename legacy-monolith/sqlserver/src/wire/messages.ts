/** Packets of one direction put together to requests; the packets of a bulk load are handed on as they come. */

import { messageBytesMax } from "../limits.ts";
import { BulkInput, type Tap } from "./bulk.ts";
import { protocolError } from "./bytes.ts";
import { packetStatus, packetType } from "./packets.ts";

export type Message = {
  readonly type: number;
  /** Status bits of the message's first packet, where the reset bits are. */
  readonly status: number;
  readonly payload: Buffer;
  /** The client gave the message up while sending it. */
  readonly ignored: boolean;
  /** For a bulk load, whose payload keeps arriving. */
  readonly bulk?: BulkInput;
};

const nothing = Buffer.alloc(0);

export class MessageAssembler {
  private parts: Buffer[] = [];
  private bytes = 0;
  private firstStatus = 0;
  private bulk: BulkInput | undefined;
  private readonly onMessage: (message: Message) => void;
  private readonly tap: Tap;

  constructor(onMessage: (message: Message) => void, tap: Tap) {
    this.onMessage = onMessage;
    this.tap = tap;
  }

  /** @throws AppError TDS_PROTOCOL when the message grows beyond `bytesMax` */
  add(type: number, status: number, payload: Buffer, bytesMax = messageBytesMax): void {
    if (this.parts.length === 0) this.firstStatus = status;
    this.bytes += payload.length;
    if (this.bytes > bytesMax) throw protocolError("a request is larger than it may be");
    this.parts.push(payload);
    if ((status & packetStatus.endOfMessage) === 0) return;
    const whole = this.parts.length === 1 ? payload : Buffer.concat(this.parts, this.bytes);
    this.parts = [];
    this.bytes = 0;
    this.onMessage({
      type,
      status: this.firstStatus,
      payload: whole,
      ignored: (status & packetStatus.ignore) !== 0,
    });
  }

  /** The first packet makes the message, the others feed it. */
  addBulk(status: number, payload: Buffer, version: number): void {
    if (!this.bulk) {
      this.bulk = new BulkInput(this.tap, version);
      this.onMessage({ type: packetType.bulk, status, payload: nothing, ignored: false, bulk: this.bulk });
    }
    this.bulk.push(payload);
    if ((status & packetStatus.endOfMessage) === 0) return;
    this.bulk.end((status & packetStatus.ignore) !== 0);
    this.bulk = undefined;
  }

  /** The bulk load under way will not be finished. */
  cancelBulk(): void {
    this.bulk?.cancel();
  }
}
