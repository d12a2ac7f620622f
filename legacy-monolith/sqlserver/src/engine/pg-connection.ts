/**
 * One connection to the engine. It stands on `pg`'s client for the handshake and the framing, and adds what a session
 * needs and the client does not have: several statements in one round trip, rows as arrays of text, a bounded cache of
 * prepared statements, backpressure and cancellation.
 *
 * A run is one pipeline `Parse? Bind Describe? Execute … Sync`. Outside a transaction PostgreSQL makes the whole
 * pipeline one implicit transaction (protocol-flow, "Pipelining"): several steps of an autocommitted statement succeed
 * or fail together.
 */

import { connect as connectSocket } from "node:net";
import { type Connection, Client } from "pg";
import type { SqlValue } from "../contract.ts";
import { engineLimits as limits } from "../limits.ts";
import { FrontendWriter } from "./frontend-writer.ts";

export type PgField = { readonly name: string; readonly dataTypeID: number; readonly dataTypeModifier: number };

export type PgStep = {
  readonly sql: string;
  readonly values?: readonly SqlValue[];
  /** Asks the engine for the result's description, called before the first row. */
  readonly onFields?: (fields: readonly PgField[]) => void;
  readonly onRow?: (values: SqlValue[]) => void;
  readonly onComplete?: (outcome: PgOutcome) => void;
  /** The text will not come again: it is not kept prepared. */
  readonly once?: boolean;
};

/** `command` is the tag's first word: SELECT, INSERT, UPDATE …; `rowCount` is 0 where the tag has none. */
export type PgOutcome = { readonly command: string; readonly rowCount: number };

export type PgNotice = {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly detail?: string | undefined;
};

export type RunOptions = {
  /** Cancels the running statement; the run then fails with SQLSTATE 57014. */
  readonly signal?: AbortSignal | undefined;
  /** Asked after each row; the socket is paused until the promise resolves. */
  readonly drained?: (() => Promise<void> | undefined) | undefined;
  readonly onNotice?: ((notice: PgNotice) => void) | undefined;
};

/** An error of the engine, with the fields of its ErrorResponse. */
export class EngineError extends Error {
  /** Index of the step that failed. */
  readonly step: number;
  /** SQLSTATE. */
  readonly code: string;
  readonly fields: Readonly<Record<"detail" | "hint" | "schema" | "table" | "column" | "constraint" | "where", string>>;

  constructor(step: number, source: Record<string, unknown>) {
    const text = (key: string): string => {
      const value = source[key];
      return typeof value === "string" ? value : "";
    };
    super(text("message"));
    this.name = "EngineError";
    this.step = step;
    this.code = text("code");
    this.fields = {
      detail: text("detail"),
      hint: text("hint"),
      schema: text("schema"),
      table: text("table"),
      column: text("column"),
      constraint: text("constraint"),
      where: text("where"),
    };
  }
}

/** The connection to the engine is gone: stopped, killed, or its network broke. */
export class EngineGone extends Error {
  constructor(cause: unknown) {
    super("the connection to the engine ended", { cause });
    this.name = "EngineGone";
  }
}

/** What `pg`'s connection can send that its types do not tell of. */
type Frontend = {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
};

/** Messages of the backend as `pg`'s client hands them to whatever it is running. */
class Pipeline {
  readonly outcomes: PgOutcome[] = [];
  readonly finished = Promise.withResolvers<readonly PgOutcome[]>();
  discard = false;
  failure: Error | undefined;
  private readonly connection: PgConnection;
  private readonly steps: readonly PgStep[];
  private readonly options: RunOptions;
  private readonly start: () => void;
  private paused = false;

  constructor(connection: PgConnection, steps: readonly PgStep[], options: RunOptions, start: () => void) {
    this.connection = connection;
    this.steps = steps;
    this.options = options;
    this.start = start;
  }

  submit(): void {
    this.start();
  }

  handleRowDescription(message: { fields: readonly PgField[] }): void {
    this.steps[this.outcomes.length]?.onFields?.(message.fields);
  }

  handleDataRow(message: { fields: SqlValue[] }): void {
    if (this.discard) return;
    try {
      this.steps[this.outcomes.length]?.onRow?.(message.fields);
    } catch (error) {
      this.failure ??= error as Error;
      this.discard = true;
      return;
    }
    if (this.paused) return;
    const wait = this.options.drained?.();
    if (wait) this.pauseUntil(wait);
  }

