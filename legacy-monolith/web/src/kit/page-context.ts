/** Makes the context of one request: what a page may read of it, and the cookies it sets. */

import { AppError, type Clock } from "@banyan/kernel";
import { renderPage } from "./chrome.ts";
import { controlName } from "./controls.ts";
import { contextCookie, portalCookie, serializeCookie, sessionCookie, ticketCookie } from "./cookies.ts";
import type { Database } from "./database.ts";
import { toInt32 } from "./format-failure.ts";
import { type Html, html } from "./html.ts";
import type { FormOptions, Page, PageContext, ServerParts, StaffUser } from "./page.ts";
import { isSessionId, newSessionId, type PortalIdentity, type Session } from "./session-store.ts";
import { toWall } from "./wall-time.ts";
import type { ViewStates } from "./view-state.ts";

/** What the application has found out about a request before the page runs. */
export type RequestFacts = {
  readonly self: Page;
  readonly method: "GET" | "POST";
  readonly rawUrl: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly cookies: ReadonlyMap<string, string>;
  readonly ipAddress: string;
};

export type ContextParts = {
  readonly db: Database;
  readonly clock: Clock;
  readonly server: ServerParts;
  readonly viewStates: ViewStates;
};

/** The application's handle on a context: it fills identity and body in as they become known, and takes the cookies. */
export type ContextControl = {
  readonly ctx: PageContext;
  setUser(user: StaffUser): void;
  setPortal(identity: PortalIdentity): void;
  setBody(body: Buffer, fields: readonly (readonly [string, string])[]): void;
  setViewState(state: Readonly<Record<string, string>>): void;
  /** Set-Cookie values; the last one of a name and path counts. */
  setCookies(): string[];
};

export function createPageContext(facts: RequestFacts, parts: ContextParts): ContextControl {
  const jar = new Map<string, string>();
  let user: StaffUser | undefined;
  let portal: PortalIdentity | undefined;
  let body: Buffer = Buffer.alloc(0);
  let fields: readonly (readonly [string, string])[] = [];
  let viewState: Readonly<Record<string, string>> = {};
  let session: { id: string; session: Session } | undefined;

  const setCookie: PageContext["setCookie"] = (name, value, options) =>
    void jar.set(`${name.toLowerCase()} ${options?.path ?? "/"}`, serializeCookie(name, value, options));
  const openSession = (): Session => {
    if (session) return session.session;
    const sent = facts.cookies.get(sessionCookie.toLowerCase());
    // ASP.NET takes a well-formed id of the client's over, even when its session is gone.
    const id = sent !== undefined && isSessionId(sent) ? sent : newSessionId();
    const found = id === sent ? parts.server.sessions.find(id) : undefined;
    session = found ? { id, session: found } : parts.server.sessions.create(id);
    if (id !== sent) setCookie(sessionCookie, id);
    return session.session;
  };
  const rawField = (name: string): string => values(fields, name).join(",");

  const ctx: PageContext = {
    self: facts.self,
    method: facts.method,
    rawUrl: facts.rawUrl,
    query: (name) => values(facts.query, name).join(","),
    queryInt(name) {
      const value = values(facts.query, name).join(",");
      return value === "" ? undefined : toInt32(name, value);
    },
    field: (name) => rawField(controlName(name)),
    hasField: (name) => values(fields, controlName(name)).length > 0,
    rawField,
    fieldNames: () =>
      fields.filter(([name]) => /^ctl00\$cph\$/i.test(name)).map(([name]) => name.slice("ctl00$cph$".length)),
    get viewState() {
      return viewState;
    },
    header(name) {
      const value = facts.headers[name.toLowerCase()];
      return (Array.isArray(value) ? value[0] : value) ?? "";
    },
    get rawBody() {
      return body;
    },
    ipAddress: facts.ipAddress,
    get session() {
      return openSession();
    },
    get user() {
      return user ?? fail("staff");
    },
    get portal() {
      return portal ?? fail("portal");
    },
    get userIfAny() {
      return user;
    },
    get portalIfAny() {
      return portal;
    },
    db: parts.db,
    server: parts.server,
    now: () => toWall(parts.clock.now()),
    instant: () => parts.clock.now(),
    cookie: (name) => facts.cookies.get(name.toLowerCase()) ?? "",
    setCookie,
    signIn(signedIn) {
      user = signedIn;
      const open = openSession();
      fillSession(open, signedIn);
      open.CurPatNo = undefined;
      open.CurEncNo = undefined;
      open.BtgPat = undefined;
      open.bag.clear();
      setCookie(ticketCookie, parts.server.tickets.issue(signedIn.usrId));
    },
    signOut() {
      const sent = facts.cookies.get(sessionCookie.toLowerCase());
      if (sent !== undefined) parts.server.sessions.remove(sent);
      setCookie(ticketCookie, "", { expired: true });
      setCookie(contextCookie, "", { expired: true, httpOnly: false });
      setCookie(sessionCookie, "", { expired: true });
    },
    renewTicket() {
      if (user) setCookie(ticketCookie, parts.server.tickets.issue(user.usrId));
    },
    signInPortal(identity) {
      portal = identity;
      setCookie(portalCookie, parts.server.tickets.issuePortal(identity), { path: "/Portal" });
    },
    signOutPortal: () => setCookie(portalCookie, "", { path: "/Portal", expired: true }),
    setCurrent(patNo, encNo) {
      const open = openSession();
      if (open.CurPatNo !== patNo) open.CurEncNo = undefined;
      open.CurPatNo = patNo;
      if (encNo !== undefined) open.CurEncNo = encNo;
      const enc = open.CurEncNo === undefined ? "" : `&enc=${open.CurEncNo}`;
      setCookie(contextCookie, `pid=${patNo}${enc}`, { httpOnly: false });
    },
    page: (content) => renderPage(ctx, content),
    form: (inner, options) => renderForm(facts, parts.viewStates, inner, options),
  };

  return {
    ctx,
    setUser: (value) => {
      user = value;
    },
    setPortal: (value) => {
      portal = value;
    },
    setBody: (bytes, pairs) => {
      body = bytes;
      fields = pairs;
    },
    setViewState: (state) => {
      viewState = state;
    },
    setCookies: () => [...jar.values()],
  };
}

