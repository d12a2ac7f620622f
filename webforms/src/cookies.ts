/** Cookie headers as ASP.NET 2.0 reads and writes them. */

import type { CookieOptions } from "./page.ts";

export const sessionCookie = "ASP.NET_SessionId";
export const ticketCookie = ".EHRAUTH";
export const portalCookie = ".PORTALAUTH";
export const contextCookie = "EHRCtx";

/** Cookies by lower-case name; the first of a name counts. A value may hold `=` (EHRCtx does). */
export function parseCookies(headerValue: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const part of (headerValue ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at < 1) continue;
    const name = part.slice(0, at).trim().toLowerCase();
    if (name !== "" && !cookies.has(name)) cookies.set(name, part.slice(at + 1).trim());
  }
  return cookies;
}

/** A Set-Cookie value. An expired one carries ASP.NET's customary date of 1999. */
export function serializeCookie(name: string, value: string, options: CookieOptions = {}): string {
  const expires = options.expired ? "; expires=Tue, 12-Oct-1999 04:00:00 GMT" : "";
  const httpOnly = options.httpOnly === false ? "" : "; HttpOnly";
  return `${name}=${value}${expires}; path=${options.path ?? "/"}${httpOnly}`;
}
