/**
 * The application: answers requests as IIS 7 with ASP.NET 2.0 did and runs the registered pages. Its host (the monolith, or a
 * service behind the proxy) says who asks, where the session lives and what pages work on; everything a client can see is here.
 *
 * A request goes through these steps:
 * 1. find the page, without regard to case; `/` is `/Default.aspx`
 * 2. ask the host who it is; nobody → log-in redirect, or 401 for JSON
 * 3. check the role → NoAccess.aspx
 * 4. read the body within bounds
 * 5. check the view state of a posted page
 * 6. run the handler; whatever it throws becomes a 500 page and one report without data
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { AppError, type Clock } from "@banyan/kernel";
import { redirect } from "./answers.ts";
import { answerAsmx, isJsonCall } from "./asmx-dispatch.ts";
import { jsonError } from "./asmx-json.ts";
import { parseCookies } from "./cookies.ts";
import { urlEncode } from "./html.ts";
import type { Answer, Page, PageContext, PageFace, PortalIdentity, StaffUser } from "./page.ts";
import { type ContextControl, type ContextSource, createPageContext } from "./page-context.ts";
import { parseForm, parsePairs, readBody } from "./request-body.ts";
import { sendAnswer } from "./send-answer.ts";
import { stylePath, styleSheet } from "./style.ts";
import type { ViewStates } from "./view-state.ts";
import { crashPage, eventValidationPage, iisPage, notFoundPage, tooLongPage, viewStatePage } from "./yellow-page.ts";

/** Who asks, as far as the host could verify it. */
export type Visitor = { readonly staff?: StaffUser | undefined; readonly portal?: PortalIdentity | undefined };

/** Why a page was not shown. */
export type Refusal = "nobody" | "wrong-role";

/** The host's part in one request. */
export type Visit<C extends PageContext> = ContextSource & {
  /** The context handlers get: `control.ctx` with the host's own members (`extendContext`). */
  readonly ctx: C;
  /**
   * Step 2. An answer in place of a visitor is sent as it is.
   * @param page undefined when no page has this path
   */
  identify(page: PageFace | undefined): Promise<Visitor | Answer>;
  /** Told of a refusal before it is sent. */
  refused?(refusal: Refusal, page: PageFace | undefined): Promise<void>;
  /** Around step 6; gives the answer to send. Not called for what steps 1 to 5 have answered. */
  around?(run: () => Promise<Answer>): Promise<Answer>;
  /** Headers of the host's own for the answer, whichever it is. */
  headers?(): Readonly<Record<string, string>>;
};

/** A page that ended in an error. `route` is a registered path or "unknown": nothing of the request but its method. */
export type Crash = {
  readonly route: string;
  readonly method: string;
  /** Whether the caller reads JSON: a web method called as a script. */
  readonly json: boolean;
  readonly error: unknown;
};

export type Host<C extends PageContext> = {
  readonly pages: readonly Page<C>[];
  readonly clock: Clock;
  readonly viewStates: ViewStates;
  /** Addresses whose `X-Forwarded-For` is believed; its first entry is then the client. */
  readonly trustedProxies: readonly string[];
  visit(control: ContextControl, request: IncomingMessage): Visit<C>;
  /**
   * Told of an error a page ended in. May give the answer for one it knows; else it is the crash page. Must neither throw nor
   * log the error's text: it may hold data.
   */
  crashed(crash: Crash): Answer | void;
};

export type Application = {
  /** Whether a path belongs to a registered page; without regard to case, asmx methods included. */
  knows(url: string): boolean;
  /** Answers a request. Never rejects. */
  respond(request: IncomingMessage, response: ServerResponse): Promise<void>;
};

/** @throws AppError PAGE_TWICE when two pages have one path. */
export function createApplication<C extends PageContext>(host: Host<C>): Application {
  const registry = registerPages(host.pages);
  return {
    knows: (url) => findPage(registry, url).page !== undefined,
    async respond(request, response) {
      try {
        await respond(host, registry, request, response);
      } catch (error) {
        const crash = { route: "unknown", method: request.method ?? "", json: false, error };
        sendAnswer(request, response, host.crashed(crash) ?? crashPage(), []);
      }
    },
  };
}

type Registry<C> = ReadonlyMap<string, Page<C>>;

