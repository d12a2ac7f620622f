/** One request as a face sees it: who asks, and the only two ways to data: `authorise` for reads, `write` for changes. */

import { isIP } from "node:net";
import { AppError } from "@banyan/kernel";
import type { Request } from "express";
import { accessEvent, type Asked } from "./audit-event.ts";
import { type IdempotencyKey, idempotencyKey } from "./idempotency.ts";
import { limits } from "./limits.ts";
import { type Access, decide, type Decision } from "./policy.ts";
import type { Principal, Purpose } from "./principal.ts";
import type { RefusalCode } from "./refusal.ts";
import type { ServiceContext } from "./service-context.ts";
import { type Json, withWrite, type WorkResult, type WriteTransaction, type Written } from "./write.ts";

export const dryRunHeader = "x-banyan-dry-run";

export type RequestContext = Asked & {
  readonly service: ServiceContext;
  readonly purpose: Purpose;
  /** Whether the policy was asked; an answer without that never leaves the service. */
  readonly decided: boolean;
  /** What the last write was refused for: the proxy is told, whatever form the face gives it. */
  readonly refusedCode: RefusalCode | undefined;
  /** Decides and resolves when the decision is committed to the audit. @throws RefusedError audit-unavailable */
  authorise(access: Access): Promise<Decision>;
  /** Decides without a trace: for what a list shows, when the list itself was authorised. */
  may(access: Access): Decision;
  /** See `withWrite`. */
  write<T extends Json, R = T>(work: (tx: WriteTransaction) => Promise<WorkResult<T, R>>): Promise<Written<T, R>>;
};

const contexts = new WeakMap<object, RequestContext>();

/** The context of a request inside a face. @throws AppError NO_CONTEXT outside of one */
export function requestContext(request: object): RequestContext {
  const context = contexts.get(request);
  if (context) return context;
  throw new AppError({
    code: "NO_CONTEXT",
    op: "answer a request",
    message: "the request did not come through the service's shell",
    hint: "Register the handler as a face of createService.",
  });
}

export function openContext(
  service: ServiceContext,
  request: Request,
  principal: Principal,
  requestId: string,
): RequestContext {
  const asked: Asked = {
    principal,
    requestId,
    address: addressOf(request, principal),
    dryRun: request.headers[dryRunHeader] === "1",
  };
  let decided = false;
  let refusedCode: RefusalCode | undefined;
  const context: RequestContext = {
    ...asked,
    service,
    purpose: principal.purpose,
    get decided() {
      return decided;
    },
    get refusedCode() {
      return refusedCode;
    },
    async authorise(access) {
      const decision = decide(service.policy, principal, access);
      service.metrics.decided(decision);
      decided = true;
      if (service.policy.actions[access.action]?.unaudited) return decision;
      const more = { policy: service.policy, recordedMs: service.clock.now().getTime() };
      await service.audit.append([accessEvent(service.source, asked, access, decision, more)]);
      return decision;
    },
    may: (access) => decide(service.policy, principal, access),
    async write(work) {
      decided = true;
      const written = await withWrite(service, { ...asked, key: keyOf(request, principal, requestId) }, work);
      refusedCode = written.kind === "refused" ? written.refusal.code : undefined;
      return written;
    },
  };
  contexts.set(request, context);
  return context;
}

/** Undefined for a caller, a token or a key that cannot name one write. */
function keyOf(request: Request, principal: Principal, requestId: string): IdempotencyKey | undefined {
  const body: unknown = request.body;
  const chosen = request.headers["idempotency-key"];
  if (principal.kind === "anonymous" || principal.tokenId === undefined) return undefined;
  if (typeof chosen === "string" && chosen.length > limits.idempotencyKeyCharsMax) return undefined;
  return idempotencyKey({
    principal,
    tokenId: principal.tokenId,
    name: typeof chosen === "string" ? `key ${chosen}` : `request ${requestId}`,
    method: request.method,
    url: request.originalUrl,
    contentType: request.headers["content-type"] ?? "",
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  });
}

/** The proxy's word for it when the proxy's token came along, else the connection's own. */
function addressOf(request: Request, principal: Principal): string | null {
  const forwarded =
    String(request.headers["x-forwarded-for"] ?? "")
      .split(",", 1)[0]
      ?.trim() ?? "";
  if (principal.kind !== "anonymous" && isIP(forwarded) !== 0) return forwarded;
  return request.socket.remoteAddress?.replace(/^::ffff:/, "") ?? null;
}
