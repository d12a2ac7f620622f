/**
 * What a request to a service carries beyond one to the legacy system, and what its answer gives back:
 *
 *   before  the legacy session is renewed, as the legacy page would have done, and tells the current patient of this moment
 *           (never a cached one); the caller's signed token and the module's epoch go to the service; the cookies that would
 *           let a service act on the legacy system do not
 *   after   a service that opened a patient says so in a response header; the legacy session is changed before the browser
 *           gets the answer, so that the next legacy page cannot show another patient
 */

import type { RuleModel } from "@banyan/routing-rules";
import { requestHeaders } from "../forward/headers.ts";
import { type SessionAnswer, sessionIsStaff } from "../identity/legacy-session.ts";
import { anonymous, type Principal, principalOf, showsKey, withoutSessionCookies } from "../identity/principal.ts";
import { sessionChangeOf } from "../identity/session-change.ts";
import { epochHeader, identityHeader } from "../identity/tokens.ts";
import type { PathParts } from "./path-parts.ts";
import type { Visit } from "./visit.ts";

export type ServiceCall = {
  readonly headers: readonly string[];
  readonly setCookies: readonly string[];
  readonly beforeHead: (rawHeaders: readonly string[]) => Promise<readonly string[]> | undefined;
};

export async function serviceCall(parts: PathParts, visit: Visit, rule: RuleModel): Promise<ServiceCall> {
  const { cookies } = visit;
  const answer: SessionAnswer | undefined =
    cookies !== undefined && parts.endPoint ? await parts.endPoint.renew(cookies) : undefined;
  const session = answer?.kind === "session" ? answer.session : undefined;
  const setCookies = session?.setCookies ?? [];
  const principal = whoIs(parts, visit, answer);
  const extra = [epochHeader, String(rule.module.epoch)];
  if (principal.kind !== "anonymous") {
    const token = await parts.tokens.issue({
      principal,
      sessionHash: visit.sessionKey,
      session,
      service: rule.module.service,
      epoch: rule.module.epoch,
      writeId: rule.effect === "write" ? visit.ids.requestId : undefined,
    });
    extra.push(identityHeader, token);
  }
  return {
    headers: requestHeaders(withServiceCookies(visit.request.rawHeaders), visit.hop, extra),
    setCookies,
    beforeHead: (rawHeaders) => {
      const change = sessionChangeOf(rawHeaders);
      if (!change || cookies === undefined || !parts.endPoint) return undefined;
      return keepInStep(parts.endPoint.renew(withSetCookies(cookies, setCookies), change), session);
    },
  };
}

function whoIs(parts: PathParts, visit: Visit, answer: SessionAnswer | undefined): Principal {
  if (showsKey(visit.request.headers["x-ifc-key"], parts.interfaceKey)) return { kind: "interface" };
  if (answer?.kind === "session") {
    parts.identities.learn(visit.sessionKey, answer);
    return principalOf(answer.session);
  }
  if (answer?.kind !== "unknown") return anonymous;
  parts.identities.learn(visit.sessionKey, answer);
  return parts.identities.known(visit.sessionKey);
}

async function keepInStep(
  answering: Promise<SessionAnswer>,
  before: Parameters<typeof sessionIsStaff>[0],
): Promise<readonly string[]> {
  const answer = await answering;
  if (answer.kind === "session") return answer.session.setCookies;
  // Nobody was logged in before either: there is no session to keep in step.
  if (answer.kind === "nobody" && !sessionIsStaff(before)) return [];
  throw new Error("the legacy session could not be changed");
}

function withServiceCookies(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    let value = rawHeaders[index + 1] as string;
    if (name.length === 6 && name.toLowerCase() === "cookie") {
      value = withoutSessionCookies(value);
      if (value === "") continue;
    }
    kept.push(name, value);
  }
  return kept;
}

/** The browser's cookies as they will be once it has the Set-Cookie values. */
function withSetCookies(cookies: string, setCookies: readonly string[]): string {
  const jar = new Map(cookies.split("; ").map((one) => pairOf(one)));
  for (const one of setCookies) {
    const [name, value] = pairOf(one.split(";", 1)[0] ?? "");
    jar.set(name, value);
  }
  return [...jar.entries()].map(([name, value]) => `${name}=${value}`).join("; ");
}

function pairOf(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}
