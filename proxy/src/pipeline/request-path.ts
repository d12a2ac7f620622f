/**
 * The path of one request through the proxy, in eight steps:
 *
 *   client --> 1 admit --> 2 canonicalise --> 3 identify --> 4 decide --> 5 hold --> 6 forward --> 7 settle --> 8 observe
 *                |                                              |            |           |             |
 *                '-- 400, 405, 414                              '-- 410      '-- 503     '--> target   '-- 502, 503, 504
 *
 *   1, 2  admit.ts, canonical.ts     what could be read in two ways is refused; one spelling is matched and forwarded
 *   3, 4  identify.ts                who asks, where it matters; one pure decision on one revision
 *   5     module-gates.ts            writes of a fenced module wait; every write is counted by module and epoch
 *   6     service-call.ts, forward/  headers and body for the target, streamed both ways
 *   7     settle.ts                  retry or fallback of reads; a closed list of failures mapped to statuses
 *   8     observe/, audit/, shadow/  counters, access log with the path's template, audit event, shadow after the answer
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Decision, RuleModel } from "@banyan/routing-rules";
import type { RequestBody } from "../forward/exchange.ts";
import { errorAnswer } from "../forward/error-page.ts";
import { type Failure, meaningOf } from "../forward/failure.ts";
import type { ServedBy } from "../observe/rule-counters.ts";
import { type AdmitRefusal, admit } from "./admit.ts";
import { announcesTooMuch, takeBody } from "./body.ts";
import { type Decided, identifyAndDecide } from "./identify.ts";
import type { PathParts } from "./path-parts.ts";
import type { PinnedWrite } from "./pins.ts";
import { settle } from "./settle.ts";
import { offerShadow, tapFor } from "./shadow-offer.ts";
import { newTraceIds } from "./trace-ids.ts";
import { type Visit, visitOf } from "./visit.ts";

/** How a request ended, for step 8. */
type Settled = {
  readonly by: ServedBy;
  readonly status: number;
  readonly bytes: number;
  readonly failure: Failure | undefined;
};

/** @param waitsForContinue the client sent `Expect: 100-continue` and has not been told to go on. */
export type RequestPath = (
  request: IncomingMessage,
  response: ServerResponse,
  waitsForContinue: boolean,
) => Promise<void>;

export function createRequestPath(parts: PathParts): RequestPath {
  return async (request, response, waitsForContinue) => {
    const startedMs = parts.clock.monotonicMs();
    const ids = newTraceIds();
    if (parts.isDraining()) response.shouldKeepAlive = false;
    // 1. Admit, and 2. canonicalise.
    const admission = admit(request);
    if (admission.kind === "refused") {
      const settled = fail(refusalFailure(admission.reason), request, response, ids.requestId);
      observeUnadmitted(parts, ids.requestId, settled, startedMs, admission.reason);
      return;
    }
    const visit = visitOf({ request, admitted: admission, ids, startedMs, trustedHops: parts.trustedHops });
    // 3. Identify, and 4. decide.
    const decided = await identifyAndDecide(parts, visit);
    if (!decided) {
      const settled = fail("draining", request, response, ids.requestId);
      observeUnadmitted(parts, ids.requestId, settled, startedMs, "noRevision");
      return;
    }
    const rule = decided.decision.rule;
    if (rule?.effect === "write") await serveWrite(parts, visit, decided, response, waitsForContinue);
    else await serveDecided(parts, visit, decided.decision, response, waitsForContinue);
  };
}

/** 5. Hold: waits while the module is fenced or an earlier write of the session waits, then decides anew. */
async function serveWrite(
  parts: PathParts,
  visit: Visit,
  first: Decided,
  response: ServerResponse,
  waitsForContinue: boolean,
): Promise<void> {
  let { decision } = first;
  const untilMs = parts.clock.monotonicMs() + parts.holdMsMax;
  let leave: (() => void) | undefined;
  while (mustHold(parts, visit, decision, leave !== undefined)) {
    const again = leave !== undefined;
    leave?.();
    leave = undefined;
    const passage = await parts.gates.hold({
      module: decision.rule?.module.name ?? "",
      session: laneOf(visit),
      msMax: Math.max(1, untilMs - parts.clock.monotonicMs()),
      onGone: (callback) => response.once("close", callback),
      again,
    });
    if (passage.kind === "failed") {
      observe(parts, visit, decision, fail(passage.failure, visit.request, response, visit.ids.requestId));
      return;
    }
    leave = passage.place.leave;
    decision = (await identifyAndDecide(parts, visit))?.decision ?? decision;
  }
  // From here to the answer the write counts as under way, at the epoch it was decided by.
  const module = decision.rule?.module;
  const end = module ? parts.gates.begin(module.name, module.epoch) : undefined;
  try {
    await serveDecided(parts, visit, decision, response, waitsForContinue);
  } finally {
    end?.();
    leave?.();
  }
}

function mustHold(parts: PathParts, visit: Visit, decision: Decision, hasTurn: boolean): boolean {
  const rule = decision.rule;
  if (!rule || rule.effect !== "write" || rule.serve !== "stage") return false;
  return (
    decision.hold ||
    parts.gates.isFenced(rule.module.name) ||
    (!hasTurn && parts.gates.mustWait(rule.module.name, laneOf(visit)))
  );
}

