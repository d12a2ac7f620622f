/**
 * Heartbeats: rows this adapter commits to a captured table of the legacy database. When one comes back through the capture
 * and is applied, everything committed before it is applied, too. Its age since it was sent, by this process's own clock, is
 * the age of the watermark; no clock of another machine and no difference of LSNs is believed.
 */

import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";
import { type LegacyDatabase, parameter } from "./legacy-database.ts";

export class Heartbeats {
  readonly #source: LegacyDatabase;
  readonly #clock: Clock;
  /** Monotonic milliseconds at which each beat was sent, oldest first. */
  readonly #sentMs = new Map<number, number>();
  #sinceCleanUp = 0;

  constructor(source: LegacyDatabase, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Commits one. @returns its number. @throws AppError SOURCE_AWAY, SOURCE_REFUSED */
  async beat(): Promise<number> {
    const sentMs = this.#clock.monotonicMs();
    const rows = await this.#source.query<{ beat: string }>(
      "write a heartbeat",
      "INSERT INTO dbo.adapter_heartbeat (at) OUTPUT inserted.beat VALUES (SYSUTCDATETIME())",
    );
    const beat = Number(rows[0]?.beat);
    this.#sentMs.set(beat, sentMs);
    const oldest = this.#sentMs.keys().next().value;
    if (this.#sentMs.size > limits.heartbeatsAwaitedMax && oldest !== undefined) this.#sentMs.delete(oldest);
    this.#sinceCleanUp += 1;
    if (this.#sinceCleanUp >= limits.heartbeatsKept / 10) await this.#cleanUp(beat);
    return beat;
  }

  /** Monotonic milliseconds at which the newest beat up to `applied` was sent; undefined for beats of an earlier process. */
  sentMsOf(applied: number): number | undefined {
    return this.#sentMs.get(applied);
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
