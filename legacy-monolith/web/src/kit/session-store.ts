/**
 * In-process sessions, as ASP.NET's `InProc` mode keeps them: lost with the process, ended after 20 minutes without a request.
 * Bounded: above `sessionsMax` the one unused for longest is dropped, as the worker process would have been recycled.
 */

import { randomBytes } from "node:crypto";
import type { Clock } from "@banyan/kernel";
import type { SessionValues, StaffUser } from "@banyan/webforms";
import { sessionsMax, slidingMs } from "../limits.ts";

/** Names as the old pages use them. */
export type Session = SessionValues & {
  UsrID: string;
  UsrNm: string;
  RoleCd: string;
  ProvYN: string;
  /** Whatever else a page keeps: double-submit tokens and the like. Keys a page sets must be few. */
  readonly bag: Map<string, string>;
};

export type SessionStore = {
  /** The session of an id, fresh and renewed; undefined when it never was or has ended. */
  find(id: string): Session | undefined;
  /** Looks without renewing. */
  peek(id: string): { session: Session; expiresAt: Date } | undefined;
  /** A new session under `id`, or under a new id. */
  create(id?: string): { id: string; session: Session };
  remove(id: string): void;
  readonly size: number;
};

const alphabet = "abcdefghijklmnopqrstuvwxyz012345";

/** 24 characters a-z0-5, as ASP.NET makes them from 120 random bits. */
export function newSessionId(): string {
  return Array.from(randomBytes(24), (byte) => alphabet[byte & 31]).join("");
}

export function isSessionId(text: string): boolean {
  return /^[a-z0-5]{24}$/.test(text);
}

export function emptySession(): Session {
  return {
    UsrID: "",
    UsrNm: "",
    RoleCd: "",
    LocCd: "",
    ProvYN: "N",
    CurPatNo: undefined,
    CurEncNo: undefined,
    BtgPat: undefined,
    bag: new Map(),
  };
}

export function fillSession(session: Session, user: StaffUser): void {
  session.UsrID = user.usrId;
  session.UsrNm = user.name;
  session.RoleCd = user.role;
  session.LocCd = user.locCd;
  session.ProvYN = user.provider ? "Y" : "N";
}

export function createSessionStore(clock: Clock, onEvict: () => void = () => {}): SessionStore {
  // A Map keeps the order of insertion; a used entry is inserted again, so the first key is the one unused for longest.
  const sessions = new Map<string, { session: Session; usedAt: number }>();
  const live = (id: string) => {
    const entry = sessions.get(id);
    if (entry && clock.now().getTime() - entry.usedAt >= slidingMs) {
      sessions.delete(id);
      return undefined;
    }
    return entry;
  };
  return {
    find(id) {
      const entry = live(id);
      if (!entry) return undefined;
      entry.usedAt = clock.now().getTime();
      sessions.delete(id);
      sessions.set(id, entry);
      return entry.session;
    },
    peek(id) {
      const entry = live(id);
      return entry && { session: entry.session, expiresAt: new Date(entry.usedAt + slidingMs) };
    },
    create(id = newSessionId()) {
      const session = emptySession();
      sessions.delete(id);
      sessions.set(id, { session, usedAt: clock.now().getTime() });
      if (sessions.size > sessionsMax) {
        const oldest = sessions.keys().next().value;
        if (oldest !== undefined) sessions.delete(oldest);
        onEvict();
      }
      return { id, session };
    },
    remove: (id) => void sessions.delete(id),
    get size() {
      return sessions.size;
    },
  };
}
