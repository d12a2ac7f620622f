/** Wakes whoever waits for replicas to acknowledge, and measures how long a revision took to reach each of them. */

import type { Clock } from "@banyan/kernel";
import { Bell } from "../bell.ts";

/** Revisions whose way to the replicas is timed; later acknowledgements are not worth a number. */
const timedRevisionsMax = 16;

export class Acknowledgements {
  readonly #clock: Clock;
  readonly #published = new Map<number, number>();
  /** Rung at every acknowledgement of anybody. */
  readonly bell = new Bell();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  published(revision: number): void {
    this.#published.set(revision, this.#clock.monotonicMs());
    const oldest = this.#published.keys().next().value;
    if (this.#published.size > timedRevisionsMax && oldest !== undefined) this.#published.delete(oldest);
  }

  /** @returns milliseconds since the revision was published, undefined when that is not known any more. */
  received(revision: number): number | undefined {
    this.bell.ring();
    const at = this.#published.get(revision);
    return at === undefined ? undefined : this.#clock.monotonicMs() - at;
  }
}