/** Writes without a session are in no order among each other. */
const laneOf = (visit: Visit): string => visit.sessionKey || visit.ids.requestId;

async function serveDecided(
  parts: PathParts,
  visit: Visit,
  decision: Decision,
  response: ServerResponse,
  waitsForContinue: boolean,
): Promise<void> {
  const { request, ids } = visit;
  const refusal = refusalBeforeForward(parts, visit, decision);
  if (refusal) {
    observe(parts, visit, decision, fail(refusal, request, response, ids.requestId));
    return;
  }
  // 6. Forward.
  if (waitsForContinue) response.writeContinue();
  const taking = takeBody(request, decision.rule?.bodyBytesMax ?? Number.MAX_SAFE_INTEGER);
  const body = taking instanceof Promise ? await taking : taking;
  if (body.kind === "failed") {
    observe(parts, visit, decision, fail(body.failure, request, response, ids.requestId));
    return;
  }
  // 7. Settle.
  const { rule } = decision;
  const pinned = pinWriter(parts, visit, rule);
  const tap = tapFor(parts, visit, decision);
  const { outcome, side } = await settle(parts, { visit, decision, response, body, cookie: pinned?.cookie, tap });
  pinned?.answered();
  // 8. Observe.
  if (outcome.kind === "answered") {
    const settled = { by: side, status: outcome.status, bytes: outcome.bytes, failure: undefined };
    observe(parts, visit, decision, settled, body);
    offerShadow(parts, { visit, decision, served: side, body, response, tap });
    return;
  }
  if (rule) parts.book.of(rule, side).failed(outcome.failure);
  const settled: Settled =
    outcome.kind === "cut"
      ? { by: side, status: meaningOf[outcome.failure].status, bytes: outcome.bytes, failure: outcome.failure }
      : fail(outcome.failure, request, response, ids.requestId);
  observe(parts, visit, decision, settled, body);
}

function refusalBeforeForward(parts: PathParts, visit: Visit, decision: Decision): Failure | undefined {
  const { rule } = decision;
  if (decision.target === "refuse") return "retired";
  if (!rule) return undefined;
  if (announcesTooMuch(visit.request, rule.bodyBytesMax)) return "bodyTooLarge";
  const guarded = rule.effect === "write" && rule.serve === "stage" && rule.module.stage.name === "canary";
  return guarded && !parts.state.leaseIsValid ? "leaseLapsed" : undefined;
}

/** At canary the copy does not have the write yet: its session reads from the owner for a while. */
function pinWriter(parts: PathParts, visit: Visit, rule: RuleModel | undefined): PinnedWrite | undefined {
  if (rule?.effect !== "write" || rule.module.stage.name !== "canary" || visit.sessionKey === "") return undefined;
  return parts.pins.writing({
    session: visit.sessionKey,
    cookies: visit.request.headers.cookie,
    module: rule.module,
    mark: visit.ids.requestId.slice(0, 12),
    isSecure: visit.hop.protocol === "https",
  });
}

/** Answers with an error page, unless the client has left or part of an answer has gone out. */
function fail(failure: Failure, request: IncomingMessage, response: ServerResponse, requestId: string): Settled {
  const { status, headers, body } = errorAnswer(failure, request.headers, requestId);
  const settled: Settled = { by: "proxy", status, bytes: body.length, failure };
  if (response.headersSent || response.destroyed) return settled;
  // What is left of the request's body is not worth reading, and must not be taken for the next request.
  if (!request.complete) response.shouldKeepAlive = false;
  response.writeHead(status, headers);
  response.end(request.method === "HEAD" ? undefined : body);
  return settled;
}

function refusalFailure(reason: AdmitRefusal): Failure {
  if (reason === "badMethod") return "methodNotAllowed";
  return reason === "targetTooLong" ? "targetTooLong" : "badRequest";
}

function observe(parts: PathParts, visit: Visit, decision: Decision, settled: Settled, body?: RequestBody): void {
  const { rule } = decision;
  const durationMs = parts.clock.monotonicMs() - visit.startedMs;
  const counters = rule ? parts.book.of(rule, settled.by) : parts.book.unadmitted;
  counters.answered(settled.status, durationMs, settled.bytes);
  if (rule) parts.book.asked(rule);
  if (settled.failure !== undefined && settled.by === "proxy") counters.failed(settled.failure);
  parts.log.write({
    requestId: visit.ids.requestId,
    method: visit.request.method ?? "",
    rule: rule?.id ?? "none",
    template: rule?.template ?? "",
    module: rule?.module.name ?? "none",
    by: settled.by,
    revision: decision.revision,
    status: settled.status,
    bytes: settled.bytes,
    durationMs,
    reason: settled.failure ?? decision.reasons.at(-1)?.code ?? "noRule",
  });
  parts.audit?.record(visit, decision, settled, body);
}

function observeUnadmitted(
  parts: PathParts,
  requestId: string,
  settled: Settled,
  startedMs: number,
  reason: string,
): void {
  const durationMs = parts.clock.monotonicMs() - startedMs;
  parts.book.unadmitted.answered(settled.status, durationMs, settled.bytes);
  parts.log.write({
    requestId,
    method: "-",
    rule: "none",
    template: "",
    module: "none",
    by: "proxy",
    revision: parts.state.model?.number ?? 0,
    status: settled.status,
    bytes: settled.bytes,
    durationMs,
    reason,
  });
}
