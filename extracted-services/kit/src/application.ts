/**
 * The way of a request through the shell:
 *   1. health, readiness and metrics answer at once, and control's commands go their own way (`control-endpoints.ts`)
 *   2. request id (the proxy's, else a new one; the answer repeats it), the face by its path, and the bounds: a stopping or
 *      overfull service says 503
 *   3. the identity token; one that is not good is audited and refused
 *   4. the body, whole and bounded, as `request.body` (a Buffer; undefined when there is none)
 *   5. the face; an answer it makes without having asked the policy becomes a 500
 * Whatever is thrown becomes one of the refusals, in the face's form.
 */

import { randomUUID } from "node:crypto";
import { AppError } from "@banyan/kernel";
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from "express";
import { refusalEvent } from "./audit-event.ts";
import { isDatabaseAway } from "./database.ts";
import { events } from "./events.ts";
import { type Face, faceOf, prepareRefusal, refusePlainly } from "./face.ts";
import type { ServiceHealth } from "./health.ts";
import { type IdentityCheck, identityHeader } from "./identity.ts";
import { limits } from "./limits.ts";
import { controlRouter } from "./control-endpoints.ts";
import { anonymous } from "./principal.ts";
import { type Refusal, RefusedError, refusal } from "./refusal.ts";
import { openContext } from "./request-context.ts";
import { guardAnswer } from "./answer-guard.ts";
import type { ServiceContext } from "./service-context.ts";

export type ApplicationParts = {
  readonly service: ServiceContext;
  /** Opened faces. */
  readonly faces: readonly (Face & { readonly handler: RequestHandler })[];
  readonly identify: IdentityCheck;
  readonly health: ServiceHealth;
  /** What control must show at `/ownership` and `/audit/verification`. */
  readonly controlToken: string | undefined;
};

/** What the steps hand on, in `response.locals`. */
type Locals = { requestId: string; face: ApplicationParts["faces"][number] | undefined };
type Answering = Response<unknown, Locals>;

export function createApplication(parts: ApplicationParts): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  ownPaths(app, parts);
  app.use(controlRouter(parts.service, parts.controlToken));
  app.use(
    (request: Request, response: Answering, next: NextFunction) => admit(parts, request, response, next),
    (request: Request, response: Answering, next: NextFunction) => identify(parts, request, response, next),
    (request: Request, response: Answering, next: NextFunction) => takeBody(request, response, next),
    (request: Request, response: Answering, next: NextFunction) =>
      response.locals.face?.handler(request, response, next),
    () => {
      throw new RefusedError("not-found");
    },
  );
  app.use((error: unknown, request: Request, response: Answering, _next: NextFunction) =>
    refuse(parts, error, request, response),
  );
  return app;
}

/** Step 1. */
function ownPaths(app: Express, { health, service }: ApplicationParts): void {
  app.get("/healthz", (_request, response) => void response.json({ alive: true }));
  app.get("/readyz", async (_request, response) => {
    const report = await health.report();
    response.status(report.ready ? 200 : 503).json(report);
  });
  app.get("/metrics", async (_request, response) => {
    const { registry } = service.metrics;
    response.setHeader("content-type", registry.contentType).end(await registry.metrics());
  });
}

/** Step 2. */
function admit(parts: ApplicationParts, request: Request, response: Answering, next: NextFunction): void {
  const { metrics, clock } = parts.service;
  const given = request.headers["x-request-id"];
  const requestId = typeof given === "string" && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
  response.setHeader("x-request-id", requestId);
  const face = faceOf(parts.faces, request.path);
  Object.assign(response.locals, { requestId, face } satisfies Locals);
  const startedMs = clock.monotonicMs();
  const running = parts.health.enter();
  response.once("close", () => {
    parts.health.leave();
    // A kept-alive connection would hold up the stop until it times out.
    if (parts.health.stopping) request.socket.end();
    const name = face?.name ?? "none";
    metrics.requests.inc({ face: name, method: request.method, status: response.statusCode });
    metrics.seconds.observe({ face: name }, (clock.monotonicMs() - startedMs) / 1_000);
  });
  if (parts.health.stopping) {
    response.setHeader("connection", "close");
    throw new RefusedError("stopping");
  }
  if (running > limits.requestsMax) {
    metrics.limitsReached.inc({ limit: "requestsMax" });
    throw new RefusedError("overloaded");
  }
  next();
}

/** Step 3. */
async function identify(
  parts: ApplicationParts,
  request: Request,
  response: Answering,
  next: NextFunction,
): Promise<void> {
  const { service } = parts;
  const token = request.headers[identityHeader];
  const found = await parts.identify(token === undefined ? undefined : String(token));
  const { requestId } = response.locals;
  if (found.kind === "refused") {
    const context = openContext(service, request, anonymous, requestId);
    const recordedMs = service.clock.now().getTime();
    const refused = { code: found.refusal, reason: found.reason, recordedMs };
    await service.audit.append([refusalEvent(service.source, context, refused)]);
    throw new RefusedError(found.refusal);
  }
  guardAnswer(response, openContext(service, request, found.principal, requestId));
  next();
}

/** Step 4. Compressed bodies are refused: a small one could unfold to any size. */
function takeBody(request: Request, response: Answering, next: NextFunction): void {
  const limit = response.locals.face?.bodyBytesMax ?? limits.bodyBytesMax;
  express.raw({ type: () => true, limit, inflate: false })(request, response, next);
}

function refuse(parts: ApplicationParts, error: unknown, request: Request, response: Answering): void {
  const refused = refusalOf(error);
  const { face, requestId } = response.locals;
  parts.service.metrics.refusals.inc({ code: refused.code });
  if (refused.code === "body-too-large") parts.service.metrics.limitsReached.inc({ limit: "bodyBytesMax" });
  if (refused.status === 500) {
    const code = error instanceof AppError ? error.code : error instanceof Error ? error.name : "UNKNOWN";
    parts.service.logger.error({ event: events.requestFailed, requestId, code, method: request.method });
  }
  if (response.headersSent) {
    // Half an answer is out: only a cut connection tells the proxy so.
    response.destroy();
    return;
  }
  prepareRefusal(refused, response);
  if (face) face.refuse(refused, request, response);
  else refusePlainly(refused, response);
}

/** Names body-parser gives to what a client did: https://github.com/expressjs/body-parser#errors */
const bodyErrors: Readonly<Record<string, Refusal>> = {
  "entity.too.large": refusal("body-too-large"),
  "encoding.unsupported": refusal("body-encoded"),
  "entity.parse.failed": refusal("body-invalid"),
  "request.aborted": refusal("client-gone"),
  "request.size.invalid": refusal("client-gone"),
};

function refusalOf(error: unknown): Refusal {
  if (error instanceof RefusedError) return error.refusal;
  const ofBody = bodyErrors[String((error as { type?: unknown }).type)];
  if (ofBody) return ofBody;
  return refusal(isDatabaseAway(error) ? "database-away" : "failed");
}
