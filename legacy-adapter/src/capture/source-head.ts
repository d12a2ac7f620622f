/**
 * The newest published LSN of the source, looked up once for all services. Streams wait here for something newer than what
 * they have.
 */

import { limits } from "../limits.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import { isAfter, type Lsn, sameBytes } from "./position.ts";
import { publishedUntil } from "./window.ts";

export class SourceHead {
  readonly #source: LegacyDatabase;
  readonly #pollMs: number;
  readonly #now: () => number;
  readonly #waiting = new Set<() => void>();
  #published: Lsn | undefined;
  #publishedMs = 0;
  #failure: unknown;
  #stopping = false;
  #endPause: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(source: LegacyDatabase, { pollMs, now }: { readonly pollMs: number; readonly now: () => number }) {
    this.#source = source;
    this.#pollMs = pollMs;
    this.#now = now;
  }

  get published(): Lsn | undefined {
    return this.#published;
  }

  /** Why the last look failed; undefined after one that did not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Monotonic milliseconds since something new was published. */
  get quietMs(): number {
    return this.#now() - this.#publishedMs;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#loop;
  }

  /** Ends every wait, and the pause between two looks. */
  wake(): void {
    this.#endPause?.();
    for (const done of this.#waiting) done();
  }

  /** Resolves when something beyond `lsn` is published, or after `msMax`, or when woken. */
  waitBeyond(lsn: Lsn, msMax: number): Promise<void> {
    if (this.#stopping || (this.#published && isAfter(this.#published, lsn))) return Promise.resolve();
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

  async #run(): Promise<void> {
    let pauseMs = this.#pollMs;
    while (!this.#stopping) {
      try {
        this.#take(await publishedUntil(this.#source));
        this.#failure = undefined;
        pauseMs = this.#pollMs;
      } catch (error) {
        this.#failure = error;
        pauseMs = Math.min(Math.max(pauseMs, limits.backoffMsMin) * 2, limits.backoffMsMax);
      }
      await this.#pause(pauseMs);
    }
  }

  #take(published: Lsn | undefined): void {
    if (!published || (this.#published && sameBytes(published, this.#published))) return;
    this.#published = published;
    this.#publishedMs = this.#now();
    for (const done of this.#waiting) done();
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#endPause = done;
    });
  }
}
