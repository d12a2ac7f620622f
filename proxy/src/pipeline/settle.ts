/**
 * Step 7: one request, one or more attempts.
 *
 *   target --answered, cut--> done
 *      '-----failed--> a rule that is a read, its body still at hand, budget left: once more, another instance if there is one
 *                        '--failed--> the rule allows a fallback: the owner's side
 *                                       '--failed--> the first failure is answered
 *
 * Whether a request is a read is what its rule says, never what its method looks like. A write is attempted once, but for
 * one case: its target had certainly not begun (no connection) and its body is still whole.
 */

import type { ServerResponse } from "node:http";
import type { Decision, Side } from "@banyan/routing-rules";
import type { Exchange, Outcome, RequestBody } from "../forward/exchange.ts";
import { type Failure, neverStarted } from "../forward/failure.ts";
import { requestHeaders } from "../forward/headers.ts";
import { headerRewriter } from "../forward/rewrite.ts";
import type { TargetGroup } from "../forward/target-group.ts";
import type { TargetState } from "../forward/target.ts";
import { limits } from "../limits.ts";
import type { AnswerTap } from "../shadow/answer.ts";
import { decideNow, principalOfVisit } from "./identify.ts";
import type { PathParts } from "./path-parts.ts";
import { serviceCall } from "./service-call.ts";
import type { Visit } from "./visit.ts";

/** Time-out of a request that no rule takes; only a rule set without a catch-all has such. */
const noRuleTimeoutMs = 30_000;

export type SettledOutcome = { readonly outcome: Outcome; readonly side: Side };

export type Settling = {
  readonly visit: Visit;
  readonly decision: Decision;
  readonly response: ServerResponse;
  readonly body: RequestBody;
  /** A Set-Cookie value of ours for the answer. */
  readonly cookie: string | undefined;
  readonly tap: AnswerTap | undefined;
};

export async function settle(parts: PathParts, settling: Settling): Promise<SettledOutcome> {
  const { decision, body } = settling;
  const side: Side = decision.target === "service" ? "service" : "legacy";
  const { fallback } = decision;
  const mayFallBack = fallback !== undefined && body.kind !== "flow";
  const outcome = await attempt(parts, settling, side, mayFallBack);
  if (outcome.kind !== "failed" || !mayFallBack || !isTargetsFault(outcome.failure)) return { outcome, side };
  if (decision.rule) parts.book.of(decision.rule, side).failed(outcome.failure);
  const second = await attempt(parts, settling, fallback, false);
  return { outcome: second, side: fallback };
}

async function attempt(parts: PathParts, one: Settling, side: Side, refuses5xx: boolean): Promise<Outcome> {
  const { decision, body } = one;
  const group = groupOf(parts, decision, side);
  if (!group) return { kind: "failed", failure: "noTarget" };
  const exchange = await exchangeFor(parts, one, side, group, refuses5xx);
  parts.budget.request();
  let failedAt: TargetState | undefined;
  for (let retries = 0; ; retries += 1) {
    const taken = group.take(failedAt);
    if (taken.kind === "none") return { kind: "failed", failure: taken.failure };
    const outcome = await parts.transport.forward(exchange, taken.target);
    if (outcome.kind !== "failed" || retries >= limits.retriesMax || body.kind === "flow") return outcome;
    if (!mayRetry(decision, outcome.failure) || !parts.budget.take()) return outcome;
    failedAt = taken.target;
  }
}

export function groupOf(parts: PathParts, decision: Decision, side: Side): TargetGroup | undefined {
  return side === "legacy" ? parts.legacy : parts.services.get(decision.rule?.module.service ?? "");
}

/** 6. What goes to this side: the legacy system gets the browser's own headers, a service the caller's token. */
async function exchangeFor(
  parts: PathParts,
  one: Settling,
  side: Side,
  group: TargetGroup,
  refuses5xx: boolean,
): Promise<Exchange> {
  const { visit, decision, response, body, cookie } = one;
  const { rule } = decision;
  const call = side === "service" && rule ? await serviceCall(parts, visit, rule) : undefined;
  return {
    request: visit.request,
    response,
    target: visit.target,
    headers: call?.headers ?? requestHeaders(visit.request.rawHeaders, visit.hop),
    body,
    rewrite: headerRewriter({ targetHosts: group.hosts, protocol: visit.hop.protocol, host: visit.hop.host }),
    timeoutMs: rule?.timeoutMs ?? noRuleTimeoutMs,
    refuses5xx,
    setCookies: [...(call?.setCookies ?? []), ...(cookie === undefined ? [] : [cookie])],
    beforeHead: call?.beforeHead,
    onEventStream: (end) => openStream(parts, visit, side, end),
    tap: one.tap,
  };
}

/** Registers a stream that outlives its revision. @returns what to call when it has ended. */
export function openStream(parts: PathParts, visit: Visit, side: Side, close: () => void): () => void {
  let principal: ReturnType<typeof principalOfVisit> | undefined;
  return parts.streams.add({
    hasMoved: (model) => {
      principal ??= principalOfVisit(parts, visit);
      // Who it is may still have to be asked; such a stream is looked at with the next revision.
      if (principal instanceof Promise) {
        principal = undefined;
        return false;
      }
      return decideNow(parts, visit, model, principal).decision.target !== side;
    },
    close,
  });
}

function mayRetry(decision: Decision, failure: Failure): boolean {
  if (neverStarted(failure)) return true;
  return decision.rule?.effect === "read" && isTargetsFault(failure);
}

/** Failures that another instance or side may not have. */
function isTargetsFault(failure: Failure): boolean {
  switch (failure) {
    case "connectRefused":
    case "connectTimeout":
    case "connectReset":
    case "circuitOpen":
    case "queueFull":
    case "noTarget":
    case "answerTimeout":
    case "answerCut":
    case "answerInvalid":
    case "answerFailed":
      return true;
    default:
      return false;
  }
}