  /** Rows of the chunk being read still arrive after the pause, at most 64 KiB of them. */
  private pauseUntil(wait: Promise<void>): void {
    this.paused = true;
    this.connection.stream.pause();
    const resume = (): void => {
      this.paused = false;
      this.connection.stream.resume();
    };
    wait.then(resume, resume);
  }

  /** Nobody reads the rest: let it flow past. */
  abandon(): void {
    this.discard = true;
    this.connection.stream.resume();
  }

  handleCommandComplete(message: { text: string }): void {
    const words = message.text.split(" ");
    const outcome = { command: words[0] ?? "", rowCount: words.length > 1 ? Number(words.at(-1)) || 0 : 0 };
    this.steps[this.outcomes.length]?.onComplete?.(outcome);
    this.outcomes.push(outcome);
  }

  handleEmptyQuery(): void {
    this.outcomes.push({ command: "", rowCount: 0 });
  }

  handleError(error: Error): void {
    const source = error as unknown as Record<string, unknown>;
    if (typeof source["severity"] === "string" && typeof source["code"] === "string") {
      this.failure ??= new EngineError(this.outcomes.length, source);
    } else {
      this.finished.reject(new EngineGone(error));
    }
  }

  handleNotice(notice: PgNotice): void {
    this.options.onNotice?.(notice);
  }

  handleReady(): void {
    if (this.failure) this.finished.reject(this.failure);
    else this.finished.resolve(this.outcomes);
  }

  handlePortalSuspended(): void {}
  handleReadyForQuery(): void {}
  handleCopyData(): void {}
  handleCopyInResponse(): void {}
}

/** Copies rows in COPY's text format. */
class CopyIn extends Pipeline {
  private readonly chunks: AsyncIterable<Buffer>;
  private readonly frontend: Frontend;

  constructor(connection: PgConnection, frontend: Frontend, sql: string, chunks: AsyncIterable<Buffer>) {
    super(connection, [], {}, () => frontend.query(sql));
    this.chunks = chunks;
    this.frontend = frontend;
  }

  override handleCopyInResponse(): void {
    void this.send();
  }

  private async send(): Promise<void> {
    try {
      for await (const chunk of this.chunks) {
        if (this.failure) return;
        this.frontend.sendCopyFromChunk(chunk);
      }
      this.frontend.endCopyFrom();
    } catch (error) {
      this.failure ??= error as Error;
      this.frontend.sendCopyFail("the source of the rows failed");
    }
  }
}

const noValues: readonly SqlValue[] = [];

export class PgConnection {
  private readonly client: Client;
  private readonly frontend: Frontend;
  private readonly writer = new FrontendWriter();
  /** SQL text → name in the engine, eldest first. */
  private readonly prepared = new Map<string, string>();
  /** Texts whose Parse is under way and not yet acknowledged, in order. */
  private unacknowledged: string[] = [];
  /** Names to be closed with the next run. */
  private doomed: string[] = [];
  private nextName = 1;
  private current: Pipeline | undefined;
  private closing = false;
  private lost: Error | undefined;
  private status: "I" | "T" | "E" = "I";
  /** Rejects when the connection ends without `close`. */
  readonly gone: Promise<never>;

  private constructor(client: Client) {
    this.client = client;
    const connection: Connection = client.connection;
    this.frontend = connection as unknown as Frontend;
    connection.on("readyForQuery", (message: { status: "I" | "T" | "E" }) => this.onReady(message.status));
    connection.on("parseComplete", () => this.unacknowledged.shift());
    client.on("notice", (notice) => this.current?.handleNotice(notice));
    const lost = Promise.withResolvers<never>();
    this.gone = lost.promise;
    this.gone.catch(() => undefined);
    const onLost = (error: Error): void => {
      this.lost ??= new EngineGone(error);
      this.current?.finished.reject(this.lost);
      if (!this.closing) lost.reject(this.lost);
    };
    client.on("error", onLost);
    client.on("end", () => onLost(new Error("ended")));
  }

  /** @param url as of `pg`. @throws the client's error when the engine refuses */
  static async open(url: string, applicationName: string): Promise<PgConnection> {
    const client = new Client({ connectionString: url, application_name: applicationName });
    await client.connect();
    return new PgConnection(client);
  }

  get stream(): Connection["stream"] {
    return this.client.connection.stream;
  }

  /** What the engine said last: idle, in a transaction, in a failed transaction. */
  get transactionStatus(): "I" | "T" | "E" {
    return this.status;
  }

  /** Nothing can be run any more. */
  get lostConnection(): boolean {
    return this.lost !== undefined;
  }

