/**
 * One control process running one flip: keeps its claim, looks at aborts that people ask for, and waits, bounded, for what
 * the steps need. A process that loses its claim stops at once and writes nothing more.
 */

import { AppError, type Clock } from "@banyan/kernel";
import type { Knex } from "knex";
import { limits } from "../limits.ts";
import type { Bell } from "../bell.ts";
import { advanceFlip, type Flip, noteFlip, renewClaim, type StepChange } from "./flip-store.ts";

/** The flip cannot go on and has not been committed: the old owner is to be reopened. */
export class FlipAborted extends Error {}
/** Another control process runs the flip now. */
export class ClaimLost extends Error {}
/** This process is told to stop; another one, or the next start, goes on. */
class RunnerStopping extends Error {}

/** What is waited for, in words for people; undefined when it is there. */
type Check = () => Promise<string | undefined>;

export class FlipRun {
  readonly #db: Knex;
  readonly #clock: Clock;
  readonly #bell: Bell;
  readonly #isStopping: () => boolean;
  #flip: Flip;
  #readAtMs: number;
  #noted = "";

  constructor(
    parts: { readonly db: Knex; readonly clock: Clock; readonly bell: Bell; readonly isStopping: () => boolean },
    flip: Flip,
  ) {
    this.#db = parts.db;
    this.#isStopping = parts.isStopping;
    this.#clock = parts.clock;
    this.#bell = parts.bell;
    this.#flip = flip;
    this.#readAtMs = parts.clock.monotonicMs();
  }

  get flip(): Flip {
    return this.#flip;
  }

  /** How long writes have been held, in milliseconds. */
  get heldMs(): number {
    return this.#flip.fencedAt === null ? 0 : this.#flip.fencedMs + this.#clock.monotonicMs() - this.#readAtMs;
  }

  /** @throws ClaimLost */
  async advance(change: StepChange): Promise<void> {
    this.take(await advanceFlip(this.#db, this.#flip, change));
  }

  /** The row as a transaction of the caller left it. @throws ClaimLost when there is none */
  take(flip: Flip | undefined): void {
    if (!flip) throw new ClaimLost();
    this.#flip = flip;
    this.#readAtMs = this.#clock.monotonicMs();
  }

  /**
   * Looks until `check` finds nothing to wait for. Before COMMIT it gives up after `msMax`, after the longest hold, or when a
   * person asks; after it (`msMax` undefined) it goes on for as long as the claim is held: there is no other way but forward.
   * @throws FlipAborted, ClaimLost, RunnerStopping
   */
  async until(options: { readonly what: string; readonly msMax: number | undefined }, check: Check): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    const mayAbort = options.msMax !== undefined;
    let failures = 0;
    for (;;) {
      if (this.#isStopping()) throw new RunnerStopping();
      const next = this.#bell.next;
      let waiting: string | undefined;
      try {
        waiting = await check();
        failures = 0;
        if (waiting === undefined) return;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (mayAbort && !error.retryable) throw new FlipAborted(error.message);
        failures += 1;
        waiting = error.message;
      }
      if (this.#clock.monotonicMs() - this.#readAtMs >= limits.flipRenewMs) await this.#renew();
      if (mayAbort) this.#refuseToGoOn(options.what, waiting, startedMs, options.msMax ?? 0);
      if (waiting !== this.#noted) {
        this.#noted = waiting;
        await noteFlip(this.#db, this.#flip, `${options.what}: ${waiting}`);
      }
      await this.#bell.within(Math.min(limits.flipPollMs * 2 ** Math.min(failures, 6), limits.flipRetryMsMax), next);
    }
  }

  async #renew(): Promise<void> {
    const { step } = this.#flip;
    this.take(await renewClaim(this.#db, this.#flip));
    if (this.#flip.step !== step) throw new ClaimLost();
  }

  #refuseToGoOn(what: string, waiting: string, startedMs: number, msMax: number): void {
    const { abortAsked } = this.#flip;
    if (abortAsked !== null) throw new FlipAborted(`asked for: ${abortAsked}`);
    const ms = Math.round(this.#clock.monotonicMs() - startedMs);
    if (ms >= msMax) throw new FlipAborted(`${what} took longer than ${msMax} ms: ${waiting}`);
    if (this.heldMs >= limits.flipHoldMsMax)
      throw new FlipAborted(
        `writes were held for ${limits.flipHoldMsMax} ms, the longest allowed; ${what}: ${waiting}`,
      );
  }
}
