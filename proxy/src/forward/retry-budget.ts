/**
 * How many further attempts are allowed: a share of the requests of the last ten seconds. When a target falls ill, retries
 * must not double the load on what is left of it.
 */

import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";

const slots = 10;
const slotMs = 1_000;

export class RetryBudget {
  /** Attempts refused because the budget was spent. */
  refused = 0;
  readonly #clock: Clock;
  readonly #requests = Array.from({ length: slots }, () => 0);
  readonly #retries = Array.from({ length: slots }, () => 0);
  #slot = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  request(): void {
    const index = this.#turn();
    this.#requests[index] = (this.#requests[index] as number) + 1;
  }

  /** Takes one retry, or says that there is none left. */
  take(): boolean {
    const index = this.#turn();
    if (sum(this.#retries) >= limits.retriesFree + sum(this.#requests) * limits.retryShareMax) {
      this.refused += 1;
      return false;
    }
    this.#retries[index] = (this.#retries[index] as number) + 1;
    return true;
  }

  /** Clears the slots that time has left behind. @returns the index of the present one. */
  #turn(): number {
    const now = Math.floor(this.#clock.monotonicMs() / slotMs);
    for (let behind = Math.min(now - this.#slot, slots); behind > 0; behind -= 1) {
      const index = (now - behind + 1) % slots;
      this.#requests[index] = 0;
      this.#retries[index] = 0;
    }
    this.#slot = now;
    return now % slots;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
