/**
 * Brings segments of the spool to control, one after the other, oldest first:
 *
 *   waiting --a segment, or the wait is over--> sending --stored--> the next one, else waiting
 *                ^----------- away, 5xx: later, 0.2 to 10 s ---'  '--4xx it will never take--> set aside
 *
 * Control knows a segment by spool and number, so one that was stored while its answer got lost is not stored twice.
 */

import type { Logger } from "@banyan/kernel";
import { Pool } from "undici";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { AuditSpool, Segment } from "./audit-spool.ts";

export type AuditSenderOptions = {
  readonly spool: AuditSpool;
  readonly url: string;
  readonly token: string | undefined;
  readonly replica: string;
  readonly logger: Logger;
};

export class AuditSender {
  sent = 0;
  readonly #options: AuditSenderOptions;
  readonly #pool: Pool;
  readonly #path: string;
  #delayMs: number = limits.auditRetryMs;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopping = false;
  #failing = false;

  constructor(options: AuditSenderOptions) {
    this.#options = options;
    const url = new URL(`${options.url.replace(/\/$/, "")}/api/v1/replicas/${options.replica}/access-events`);
    this.#path = url.pathname;
    this.#pool = new Pool(url.origin, {
      connections: 1,
      connect: { timeout: limits.connectMsMax },
      headersTimeout: limits.auditSendMsMax,
      bodyTimeout: limits.auditSendMsMax,
    });
    options.spool.onSegment(() => this.#wake());
    this.#wake();
  }

  /** Sends what is there, once, bounded; what cannot be sent waits on disk for the next start. */
  async close(): Promise<void> {
    await this.#options.spool.flush();
    this.#wake();
    this.#stopping = true;
    clearTimeout(this.#timer);
    const late = setTimeout(() => void this.#pool.destroy(), limits.auditSendMsMax);
    await this.#running;
    clearTimeout(late);
    await this.#pool.destroy();
  }

  #wake(): void {
    if (this.#running || this.#timer || this.#stopping) return;
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      // One that came while the last one was being removed.
      if (this.#options.spool.oldest) this.#wake();
    });
  }

  async #drain(): Promise<void> {
    const { spool, logger } = this.#options;
    for (let segment = spool.oldest; segment; segment = spool.oldest) {
      const result = await this.#send(segment);
      if (result === "later") return this.#later();
      if (result === "stored") {
        this.#delayMs = limits.auditRetryMs;
        this.#failing = false;
        this.sent += 1;
        await spool.remove(segment);
      } else {
        logger.error({ event: events.auditRefused, count: segment.number, status: result });
        await spool.setAside(segment);
      }
    }
  }

  #later(): void {
    if (!this.#failing) this.#options.logger.warn({ event: events.auditWaits });
    this.#failing = true;
    if (this.#stopping) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, this.#delayMs);
    this.#timer.unref();
    this.#delayMs = Math.min(this.#delayMs * 2, limits.auditRetryMsMax);
  }

  /** @returns the status of a refusal that will not change. */
  async #send(segment: Segment): Promise<"stored" | "later" | number> {
    const { spool, token } = this.#options;
    const bytes = await spool.read(segment);
    // Somebody took the file away.
    if (!bytes) return "stored";
    try {
      const answer = await this.#pool.request({
        method: "POST",
        path: this.#path,
        headers: {
          "content-type": "application/x-ndjson",
          "x-banyan-spool": spool.id,
          "x-banyan-segment": String(segment.number),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: bytes,
      });
      await answer.body.dump();
      if (answer.statusCode < 300) return "stored";
      return [400, 413, 415, 422].includes(answer.statusCode) ? answer.statusCode : "later";
    } catch {
      // Away, reset, too late: the segment stays where it is; the metric of the spool's size tells.
      return "later";
    }
  }
}
