/**
 * Which heartbeats may be written, as far as pins are concerned. A proxy pins a session that wrote until a heartbeat is applied
 * that was written after its write (docs/decisions/0008-pins.md). It takes "the highest number announced, plus one" from
 * control; so a number must not be written before control has it. Control takes the announced number with each look at the
 * adapter, and names with the next look the one it took.
 *
 * A control plane that is away must not stop the heartbeats: when it has not looked for longer than it believes what it took
 * last, nobody is told that number any more, and beats go on without being announced.
 */

import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";

export class AnnouncedBeats {
  readonly #clock: Clock;
  #taken = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Control looks. @param taken highest number it has taken. @param written highest number written. @returns what to announce */
  look(taken: number, written: number): number {
    this.#taken = Math.max(this.#taken, taken);
    this.#lookedMs = this.#clock.monotonicMs();
    for (const done of this.#waiting) done();
    return Math.max(written, this.#taken) + limits.beatsAnnounced;
  }

  /** Resolves when `beat` may be written. */
  async mayWrite(beat: number): Promise<void> {
    for (;;) {
      const quietMs = this.#clock.monotonicMs() - this.#lookedMs;
      if (beat <= this.#taken || quietMs >= limits.announceMsMax) return;
      await this.#nextLook(limits.announceMsMax - quietMs);
    }
  }

  #nextLook(msMax: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, msMax);
      this.#waiting.add(done);
    });
  }
}
