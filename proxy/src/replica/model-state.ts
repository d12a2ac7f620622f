/**
 * What a replica runs on now: one compiled revision, the conditions of the modules, its lease. The model is swapped whole; a
 * request takes the model once and uses it to its end.
 */

import type { ModuleCondition, RevisionModel } from "@banyan/routing-rules";
import type { Clock } from "@banyan/kernel";

export type Conditions = ReadonlyMap<string, ModuleCondition>;

export class ModelState {
  #model: RevisionModel | undefined;
  #conditions: Conditions = new Map();
  #leaseUntilMs: number | undefined;
  readonly #clock: Clock;
  readonly #onSwap: ((model: RevisionModel) => void)[] = [];
  readonly #onConditions: ((conditions: Conditions) => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined until a first revision was there. */
  get model(): RevisionModel | undefined {
    return this.#model;
  }

  get conditions(): Conditions {
    return this.#conditions;
  }

  /** Whether this replica may take writes of modules at canary. Without control (rules from a file) nobody moves owners: always. */
  get leaseIsValid(): boolean {
    return this.#leaseUntilMs === undefined || this.#clock.monotonicMs() < this.#leaseUntilMs;
  }

  /** @param atMs monotonic time at which the renewal was asked for. */
  lease(atMs: number, leaseMs: number): void {
    this.#leaseUntilMs = atMs + leaseMs;
  }

  swap(model: RevisionModel): void {
    this.#model = model;
    for (const told of this.#onSwap) told(model);
  }

  setConditions(conditions: Conditions): void {
    this.#conditions = conditions;
    for (const told of this.#onConditions) told(conditions);
  }

  onSwap(listener: (model: RevisionModel) => void): void {
    this.#onSwap.push(listener);
  }

  onConditions(listener: (conditions: Conditions) => void): void {
    this.#onConditions.push(listener);
  }
}

/** What a replica tells of its writes, by module (and epoch). */
export type WriteCounts = {
  held(): Record<string, number>;
  inFlight(): Record<string, Record<string, number>>;
};

/** Where revisions come from. */
export type RevisionSource = {
  /** Brings the first model, or throws; then keeps it up to date until stopped. */
  start(state: ModelState, writes: WriteCounts): Promise<{ stop(): Promise<void> | void }>;
};
