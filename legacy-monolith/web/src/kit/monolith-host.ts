/**
 * The monolith as host of its pages: a forms ticket says who asks, the session lives in the process, pages work on the legacy
 * database.
 */

import { AppError, type Clock, type Logger } from "@banyan/kernel";
import {
  type Answer,
  contextCookie,
  type ContextControl,
  type Crash,
  extendContext,
  type Host,
  type PageFace,
  type PatientBanner,
  portalCookie,
  type Role,
  sessionCookie,
  type StaffUser,
  ticketCookie,
  type ViewStates,
  type Visit,
  type Visitor,
} from "@banyan/webforms";
import { events } from "../events.ts";
import { type Database, p, SqlFailure } from "./database.ts";
import type { MonolithMembers, Page, PageContext, ServerParts } from "./page.ts";
import { fillSession, isSessionId, newSessionId, type Session } from "./session-store.ts";

export type MonolithParts = {
  readonly pages: readonly Page[];
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly server: ServerParts;
  readonly viewStates: ViewStates;
  readonly trustedProxies: readonly string[];
};

export function monolithHost(parts: MonolithParts): Host<PageContext> {
  return {
    pages: parts.pages,
    clock: parts.clock,
    viewStates: parts.viewStates,
    trustedProxies: parts.trustedProxies,
    visit: (control) => visit(parts, control),
    crashed: (crash) => reportCrash(parts.logger, crash),
  };
}

function visit(parts: MonolithParts, control: ContextControl): Visit<PageContext> {
  const session = sessionOpener(parts, control);
  const ctx = extendContext(control.ctx, members(parts, control, session));
  return {
    ctx,
    session,
    banner: (patNo) => findBanner(parts.db, patNo),
    identify: (page) => identify(parts, ctx, page),
  };
}

/** Opens the session on first use: the one of the cookie, or a new one whose cookie is set. */
function sessionOpener({ server }: MonolithParts, { ctx }: ContextControl): () => Session {
  let session: Session | undefined;
  return () => {
    if (session) return session;
    const sent = ctx.cookie(sessionCookie);
    // ASP.NET takes a well-formed id of the client's over, even when its session is gone.
    const id = isSessionId(sent) ? sent : newSessionId();
    session = (id === sent ? server.sessions.find(id) : undefined) ?? server.sessions.create(id).session;
    if (id !== sent) ctx.setCookie(sessionCookie, id);
    return session;
  };
}

function members({ db, server }: MonolithParts, control: ContextControl, session: () => Session): MonolithMembers {
  const { ctx } = control;
  return {
    get session() {
      return session();
    },
    db,
    server,
    signIn(signedIn) {
      control.setUser(signedIn);
      emptyFor(session(), signedIn);
      ctx.setCookie(ticketCookie, server.tickets.issue(signedIn.usrId));
    },
    signOut() {
      const sent = ctx.cookie(sessionCookie);
      if (sent !== "") server.sessions.remove(sent);
      ctx.setCookie(ticketCookie, "", { expired: true });
      ctx.setCookie(contextCookie, "", { expired: true, httpOnly: false });
      ctx.setCookie(sessionCookie, "", { expired: true });
    },
    renewTicket() {
      if (ctx.userIfAny) ctx.setCookie(ticketCookie, server.tickets.issue(ctx.userIfAny.usrId));
    },
    signInPortal(identity) {
      control.setPortal(identity);
      ctx.setCookie(portalCookie, server.tickets.issuePortal(identity), { path: "/Portal" });
    },
    signOutPortal: () => ctx.setCookie(portalCookie, "", { path: "/Portal", expired: true }),
  };
}

async function identify(parts: MonolithParts, ctx: PageContext, page: PageFace | undefined): Promise<Visitor | Answer> {
  const { tickets } = parts.server;
  const ticket = tickets.readPortal(ctx.cookie(portalCookie));
  if (ticket && page?.module === "portal" && tickets.isHalfOver(ticket)) ctx.signInPortal(ticket.identity);
  const portal = ticket?.identity;
  const withoutStaff =
    page?.access === "portal" ||
    (page?.access === "anonymous" && (page.module === "portal" || page.module === "interface"));
  return { portal, staff: withoutStaff ? undefined : await staffOf(parts, ctx) };
}

type UserRow = { UsrID: string; UsrNm: string; RoleCd: string; LocCd: string; ProvYN: string };

/** The user of a valid ticket. A session that was lost, or belongs to another user, is filled anew from USRMST. */
async function staffOf(parts: MonolithParts, ctx: PageContext): Promise<StaffUser | undefined> {
  const { tickets } = parts.server;
  const ticket = tickets.read(ctx.cookie(ticketCookie));
  if (!ticket) return undefined;
  const { session } = ctx;
  let user: StaffUser | undefined;
  if (session.UsrID.toUpperCase() === ticket.name.toUpperCase()) {
    user = {
      usrId: session.UsrID,
      name: session.UsrNm,
      role: session.RoleCd as Role,
      locCd: session.LocCd,
      provider: session.ProvYN === "Y",
    };
  } else {
    user = await loadUser(parts.db, ticket.name);
    if (!user) return undefined;
    emptyFor(session, user);
  }
  if (tickets.isHalfOver(ticket)) ctx.setCookie(ticketCookie, tickets.issue(user.usrId));
  return user;
}

function emptyFor(session: Session, user: StaffUser): void {
  session.CurPatNo = undefined;
  session.CurEncNo = undefined;
  session.BtgPat = undefined;
  session.bag.clear();
  fillSession(session, user);
}

/** An active member of staff by id. */
export async function loadUser(db: Database, usrId: string): Promise<StaffUser | undefined> {
  const row = await db.first<UserRow>(
    "SELECT UsrID, UsrNm, RoleCd, LocCd, ProvYN FROM USRMST WHERE UsrID = @usr AND ActvYN = 'Y'",
    { usr: p.char(8, usrId) },
  );
  return (
    row && {
      usrId: row.UsrID,
      name: row.UsrNm,
      role: row.RoleCd as Role,
      locCd: row.LocCd,
      provider: row.ProvYN === "Y",
    }
  );
}

async function findBanner(db: Database, patNo: number): Promise<PatientBanner | undefined> {
  const patient = await db.first<Omit<PatientBanner, "allergies">>(
    "SELECT MRN, LName, FName, MI, DOB, Sex FROM PATMST WHERE PatNo = @pid AND DelYN <> 'Y'",
    { pid: p.int(patNo) },
  );
  if (!patient) return undefined;
  const allergies = await db.query<{ ItemDs: string }>(
    "SELECT ItemDs FROM PATLIST WHERE PatNo = @pid AND LstTyp = 'A' AND StatCd = 'A' AND DelYN <> 'Y' ORDER BY ListID",
    { pid: p.int(patNo) },
  );
  return { ...patient, allergies: allergies.map((row) => row.ItemDs) };
}

/** Names the page and the kind of failure; the text of an error may hold data and stays out. */
function reportCrash(logger: Logger, { route, method, error }: Crash): void {
  logger.error({
    event: events.pageCrashed,
    route,
    method,
    code: error instanceof AppError ? error.code : error instanceof Error ? error.name : "UNKNOWN",
    ...(error instanceof SqlFailure ? { sqlErrorNumber: error.sqlErrorNumber } : {}),
  });
}
