/**
 * The application: one Express 5 app that looks like IIS 7 with ASP.NET 2.0 and runs the registered pages.
 *
 * A request goes through these steps:
 * 1. find the page, without regard to case; `/` is `/Default.aspx`
 * 2. read the ticket; no ticket → log-in redirect, or 401 for JSON
 * 3. check the role → NoAccess.aspx
 * 4. read the body within bounds
 * 5. check the view state of a posted page
 * 6. run the handler; whatever it throws becomes a 500 page and one log line without data
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, type Clock, type Logger } from "@banyan/kernel";
import express, { type ErrorRequestHandler, type Express } from "express";
import { events } from "../events.ts";
import { bodyBytesMax } from "../limits.ts";
import { redirect } from "./answers.ts";
import { answerAsmx, isJsonCall } from "./asmx-dispatch.ts";
import { jsonError } from "./asmx-json.ts";
import { parseCookies, portalCookie, ticketCookie } from "./cookies.ts";
import { type Database, p, SqlFailure } from "./database.ts";
import { urlEncode } from "./html.ts";
import type { Answer, Page, Role, ServerParts, StaffUser } from "./page.ts";
import { type ContextControl, createPageContext, fillSession } from "./page-context.ts";
import { parseForm, parsePairs, readBody } from "./request-body.ts";
import { stylePath, styleSheet } from "./style.ts";
import type { ViewStates } from "./view-state.ts";
import { crashPage, eventValidationPage, iisPage, notFoundPage, tooLongPage, viewStatePage } from "./yellow-page.ts";

export type ApplicationParts = {
  readonly pages: readonly Page[];
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly server: ServerParts;
  readonly viewStates: ViewStates;
};

/** @throws AppError PAGE_TWICE when two pages have one path. */
export function createApplication(parts: ApplicationParts): Express {
  const registry = registerPages(parts.pages);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((request, response) => respond(parts, registry, request, response));
  // Express would answer a failure of the shell itself with a stack trace.
  app.use(((error, request, response, _next) => {
    parts.logger.error({ event: events.pageCrashed, code: error instanceof Error ? error.name : "UNKNOWN" });
    send(request, response, crashPage(), []);
  }) satisfies ErrorRequestHandler);
  return app;
}

function registerPages(pages: readonly Page[]): ReadonlyMap<string, Page> {
  const registry = new Map<string, Page>();
  for (const page of pages) {
    const key = page.path.toLowerCase();
    if (registry.has(key)) {
      throw new AppError({
        code: "PAGE_TWICE",
        op: "register the pages of the legacy web application",
        message: `${page.path} is registered twice`,
        hint: "Remove one of the two pages.",
      });
    }
    registry.set(key, page);
  }
  return registry;
}

type Asked = {
  readonly path: string;
  readonly queryText: string;
  readonly tail: string;
  readonly page: Page | undefined;
};

async function respond(
  parts: ApplicationParts,
  registry: ReadonlyMap<string, Page>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = findPage(registry, request.url ?? "/");
  if (asked.path.toLowerCase() === stylePath.toLowerCase()) {
    send(request, response, { status: 200, contentType: "text/css", body: styleSheet }, []);
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD" && request.method !== "POST") {
    const refused = iisPage(
      405,
      "HTTP verb used to access this page is not allowed.",
      "The page you are looking for cannot be displayed because an invalid method (HTTP verb) was used to attempt access.",
    );
    send(request, response, { ...refused, headers: { Allow: "GET, HEAD, POST" } }, []);
    return;
  }
  const control = contextOf(parts, asked, request);
  let answer: Answer;
  try {
    answer = await run(parts, asked, request, control);
  } catch (error) {
    reportCrash(parts.logger, asked, request, error);
    answer = crashPage();
  }
  send(request, response, answer, control.setCookies());
}