function registerPages<C>(pages: readonly Page<C>[]): Registry<C> {
  const registry = new Map<string, Page<C>>();
  for (const page of pages) {
    const key = page.path.toLowerCase();
    if (registry.has(key)) {
      throw new AppError({
        code: "PAGE_TWICE",
        op: "register the pages of the application",
        message: `${page.path} is registered twice`,
        hint: "Remove one of the two pages.",
      });
    }
    registry.set(key, page);
  }
  return registry;
}

type Asked<C> = {
  readonly path: string;
  readonly queryText: string;
  readonly tail: string;
  readonly page: Page<C> | undefined;
};

async function respond<C extends PageContext>(
  host: Host<C>,
  registry: Registry<C>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = findPage(registry, request.url ?? "/");
  if (asked.path.toLowerCase() === stylePath.toLowerCase()) {
    sendAnswer(request, response, { status: 200, contentType: "text/css", body: styleSheet }, []);
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD" && request.method !== "POST") {
    const refused = iisPage(
      405,
      "HTTP verb used to access this page is not allowed.",
      "The page you are looking for cannot be displayed because an invalid method (HTTP verb) was used to attempt access.",
    );
    sendAnswer(request, response, { ...refused, headers: { Allow: "GET, HEAD, POST" } }, []);
    return;
  }
  const control = contextOf(host, asked, request);
  const report: Report = (error) =>
    host.crashed({
      route: asked.page?.path ?? "unknown",
      method: request.method ?? "",
      json: isScriptCall(control.ctx, asked),
      error,
    });
  const visit = host.visit(control, request);
  control.attach(visit);
  let answer: Answer;
  try {
    answer = await run(host, visit, asked, request, control, report);
  } catch (error) {
    answer = report(error) ?? crashPage();
  }
  const own = visit.headers?.();
  sendAnswer(
    request,
    response,
    own ? { ...answer, headers: { ...answer.headers, ...own } } : answer,
    control.setCookies(),
  );
}

/** Step 1. A method name after `.asmx` is the tail; elsewhere a tail makes the path unknown. */
function findPage<C>(registry: Registry<C>, url: string): Asked<C> {
  const at = url.indexOf("?");
  const rawPath = at < 0 ? url : url.slice(0, at);
  const queryText = at < 0 ? "" : url.slice(at + 1);
  const path = decodePath(rawPath);
  const asmx = /^(.*?\.asmx)(\/.*)?$/i.exec(path);
  const stem = asmx?.[1] ?? (path === "/" ? "/Default.aspx" : path);
  return { path, queryText, tail: asmx?.[2] ?? "", page: registry.get(stem.toLowerCase()) };
}

function decodePath(rawPath: string): string {
  try {
    return decodeURIComponent(rawPath);
  } catch {
    // A broken escape names no page of ours; the path stays as sent and is answered 404.
    return rawPath;
  }
}

/** What an unknown path is treated as: a page behind the log-in. */
const unknownPage: PageFace = { path: "/", module: "shell", kind: "html", access: "staff" };

function contextOf<C extends PageContext>(host: Host<C>, asked: Asked<C>, request: IncomingMessage): ContextControl {
  return createPageContext(
    {
      self: asked.page ?? unknownPage,
      method: request.method === "POST" ? "POST" : "GET",
      rawUrl: request.url ?? "/",
      query: parsePairs(Buffer.from(asked.queryText, "utf8").toString("latin1")) ?? [],
      headers: request.headers,
      cookies: parseCookies(request.headers.cookie),
      ipAddress: clientAddress(request, host.trustedProxies).slice(0, 15),
    },
    host,
  );
}

function clientAddress(request: IncomingMessage, trustedProxies: readonly string[]): string {
  const peer = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  if (!trustedProxies.includes(peer)) return peer;
  const forwarded = request.headers["x-forwarded-for"];
  const first = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(",", 1)[0]?.trim() ?? "";
  return isIP(first) === 0 ? peer : first.replace(/^::ffff:/, "");
}

