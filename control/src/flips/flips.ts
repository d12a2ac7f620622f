/**
 * Flips of this control process: starts them, takes over those whose process has died, and keeps the fences of the replicas
 * as the journal says. State machine of a process: idle --kick or poll finds a claimable flip--> running --ended, or claim
 * lost--> idle. Flips of different modules run side by side, up to a bound.
 */

import { randomUUID } from "node:crypto";
import type { Knex } from "knex";
import { AppError } from "@banyan/kernel";
import type { ControlContext } from "../context.ts";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import { Bell } from "../bell.ts";
import { ClaimLost, FlipRun } from "./flip-run.ts";
import { runFlip } from "./flip-protocol.ts";
import { claimFlip, dropClaim, type Flip, flipsForReplicas, readFlip } from "./flip-store.ts";

export class Flips {
  /** Rung by heartbeats and acknowledgements: a step that waits for replicas looks again. */
  readonly bell = new Bell();
  readonly #context: () => ControlContext;
  readonly #runner = randomUUID();
  readonly #running = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #publishing: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(context: () => ControlContext) {
    this.#context = context;
  }

  /** Reads the fences before the first replica is told anything. */
  async start(): Promise<void> {
    await this.publish();
    this.#timer = setInterval(() => this.#look(), limits.flipLookMs);
    this.#look();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    this.bell.ring();
    await Promise.all(this.#running.values());
    await this.#publishing;
  }

  /** Begins to run an open flip now. */
  kick(): void {
    this.#look();
  }

  /** Sets fences and coming epochs as the journal has them; one after the other, so that the newest reading is the last. */
  publish(): Promise<void> {
    const { db, conditions } = this.#context();
    const published = this.#publishing.then(async () => {
      const { fences, preparing } = await flipsForReplicas(db);
      conditions.setFlips(fences, preparing);
      return undefined;
    });
    this.#publishing = published.catch(() => undefined);
    return published;
  }

  /** @returns the flip when it ended, or as it is when the wait is over. */
  async ended(id: string, msMax: number): Promise<Flip | undefined> {
    const { db, clock } = this.#context();
    const untilMs = clock.monotonicMs() + msMax;
    for (;;) {
      const next = this.bell.next;
      const flip = await readFlip(db, id);
      const leftMs = untilMs - clock.monotonicMs();
      if (!flip || flip.endedAt !== null || leftMs <= 0 || this.#stopping) return flip;
      await this.bell.within(Math.min(limits.flipLookMs, leftMs), next);
    }
  }

  #look(): void {
    const { logger } = this.#context();
    if (this.#stopping) return;
    this.publish()
      .then(() => this.#takeOne())
      .catch((error: unknown) => {
        // The store is away: fences stay as they are, and the next look finds what is to be done.
        logger.warn({ event: events.flipLookFailed, code: error instanceof AppError ? error.code : "DATABASE" });
      });
  }

  async #takeOne(): Promise<void> {
    const { db } = this.#context();
    if (this.#stopping || this.#running.size >= limits.flipsRunningMax) return;
    const flip = await claimFlip(db, this.#runner);
    if (!flip) return;
    const running = this.#run(db, flip).finally(() => {
      this.#running.delete(flip.id);
      this.bell.ring();
    });
    this.#running.set(flip.id, running);
    this.#look();
  }

  async #run(db: Knex, flip: Flip): Promise<void> {
    const context = this.#context();
    const { logger, clock } = context;
    logger.info({ event: events.flipTaken, module: flip.module, code: flip.step });
    const run = new FlipRun({ db, clock, bell: this.bell, isStopping: () => this.#stopping }, flip);
    try {
      await runFlip(context, run);
      logger.info({ event: events.flipEnded, module: flip.module, code: run.flip.step });
    } catch (error) {
      // Not ended: the journal keeps it, and whoever looks next goes on with it, this process included.
      const code = error instanceof ClaimLost ? "CLAIM_LOST" : error instanceof AppError ? error.code : "DATABASE";
      logger.warn({ event: events.flipLeft, module: flip.module, code });
      if (!(error instanceof ClaimLost)) await dropClaim(db, run.flip).catch(() => undefined);
    }
  }
}
