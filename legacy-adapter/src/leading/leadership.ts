/**
 * Whether this adapter leads, and the term it leads: takes the lease when it is free, renews it, ends the term when it is
 * lost. Two terms of one process never overlap: the next begins when the one before has ended.
 */

import { AppError, type Clock, type Logger } from "@banyan/kernel";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { LeaseHolder } from "../source/lease.ts";
import { sqlErrorNumber } from "../source/source-errors.ts";
import type { Term } from "./term.ts";

export type LeadershipOptions = {
  readonly lease: LeaseHolder;
  readonly newTerm: (fence: bigint, onFenced: () => void) => Term;
  /** Highest fence any service's database has seen. */
  readonly highestFence: () => Promise<bigint>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly renewMs?: number;
};

/** Why this adapter does not lead. */
export type Standing =
  | { readonly kind: "leading" }
  | { readonly kind: "standing-by" }
  /** The adapter's tables are not there yet. */
  | { readonly kind: "unprepared" }
  | { readonly kind: "source-away"; readonly code: string };

export class Leadership {
  readonly #options: LeadershipOptions;
  #term: Term | undefined;
  #standing: Standing = { kind: "standing-by" };
  #fencedOff = false;
  #stopping = false;
  #endPause: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  get term(): Term | undefined {
    return this.#term;
  }

  get standing(): Standing {
    return this.#standing;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends the term and gives the lease back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#loop;
    const led = this.#term !== undefined;
    await this.#endTerm();
    // A source that is away cannot be told; the lease lapses by itself.
    if (led) await this.#options.lease.release().catch(() => undefined);
  }

  /** Looks at the lease now. */
  wake(): void {
    this.#endPause?.();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await this.#look();
      await this.#pause(this.#options.renewMs ?? limits.leaseRenewMs);
    }
  }

  async #look(): Promise<void> {
    const { lease } = this.#options;
    try {
      if (this.#fencedOff) await this.#overtake();
      const taken = await lease.take();
      if (!taken) await this.#lose({ kind: "standing-by" });
      else if (taken.fence !== this.#term?.fence) await this.#begin(taken.fence);
    } catch (error) {
      // The lease may still be held: until it lapses by this process's own clock, nobody else leads.
      if (lease.fence === undefined) await this.#lose(standingAfter(error));
    }
  }

  async #begin(fence: bigint): Promise<void> {
    await this.#endTerm();
    if (this.#stopping) return;
    this.#term = this.#options.newTerm(fence, () => {
      this.#fencedOff = true;
      this.wake();
    });
    this.#standing = { kind: "leading" };
    this.#options.logger.info({ event: events.leading, count: Number(fence) });
    this.#term.start();
  }

  async #lose(standing: Standing): Promise<void> {
    if (this.#term) this.#options.logger.warn({ event: events.leaseLost });
    if (this.#standing.kind !== standing.kind)
      this.#options.logger.info({ event: events.standingBy, status: standing.kind });
    this.#standing = standing;
    await this.#endTerm();
  }

  /**
   * A database has seen a higher fence although the lease is ours: the source was restored to an older state, fence
   * included. The lease's fence is raised above every one seen, as a new term.
   */
  async #overtake(): Promise<void> {
    this.#fencedOff = false;
    await this.#endTerm();
    await this.#options.lease.raise((await this.#options.highestFence()) + 1n);
  }

  async #endTerm(): Promise<void> {
    const term = this.#term;
    this.#term = undefined;
    await term?.stop();
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#endPause = done;
    });
  }
}

function standingAfter(error: unknown): Standing {
  if (error instanceof AppError && sqlErrorNumber(error.cause) === 208) return { kind: "unprepared" };
  return { kind: "source-away", code: error instanceof AppError ? error.code : "UNEXPECTED" };
}
