/**
 * Comparisons off the event loop: a few worker threads behind a bounded queue. A comparison that outlives its budget ends with its
 * worker, one that kills its worker is incomparable, and what finds the queue full was not run; the caller always gets an answer.
 *
 *   waiting --worker free--> running --reply--> done
 *      |                        '--time over, worker died--> incomparable; the next job gets a new worker
 *      '--queue full, closed--> not-run
 */

import { availableParallelism } from "node:os";
import type { Answer } from "../answer/answer.ts";
import type { CompareOptions } from "../compare.ts";
import { type Budget, defaultBudget, poolGraceMs, poolQueuedBytesMax, poolQueueMax } from "../limits.ts";
import type { RuleModel } from "../rules/rule-model.ts";
import type { Verdict } from "../verdict.ts";
import { PoolWorker } from "./pool-worker.ts";
import type { Job } from "./worker.ts";

export type PoolVerdict = Verdict | { readonly verdict: "not-run"; readonly why: "busy" | "closed" };

export type ComparerPoolOptions = {
  /** Default: one less than the machine has cores, at least one, at most four. */
  readonly workers?: number;
  readonly queueMax?: number;
  readonly queuedBytesMax?: number;
  readonly budget?: Budget;
  /** Beyond the time budget, in milliseconds, until a worker is ended. */
  readonly graceMs?: number;
};

export type ComparerPool = {
  compare(left: Answer, right: Answer, options: Pick<CompareOptions, "route" | "rules">): Promise<PoolVerdict>;
  /** Waiting and running comparisons. */
  readonly size: number;
  /** Ends the workers; what waits or runs was not run. */
  close(): Promise<void>;
};

type Waiting = {
  readonly job: Omit<Job, "rules">;
  readonly rules: RuleModel | undefined;
  readonly bytes: number;
  readonly resolve: (verdict: PoolVerdict) => void;
};

export function comparerPool(options: ComparerPoolOptions = {}): ComparerPool {
  return new Pool(options);
}

const workersMax = 4;

class Pool implements ComparerPool {
  readonly #queueMax: number;
  readonly #queuedBytesMax: number;
  readonly #budget: Budget;
  readonly #workers: readonly PoolWorker[];
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  #closed = false;

  constructor(options: ComparerPoolOptions) {
    this.#budget = options.budget ?? defaultBudget;
    this.#queueMax = options.queueMax ?? poolQueueMax;
    this.#queuedBytesMax = options.queuedBytesMax ?? poolQueuedBytesMax;
    const count = options.workers ?? Math.min(Math.max(availableParallelism() - 1, 1), workersMax);
    const timeMsMax = this.#budget.timeMsMax + (options.graceMs ?? poolGraceMs);
    this.#workers = Array.from({ length: count }, () => new PoolWorker(timeMsMax));
  }

  get size(): number {
    return this.#queue.length + this.#workers.filter((worker) => worker.isBusy).length;
  }

  compare(
    left: Answer,
    right: Answer,
    { route, rules }: Pick<CompareOptions, "route" | "rules">,
  ): Promise<PoolVerdict> {
    const bytes = left.body.byteLength + right.body.byteLength;
    if (this.#closed) return Promise.resolve({ verdict: "not-run", why: "closed" });
    if (this.#queue.length >= this.#queueMax || this.#queuedBytes + bytes > this.#queuedBytesMax) {
      return Promise.resolve({ verdict: "not-run", why: "busy" });
    }
    const job = { left, right, route, budget: this.#budget };
    return new Promise((resolve) => {
      this.#queue.push({ job, rules, bytes, resolve });
      this.#queuedBytes += bytes;
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#queue.splice(0)) waiting.resolve({ verdict: "not-run", why: "closed" });
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  #dispatch(): void {
    const worker = this.#workers.find((one) => !one.isBusy);
    const waiting = worker && this.#queue.shift();
    if (!waiting) return;
    this.#queuedBytes -= waiting.bytes;
    void this.#run(worker, waiting);
  }

  async #run(worker: PoolWorker, { job, rules, resolve }: Waiting): Promise<void> {
    resolve(await worker.run(job, rules));
    this.#dispatch();
  }
}
