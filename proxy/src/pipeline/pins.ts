/**
 * Sessions that wrote to a module at canary read it from the owner until the service's copy is known to hold the write. The
 * heartbeat number that proves it is issued by the sync after the write's response; until the sync tells numbers, a pin has
 * no number and lasts as long as a legacy session: late is harmless, early would show a chart without what was just saved.
 */

import type { Pins } from "@banyan/routing-rules";
import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";

const noPins: Pins = new Map();
/** Greater than any heartbeat applied. */
const notYetNumbered = Number.MAX_SAFE_INTEGER;

type Entry = { readonly pins: Map<string, number>; untilMs: number };

export class PinStore {
  /** Times the store was full. */
  overflowed = 0;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  /** While entries had to be dropped, nobody is known not to be pinned. */
  #everybodyUntilMs = 0;
  #everybody = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  of(session: string): Pins {
    if (this.#entries.size === 0) return noPins;
    const now = this.#clock.monotonicMs();
    if (now < this.#everybodyUntilMs) return this.#everybody;
    const entry = this.#entries.get(session);
    if (!entry) return noPins;
    if (now < entry.untilMs) return entry.pins;
    this.#entries.delete(session);
    return noPins;
  }

  /** The session has written to the module. */
  wrote(session: string, module: string): void {
    const untilMs = this.#clock.monotonicMs() + limits.pinMsMax;
    const entry = this.#entries.get(session) ?? { pins: new Map<string, number>(), untilMs };
    entry.pins.set(module, notYetNumbered);
    entry.untilMs = untilMs;
    this.#entries.delete(session);
    this.#entries.set(session, entry);
    if (this.#entries.size > limits.pinsMax) this.#dropOldest();
  }

  #dropOldest(): void {
    for (const [session, entry] of this.#entries) {
      this.#entries.delete(session);
      if (entry.untilMs <= this.#clock.monotonicMs()) return;
      this.overflowed += 1;
      this.#everybodyUntilMs = Math.max(this.#everybodyUntilMs, entry.untilMs);
      for (const [module, number] of entry.pins) this.#everybody.set(module, number);
      return;
    }
  }
}
