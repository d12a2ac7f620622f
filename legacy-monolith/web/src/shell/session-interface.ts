/**
 * `POST /Interfaces/Session.ashx`: another system asks who the holder of some cookies is. Key-protected (`X-Session-Key`).
 *
 * Request, `application/json`:
 *   `cookies`         the client's Cookie header as it came
 *   `renew`           default true: renews the server session and, when half its life is over, the ticket; false only looks
 *   `currentPatient`  sets the session's current patient (integer), or clears it (null)
 *   `currentEncounter` sets or clears the current visit
 *   `breakGlassPatient` sets the patient opened by break-glass (the caller has audited that)
 *   `shadow`          `{role, site}`: opens a session of the role's shadow account (`SHD` and the role) at that site instead
 *                     of asking about cookies, which must then be empty; its cookies come back in `setCookies`
 *
 * 200 `{kind:"staff", user, name, role, site, provider, currentPatient, currentEncounter, breakGlassPatient, issuedAt,
 * expiresAt, setCookies, portal}`: instants are ISO 8601 in UTC; absent numbers are null; `setCookies` are Set-Cookie values
 * the caller must hand to the browser (a renewed ticket, EHRCtx); `portal` is null or the portal's patient.
 * 200 `{kind:"portal", portal:{user, patient, proxyFor, expiresAt}, setCookies}` when only `.PORTALAUTH` is valid.
 * 401 `{code:"BAD_KEY"}`; 404 `{code:"NO_SESSION"}` when the cookies name nobody; 400 `{code:"BAD_REQUEST"}`; 404
 * `{code:"NO_PATIENT"}` when `currentPatient` is unknown; 404 `{code:"NO_SHADOW_ACCOUNT"}`. No refusal holds data of a request.
 */

import { z } from "zod";
import {
  contextCookie,
  parseCookies,
  portalCookie,
  serializeCookie,
  sessionCookie,
  ticketCookie,
} from "@banyan/webforms";
import { type Answer, p, type PageContext, type Session, sameSecret, type StaffUser } from "../kit/index.ts";
import { loadUser } from "../kit/monolith-host.ts";
import { emptySession, fillSession, isSessionId } from "../kit/session-store.ts";
import { cookieHeaderCharsMax } from "../limits.ts";

const id = z.number().int().min(1).max(2_147_483_647);
const requestShape = z.strictObject({
  cookies: z.string().max(cookieHeaderCharsMax),
  renew: z.boolean().default(true),
  currentPatient: id.nullable().optional(),
  currentEncounter: id.nullable().optional(),
  breakGlassPatient: id.nullable().optional(),
  shadow: z.strictObject({ role: z.string().regex(/^[A-Z]{4}$/), site: z.string().trim().min(1).max(4) }).optional(),
});

type Ask = z.infer<typeof requestShape>;

export async function sessionInterface(ctx: PageContext): Promise<Answer> {
  if (!sameSecret(ctx.header("x-session-key"), ctx.server.sessionKey)) return json(401, { code: "BAD_KEY" });
  const ask = readAsk(ctx.rawBody);
  if (!ask) return json(400, { code: "BAD_REQUEST" });
  if (ask.shadow) return openShadowSession(ctx, ask.shadow);
  const cookies = parseCookies(ask.cookies);
  const setCookies: string[] = [];
  const portal = portalAnswer(ctx, cookies, ask, setCookies);
  const ticket = ctx.server.tickets.read(cookies.get(ticketCookie.toLowerCase()) ?? "");
  const user = ticket && (await loadUser(ctx.db, ticket.name));
  if (!ticket || !user)
    return portal ? json(200, { kind: "portal", portal, setCookies }) : json(404, { code: "NO_SESSION" });
  if (typeof ask.currentPatient === "number" && !(await patientExists(ctx, ask.currentPatient))) {
    return json(404, { code: "NO_PATIENT" });
  }

  const session = openSession(ctx, cookies, user, ask, setCookies);
  changeSession(session, ask, setCookies);
  let life: Life = ticket;
  if (ask.renew && ctx.server.tickets.isHalfOver(ticket)) {
    const renewed = ctx.server.tickets.issue(user.usrId);
    setCookies.push(serializeCookie(ticketCookie, renewed));
    life = ctx.server.tickets.read(renewed) ?? ticket;
  }
  return json(200, { ...staffAnswer(user, session, life), setCookies, portal: portal ?? null });
}

type Life = { readonly issuedAt: Date; readonly expiresAt: Date };

function staffAnswer(user: StaffUser, session: Session, life: Life): object {
  return {
    kind: "staff",
    user: user.usrId,
    name: user.name,
    role: user.role,
    site: user.locCd,
    provider: user.provider,
    currentPatient: session.CurPatNo ?? null,
    currentEncounter: session.CurEncNo ?? null,
    breakGlassPatient: session.BtgPat ?? null,
    issuedAt: life.issuedAt.toISOString(),
    expiresAt: life.expiresAt.toISOString(),
  };
}

