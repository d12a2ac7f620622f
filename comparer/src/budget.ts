/** Counts what a comparison uses and ends it past its budget. The clock is looked at only now and then: it costs more than a node. */

import { AppError, type Clock } from "@banyan/kernel";
import type { Budget } from "./limits.ts";
import { type IncomparableReason, incomparableReasons } from "./verdict.ts";

/** Ends a comparison from any depth; compareAnswers turns it into a verdict and lets it go no further. */
export class Incomparable extends AppError {
  readonly reason: IncomparableReason;

  constructor(reason: IncomparableReason) {
    super({
      code: "INCOMPARABLE",
      op: "compare answers",
      message: `${incomparableReasons[reason]} (${reason})`,
      hint: "Raise the budget of the comparison, or take the route out of it.",
    });
    this.reason = reason;
  }
}

const nodesBetweenClocks = 4_096;

export class Meter {
  readonly #budget: Budget;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  #nodes = 0;
  #nextClock = nodesBetweenClocks;

  constructor(budget: Budget, clock: Clock) {
    this.#budget = budget;
    this.#clock = clock;
    this.#deadlineMs = clock.monotonicMs() + budget.timeMsMax;
  }

  get bytesMax(): number {
    return this.#budget.bytesMax;
  }

  /** @throws Incomparable */
  take(nodes = 1): void {
    this.#nodes += nodes;
    if (this.#nodes > this.#budget.nodesMax) throw new Incomparable("node-budget");
    if (this.#nodes < this.#nextClock) return;
    this.#nextClock = this.#nodes + nodesBetweenClocks;
    this.lookAtClock();
  }

  /** Between the steps that do not count nodes: parsers. @throws Incomparable */
  lookAtClock(): void {
    if (this.#clock.monotonicMs() > this.#deadlineMs) throw new Incomparable("time-budget");
  }

  /** @throws Incomparable */
  takeBytes(length: number): void {
    if (length > this.#budget.bytesMax) throw new Incomparable("size-budget");
  }
}