  get processId(): number {
    return (this.client as unknown as { processID: number }).processID;
  }

  /** Runs the steps in one round trip. @throws EngineError when a step fails (later ones are skipped), EngineGone */
  async run(steps: readonly PgStep[], options: RunOptions = {}): Promise<readonly PgOutcome[]> {
    return this.submit(new Pipeline(this, steps, options, () => this.write(steps)), options.signal);
  }

  /** All rows of one statement. */
  async rows(sql: string, values: readonly SqlValue[] = []): Promise<SqlValue[][]> {
    const rows: SqlValue[][] = [];
    await this.run([{ sql, values, onRow: (row) => rows.push(row) }]);
    return rows;
  }

  /** Runs statements that cannot be in a pipeline's implicit transaction (CREATE DATABASE), or a script. */
  async script(sql: string): Promise<void> {
    await this.submit(new Pipeline(this, [], {}, () => this.frontend.query(sql)));
  }

  /** `COPY … FROM STDIN`. */
  async copyIn(sql: string, chunks: AsyncIterable<Buffer>): Promise<number> {
    const outcomes = await this.submit(new CopyIn(this, this.frontend, sql, chunks));
    return outcomes[0]?.rowCount ?? 0;
  }

  /** Prepared statements are made anew from the next run on: a table changed under them. */
  forgetPrepared(): void {
    while (this.prepared.size > 0) this.evictEldest();
  }

  async close(): Promise<void> {
    this.closing = true;
    if (this.lost) return;
    if (this.current) this.stream.destroy();
    else await this.client.end();
  }

  private async submit(pipeline: Pipeline, signal?: AbortSignal): Promise<readonly PgOutcome[]> {
    if (this.lost) throw this.lost;
    if (this.current) throw new Error("the connection already runs a statement");
    if (signal?.aborted) throw new EngineError(0, { code: "57014", message: "cancelled before it began" });
    this.current = pipeline;
    let cancelled: Promise<void> | undefined;
    const onAbort = (): void => {
      pipeline.abandon();
      cancelled = this.cancel();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      this.client.query(pipeline);
      return await pipeline.finished.promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await cancelled;
      this.current = undefined;
    }
  }

  private onReady(status: "I" | "T" | "E"): void {
    this.status = status;
    for (const sql of this.unacknowledged) this.prepared.delete(sql);
    this.unacknowledged = [];
    this.current?.handleReady();
  }

  private write(steps: readonly PgStep[]): void {
    const { writer } = this;
    if (this.doomed.length > 0) this.closeDoomed();
    for (const step of steps) {
      const statement = this.prepare(step.sql, step.once === true);
      writer.bind(statement, step.values ?? noValues);
      if (step.onFields) writer.describe();
      writer.execute();
    }
    writer.sync();
    this.stream.write(writer.take());
  }

  private prepare(sql: string, once: boolean): string {
    const { prepared } = this;
    const known = prepared.get(sql);
    if (known !== undefined) {
      prepared.delete(sql);
      prepared.set(sql, known);
      return known;
    }
    const name = once || sql.length > limits.preparedSqlCharsMax ? "" : `s${this.nextName++}`;
    this.writer.parse(name, sql);
    this.unacknowledged.push(sql);
    if (name !== "") {
      if (prepared.size >= limits.preparedStatementsMax) this.evictEldest();
      prepared.set(sql, name);
    }
    return name;
  }

  private evictEldest(): void {
    for (const [sql, name] of this.prepared) {
      this.prepared.delete(sql);
      this.doomed.push(name);
      return;
    }
  }

  /** Before anything else of a pipeline: what follows a failed step is skipped, and the names would leak. */
  private closeDoomed(): void {
    for (const name of this.doomed) this.writer.close(name);
    this.doomed = [];
  }

  /** The engine closes the second connection once it has signalled, so that the signal cannot hit a later statement. */
  private cancel(): Promise<void> {
    const { processID, secretKey, host, port } = this.client as unknown as {
      processID: number;
      secretKey: number;
      host: string;
      port: number;
    };
    const request = Buffer.alloc(16);
    request.writeInt32BE(16, 0);
    request.writeInt32BE(80877102, 4);
    request.writeInt32BE(processID, 8);
    request.writeInt32BE(secretKey, 12);
    return new Promise((resolve) => {
      const address = host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
      const socket = connectSocket(address, () => socket.write(request));
      socket.once("error", () => resolve());
      socket.once("close", () => resolve());
      socket.resume();
    });
  }
}
