/**
 * Step 3: who the caller is. Answers of the session end point are kept for a few seconds by cookie hash, and asked for once
 * however many requests of one browser arrive together. The cached part is only who the user is; what changes from page to
 * page (the current patient) is always asked afresh by whoever needs it: a stale patient would open the wrong chart.
 */

import type { Clock, Logger } from "@banyan/kernel";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { SessionAnswer, SessionEndPoint } from "./legacy-session.ts";
import { anonymous, type Principal, principalOf } from "./principal.ts";

type Entry = { readonly principal: Principal; readonly atMs: number };

export class Identities {
  readonly counts = { hits: 0, lookups: 0, joined: 0, unknown: 0, stale: 0, refused: 0 };
  readonly #endPoint: SessionEndPoint | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Map<string, Promise<Principal>>();

  constructor(options: { endPoint: SessionEndPoint | undefined; clock: Clock; logger: Logger }) {
    this.#endPoint = options.endPoint;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** A principal at once where it is known, else once the legacy system has said; `anonymous` when it cannot. */
  of(cookies: string, key: string): Principal | Promise<Principal> {
    const entry = this.#entries.get(key);
    if (entry && this.#clock.monotonicMs() - entry.atMs < limits.identityMsMax) {
      this.counts.hits += 1;
      return entry.principal;
    }
    const running = this.#running.get(key);
    if (running) {
      this.counts.joined += 1;
      return running;
    }
    if (!this.#endPoint || this.#running.size >= limits.identityLookupsMax) {
      this.counts.refused += 1;
      return this.#stale(entry);
    }
    const lookup = this.#look(this.#endPoint, cookies, key, entry).finally(() => this.#running.delete(key));
    this.#running.set(key, lookup);
    return lookup;
  }

  /** Keeps what another call to the end point has said. */
  learn(key: string, answer: SessionAnswer): Principal | undefined {
    if (answer.kind === "unknown") {
      this.counts.unknown += 1;
      this.#logger.warn({ event: events.sessionEndPointFailed, code: answer.code });
      return undefined;
    }
    const principal = answer.kind === "session" ? principalOf(answer.session) : anonymous;
    this.#entries.delete(key);
    this.#entries.set(key, { principal, atMs: this.#clock.monotonicMs() });
    if (this.#entries.size > limits.identitiesMax) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    return principal;
  }

  /** After a log-in or log-out nothing is believed. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** Whom it last said it was, however long ago: for the record, not for a decision. */
  lastKnown(key: string): Principal | undefined {
    const principal = this.#entries.get(key)?.principal;
    return principal?.kind === "anonymous" ? undefined : principal;
  }

  /** With the end point away: whom it last said it was, for a while. */
  known(key: string): Principal {
    return this.#stale(this.#entries.get(key));
  }

  async #look(endPoint: SessionEndPoint, cookies: string, key: string, entry: Entry | undefined): Promise<Principal> {
    this.counts.lookups += 1;
    return this.learn(key, await endPoint.look(cookies)) ?? this.#stale(entry);
  }

  #stale(entry: Entry | undefined): Principal {
    if (!entry || this.#clock.monotonicMs() - entry.atMs >= limits.staleIdentityMsMax) return anonymous;
    this.counts.stale += 1;
    return entry.principal;
  }
}
