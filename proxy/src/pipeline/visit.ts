/** One request as the steps of the pipeline see it: what it asks for, who may be asking, when it came. */

import type { IncomingMessage } from "node:http";
import type { RoutingRequest } from "@banyan/routing-rules";
import type { Hop } from "../forward/headers.ts";
import { sessionCookiesOf, sessionHash } from "../identity/principal.ts";
import type { Admitted } from "./admit.ts";
import type { CanonicalTarget } from "./canonical.ts";
import type { TraceIds } from "./trace-ids.ts";

export type Visit = {
  readonly request: IncomingMessage;
  readonly target: CanonicalTarget;
  readonly routing: RoutingRequest;
  readonly ids: TraceIds;
  readonly hop: Hop;
  readonly startedMs: number;
  /** The cookies of a legacy session, undefined without a ticket. */
  readonly cookies: string | undefined;
  /** Stands for the session; "" without one. */
  readonly sessionKey: string;
};

export function visitOf(options: {
  request: IncomingMessage;
  admitted: Admitted;
  ids: TraceIds;
  startedMs: number;
  trustedHops: ReadonlySet<string>;
}): Visit {
  const { request, admitted, ids, startedMs, trustedHops } = options;
  const cookies = sessionCookiesOf(request.headers);
  return {
    request,
    target: admitted.target,
    routing: new RequestToRoute(request, admitted.target),
    ids,
    hop: hopOf(request, admitted.host, ids, trustedHops),
    startedMs,
    cookies,
    sessionKey: cookies === undefined ? "" : sessionHash(cookies),
  };
}

/**
 * A class and not an object literal: a literal with a getter makes a hidden class of its own for each request, which lives in
 * the old generation and keeps the whole request alive with it.
 */
class RequestToRoute implements RoutingRequest {
  readonly method: string;
  readonly path: string;
  readonly #request: IncomingMessage;
  readonly #search: string;
  #query: RoutingRequest["query"] | undefined;

  constructor(request: IncomingMessage, target: CanonicalTarget) {
    this.method = request.method ?? "GET";
    this.path = target.path;
    this.#request = request;
    this.#search = target.search;
  }

  /** Few rules look at the query; the others do not pay for taking it apart. */
  get query(): RoutingRequest["query"] {
    this.#query ??= this.#search === "" ? [] : [...new URLSearchParams(this.#search)];
    return this.#query;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }
}

function hopOf(request: IncomingMessage, host: string, ids: TraceIds, trustedHops: ReadonlySet<string>): Hop {
  const clientAddress = (request.socket.remoteAddress ?? "unknown").replace(/^::ffff:/, "");
  const isTrusted = trustedHops.has(clientAddress);
  const before = isTrusted ? request.headers["x-forwarded-for"] : undefined;
  const forwardedFor = typeof before === "string" ? trustedPart(before, trustedHops) : noForwarding;
  const protocol = isTrusted && request.headers["x-forwarded-proto"] === "https" ? "https" : "http";
  return { clientAddress, protocol, host, ...ids, forwardedFor };
}

const noForwarding: readonly string[] = [];

/** From the right: trusted hops, and the first address that is none. What stands left of that the client may have made up. */
function trustedPart(forwardedFor: string, trustedHops: ReadonlySet<string>): readonly string[] {
  const believed: string[] = [];
  for (const one of forwardedFor.split(",").toReversed()) {
    const address = one.trim();
    if (!/^[0-9A-Fa-f:.]{2,45}$/.test(address)) break;
    believed.unshift(address);
    if (!trustedHops.has(address)) break;
  }
  return believed;
}
