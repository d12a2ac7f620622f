/**
 * The bytes of one connection, plain or through TLS. TDS starts TLS in an own way: the handshake travels inside PRELOGIN
 * packets, everything after it as bare TLS records; and when neither side asks for encryption only the login is covered
 * and the conversation goes on in the clear (MS-TDS 2.2.6.5, 3.2.5.2).
 */

import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type SecureContext, TLSSocket } from "node:tls";
import { closeMsMax, packetBytesDefault } from "../limits.ts";
import { frame, PacketParser, packetType } from "./packets.ts";

/**
 * The stream that TLS runs over. What the client sends decides when the wrapping ends: its first bare record. The server
 * writes nothing between its last handshake message and that record, so both directions change over at the same point.
 */
class HandshakeCarrier extends Duplex {
  private wrapped = true;
  private handshake: Buffer[] = [];
  private readonly parser = new PacketParser((_type, _status, payload) => this.push(payload));
  private readonly socket: Socket;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
  }

  receive(chunk: Buffer): void {
    if (this.wrapped && this.parser.waitingBytes === 0 && chunk[0] !== packetType.prelogin) this.wrapped = false;
    if (this.wrapped) this.parser.push(chunk);
    else if (!this.push(chunk)) this.socket.pause();
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.wrapped) {
      this.socket.write(chunk, done);
      return;
    }
    // Clients expect all messages of one flight in one TDS message.
    if (this.handshake.length === 0) setImmediate(() => this.sendHandshake());
    this.handshake.push(chunk);
    done();
  }

  private sendHandshake(): void {
    const flight = Buffer.concat(this.handshake);
    this.handshake = [];
    if (this.socket.destroyed) return;
    this.socket.write(
      frame(flight, { type: packetType.prelogin, packetBytes: packetBytesDefault, spid: 0, number: 1, last: true }),
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(() => done());
  }
}

export type TransportEvents = {
  data(chunk: Buffer): void;
  closed(): void;
};

export class Transport {
  private readonly socket: Socket;
  private readonly events: TransportEvents;
  private carrier: HandshakeCarrier | undefined;
  private tls: TLSSocket | undefined;
  private draining: Promise<void> | undefined;
  /** The first thing that went wrong on the socket, for the log. */
  error: Error | undefined;

  constructor(socket: Socket, events: TransportEvents) {
    this.socket = socket;
    this.events = events;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on("data", (chunk: Buffer) => (this.carrier ? this.carrier.receive(chunk) : events.data(chunk)));
    socket.on("error", (error) => this.failed(error));
    socket.on("close", () => {
      this.tls?.destroy();
      events.closed();
    });
  }

  private failed(error: Error): void {
    this.error ??= error;
    this.socket.destroy();
  }

  /** Everything from now on belongs to a TLS handshake and what follows it. */
  startTls(secureContext: SecureContext): void {
    this.carrier = new HandshakeCarrier(this.socket);
    // Later versions send session tickets after the handshake, when the packets around it are gone: SQL Server stays at 1.2 as well.
    this.tls = new TLSSocket(this.carrier, { isServer: true, secureContext });
    this.tls.on("data", (chunk: Buffer) => this.events.data(chunk));
    this.tls.on("error", (error) => this.failed(error));
    this.tls.on("end", () => this.socket.end());
  }

  /** The login is over and was all that TLS was for. */
  endTls(): void {
    const { tls } = this;
    this.carrier = undefined;
    this.tls = undefined;
    // Not destroyed: that would close the socket below. Nobody writes to it any more.
    tls?.removeAllListeners("data");
    tls?.removeAllListeners("end");
  }

  private get stream(): Socket {
    return this.tls ?? this.socket;
  }

  write(bytes: Buffer): boolean {
    return this.stream.destroyed || this.stream.write(bytes);
  }

  /** A promise while the peer reads slower than we write; it resolves when the connection is gone, too. */
  drained(): Promise<void> | undefined {
    const { stream } = this;
    if (!stream.writableNeedDrain || stream.destroyed) return undefined;
    this.draining ??= new Promise<void>((resolve) => {
      const settle = (): void => {
        stream.off("drain", settle);
        this.socket.off("close", settle);
        this.draining = undefined;
        resolve();
      };
      stream.on("drain", settle);
      this.socket.on("close", settle);
    });
    return this.draining;
  }

  pause(): void {
    this.stream.pause();
  }
  resume(): void {
    this.stream.resume();
  }

  /** Sends what is written, then closes. */
  end(): void {
    this.stream.end();
    // A client that does not close its side must not hold the socket.
    setTimeout(() => this.socket.destroy(), closeMsMax).unref();
  }

  destroy(): void {
    this.socket.destroy();
  }
}
