/**
 * How far each service is behind, from heartbeats of this process alone. The age of a watermark is the time since the newest
 * applied heartbeat was SENT; it grows by itself until the next one is applied, so a sync that stands still shows.
 */

import type { Clock } from "@banyan/kernel";
import type { Heartbeats } from "../source/heartbeats.ts";

export class Watermarks {
  readonly #clock: Clock;
  readonly #heartbeats: Heartbeats;
  readonly #sentMs = new Map<string, number>();
  #capturedSentMs: number | undefined;

  constructor(clock: Clock, heartbeats: Heartbeats) {
    this.#clock = clock;
    this.#heartbeats = heartbeats;
  }

  /** A heartbeat was applied. @returns milliseconds since it was sent; undefined for one of an earlier process */
  heard(service: string, beat: number): number | undefined {
    const sentMs = this.#heartbeats.sentMsOf(beat);
    if (sentMs === undefined) return undefined;
    this.#sentMs.set(service, sentMs);
    return this.#clock.monotonicMs() - sentMs;
  }

  /** A heartbeat was published by the capture. */
  captured(beat: number): void {
    this.#capturedSentMs = this.#heartbeats.sentMsOf(beat) ?? this.#capturedSentMs;
  }

  /** Milliseconds; undefined before the first heartbeat of this process came back. */
  ageMs(service: string): number | undefined {
    const sentMs = this.#sentMs.get(service);
    return sentMs === undefined ? undefined : this.#clock.monotonicMs() - sentMs;
  }

  /** Age of the newest heartbeat the capture has published. */
  get captureLagMs(): number | undefined {
    return this.#capturedSentMs === undefined ? undefined : this.#clock.monotonicMs() - this.#capturedSentMs;
  }
}
