/**
 * One client from accept to close.
 *
 *   prelogin ──► login ──► ready ──► closed
 *      │  (TLS may start here, and end again after the login)
 *      └─ a client of an old protocol may start with LOGIN7
 *
 * Messages are answered one after the other, each with exactly one message. Two things do not wait for their turn: an
 * attention aborts the running request, and the packets of a bulk load feed the request that reads them.
 */

import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { AppError, type Logger } from "@banyan/kernel";
import { type SqlBackend, SqlError, type SqlSession } from "../contract.ts";
import { events } from "../events.ts";
import { abortMsMax, loginBytesMax, messageBytesMax, packetBytesDefault, queuedRequestsMax } from "../limits.ts";
import { ByteWriter, protocolError } from "./bytes.ts";
import { type Login, readLogin, writeLoginAnswer } from "./login.ts";
import { type Message, MessageAssembler } from "./messages.ts";
import { PacketParser, packetType } from "./packets.ts";
import { type EncryptMode, type EncryptionScope, negotiate, preloginAnswer, readPrelogin } from "./prelogin.ts";
import { Reply } from "./reply.ts";
import { answer, messageOf } from "./answer.ts";
import { Transport } from "./transport.ts";
import { tds74 } from "./type-info.ts";

export type ConnectionOptions = {
  readonly backend: SqlBackend;
  readonly serverName: string;
  readonly encrypt: EncryptMode;
  readonly secureContext: SecureContext | undefined;
  readonly loginMsMax: number;
  readonly logger: Logger | undefined;
  /** Asked before a session is opened; false refuses it with 17809. */
  readonly admit: () => boolean;
};

type Stage = "prelogin" | "login" | "ready" | "closed";

