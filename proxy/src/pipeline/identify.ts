/**
 * Step 3, identify, and step 4, decide. The legacy system is asked who somebody is only where the answer can change the
 * decision: a read of a module at canary. A service needs to know the caller too, and more than the cache holds; see
 * service-call.ts.
 */

import { type Decision, decide, matchRule, type RevisionModel, type RuleModel } from "@banyan/routing-rules";
import { anonymous, callerOf, type Principal, showsKey } from "../identity/principal.ts";
import type { PathParts } from "./path-parts.ts";
import type { Visit } from "./visit.ts";

export type Decided = { readonly model: RevisionModel; readonly decision: Decision };

/** Header by which partner systems show the interface key. */
const interfaceKeyHeader = "x-ifc-key";

/**
 * Identifies where needed and decides. The decision is made in one piece, on the model of the very moment, after any wait:
 * no request is decided by a mixture of two revisions.
 * @returns undefined while there is no revision at all.
 */
export async function identifyAndDecide(parts: PathParts, visit: Visit): Promise<Decided | undefined> {
  const first = parts.state.model;
  if (!first) return undefined;
  const principal = dependsOnCaller(matchRule(first, visit.routing)) ? await principalOfVisit(parts, visit) : anonymous;
  return decideNow(parts, visit, parts.state.model ?? first, principal);
}

export function decideNow(parts: PathParts, visit: Visit, model: RevisionModel, principal: Principal): Decided {
  const decision = decide({
    request: visit.routing,
    caller: callerOf(principal),
    revision: model,
    conditions: parts.state.conditions,
    pins: parts.pins.of(visit.sessionKey, visit.request.headers.cookie, model.modules),
  });
  return { model, decision };
}

function dependsOnCaller(rule: RuleModel | undefined): boolean {
  return rule !== undefined && rule.effect === "read" && rule.serve === "stage" && rule.module.stage.name === "canary";
}

export function principalOfVisit(parts: PathParts, visit: Visit): Principal | Promise<Principal> {
  if (showsKey(visit.request.headers[interfaceKeyHeader], parts.interfaceKey)) return { kind: "interface" };
  return visit.cookies === undefined ? anonymous : parts.identities.of(visit.cookies, visit.sessionKey);
}
