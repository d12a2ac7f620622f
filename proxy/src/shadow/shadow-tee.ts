/**
 * Step 8's shadows: the same request a second time, to the other side, after the primary's answer has left. A bounded queue
 * in requests and bytes; under pressure shadows are dropped, counted by rule and reason, and never waited for.
 */

import { limits } from "../limits.ts";
import type { ShadowAnswer } from "./answer.ts";

const dropReasons = [
  "queueFull",
  "bytesFull",
  "bodyNotKept",
  "noLegacySession",
  "noTarget",
  "loop",
  "tooLarge",
  "observerFull",
] as const;
export type DropReason = (typeof dropReasons)[number];

export type ShadowJob = {
  readonly rule: string;
  readonly module: string;
  /** Of the copies that the job keeps. */
  readonly bytes: number;
  /** @returns the answer to count; never rejects */
  run(): Promise<ShadowAnswer>;
};

export class ShadowTee {
  readonly dropped: Record<DropReason, number> = Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as Record<
    DropReason,
    number
  >;
  /** Answers by module and class of status, failures by their reason. */
  readonly answers = new Map<string, Map<string, number>>();
  readonly #queue: ShadowJob[] = [];
  #eligible: Record<string, number> = {};
  #droppedByRule: Record<string, Record<string, number>> = {};
  #running = 0;
  #bytes = 0;
  #closed = false;

  /** The rule asked for a shadow of a request, whatever becomes of it. */
  eligible(rule: string): void {
    this.#eligible[rule] = (this.#eligible[rule] ?? 0) + 1;
  }

  drop(rule: string, reason: DropReason): void {
    this.dropped[reason] += 1;
    const reasons = (this.#droppedByRule[rule] ??= {});
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  }

  /** Counts since the last call: control's per-minute numbers are made of them and never of samples. */
  takeCounts(): { eligible: Record<string, number>; dropped: Record<string, Record<string, number>> } {
    const counts = { eligible: this.#eligible, dropped: this.#droppedByRule };
    this.#eligible = {};
    this.#droppedByRule = {};
    return counts;
  }

  /** Takes a job or drops it; never waits, never throws. */
  offer(job: ShadowJob): void {
    if (this.#closed || this.#queue.length >= limits.shadowQueueMax) return this.drop(job.rule, "queueFull");
    if (this.#bytes + job.bytes > limits.shadowBytesMax) return this.drop(job.rule, "bytesFull");
    this.#bytes += job.bytes;
    this.#queue.push(job);
    this.#pump();
  }

  /** Drops what waits. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
  }

  #pump(): void {
    while (this.#running < limits.shadowConcurrencyMax) {
      const job = this.#queue.shift();
      if (!job) return;
      this.#running += 1;
      void this.#run(job);
    }
  }

  async #run(job: ShadowJob): Promise<void> {
    const answer = await job.run();
    const result = answer.kind === "answered" ? `${Math.floor(answer.status / 100)}xx` : answer.failed;
    const results = this.answers.get(job.module) ?? new Map<string, number>();
    this.answers.set(job.module, results);
    results.set(result, (results.get(result) ?? 0) + 1);
    this.#running -= 1;
    this.#bytes -= job.bytes;
    this.#pump();
  }
}