async function run<C extends PageContext>(
  host: Host<C>,
  visit: Visit<C>,
  asked: Asked<C>,
  request: IncomingMessage,
  control: ContextControl,
  report: Report,
): Promise<Answer> {
  const { ctx } = visit;
  const { page } = asked;
  const refused = await checkAccess(visit, asked, control);
  if (refused) return refused;
  if (!page) return unknownAnswer(asked.path);
  if (ctx.method === "POST") {
    const unread = await takeBody(page, request, control);
    if (unread) return unread;
    if (page.kind === "html") {
      const invalid = checkPostBack(host.viewStates, page, control);
      if (invalid) return invalid;
    }
  }
  const handle = (): Promise<Answer> => runPage(page, asked.tail, ctx, report);
  return visit.around ? visit.around(handle) : handle();
}

type Report = (error: unknown) => Answer | void;

/** Step 6. */
async function runPage<C extends PageContext>(page: Page<C>, tail: string, ctx: C, report: Report): Promise<Answer> {
  if (page.service) return answerAsmx(page.service, tail, ctx, report);
  const handler = ctx.method === "POST" ? (page.post ?? page.get) : page.get;
  // A page made for POST only sends a visitor home, as `if (!IsPostBack)` in the old code did.
  return handler ? handler(ctx) : redirect("/Default.aspx");
}

function unknownAnswer(path: string): Answer {
  return /\.(aspx|ashx|asmx|axd)$/i.test(path)
    ? notFoundPage()
    : iisPage(
        404,
        "File or directory not found.",
        "The resource you are looking for might have been removed, had its name changed, or is temporarily unavailable.",
      );
}

/** Steps 2 and 3. */
async function checkAccess<C extends PageContext>(
  visit: Visit<C>,
  asked: Asked<C>,
  control: ContextControl,
): Promise<Answer | undefined> {
  const { ctx } = visit;
  const access = asked.page?.access ?? "staff";
  const who = await visit.identify(asked.page);
  if ("status" in who) return who;
  const { staff, portal } = who;
  if (portal) control.setPortal(portal);
  if (staff) control.setUser(staff);
  if (access === "anonymous" || (access === "portal" && portal)) return undefined;
  if (access === "portal" || !staff) {
    await visit.refused?.("nobody", asked.page);
    return isScriptCall(ctx, asked)
      ? jsonError("Authentication failed.", "System.InvalidOperationException", null, 401)
      : redirect(loginUrl(access === "portal" ? "/Portal/Login.aspx" : "/Login.aspx", asked));
  }
  if (access === "staff" || access.includes(staff.role)) return undefined;
  await visit.refused?.("wrong-role", asked.page);
  return noAccess(asked.path);
}

function isScriptCall<C>(ctx: PageContext, asked: Asked<C>): boolean {
  return isJsonCall(ctx.method, ctx.header("content-type")) && /\.asmx(\/|$)/i.test(asked.path);
}

/** Where a user without the right to a page is sent. */
export function noAccess(path: string): Answer {
  return redirect(`/NoAccess.aspx?p=${urlEncode(path)}`);
}

/** ASP.NET repeats the raw query after the encoded ReturnUrl. */
function loginUrl<C>(login: string, asked: Asked<C>): string {
  const target = asked.queryText === "" ? asked.path : `${asked.path}?${asked.queryText}`;
  return `${login}?ReturnUrl=${urlEncode(target)}${asked.queryText === "" ? "" : `&${asked.queryText}`}`;
}

/** Step 4. */
async function takeBody(
  page: PageFace,
  request: IncomingMessage,
  control: ContextControl,
): Promise<Answer | undefined> {
  const read = await readBody(request);
  if (read.kind === "refused-by-iis") {
    return iisPage(
      404,
      "File or directory not found.",
      "The request filtering module is configured to deny a request that exceeds the request content length (404.13).",
    );
  }
  if (read.kind === "too-long") return tooLongPage();
  if (read.kind === "client-gone") return crashPage();
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(control.ctx.header("content-type"));
  const fields = isForm && page.kind !== "asmx" ? parseForm(read.body) : [];
  if (!fields) return crashPage();
  control.setBody(read.body, fields);
  return undefined;
}

/** Step 5. */
function checkPostBack(viewStates: ViewStates, page: PageFace, control: ContextControl): Answer | undefined {
  const state = viewStates.read(page.path, control.ctx.rawField("__VIEWSTATE"));
  if (!state) return viewStatePage();
  const eventValidation = control.ctx.rawField("__EVENTVALIDATION");
  if (eventValidation !== "" && !viewStates.isEventValidation(page.path, eventValidation)) return eventValidationPage();
  control.setViewState(state);
  return undefined;
}
