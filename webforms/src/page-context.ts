/** Makes the context of one request: what a page may read of it, and the cookies it sets. */

import { AppError, type Clock } from "@banyan/kernel";
import { type FindBanner, renderPage } from "./chrome.ts";
import { controlName } from "./controls.ts";
import { contextCookie, serializeCookie } from "./cookies.ts";
import { toInt32 } from "./format-failure.ts";
import { type Html, html } from "./html.ts";
import type { FormOptions, PageContext, PageFace, PortalIdentity, SessionValues, StaffUser } from "./page.ts";
import { toWall } from "./wall-time.ts";
import type { ViewStates } from "./view-state.ts";

type Pairs = readonly (readonly [string, string])[];

/** What the application has found out about a request before the page runs. */
export type RequestFacts = {
  readonly self: PageFace;
  readonly method: "GET" | "POST";
  readonly rawUrl: string;
  readonly query: Pairs;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly cookies: ReadonlyMap<string, string>;
  readonly ipAddress: string;
};

/** What a context takes from the host's visit; asked for only when a page uses it. */
export type ContextSource = {
  session(): SessionValues;
  readonly banner: FindBanner;
};

/** The application's handle on a context: it fills identity and body in as they become known, and takes the cookies. */
export type ContextControl = {
  readonly ctx: PageContext;
  /** Must be called before the context is used. */
  attach(source: ContextSource): void;
  setUser(user: StaffUser): void;
  setPortal(identity: PortalIdentity): void;
  setBody(body: Buffer, fields: Pairs): void;
  setViewState(state: Readonly<Record<string, string>>): void;
  /** Set-Cookie values; the last one of a name and path counts. */
  setCookies(): string[];
};

export function createPageContext(
  facts: RequestFacts,
  parts: { readonly clock: Clock; readonly viewStates: ViewStates },
): ContextControl {
  const jar = new Map<string, string>();
  let source: ContextSource | undefined;
  let user: StaffUser | undefined;
  let portal: PortalIdentity | undefined;
  let body: Buffer = Buffer.alloc(0);
  let fields: Pairs = [];
  let viewState: Readonly<Record<string, string>> = {};

  const from = (): ContextSource => source ?? fail("attached");
  const setCookie: PageContext["setCookie"] = (name, value, options) =>
    void jar.set(`${name.toLowerCase()} ${options?.path ?? "/"}`, serializeCookie(name, value, options));
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
      return from().session();
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
    now: () => toWall(parts.clock.now()),
    instant: () => parts.clock.now(),
    cookie: (name) => facts.cookies.get(name.toLowerCase()) ?? "",
    setCookie,
    setCurrent(patNo, encNo) {
      const session = from().session();
      if (session.CurPatNo !== patNo) session.CurEncNo = undefined;
      session.CurPatNo = patNo;
      if (encNo !== undefined) session.CurEncNo = encNo;
      const enc = session.CurEncNo === undefined ? "" : `&enc=${session.CurEncNo}`;
      setCookie(contextCookie, `pid=${patNo}${enc}`, { httpOnly: false });
    },
    page: (content) => renderPage(ctx, content, from().banner),
    form: (inner, options) => renderForm(facts, parts.viewStates, inner, options),
  };

  return {
    ctx,
    attach: (given) => {
      source = given;
    },
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

/** Gives a context a host's own members. Getters stay getters, so that what they open is opened on use only. */
export function extendContext<More extends object>(ctx: PageContext, more: More): PageContext & More {
  return Object.defineProperties(ctx, Object.getOwnPropertyDescriptors(more)) as PageContext & More;
}

function values(pairs: Pairs, name: string): string[] {
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
