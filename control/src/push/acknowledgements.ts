/** Wakes whoever waits for replicas to acknowledge, and measures how long a revision took to reach each of them. */

import type { Clock } from "@banyan/kernel";

/** Revisions whose way to the replicas is timed; later acknowledgements are not worth a number. */
const timedRevisionsMax = 16;

export class Acknowledgements {
  readonly #clock: Clock;
  readonly #published = new Map<number, number>();
  #next = Promise.withResolvers<void>();

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
    const woken = this.#next;
    this.#next = Promise.withResolvers<void>();
    woken.resolve();
    const at = this.#published.get(revision);
    return at === undefined ? undefined : this.#clock.monotonicMs() - at;
  }

  /** Resolves at the next acknowledgement of anybody. Take it before looking at the database. */
  get next(): Promise<void> {
    return this.#next.promise;
  }
}
