/**
 * Step 8: hands a request to the shadow tee once the primary's answer has left, or counts why not.
 *
 *   primary was legacy    the service is asked; its answer stands against the clinician's own
 *   primary was service   legacy is read in a session of a shadow account, and the service once more as that account, so that
 *                         both pages are made for the same person
 */

import type { ServerResponse } from "node:http";
import type { Decision, RuleModel, Side } from "@banyan/routing-rules";
import type { RequestBody } from "../forward/exchange.ts";
import { requestHeaders } from "../forward/headers.ts";
import { headerRewriter } from "../forward/rewrite.ts";
import type { TargetGroup } from "../forward/target-group.ts";
import type { LegacySession } from "../identity/legacy-session.ts";
import { anonymous, type Principal, withoutSessionCookies } from "../identity/principal.ts";
import { dryRunHeader, epochHeader, identityHeader } from "../identity/tokens.ts";
import { AnswerTap, failed, type ShadowAnswer } from "../shadow/answer.ts";
import type { ReaderState } from "../shadow/legacy-readers.ts";
import type { Observation, Reread } from "../shadow/observer.ts";
import { shadowHeader } from "../shadow/shadow-client.ts";
import { principalOfVisit } from "./identify.ts";
import type { PathParts } from "./path-parts.ts";
import { groupOf } from "./settle.ts";
import type { Visit } from "./visit.ts";

/** A copy of the answer is taken only where a shadow will stand against it. */
export function tapFor(parts: PathParts, visit: Visit, decision: Decision): AnswerTap | undefined {
  const wanted = decision.shadow === "service" && visit.request.headers[shadowHeader] === undefined;
  return wanted ? new AnswerTap(parts.clock.monotonicMs()) : undefined;
}

type Offer = {
  readonly parts: PathParts;
  readonly visit: Visit;
  readonly decision: Decision;
  readonly rule: RuleModel;
  readonly served: Side;
  readonly body: Buffer | undefined;
  readonly service: TargetGroup;
};

export function offerShadow(
  parts: PathParts,
  options: {
    visit: Visit;
    decision: Decision;
    served: Side;
    body: RequestBody;
    response: ServerResponse;
    tap: AnswerTap | undefined;
  },
): void {
  const { visit, decision, served, body, response, tap } = options;
  const { shadow, rule } = decision;
  // After a fallback the other side has just failed; there is nothing to compare.
  if (shadow === undefined || rule === undefined || shadow === served) return;
  if (visit.request.headers[shadowHeader] !== undefined) return parts.shadow.drop(rule.id, "loop");
  parts.shadow.eligible(rule.id);
  if (shadow === "legacy" && !parts.readers) return parts.shadow.drop(rule.id, "noLegacySession");
  if (body.kind === "flow") return parts.shadow.drop(rule.id, "bodyNotKept");
  const service = groupOf(parts, decision, "service");
  if (!service?.targets[0]) return parts.shadow.drop(rule.id, "noTarget");
  const bytes = body.kind === "whole" ? body.bytes : undefined;
  const one: Offer = { parts, visit, decision, rule, served, body: bytes, service };
  const offer = (): void => {
    const primary = tap?.taken(parts.clock.monotonicMs());
    if (primary?.kind === "failed") return parts.shadow.drop(rule.id, "tooLarge");
    parts.shadow.offer({
      rule: rule.id,
      module: rule.module.name,
      bytes: (bytes?.length ?? 0) + (primary?.body.length ?? 0),
      run: () => (primary ? besideLegacy(one, primary) : besideService(one)),
    });
  };
  if (response.writableFinished) offer();
  else response.once("finish", offer);
}

/** The service answers what legacy has answered. */
async function besideLegacy(one: Offer, legacy: ShadowAnswer): Promise<ShadowAnswer> {
  const { parts, visit } = one;
  const condition = parts.state.conditions.get(one.rule.module.name);
  const sinceMs = parts.clock.monotonicMs() - visit.startedMs;
  const principal = await principalOfVisit(parts, visit);
  const session = await sessionOf(parts, visit);
  const service = await askService(one, principal, session);
  observe(one, { principal, session, legacy, service, condition, sinceMs });
  return service;
}

/** Both sides are read anew, as the shadow account. */
async function besideService(one: Offer): Promise<ShadowAnswer> {
  const { parts, visit } = one;
  const condition = parts.state.conditions.get(one.rule.module.name);
  const sinceMs = parts.clock.monotonicMs() - visit.startedMs;
  const principal = await principalOfVisit(parts, visit);
  const session = await sessionOf(parts, visit);
  const both = await readBoth(one, principal, session);
  if (!both) return failed("noSession");
  observe(one, { principal, session, legacy: both.before, service: both.service, condition, sinceMs });
  return both.before;
}

type Seen = {
  readonly principal: Principal;
  readonly session: LegacySession | undefined;
  readonly legacy: ShadowAnswer;
  readonly service: ShadowAnswer;
  readonly condition: { readonly watermarkAgeMs: number | undefined; readonly hasParkedKey: boolean } | undefined;
  readonly sinceMs: number;
};

