/** Events per second over the last seconds, for people who watch. */

import type { Clock } from "@banyan/kernel";

const slotMs = 1_000;
const slots = 10;

export class Rate {
  readonly #clock: Clock;
  readonly #counts = new Map<number, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(count: number): void {
    const slot = this.#slot();
    this.#counts.set(slot, (this.#counts.get(slot) ?? 0) + count);
    for (const old of this.#counts.keys()) if (old <= slot - slots) this.#counts.delete(old);
  }

  /** Of the whole seconds that are over. */
  get perSecond(): number {
    const slot = this.#slot();
    let sum = 0;
    for (const [at, count] of this.#counts) if (at < slot && at >= slot - slots) sum += count;
    return sum / slots;
  }

  #slot(): number {
    return Math.floor(this.#clock.monotonicMs() / slotMs);
  }
}
