/** One thread of the pool. It is started with its first job, ended when a job takes too long, and started anew for the next. */

import { Worker } from "node:worker_threads";
import type { Answer } from "../answer/answer.ts";
import { workerHeapMbMax, workerStartMsMax } from "../limits.ts";
import type { RuleModel } from "../rules/rule-model.ts";
import type { PoolVerdict } from "./comparer-pool.ts";
import type { Job, Reply } from "./worker.ts";

type Running = { readonly end: (verdict: PoolVerdict) => void; timer: NodeJS.Timeout };

export class PoolWorker {
  readonly #timeMsMax: number;
  #worker: Worker | undefined;
  /** Those the thread has; undefined after a start. */
  #rules: RuleModel | null | undefined;
  #running: Running | undefined;
  /** Its modules are loaded: from here on the time of a job is the job's. */
  #isReady = false;

  constructor(timeMsMax: number) {
    this.#timeMsMax = timeMsMax;
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Never rejects: whatever happens to the thread is a verdict. */
  run(job: Omit<Job, "rules">, rules: RuleModel | undefined): Promise<PoolVerdict> {
    return new Promise((resolve) => {
      this.#running = { end: resolve, timer: this.#timer() };
      try {
        this.#post(job, rules);
      } catch {
        // What cannot be sent to the thread is counted like what it dies of.
        this.#abandon({ verdict: "incomparable", why: "crashed" });
      }
    });
  }

  #timer(): NodeJS.Timeout {
    const limitMs = this.#isReady ? this.#timeMsMax : workerStartMsMax;
    return setTimeout(() => this.#abandon({ verdict: "incomparable", why: "time-budget" }), limitMs);
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#abandon({ verdict: "not-run", why: "closed" });
    await worker?.terminate();
  }

  #post(job: Omit<Job, "rules">, rules: RuleModel | undefined): void {
    const worker = (this.#worker ??= this.#start());
    const given = rules ?? null;
    const update = this.#rules === given ? {} : { rules: rules?.source ?? null };
    this.#rules = given;
    // A body is often a window on the bytes of a whole batch: a copy of its own is moved, the batch stays.
    const [left, right] = [ownCopy(job.left), ownCopy(job.right)];
    worker.postMessage({ ...job, left, right, ...update } satisfies Job, [left.body.buffer, right.body.buffer]);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: workerHeapMbMax },
      // What a parser prints may quote a page.
      stdout: true,
      stderr: true,
    });
    worker.unref();
    worker.on("message", (reply: Reply) => this.#heard(reply));
    worker.on("error", () => this.#lost(worker));
    worker.on("exit", () => this.#lost(worker));
    return worker;
  }

  #heard(reply: Reply): void {
    if ("ready" in reply) {
      this.#isReady = true;
      if (!this.#running) return;
      clearTimeout(this.#running.timer);
      this.#running.timer = this.#timer();
    } else this.#end("verdict" in reply ? reply.verdict : { verdict: "incomparable", why: "crashed" });
  }

  #lost(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#forget();
    this.#end({ verdict: "incomparable", why: "crashed" });
  }

  #abandon(verdict: PoolVerdict): void {
    const worker = this.#worker;
    this.#forget();
    void worker?.terminate();
    this.#end(verdict);
  }

  #forget(): void {
    this.#worker = undefined;
    this.#rules = undefined;
    this.#isReady = false;
  }

  #end(verdict: PoolVerdict): void {
    const running = this.#running;
    this.#running = undefined;
    if (!running) return;
    clearTimeout(running.timer);
    running.end(verdict);
  }
}

function ownCopy({ status, headers, body }: Answer): Answer & { readonly body: Uint8Array<ArrayBuffer> } {
  return { status, headers, body: new Uint8Array(body) };
}
