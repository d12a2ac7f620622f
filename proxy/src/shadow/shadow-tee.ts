/**
 * Step 8's shadow: the same request a second time, to the other side, after the primary's answer has left. It has its own
 * connections, time-out and bounds, drops under pressure (counted by reason), and nothing it does reaches a client. For now
 * its answers are counted and thrown away; comparing them comes later.
 *
 * A shadow of the legacy system would need a legacy session of its own (a clinician's cookie would move their current patient
 * and forge audit rows); until there is one such shadows are dropped as `noLegacySession`.
 */

import { Pool } from "undici";
import { limits } from "../limits.ts";

/** Marks a shadow request; one that carries it is never shadowed again. */
export const shadowHeader = "x-banyan-shadow";

export type ShadowJob = {
  readonly module: string;
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer | undefined;
  /** Flat name-value list, made when its turn comes. */
  headers(): Promise<readonly string[]>;
};

const dropReasons = ["queueFull", "bytesFull", "bodyNotKept", "noLegacySession", "noTarget", "loop"] as const;
export type DropReason = (typeof dropReasons)[number];

export class ShadowTee {
  readonly dropped: Record<DropReason, number> = {
    queueFull: 0,
    bytesFull: 0,
    bodyNotKept: 0,
    noLegacySession: 0,
    noTarget: 0,
    loop: 0,
  };
  /** Answers by module and class of status, failures as `failed`. */
  readonly answers = new Map<string, Map<string, number>>();
  readonly #queue: ShadowJob[] = [];
  readonly #pools = new Map<string, Pool>();
  #running = 0;
  #bytes = 0;
  #closed = false;

  drop(reason: DropReason): void {
    this.dropped[reason] += 1;
  }

  /** Takes a job or drops it; never waits, never throws. */
  offer(job: ShadowJob): void {
    const bytes = job.body?.length ?? 0;
    if (this.#closed || this.#queue.length >= limits.shadowQueueMax) return this.drop("queueFull");
    if (this.#bytes + bytes > limits.shadowBytesMax) return this.drop("bytesFull");
    this.#bytes += bytes;
    this.#queue.push(job);
    this.#pump();
  }

  /** Drops what waits and ends what runs. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#queue.length = 0;
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #pump(): void {
    while (this.#running < limits.shadowConcurrencyMax) {
      const job = this.#queue.shift();
      if (!job) return;
      this.#running += 1;
      void this.#run(job);
    }
  }

  async #run(job: ShadowJob): Promise<void> {
    this.#count(job.module, await this.#send(job));
    this.#running -= 1;
    this.#bytes -= job.body?.length ?? 0;
    this.#pump();
  }

  async #send(job: ShadowJob): Promise<string> {
    try {
      const answer = await this.#poolOf(job.origin).request({
        method: job.method,
        path: job.path,
        headers: [...(await job.headers()), shadowHeader, "1"],
        body: job.body ?? null,
        signal: AbortSignal.timeout(limits.shadowMsMax),
      });
      await answer.body.dump();
      return `${Math.floor(answer.statusCode / 100)}xx`;
    } catch {
      // A shadow's failure must not be seen by anybody but the counter.
      return "failed";
    }
  }

  #poolOf(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (!pool) {
      pool = new Pool(origin, {
        connections: limits.shadowConcurrencyMax,
        connect: { timeout: limits.connectMsMax },
        headersTimeout: limits.shadowMsMax,
        bodyTimeout: limits.shadowMsMax,
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }

  #count(module: string, result: string): void {
    const results = this.answers.get(module) ?? new Map<string, number>();
    this.answers.set(module, results);
    results.set(result, (results.get(result) ?? 0) + 1);
  }
}
