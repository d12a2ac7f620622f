/**
 * Legacy sessions of the comparison's own. A shadow of the legacy system must not carry a clinician's cookie: it would move
 * their current patient, renew their clock and forge audit rows in their name. So the legacy session end point is asked for a
 * session of a shadow account of the same role and site; the account's own name stands in the legacy audit trail.
 *
 * A session serves one read at a time (a page may move its current patient); free ones are kept and used again.
 */

import type { SessionEndPoint, SessionChange } from "../identity/legacy-session.ts";
import type { Principal } from "../identity/principal.ts";
import { principalOf } from "../identity/principal.ts";
import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";

type Reader = { cookies: string; principal: StaffPrincipal; readonly openedMs: number };
export type StaffPrincipal = Extract<Principal, { kind: "staff" }>;

/** What the session must show for the page to be the same: the clinician's at the time of the request. */
export type ReaderState = Required<SessionChange>;

export class LegacyReaders {
  readonly #endPoint: SessionEndPoint;
  readonly #clock: Clock;
  readonly #free = new Map<string, Reader[]>();
  #inUse = 0;
  /** Sessions that could not be had. */
  refused = 0;

  constructor(endPoint: SessionEndPoint, clock: Clock) {
    this.#endPoint = endPoint;
    this.#clock = clock;
  }

  /**
   * Runs a read with a session of this role and site in this state.
   * @returns undefined when there is none: too many at once, no such account, or the legacy system away
   */
  async with<T>(
    who: { readonly role: string; readonly site: string },
    state: ReaderState,
    read: (cookies: string, principal: StaffPrincipal) => Promise<T>,
  ): Promise<T | undefined> {
    const key = `${who.role} ${who.site}`;
    if (this.#inUse >= limits.legacyReadersMax) {
      this.refused += 1;
      return undefined;
    }
    this.#inUse += 1;
    try {
      const reader = this.#kept(key) ?? (await this.#open(who));
      if (!reader || !(await this.#prepare(reader, state))) {
        this.refused += 1;
        return undefined;
      }
      const result = await read(reader.cookies, reader.principal);
      this.#keep(key, reader);
      return result;
    } finally {
      this.#inUse -= 1;
    }
  }

  #kept(key: string): Reader | undefined {
    const free = this.#free.get(key);
    for (let reader = free?.pop(); reader; reader = free?.pop())
      if (this.#clock.monotonicMs() - reader.openedMs < limits.legacyReaderMsMax) return reader;
    return undefined;
  }

  #keep(key: string, reader: Reader): void {
    const free = this.#free.get(key) ?? [];
    this.#free.set(key, free);
    if (free.length < limits.legacyReadersKeptMax) free.push(reader);
  }

  async #open(who: { readonly role: string; readonly site: string }): Promise<Reader | undefined> {
    const answer = await this.#endPoint.openShadow(who);
    if (answer.kind !== "session" || answer.session.kind !== "staff") return undefined;
    const principal = principalOf(answer.session);
    if (principal.kind !== "staff") return undefined;
    const cookies = answer.session.setCookies.map((one) => one.split(";", 1)[0] ?? "").join("; ");
    return { cookies, principal, openedMs: this.#clock.monotonicMs() };
  }

  async #prepare(reader: Reader, state: ReaderState): Promise<boolean> {
    const answer = await this.#endPoint.renew(reader.cookies, state);
    return answer.kind === "session";
  }
}
