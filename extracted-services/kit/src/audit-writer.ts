/**
 * Writes the audit of reads and refusals, many in one transaction. A caller waits until its events are committed and only then
 * answers. States: idle → writing (one batch) → writing the next batch of what came meanwhile → idle. The queue is bounded: what
 * finds it full, or whose batch cannot be written, is refused, so that no access goes without its row. (Audit and data lie in
 * one database: when the one cannot be written, the other can hardly be read, and answering anyway would win nothing.)
 */

import type { Logger } from "@banyan/kernel";
import type { Knex } from "knex";
import type { AuditEvent } from "./audit-event.ts";
import { events } from "./events.ts";
import { limits } from "./limits.ts";
import { RefusedError } from "./refusal.ts";

type Waiting = { readonly events: readonly AuditEvent[]; done(): void; failed(error: Error): void };

export class AuditWriter {
  readonly #db: Knex;
  readonly #logger: Logger;
  readonly #onFull: () => void;
  #waiting: Waiting[] = [];
  #queued = 0;
  #writing: Promise<void> | undefined;

  /** @param onFull told each time the queue refuses. */
  constructor(db: Knex, logger: Logger, onFull: () => void) {
    this.#db = db;
    this.#logger = logger;
    this.#onFull = onFull;
  }

  /** Events that wait or are being written. */
  get queued(): number {
    return this.#queued;
  }

  /** Resolves when all events are committed. @throws RefusedError audit-unavailable */
  append(list: readonly AuditEvent[]): Promise<void> {
    if (list.length === 0) return Promise.resolve();
    if (this.#queued + list.length > limits.auditQueueMax) {
      this.#onFull();
      this.#logger.error({ event: events.auditQueueFull, count: this.#queued });
      return Promise.reject(new RefusedError("audit-unavailable"));
    }
    this.#queued += list.length;
    return new Promise((done, failed) => {
      this.#waiting.push({ events: list, done, failed });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Waits for what is queued. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeBatch(this.#nextBatch());
    this.#writing = undefined;
  }

  #nextBatch(): Waiting[] {
    let count = 0;
    const end = this.#waiting.findIndex((one, index) => {
      count += one.events.length;
      return index > 0 && count > limits.auditBatchMax;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const list = batch.flatMap((one) => one.events);
    try {
      await this.#db.raw("SELECT kit.append_audit(?)", [JSON.stringify(list)]);
      for (const one of batch) one.done();
    } catch (error) {
      this.#logger.error({ event: events.auditFailed, count: list.length, code: codeOf(error) });
      for (const one of batch) one.failed(new RefusedError("audit-unavailable", error));
    } finally {
      this.#queued -= list.length;
    }
  }
}

/** SQLSTATE or socket code; the message may quote the event. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : "UNKNOWN";
}
