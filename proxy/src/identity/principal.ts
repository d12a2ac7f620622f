/** Who asks, as far as the proxy could verify it. Nothing a client merely claims ends up here. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { hash } from "node:crypto";
import type { Caller } from "@banyan/routing-rules";
import type { LegacySession } from "./legacy-session.ts";

export type Principal =
  | { readonly kind: "anonymous" }
  | {
      readonly kind: "staff";
      readonly user: string;
      readonly name: string;
      readonly role: string;
      readonly site: string;
      readonly provider: boolean;
    }
  | { readonly kind: "portal"; readonly user: string; readonly patient: number; readonly proxyFor: number | null }
  /** A partner system that showed the interface key. */
  | { readonly kind: "interface" };

export const anonymous: Principal = { kind: "anonymous" };

export function principalOf(session: LegacySession): Principal {
  if (session.kind === "portal") return { kind: "portal", ...session.portal };
  const { user, name, role, site, provider } = session;
  return { kind: "staff", user: user.trim(), name, role: role.trim(), site: site.trim(), provider };
}

/** What decides the canary cohort. Portal users and interfaces never share a key with staff. */
export function callerOf(principal: Principal): Caller {
  switch (principal.kind) {
    case "staff":
      return { user: principal.user, site: principal.site };
    case "portal":
      return { user: `portal:${principal.user}`, site: undefined };
    case "interface":
      return { user: "interface", site: undefined };
    case "anonymous":
      return { user: undefined, site: undefined };
  }
}

const sessionCookies = /(?:^|;\s*)(?:\.EHRAUTH|ASP\.NET_SessionId|\.PORTALAUTH)=[^;]+/gi;

/** The cookies that make a legacy session, as the session end point reads them; undefined when there is no ticket. */
export function sessionCookiesOf(headers: IncomingHttpHeaders): string | undefined {
  const cookies = headers.cookie;
  if (cookies === undefined) return undefined;
  const found = cookies.match(sessionCookies);
  if (!found || !/\.(EHR|PORTAL)AUTH=/i.test(cookies)) return undefined;
  return found.map((one) => one.replace(/^;\s*/, "")).join("; ");
}

/** The patient the browser shows as open, from the cookie that legacy scripts read; nothing is decided by it. */
export function openPatientOf(cookies: string | undefined): string | undefined {
  if (cookies === undefined || !cookies.includes("EHRCtx=")) return undefined;
  return /(?:^|;\s*)EHRCtx=(?:[^;]*&)?pid=(\d{1,10})/.exec(cookies)?.[1];
}

/** Stands for a session in maps, tokens and lanes, so that no cookie is kept. */
export function sessionHash(cookies: string): string {
  return hash("sha256", cookies, "base64url");
}

/** Constant-time comparison of a header with the interface key. */
export function showsKey(sent: string | string[] | undefined, key: string | undefined): boolean {
  if (key === undefined || typeof sent !== "string") return false;
  return timingSafeEqual(digest(sent), digest(key));
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Cookie header for a service: without what would let it act as the user on the legacy system. */
export function withoutSessionCookies(cookies: string): string {
  return cookies
    .split(";")
    .map((one) => one.trim())
    .filter((one) => one !== "" && !/^(\.EHRAUTH|ASP\.NET_SessionId|\.PORTALAUTH)=/i.test(one))
    .join("; ");
}