function observe(one: Offer, seen: Seen): void {
  const { parts, visit, rule } = one;
  const { observer, clock } = parts;
  if (!observer) return;
  const { principal, session, legacy, service, condition, sinceMs } = seen;
  const staff = principal.kind === "staff" ? principal : undefined;
  const seenAtMs = clock.monotonicMs();
  const observation: Observation = {
    id: visit.ids.requestId,
    module: rule.module.name,
    rule: rule.id,
    template: rule.template,
    method: visit.request.method ?? "GET",
    effect: rule.effect,
    at: new Date(clock.now().getTime() - (seenAtMs - visit.startedMs)).toISOString(),
    revision: one.decision.revision,
    served: one.served,
    watermarkAgeMs: condition?.watermarkAgeMs ?? null,
    sinceMs: Math.round(sinceMs),
    parked: condition?.hasParkedKey ?? false,
    role: staff?.role ?? principal.kind,
    site: staff?.site ?? "",
    path: visit.target.path + visit.target.search,
    legacy,
    service,
  };
  const mayReread = rule.effect === "read" && (principal.kind === "staff" || principal.kind === "anonymous");
  const reread = async (): Promise<Reread | undefined> => {
    const now = parts.state.conditions.get(rule.module.name);
    const ageMs = now?.watermarkAgeMs;
    const watermarkPassed = ageMs !== undefined && !now?.hasParkedKey && ageMs < clock.monotonicMs() - seenAtMs;
    const both = await readBoth(one, principal, session);
    return both && { watermarkPassed, ...both };
  };
  const kept = observer.observe({
    observation,
    reread: mayReread ? reread : undefined,
    keptBytes: (one.body?.length ?? 0) + observation.path.length,
  });
  if (!kept) parts.shadow.drop(rule.id, "observerFull");
}

/** Legacy, service, legacy; for staff as the shadow account of their role and site. */
async function readBoth(
  one: Offer,
  principal: Principal,
  session: LegacySession | undefined,
): Promise<Omit<Reread, "watermarkPassed"> | undefined> {
  const { parts } = one;
  if (principal.kind === "anonymous") {
    const before = await askLegacy(one, undefined);
    const service = await askService(one, anonymous, undefined);
    return { before, service, after: await askLegacy(one, undefined) };
  }
  if (principal.kind !== "staff" || !parts.readers) return undefined;
  const now = session?.kind === "staff" ? session : undefined;
  const state: ReaderState = {
    currentPatient: now?.currentPatient ?? null,
    currentEncounter: now?.currentEncounter ?? null,
    breakGlassPatient: now?.breakGlassPatient ?? null,
  };
  return parts.readers.with(principal, state, async (cookies, reader) => {
    const before = await askLegacy(one, cookies);
    const asReader: LegacySession = { ...reader, ...state, setCookies: [] };
    const service = await askService(one, reader, asReader);
    return { before, service, after: await askLegacy(one, cookies) };
  });
}

async function sessionOf(parts: PathParts, visit: Visit): Promise<LegacySession | undefined> {
  const asked = visit.cookies === undefined ? undefined : await parts.endPoint?.look(visit.cookies);
  return asked?.kind === "session" ? asked.session : undefined;
}

function askLegacy({ parts, visit, body }: Offer, cookies: string | undefined): Promise<ShadowAnswer> {
  const target = parts.legacy.targets[0];
  if (!target) return Promise.resolve(failed("refused"));
  return parts.shadowClient.send({
    origin: target.origin,
    method: visit.request.method ?? "GET",
    path: visit.target.path + visit.target.search,
    body,
    headers: withCookies(requestHeaders(visit.request.rawHeaders, visit.hop), cookies),
    rewrite: rewriterOf(parts.legacy, visit),
  });
}

/** The caller's token says `shadow`: nothing is renewed, nothing changes, the audit trail names it as what it is. */
async function askService(
  { parts, visit, rule, body, service }: Offer,
  principal: Principal,
  session: LegacySession | undefined,
): Promise<ShadowAnswer> {
  const target = service.targets[0];
  if (!target) return failed("refused");
  const isWrite = rule.effect === "write";
  const extra = [epochHeader, String(rule.module.epoch)];
  if (isWrite) extra.push(dryRunHeader, "1");
  if (principal.kind !== "anonymous") {
    const token = await parts.tokens.issue({
      principal,
      sessionHash: visit.sessionKey,
      session,
      service: rule.module.service,
      epoch: rule.module.epoch,
      writeId: isWrite ? visit.ids.requestId : undefined,
      purpose: "shadow",
    });
    extra.push(identityHeader, token);
  }
  return parts.shadowClient.send({
    origin: target.origin,
    method: visit.request.method ?? "GET",
    path: visit.target.path + visit.target.search,
    body,
    headers: withCookies(requestHeaders(visit.request.rawHeaders, visit.hop, extra), undefined),
    rewrite: rewriterOf(service, visit),
  });
}

function rewriterOf(group: TargetGroup, visit: Visit): (name: string, value: string) => string {
  return headerRewriter({ targetHosts: group.hosts, protocol: visit.hop.protocol, host: visit.hop.host });
}

/** Without the clinician's session; with that of a shadow account where one is given. */
function withCookies(headers: readonly string[], cookies: string | undefined): string[] {
  const kept: string[] = [];
  const sent: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    if (name.toLowerCase() === "cookie") sent.push(withoutSessionCookies(value));
    else kept.push(name, value);
  }
  const cookie = [...sent, cookies ?? ""].filter((one) => one !== "").join("; ");
  if (cookie !== "") kept.push("cookie", cookie);
  return kept;
}