export class Connection {
  private readonly options: ConnectionOptions;
  private readonly transport: Transport;
  private readonly parser = new PacketParser((type, status, payload) => this.packet(type, status, payload));
  private readonly loginTimer: NodeJS.Timeout;
  private readonly writer = new ByteWriter();
  private stage: Stage = "prelogin";
  private scope: EncryptionScope = "nothing";
  private login: Login | undefined;
  private readonly messages: MessageAssembler;
  private queue: Message[] = [];
  private running: AbortController | undefined;
  private working: Promise<void> = Promise.resolve();
  private attentions = 0;
  session: SqlSession | undefined;
  /** Resolves when socket and session are gone. */
  readonly closed: Promise<void>;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.options = options;
    this.loginTimer = setTimeout(() => this.destroy("the login took too long"), options.loginMsMax);
    let gone = (): void => {};
    const socketClosed = new Promise<void>((resolve) => {
      gone = resolve;
    });
    this.closed = socketClosed.then(() => this.release());
    this.transport = new Transport(socket, { data: (chunk) => this.receive(chunk), closed: () => gone() });
    this.messages = new MessageAssembler((message) => this.enqueue(message), this.transport);
  }

  /** Cuts the connection without a word, as a network failure would. */
  destroy(reason: string): void {
    if (this.stage === "closed") return;
    this.options.logger?.debug({ event: events.wireError, hint: reason });
    this.transport.destroy();
  }

  private async release(): Promise<void> {
    clearTimeout(this.loginTimer);
    this.stage = "closed";
    this.parser.stop();
    this.queue = [];
    this.messages.cancelBulk();
    this.running?.abort();
    await this.workEnds();
    const { session } = this;
    this.session = undefined;
    try {
      await session?.close();
    } catch (error) {
      this.report(error);
    }
  }

  private receive(chunk: Buffer): void {
    try {
      this.parser.push(chunk);
    } catch (error) {
      this.broken(error);
    }
  }

  /** The client does not speak TDS, or something inside failed: this connection ends, the others do not notice. */
  private broken(error: unknown): void {
    this.report(error);
    this.transport.destroy();
  }

  /** The running request has been aborted; it gets a moment to stop before its session is closed under it. */
  private async workEnds(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, abortMsMax);
    });
    await Promise.race([this.working, patience]);
    clearTimeout(timer);
  }

  private report(error: unknown): void {
    const code = error instanceof AppError ? error.code : error instanceof Error ? error.name : "UNKNOWN";
    this.options.logger?.warn({ event: events.wireError, code });
  }

  private packet(type: number, status: number, payload: Buffer): void {
    if (this.stage === "closed") return;
    if (type === packetType.attention) {
      this.attention();
      return;
    }
    if (type !== packetType.bulk) {
      this.messages.add(type, status, payload, this.stage === "ready" ? messageBytesMax : loginBytesMax);
      return;
    }
    if (this.stage !== "ready" || !this.login) throw protocolError("a bulk load before the login");
    this.messages.addBulk(status, payload, this.login.version);
  }

  private enqueue(message: Message): void {
    this.queue.push(message);
    if (this.queue.length > queuedRequestsMax) throw protocolError("requests do not wait for their answers");
    if (!this.running) this.working = this.work();
  }

  /** Answers what is queued, and the attentions that arrive meanwhile. */
  private async work(): Promise<void> {
    for (let message = this.queue.shift(); message && this.stage !== "closed"; message = this.queue.shift()) {
      const running = new AbortController();
      this.running = running;
      try {
        await this.handle(message, running.signal);
        this.answerAttentions();
      } catch (error) {
        this.broken(error);
      }
    }
    this.running = undefined;
  }

  private attention(): void {
    if (this.stage !== "ready") throw protocolError("an attention before the login");
    this.attentions++;
    if (!this.running) {
      this.answerAttentions();
      return;
    }
    this.messages.cancelBulk();
    this.running.abort();
  }

  /** Each attention gets a message of its own, behind the answer of what it cut short. */
  private answerAttentions(): void {
    for (; this.attentions > 0; this.attentions--) this.reply().attention();
  }

  private reply(): Reply {
    return new Reply({
      target: this.transport,
      packetBytes: this.stage === "ready" ? (this.login?.packetBytes ?? packetBytesDefault) : packetBytesDefault,
      spid: this.session?.spid ?? 0,
      version: this.login?.version ?? tds74,
      serverName: this.options.serverName,
      writer: this.writer,
      inTransaction: () => this.session?.inTransaction ?? false,
    });
  }

  private async handle(message: Message, signal: AbortSignal): Promise<void> {
    if (this.stage === "ready") {
      await this.request(message, signal);
    } else if (this.stage === "prelogin" && message.type === packetType.prelogin) {
      this.prelogin(message);
    } else if (message.type === packetType.login) {
      await this.logIn(message);
    } else {
      throw protocolError(`a message of type ${message.type} before the login`);
    }
  }

  private prelogin({ payload }: Message): void {
    const agreed = negotiate(this.options.secureContext ? this.options.encrypt : "off", readPrelogin(payload));
    const reply = this.reply();
    reply.writer.bytes(preloginAnswer(agreed.answer));
    reply.endMessage();
    this.stage = "login";
    this.scope = agreed.scope;
    if (agreed.refused) this.transport.end();
    else if (agreed.scope !== "nothing" && this.options.secureContext)
      this.transport.startTls(this.options.secureContext);
  }

  private async logIn({ payload }: Message): Promise<void> {
    const login = readLogin(payload);
    this.login = login;
    if (this.scope === "login") this.transport.endTls();
    if (this.scope === "nothing" && this.options.encrypt === "required")
      throw protocolError("a login without encryption");
    let session: SqlSession;
    try {
      session = await this.open(login);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      this.refuse(error);
      return;
    }
    // The client may have gone while the session was opened; nobody else knows of it yet.
    if (this.closedMeanwhile()) return session.close();
    this.session = session;
    clearTimeout(this.loginTimer);
    const reply = this.reply();
    writeLoginAnswer(reply.writer, { login, database: session.database, serverName: this.options.serverName });
    reply.end();
    this.stage = "ready";
    this.options.logger?.debug({ event: events.sessionOpened, database: session.database });
  }

  private closedMeanwhile(): boolean {
    return this.stage === "closed";
  }

  private async open(login: Login): Promise<SqlSession> {
    if (!this.options.admit()) {
      throw new SqlError(
        17809,
        20,
        "Could not connect because the maximum number of user connections has been reached.",
      );
    }
    if (login.foreign) {
      throw new SqlError(
        18452,
        14,
        "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication.",
      );
    }
    return this.options.backend.login(login);
  }

  private refuse(error: SqlError): void {
    this.options.logger?.info({ event: events.loginRefused, sqlErrorNumber: error.number });
    const reply = this.reply();
    reply.message({ ...messageOf(error), line: 1 });
    reply.end();
    this.transport.end();
  }

  private async request(message: Message, signal: AbortSignal): Promise<void> {
    const { session, login } = this;
    if (!session || !login) throw protocolError("a request without a session");
    const { fate, cause } = await answer({ message, session, version: login.version, reply: this.reply(), signal });
    if (fate === "keep") return;
    this.report(cause);
    if (fate === "close") this.transport.end();
    else this.transport.destroy();
  }
}
