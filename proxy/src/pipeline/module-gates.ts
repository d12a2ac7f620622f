/**
 * Step 5: the gate of each module. Every write that goes through is counted by module and epoch until it has been answered;
 * while a module is fenced its writes wait here.
 *
 *   enter --not fenced, nobody of the session before it--> through --leave--> gone
 *     '-----fenced, or behind another of its session-----> held --release, its turn--> through
 *                                                           |--past holdMsMax--> holdTimeout (503)
 *                                                           '--client gone-----> dropped
 *
 * Writes of one session go through one after the other, in the order in which they came, also after the release: the second
 * save of a page must not overtake the first. Who ends a fence is decided elsewhere (the control store); a gate only knows
 * fenced or not.
 */

import { limits } from "../limits.ts";

export type Passage =
  /** Decide again, with the revision of now; then `leave` when the write has been answered or given up. */
  | { readonly kind: "through"; readonly place: Place }
  | { readonly kind: "failed"; readonly failure: "holdTimeout" | "holdQueueFull" | "clientGone" };

export type Place = { readonly leave: () => void };

type Held = { go(): void };

/** Of one session at one module: whose turn it is, and who waits. */
type Lane = { busy: boolean; readonly waiting: Held[] };

export class ModuleGates {
  /** Times a bound was reached. */
  readonly refused = { holdTimeout: 0, holdQueueFull: 0, clientGone: 0 };
  #fenced: ReadonlySet<string> = new Set();
  #onDrained: () => void = () => {};
  #heldCount = 0;
  readonly #inFlight = new Map<string, Map<number, number>>();
  readonly #lanes = new Map<string, Map<string, Lane>>();

  isFenced(module: string): boolean {
    return this.#fenced.has(module);
  }

  /** The whole list of fenced modules; those no longer in it are released. */
  setFences(modules: Iterable<string>): void {
    const before = this.#fenced;
    this.#fenced = new Set(modules);
    for (const module of before) if (!this.#fenced.has(module)) this.#release(module);
  }

  /** Counts one write under way. @returns what ends it; calling it twice does nothing. */
  begin(module: string, epoch: number): () => void {
    const epochs = this.#inFlight.get(module) ?? new Map<number, number>();
    this.#inFlight.set(module, epochs);
    epochs.set(epoch, (epochs.get(epoch) ?? 0) + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = (epochs.get(epoch) ?? 1) - 1;
      if (left > 0) {
        epochs.set(epoch, left);
        return;
      }
      epochs.delete(epoch);
      if (this.#fenced.has(module)) this.#onDrained();
    };
  }

  /** @param listener told each time the last write of an epoch of a fenced module has ended. */
  onDrained(listener: () => void): void {
    this.#onDrained = listener;
  }

  /** Writes under way, by module and epoch; only those that are. */
  inFlight(): Record<string, Record<string, number>> {
    return Object.fromEntries(
      [...this.#inFlight]
        .filter(([, epochs]) => epochs.size > 0)
        .map(([module, epochs]) => [module, Object.fromEntries(epochs)]),
    );
  }

  /** Writes held, by module. */
  held(): Record<string, number> {
    return Object.fromEntries(
      [...this.#lanes]
        .map(([module, lanes]) => [module, [...lanes.values()].reduce((sum, lane) => sum + lane.waiting.length, 0)])
        .filter(([, count]) => count !== 0),
    );
  }

  /** Whether a write of this session must call `hold`: the module is fenced, or others of the session still go before it. */
  mustWait(module: string, session: string): boolean {
    if (this.#fenced.has(module)) return true;
    const lane = this.#lanes.get(module)?.get(session);
    return lane !== undefined && (lane.busy || lane.waiting.length > 0);
  }

  /**
   * Waits for the release and the session's turn.
   * @param onGone registers what is called when the client leaves. @param again the place it already had: it keeps its turn.
   */
  hold(options: {
    module: string;
    session: string;
    msMax: number;
    onGone: (callback: () => void) => void;
    again?: boolean;
  }): Promise<Passage> {
    const { module, session, msMax, onGone, again } = options;
    if (this.#heldCount >= limits.heldWritesMax) {
      this.refused.holdQueueFull += 1;
      return Promise.resolve({ kind: "failed", failure: "holdQueueFull" });
    }
    const lane = this.#laneOf(module, session);
    return new Promise((resolve) => {
      let settled = false;
      const settle = (passage: Passage): void => {
        if (settled) return;
        settled = true;
        this.#heldCount -= 1;
        clearTimeout(timer);
        const at = lane.waiting.indexOf(held);
        if (at >= 0) lane.waiting.splice(at, 1);
        this.#forget(module, session, lane);
        if (passage.kind === "failed") this.refused[passage.failure] += 1;
        resolve(passage);
      };
      const held: Held = {
        go: () => {
          lane.busy = true;
          settle({ kind: "through", place: { leave: once(() => this.#next(module, session, lane)) } });
        },
      };
      const timer = setTimeout(() => settle({ kind: "failed", failure: "holdTimeout" }), msMax);
      this.#heldCount += 1;
      if (again) lane.waiting.unshift(held);
      else lane.waiting.push(held);
      onGone(() => settle({ kind: "failed", failure: "clientGone" }));
    });
  }

  #laneOf(module: string, session: string): Lane {
    const lanes = this.#lanes.get(module) ?? new Map<string, Lane>();
    this.#lanes.set(module, lanes);
    const lane = lanes.get(session) ?? { busy: false, waiting: [] };
    lanes.set(session, lane);
    return lane;
  }

  #release(module: string): void {
    for (const lane of this.#lanes.get(module)?.values() ?? []) if (!lane.busy) lane.waiting[0]?.go();
  }

  #next(module: string, session: string, lane: Lane): void {
    lane.busy = false;
    if (!this.#fenced.has(module)) lane.waiting[0]?.go();
    this.#forget(module, session, lane);
  }

  #forget(module: string, session: string, lane: Lane): void {
    if (lane.busy || lane.waiting.length > 0) return;
    const lanes = this.#lanes.get(module);
    if (lanes?.get(session) === lane) lanes.delete(session);
    if (lanes?.size === 0) this.#lanes.delete(module);
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
