/**
 * What a replica runs on now: one compiled revision, the conditions of the modules, its lease. The model is swapped whole; a
 * request takes the model once and uses it to its end.
 */

import type { ModuleCondition, RevisionModel } from "@banyan/routing-rules";
import type { Clock } from "@banyan/kernel";

export type Conditions = ReadonlyMap<string, ModuleCondition>;

/** Finer than any bound on a watermark's age (rule files allow 100 ms and more). */
const agingMs = 25;

export class ModelState {
  #model: RevisionModel | undefined;
  #conditions: Conditions = new Map();
  #aged: Conditions = new Map();
  #toldAtMs = 0;
  #agedByMs = 0;
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

  /**
   * Watermarks grow older while nobody tells a new one: with control away, reads at canary go back to the owner by themselves.
   * Brought up to date every few milliseconds, not for every request.
   */
  get conditions(): Conditions {
    const ageMs = this.#clock.monotonicMs() - this.#toldAtMs;
    if (ageMs - this.#agedByMs >= agingMs) {
      this.#agedByMs = ageMs;
      this.#aged = new Map(
        [...this.#conditions].map(([module, one]) => [
          module,
          one.watermarkAgeMs === undefined ? one : { ...one, watermarkAgeMs: one.watermarkAgeMs + ageMs },
        ]),
      );
    }
    return this.#aged;
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
    this.#aged = conditions;
    this.#toldAtMs = this.#clock.monotonicMs();
    this.#agedByMs = 0;
    for (const told of this.#onConditions) told(conditions);
  }

  onSwap(listener: (model: RevisionModel) => void): void {
    this.#onSwap.push(listener);
  }

  onConditions(listener: (conditions: Conditions) => void): void {
    this.#onConditions.push(listener);
  }
}

/** What a replica tells of its traffic: writes by module (and epoch), requests by rule. */
export type TrafficCounts = {
  held(): Record<string, number>;
  inFlight(): Record<string, Record<string, number>>;
  /** Tells each time the last write of an epoch of a fenced module has ended. */
  onDrained(listener: () => void): void;
  /** Requests since the last call, by rule id. */
  takeAsked(): Record<string, number>;
  /** Gives back counts that could not be told. */
  returnAsked(counts: Readonly<Record<string, number>>): void;
  /** Heartbeat numbers control knew of when it answered what was sent at `sentMs` (monotonic); see pipeline/pins.ts. */
  announced(numbers: Readonly<Record<string, number>>, sentMs: number): void;
};

/** Where revisions come from. */
export type RevisionSource = {
  /** Brings the first model, or throws; then keeps it up to date until stopped. */
  start(state: ModelState, traffic: TrafficCounts): Promise<{ stop(): Promise<void> | void }>;
};