export function fillSession(session: Session, user: StaffUser): void {
  session.UsrID = user.usrId;
  session.UsrNm = user.name;
  session.RoleCd = user.role;
  session.LocCd = user.locCd;
  session.ProvYN = user.provider ? "Y" : "N";
}

function values(pairs: readonly (readonly [string, string])[], name: string): string[] {
  const wanted = name.toLowerCase();
  return pairs.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
}

function fail(kind: string): never {
  throw new AppError({
    code: "NO_IDENTITY",
    op: "answer a page",
    message: `the page asked for a ${kind} identity that its access rule does not grant`,
    hint: "Give the page the access it needs, or use the …IfAny property.",
  });
}

/** A form posts its own hidden fields, bound to the page it posts to. */
function renderForm(facts: RequestFacts, viewStates: ViewStates, inner: Html, options: FormOptions = {}): Html {
  const action = options.action ?? facts.self.path + queryPart(facts.rawUrl);
  const path = action.split("?")[0] ?? action;
  const { viewState, eventValidation } = viewStates.issue(path, options.state ?? {});
  const id = options.id ?? "aspnetForm";
  return html`<form name="${id}" method="post" action="${action}" id="${id}">
<div>
<input type="hidden" name="__EVENTTARGET" value="" />
<input type="hidden" name="__EVENTARGUMENT" value="" />
<input type="hidden" name="__VIEWSTATE" value="${viewState}" />
</div>
<div>
<input type="hidden" name="__EVENTVALIDATION" value="${eventValidation}" />
</div>
${inner}
</form>`;
}

function queryPart(rawUrl: string): string {
  const at = rawUrl.indexOf("?");
  return at < 0 ? "" : rawUrl.slice(at);
}
