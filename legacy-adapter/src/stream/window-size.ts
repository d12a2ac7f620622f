/**
 * How many transactions the next window takes: grows while applying is quick, shrinks when it is slow or a window did not fit
 * into memory, so that the batch size follows the load instead of a setting.
 */

import { limits } from "../limits.ts";

export class WindowSize {
  #count = 256;

  get count(): number {
    return this.#count;
  }

  /** @param ms how long reading or applying took, whichever was longer. */
  applied(ms: number, wasFull: boolean): void {
    if (ms > limits.applyMsWanted * 2) this.#set(this.#count / 2);
    else if (wasFull && ms < limits.applyMsWanted) this.#set(this.#count * 2);
  }

  tooBig(): void {
    this.#set(this.#count / 2);
  }

  #set(count: number): void {
    this.#count = Math.round(Math.min(Math.max(count, limits.windowTransactionsMin), limits.windowTransactionsMax));
  }
}
