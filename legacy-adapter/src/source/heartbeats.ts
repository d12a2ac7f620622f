/**
 * Heartbeats: rows this adapter commits to a captured table of the legacy database. When one comes back through the capture
 * and is applied, everything committed before it is applied, too. Its age since it was sent, by this process's own clock, is
 * the age of the watermark; no clock of another machine and no difference of LSNs is believed.
 *
 * Numbers rise by one. Only the leader writes, so a number that is taken already means that another one leads.
 */

import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";
import type { AnnouncedBeats } from "./announced-beats.ts";
import { type LegacyDatabase, parameter } from "./legacy-database.ts";
import { sqlErrorNumber } from "./source-errors.ts";

export class Heartbeats {
  readonly #source: LegacyDatabase;
  readonly #clock: Clock;
  readonly #announced: AnnouncedBeats;
  /** Monotonic milliseconds at which each beat was sent, oldest first. */
  readonly #sentMs = new Map<number, number>();
  #last: number | undefined;
  #floor = 0;
  #sinceCleanUp = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(source: LegacyDatabase, clock: Clock, announced: AnnouncedBeats) {
    this.#source = source;
    this.#clock = clock;
    this.#announced = announced;
  }

  /** Highest number written, as far as known. */
  get written(): number {
    return Math.max(this.#last ?? 0, this.#floor);
  }

  /** Numbers up to here have been applied somewhere: a source that was restored must not give them out again. */
  notBelow(beat: number): void {
    this.#floor = Math.max(this.#floor, beat);
  }

  /** Commits one that is sent after the call. @returns its number. @throws AppError SOURCE_AWAY, SOURCE_REFUSED */
  beat(): Promise<number> {
    const next = this.#turn.then(() => this.#write());
    // The next in turn does not care how this one ended.
    this.#turn = next.catch(() => undefined);
    return next;
  }

  /** Monotonic milliseconds at which this beat was sent; undefined for beats of an earlier process. */
  sentMsOf(beat: number): number | undefined {
    return this.#sentMs.get(beat);
  }

  async #write(): Promise<number> {
    this.#last ??= await this.#newest();
    const beat = this.written + 1;
    await this.#announced.mayWrite(beat);
    const sentMs = this.#clock.monotonicMs();
    try {
      await this.#source.query(
        "write a heartbeat",
        "INSERT INTO dbo.adapter_heartbeat (beat, at) VALUES (@beat, SYSUTCDATETIME())",
        { beat: parameter.bigint(beat) },
      );
    } catch (error) {
      // 2627: it is there. Either another adapter leads, or this one's answer was lost on the way.
      if (sqlErrorNumber((error as Error).cause) === 2627) this.#last = undefined;
      throw error;
    }
    this.#last = beat;
    this.#sentMs.set(beat, sentMs);
    const oldest = this.#sentMs.keys().next().value;
    if (this.#sentMs.size > limits.heartbeatsAwaitedMax && oldest !== undefined) this.#sentMs.delete(oldest);
    this.#sinceCleanUp += 1;
    if (this.#sinceCleanUp >= limits.heartbeatsKept / 10) await this.#cleanUp(beat);
    return beat;
  }

  async #newest(): Promise<number> {
    const [row] = await this.#source.query<{ beat: string | null }>(
      "read the newest heartbeat",
      "SELECT MAX(beat) AS beat FROM dbo.adapter_heartbeat",
    );
    return Number(row?.beat ?? 0);
  }

  async #cleanUp(newest: number): Promise<void> {
    this.#sinceCleanUp = 0;
    await this.#source.query(
      "delete old heartbeats",
      "DELETE TOP (1000) FROM dbo.adapter_heartbeat WHERE beat <= @old",
      { old: parameter.bigint(newest - limits.heartbeatsKept) },
    );
  }
}
