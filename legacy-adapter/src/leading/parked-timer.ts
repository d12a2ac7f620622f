/** When parked transactions are tried again by themselves: soon after something changed, ever more seldom while nothing does. */

import { limits } from "../limits.ts";

export class ParkedTimer {
  #delayMs: number = limits.parkedRetryMsMin;

  get delayMs(): number {
    return this.#delayMs;
  }

  failed(): void {
    this.#delayMs = Math.min(this.#delayMs * 2, limits.parkedRetryMsMax);
  }

  reset(): void {
    this.#delayMs = limits.parkedRetryMsMin;
  }
}
