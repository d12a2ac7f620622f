/** Step 8: hands a request to the shadow tee once the primary's answer has left, or counts why not. */

import type { ServerResponse } from "node:http";
import type { Decision, Side } from "@banyan/routing-rules";
import type { RequestBody } from "../forward/exchange.ts";
import { requestHeaders } from "../forward/headers.ts";
import { withoutSessionCookies } from "../identity/principal.ts";
import { dryRunHeader, epochHeader, identityHeader } from "../identity/tokens.ts";
import { shadowHeader } from "../shadow/shadow-tee.ts";
import { principalOfVisit } from "./identify.ts";
import type { PathParts } from "./path-parts.ts";
import { groupOf } from "./settle.ts";
import type { Visit } from "./visit.ts";

export function offerShadow(
  parts: PathParts,
  options: { visit: Visit; decision: Decision; served: Side; body: RequestBody; response: ServerResponse },
): void {
  const { visit, decision, served, body, response } = options;
  const { shadow, rule } = decision;
  // After a fallback the other side has just failed; there is nothing to compare.
  if (shadow === undefined || rule === undefined || shadow === served) return;
  if (visit.request.headers[shadowHeader] !== undefined) return parts.shadow.drop("loop");
  if (shadow === "legacy") return parts.shadow.drop("noLegacySession");
  if (body.kind === "flow") return parts.shadow.drop("bodyNotKept");
  const target = groupOf(parts, decision, shadow)?.targets[0];
  if (!target) return parts.shadow.drop("noTarget");
  const offer = (): void =>
    parts.shadow.offer({
      module: rule.module.name,
      origin: target.origin,
      method: visit.request.method ?? "GET",
      path: visit.target.path + visit.target.search,
      body: body.kind === "whole" ? body.bytes : undefined,
      headers: () => shadowHeaders(parts, visit, decision),
    });
  if (response.writableFinished) offer();
  else response.once("finish", offer);
}

/** The caller's token as for a real call, but the legacy session is only looked at: a shadow renews and changes nothing. */
async function shadowHeaders(parts: PathParts, visit: Visit, decision: Decision): Promise<readonly string[]> {
  const { rule } = decision;
  if (!rule) return [];
  const principal = await principalOfVisit(parts, visit);
  const isWrite = rule.effect === "write";
  const extra = [epochHeader, String(rule.module.epoch)];
  if (isWrite) extra.push(dryRunHeader, "1");
  if (principal.kind !== "anonymous") {
    const asked = visit.cookies === undefined ? undefined : await parts.endPoint?.look(visit.cookies);
    const token = await parts.tokens.issue({
      principal,
      sessionHash: visit.sessionKey,
      session: asked?.kind === "session" ? asked.session : undefined,
      service: rule.module.service,
      epoch: rule.module.epoch,
      writeId: isWrite ? visit.ids.requestId : undefined,
      purpose: "shadow",
    });
    extra.push(identityHeader, token);
  }
  const headers = requestHeaders(visit.request.rawHeaders, visit.hop, extra);
  const kept: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const isCookie = headers[index]?.toLowerCase() === "cookie";
    const value = isCookie ? withoutSessionCookies(headers[index + 1] ?? "") : (headers[index + 1] ?? "");
    if (!isCookie || value !== "") kept.push(headers[index] as string, value);
  }
  return kept;
}
