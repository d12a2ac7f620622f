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
  /** By control process: what it has taken, and when it looked last. */
  readonly #looks = new Map<string, { taken: number; atMs: number }>();
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A control process looks. @param by its name. @param taken highest number it has taken. @param written highest number
   * written. @returns what to announce
   */
  look(by: string, { taken, written }: { readonly taken: number; readonly written: number }): number {
    const nowMs = this.#clock.monotonicMs();
    this.#looks.set(by, { taken, atMs: nowMs });
    for (const [name, { atMs }] of this.#looks) if (nowMs - atMs >= limits.announceMsMax) this.#looks.delete(name);
    for (const done of this.#waiting) done();
    return Math.max(written, taken) + limits.beatsAnnounced;
  }

  /** Resolves when `beat` may be written. */
  async mayWrite(beat: number): Promise<void> {
    for (;;) {
      const nowMs = this.#clock.monotonicMs();
      // Each control process tells its own replicas: the one that has taken least decides.
      const behind = [...this.#looks.values()].filter(
        ({ taken, atMs }) => beat > taken && nowMs - atMs < limits.announceMsMax,
      );
      if (behind.length === 0) return;
      await this.#nextLook(Math.max(...behind.map(({ atMs }) => limits.announceMsMax - (nowMs - atMs))));
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