/** A session in nobody's name but the shadow account's: reads made for comparison leave clinicians' sessions alone. */
async function openShadowSession(ctx: PageContext, { role, site }: NonNullable<Ask["shadow"]>): Promise<Answer> {
  const account = await loadUser(ctx.db, `SHD${role}`);
  if (!account || account.role !== role) return json(404, { code: "NO_SHADOW_ACCOUNT" });
  const user: StaffUser = { ...account, locCd: site };
  const { id, session } = ctx.server.sessions.create();
  fillSession(session, user);
  const issued = ctx.server.tickets.issue(user.usrId);
  const life = ctx.server.tickets.read(issued);
  if (!life) return json(404, { code: "NO_SHADOW_ACCOUNT" });
  const setCookies = [serializeCookie(sessionCookie, id), serializeCookie(ticketCookie, issued)];
  return json(200, { ...staffAnswer(user, session, life), setCookies, portal: null });
}

function readAsk(body: Buffer): Ask | undefined {
  try {
    const parsed = requestShape.safeParse(JSON.parse(body.toString("utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Not JSON at all: the same refusal as JSON of another shape.
    return undefined;
  }
}

/** The user's session. Looking only (`renew: false`) makes none; a lost or foreign one counts as empty. */
function openSession(
  ctx: PageContext,
  cookies: ReadonlyMap<string, string>,
  user: StaffUser,
  ask: Ask,
  setCookies: string[],
): Session {
  const sent = cookies.get(sessionCookie.toLowerCase()) ?? "";
  const sessions = ctx.server.sessions;
  const writes = ask.renew || changes(ask);
  const found = writes ? sessions.find(sent) : sessions.peek(sent)?.session;
  if (found && found.UsrID.toUpperCase() === user.usrId.toUpperCase()) return found;
  const made = writes ? sessions.create(isSessionId(sent) ? sent : undefined) : { id: sent, session: emptySession() };
  fillSession(made.session, user);
  if (made.id !== sent) setCookies.push(serializeCookie(sessionCookie, made.id));
  return made.session;
}

const changes = (ask: Ask): boolean =>
  ask.currentPatient !== undefined || ask.currentEncounter !== undefined || ask.breakGlassPatient !== undefined;

function changeSession(session: Session, ask: Ask, setCookies: string[]): void {
  if (ask.currentPatient !== undefined) {
    if (session.CurPatNo !== (ask.currentPatient ?? undefined)) session.CurEncNo = undefined;
    session.CurPatNo = ask.currentPatient ?? undefined;
  }
  if (ask.currentEncounter !== undefined) session.CurEncNo = ask.currentEncounter ?? undefined;
  if (ask.breakGlassPatient !== undefined) session.BtgPat = ask.breakGlassPatient ?? undefined;
  if (ask.currentPatient === undefined && ask.currentEncounter === undefined) return;
  const enc = session.CurEncNo === undefined ? "" : `&enc=${session.CurEncNo}`;
  const value = session.CurPatNo === undefined ? "" : `pid=${session.CurPatNo}${enc}`;
  setCookies.push(serializeCookie(contextCookie, value, { httpOnly: false, expired: value === "" }));
}

function portalAnswer(ctx: PageContext, cookies: ReadonlyMap<string, string>, ask: Ask, setCookies: string[]) {
  const ticket = ctx.server.tickets.readPortal(cookies.get(portalCookie.toLowerCase()) ?? "");
  if (!ticket) return undefined;
  const { identity } = ticket;
  let { expiresAt } = ticket;
  if (ask.renew && ctx.server.tickets.isHalfOver(ticket)) {
    const renewed = ctx.server.tickets.issuePortal(identity);
    setCookies.push(serializeCookie(portalCookie, renewed, { path: "/Portal" }));
    expiresAt = ctx.server.tickets.readPortal(renewed)?.expiresAt ?? expiresAt;
  }
  return {
    user: identity.loginName,
    patient: identity.patNo,
    proxyFor: identity.proxyForPatNo,
    expiresAt: expiresAt.toISOString(),
  };
}

async function patientExists(ctx: PageContext, patNo: number): Promise<boolean> {
  const row = await ctx.db.first("SELECT PatNo FROM PATMST WHERE PatNo = @pid", { pid: p.int(patNo) });
  return row !== undefined;
}

function json(status: number, body: object): Answer {
  return {
    status,
    contentType: "application/json; charset=utf-8",
    headers: { "Cache-Control": "no-store" },
    body: JSON.stringify(body),
  };
}