/** Step 1. A method name after `.asmx` is the tail; elsewhere a tail makes the path unknown. */
function findPage(registry: ReadonlyMap<string, Page>, url: string): Asked {
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
const unknownPage: Page = { path: "/", module: "shell", kind: "html", access: "staff" };

function contextOf(parts: ApplicationParts, asked: Asked, request: IncomingMessage): ContextControl {
  return createPageContext(
    {
      self: asked.page ?? unknownPage,
      method: request.method === "POST" ? "POST" : "GET",
      rawUrl: request.url ?? "/",
      query: parsePairs(Buffer.from(asked.queryText, "utf8").toString("latin1")) ?? [],
      headers: request.headers,
      cookies: parseCookies(request.headers.cookie),
      ipAddress: (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "").slice(0, 15),
    },
    parts,
  );
}

async function run(
  parts: ApplicationParts,
  asked: Asked,
  request: IncomingMessage,
  control: ContextControl,
): Promise<Answer> {
  const { ctx } = control;
  const refused = await checkAccess(parts, asked, control);
  if (refused) return refused;
  if (!asked.page) {
    return /\.(aspx|ashx|asmx|axd)$/i.test(asked.path)
      ? notFoundPage()
      : iisPage(
          404,
          "File or directory not found.",
          "The resource you are looking for might have been removed, had its name changed, or is temporarily unavailable.",
        );
  }
  if (ctx.method === "POST") {
    const unread = await takeBody(asked.page, request, control);
    if (unread) return unread;
    if (asked.page.kind === "html") {
      const invalid = checkPostBack(parts.viewStates, asked.page, control);
      if (invalid) return invalid;
    }
  }
  if (asked.page.service) {
    return answerAsmx(asked.page.service, asked.tail, ctx, (error) => reportCrash(parts.logger, asked, request, error));
  }
  const handler = ctx.method === "POST" ? (asked.page.post ?? asked.page.get) : asked.page.get;
  // A page made for POST only sends a visitor home, as `if (!IsPostBack)` in the old code did.
  return handler ? handler(ctx) : redirect("/Default.aspx");
}

/** Steps 2 and 3. */
async function checkAccess(
  parts: ApplicationParts,
  asked: Asked,
  control: ContextControl,
): Promise<Answer | undefined> {
  const { ctx } = control;
  const access = asked.page?.access ?? "staff";
  const portalTicket = parts.server.tickets.readPortal(ctx.cookie(portalCookie));
  if (portalTicket) {
    control.setPortal(portalTicket.identity);
    if (asked.page?.module === "portal" && parts.server.tickets.isHalfOver(portalTicket)) {
      ctx.signInPortal(portalTicket.identity);
    }
  }
  if (access === "portal") return portalTicket ? undefined : redirect(loginUrl("/Portal/Login.aspx", asked));
  if (asked.page?.module === "portal" || asked.page?.module === "interface") {
    if (access === "anonymous") return undefined;
  }
  const user = await identify(parts, control);
  if (user) control.setUser(user);
  if (access === "anonymous") return undefined;
  if (!user) {
    return isJsonCall(ctx.method, ctx.header("content-type")) && /\.asmx(\/|$)/i.test(asked.path)
      ? jsonError("Authentication failed.", "System.InvalidOperationException", null, 401)
      : redirect(loginUrl("/Login.aspx", asked));
  }
  if (access !== "staff" && !access.includes(user.role)) return redirect(`/NoAccess.aspx?p=${urlEncode(asked.path)}`);
  return undefined;
}

/** ASP.NET repeats the raw query after the encoded ReturnUrl. */
function loginUrl(login: string, asked: Asked): string {
  const target = asked.queryText === "" ? asked.path : `${asked.path}?${asked.queryText}`;
  return `${login}?ReturnUrl=${urlEncode(target)}${asked.queryText === "" ? "" : `&${asked.queryText}`}`;
}

type UserRow = { UsrID: string; UsrNm: string; RoleCd: string; LocCd: string; ProvYN: string };

/** The user of a valid ticket. A session that was lost, or belongs to another user, is filled anew from USRMST. */
async function identify(parts: ApplicationParts, control: ContextControl): Promise<StaffUser | undefined> {
  const { ctx } = control;
  const ticket = parts.server.tickets.read(ctx.cookie(ticketCookie));
  if (!ticket) return undefined;
  const session = ctx.session;
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
    session.CurPatNo = undefined;
    session.CurEncNo = undefined;
    session.BtgPat = undefined;
    session.bag.clear();
    fillSession(session, user);
  }
  control.setUser(user);
  if (parts.server.tickets.isHalfOver(ticket)) ctx.renewTicket();
  return user;
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

/** Step 4. */
async function takeBody(page: Page, request: IncomingMessage, control: ContextControl): Promise<Answer | undefined> {
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
function checkPostBack(viewStates: ViewStates, page: Page, control: ContextControl): Answer | undefined {
  const state = viewStates.read(page.path, control.ctx.rawField("__VIEWSTATE"));
  if (!state) return viewStatePage();
  const eventValidation = control.ctx.rawField("__EVENTVALIDATION");
  if (eventValidation !== "" && !viewStates.isEventValidation(page.path, eventValidation)) return eventValidationPage();
  control.setViewState(state);
  return undefined;
}

/** Step 6. Names the page and the kind of failure; the text of an error may hold data and stays out. */
function reportCrash(logger: Logger, asked: Asked, request: IncomingMessage, error: unknown): void {
  logger.error({
    event: events.pageCrashed,
    route: asked.page?.path ?? "unknown",
    method: request.method ?? "",
    code: error instanceof AppError ? error.code : error instanceof Error ? error.name : "UNKNOWN",
    ...(error instanceof SqlFailure ? { sqlErrorNumber: error.sqlErrorNumber } : {}),
  });
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer, cookies: readonly string[]): void {
  if (response.headersSent || response.destroyed) return;
  response.statusCode = answer.status;
  response.setHeader("Cache-Control", "private");
  if (answer.contentType !== undefined) response.setHeader("Content-Type", answer.contentType);
  response.setHeader("Server", "Microsoft-IIS/7.0");
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (cookies.length > 0) response.setHeader("Set-Cookie", cookies);
  response.setHeader("X-AspNet-Version", "2.0.50727");
  response.setHeader("X-Powered-By", "ASP.NET");
  const body = typeof answer.body === "string" ? Buffer.from(answer.body, "utf8") : answer.body;
  response.setHeader("Content-Length", body.length);
  if (request.method === "POST" && !request.complete && !(Number(request.headers["content-length"]) <= bodyBytesMax)) {
    // The client may still be sending what was refused: take it in without keeping it, so that it gets to read the answer.
    response.setHeader("Connection", "close");
    request.resume();
  }
  response.end(request.method === "HEAD" ? undefined : body);
}
