/** The request path of a WebSocket: the same steps as request-path.ts, on a socket instead of a response. */

import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { RuleModel, Side } from "@banyan/routing-rules";
import { errorAnswer } from "../forward/error-page.ts";
import { type Failure, meaningOf } from "../forward/failure.ts";
import { requestHeaders } from "../forward/headers.ts";
import type { Upgrader } from "../forward/upgrader.ts";
import { admit } from "./admit.ts";
import { identifyAndDecide } from "./identify.ts";
import type { PathParts } from "./path-parts.ts";
import { serviceCall } from "./service-call.ts";
import { groupOf, openStream } from "./settle.ts";
import { newTraceIds } from "./trace-ids.ts";
import { type Visit, visitOf } from "./visit.ts";

export type UpgradePath = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

export function createUpgradePath(parts: PathParts, upgrader: Upgrader): UpgradePath {
  return async (request, socket, head) => {
    const startedMs = parts.clock.monotonicMs();
    const ids = newTraceIds();
    // A client that leaves early must not bring the process down.
    socket.on("error", () => socket.destroy());
    // 1. Admit, and 2. canonicalise.
    const admission = admit(request);
    if (admission.kind === "refused" || request.headers.upgrade?.toLowerCase() !== "websocket")
      return refuse(socket, request, "badRequest", ids.requestId);
    const visit = visitOf({ request, admitted: admission, ids, startedMs, trustedHops: parts.trustedHops });
    // 3. Identify, 4. decide. 5. A connection that stays open cannot be held: while its module is fenced it is refused.
    const decision = (await identifyAndDecide(parts, visit))?.decision;
    const rule = decision?.rule;
    if (!decision || parts.isDraining() || parts.streams.isFull) {
      if (parts.streams.isFull) parts.streams.counts.refused += 1;
      return refuse(socket, request, "draining", ids.requestId);
    }
    if (decision.target === "refuse") return refuse(socket, request, "retired", ids.requestId);
    if (decision.hold) return refuse(socket, request, "holdTimeout", ids.requestId);
    const side: Side = decision.target;
    const taken = groupOf(parts, decision, side)?.take();
    if (taken?.kind !== "taken") return refuse(socket, request, taken?.failure ?? "noTarget", ids.requestId);
    // 6. Forward.
    await rewriteRequest(parts, visit, rule, side);
    let connected = false;
    upgrader(request, socket, head, {
      origin: taken.target.origin,
      onOpen: (close) => {
        connected = true;
        // An open WebSocket is no request under way: it may last for days.
        taken.target.ended("success");
        return openStream(parts, visit, side, close);
      },
      // 7. Settle.
      onFailed: (failure) => refuse(socket, request, failure, ids.requestId),
      // 8. Observe.
      onEnded: (status) => {
        if (!connected) taken.target.ended(status === 0 ? "failure" : "success");
        const settled = { by: side, status: status || meaningOf.connectReset.status, failure: undefined };
        observe(parts, visit, { rule, side, status: settled.status, revision: decision.revision });
        parts.audit?.record(visit, decision, settled, undefined);
      },
    });
  };
}

/** The middleware sends what stands in the request: its target and headers are made what this hop sends. */
async function rewriteRequest(parts: PathParts, visit: Visit, rule: RuleModel | undefined, side: Side): Promise<void> {
  const { request } = visit;
  const ours =
    side === "service" && rule
      ? (await serviceCall(parts, visit, rule)).headers
      : requestHeaders(request.rawHeaders, visit.hop);
  const headers: Record<string, string> = {};
  for (let index = 0; index < ours.length; index += 2) {
    const name = (ours[index] as string).toLowerCase();
    const value = ours[index + 1] as string;
    headers[name] = headers[name] === undefined ? value : `${headers[name]}${name === "cookie" ? "; " : ", "}${value}`;
  }
  request.headers = { ...headers, connection: "Upgrade", upgrade: "websocket" };
  request.url = visit.target.path + visit.target.search;
}

function refuse(socket: Duplex, request: IncomingMessage, failure: Failure, requestId: string): void {
  if (!socket.writable) return;
  const { status, headers, body } = errorAnswer(failure, request.headers, requestId);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\n${lines.join("")}connection: close\r\n\r\n${body}`,
  );
}

function observe(
  parts: PathParts,
  visit: Visit,
  end: { rule: RuleModel | undefined; side: Side; status: number; revision: number },
): void {
  const { rule, side, status, revision } = end;
  const durationMs = parts.clock.monotonicMs() - visit.startedMs;
  if (rule) parts.book.of(rule, side).opened(status);
  parts.log.write({
    requestId: visit.ids.requestId,
    method: "GET",
    rule: rule?.id ?? "none",
    template: rule?.template ?? "",
    module: rule?.module.name ?? "none",
    by: side,
    revision,
    status,
    bytes: 0,
    durationMs,
    reason: "websocket",
  });
}
