/** Pauses that double up to a bound: short faults cost little, long ones do not hammer a server that is coming up. */

import type { Random } from "@banyan/kernel";
import { limits } from "../limits.ts";

export class Backoff {
  readonly #random: Random;
  #failures = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds to wait after one more failure: half of it fixed, half random, so that services do not retry in step. */
  next(): number {
    const full = Math.min(limits.backoffMsMin * 2 ** Math.min(this.#failures, 16), limits.backoffMsMax);
    this.#failures += 1;
    return full / 2 + this.#random.next() * (full / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
