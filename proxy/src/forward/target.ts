/**
 * One place requests can go: its connections, and what is known of its health.
 *
 *   closed --5 failures in a row--> open --2 s--> half-open --one success--> closed
 *                                     ^------------ one failure ------------'
 *
 * Active checks open and close the same circuit, so that a dead target is left alone and a healed one is found again
 * without waiting for a clinician's request to try it.
 */

import type { Clock } from "@banyan/kernel";
import { Pool } from "undici";
import { limits } from "../limits.ts";

export type CircuitState = "closed" | "open" | "halfOpen";

export type TargetOptions = {
  readonly name: string;
  readonly origin: string;
  readonly clock: Clock;
  readonly connectionsMax?: number;
};

export class TargetState {
  readonly name: string;
  readonly origin: string;
  readonly pool: Pool;
  /** A connection of their own for health checks: they must not queue behind the load they judge. */
  readonly checks: Pool;
  /** Requests dispatched and not ended, waiting ones included. */
  inFlight = 0;
  /** Times a bound was reached, by name. */
  readonly refused = { queueFull: 0, circuitOpen: 0 };
  readonly #clock: Clock;
  readonly #inFlightMax: number;
  #failuresInARow = 0;
  #openedAtMs: number | undefined;
  #probing = false;

  constructor(options: TargetOptions) {
    const connections = options.connectionsMax ?? limits.targetConnectionsMax;
    this.name = options.name;
    this.origin = options.origin;
    this.#clock = options.clock;
    this.#inFlightMax = connections + limits.targetQueueMax;
    this.pool = new Pool(options.origin, {
      connections,
      pipelining: 1,
      connect: { timeout: limits.connectMsMax },
      keepAliveTimeout: 30_000,
      maxHeaderSize: limits.headerBytesMax,
    });
    this.checks = new Pool(options.origin, { connections: 1, connect: { timeout: limits.healthCheckMsMax } });
  }

  get circuit(): CircuitState {
    if (this.#openedAtMs === undefined) return "closed";
    return this.#clock.monotonicMs() - this.#openedAtMs >= limits.breakerOpenMs ? "halfOpen" : "open";
  }

  /** Takes a place for one request, or says why there is none. Every "taken" is followed by one `ended`. */
  take(): "taken" | "queueFull" | "circuitOpen" {
    const { circuit } = this;
    if (circuit === "open" || (circuit === "halfOpen" && this.#probing)) {
      this.refused.circuitOpen += 1;
      return "circuitOpen";
    }
    if (this.inFlight >= this.#inFlightMax) {
      this.refused.queueFull += 1;
      return "queueFull";
    }
    if (circuit === "halfOpen") this.#probing = true;
    this.inFlight += 1;
    return "taken";
  }

  /** @param verdict `neutral`: says nothing of the target, for example because the client left. */
  ended(verdict: "success" | "failure" | "neutral"): void {
    this.inFlight -= 1;
    this.observe(verdict);
  }

  /** What a request or an active check has shown. */
  observe(verdict: "success" | "failure" | "neutral"): void {
    const wasProbe = this.#probing;
    this.#probing = false;
    if (verdict === "neutral") return;
    if (verdict === "success") {
      this.#failuresInARow = 0;
      this.#openedAtMs = undefined;
      return;
    }
    this.#failuresInARow += 1;
    if (wasProbe || this.#failuresInARow >= limits.breakerFailuresMax) this.#openedAtMs = this.#clock.monotonicMs();
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.destroy(), this.checks.destroy()]);
  }
}
