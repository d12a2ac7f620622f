/**
 * The adapter's HTTP API: what control and the flip ask of it, with the token they share. Health and metrics are open; every
 * other answer needs the token. Only the leader acts: a stand-by answers 409 NOT_LEADING.
 */

import { timingSafeEqual } from "node:crypto";
import { AppError, type Logger } from "@banyan/kernel";
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from "express";
import { limits } from "../limits.ts";
import type { AdapterActions } from "./adapter-actions.ts";
import { flipRoutes } from "./flip-routes.ts";
import { moduleRoutes } from "./module-routes.ts";
import type { Route } from "./route.ts";
import { sourceRoutes } from "./source-routes.ts";

export function createAdapterApplication(actions: AdapterActions, token: string, logger: Logger): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.get("/healthz", (_request, response) => void response.json({ status: "ok" }));
  app.get("/readyz", (_request, response) => {
    const { standing } = actions.status();
    const ready = standing === "leading" || standing === "standing-by";
    response.status(ready ? 200 : 503).json({ status: ready ? "ready" : "not ready", standing });
  });
  app.get("/metrics", (_request, response) => {
    actions.metrics().then(
      ({ type, text }) => response.type(type).send(text),
      (error: unknown) => answerError(response, error, logger),
    );
  });
  app.use(guard(token));
  app.use(express.json({ limit: limits.bodyBytesMax, strict: true }));
  for (const one of [...sourceRoutes, ...moduleRoutes, ...flipRoutes])
    app[one.method](one.path, serve(one, actions, logger));
  app.use(
    (_request, response) =>
      void response.status(404).json({ code: "NOT_FOUND", message: "there is no such end point" }),
  );
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) =>
    answerError(response, error, logger),
  );
  return app;
}

function guard(token: string): RequestHandler {
  const wanted = Buffer.from(`Bearer ${token}`);
  return (request, response, next) => {
    const given = Buffer.from(request.headers.authorization ?? "");
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return next();
    response
      .status(401)
      .json({ code: "UNAUTHENTICATED", message: "the token is missing or wrong (BANYAN_SERVICE_TOKEN)" });
  };
}

function serve(one: Route, actions: AdapterActions, logger: Logger): RequestHandler {
  const run = async (request: Request, response: Response): Promise<void> => {
    const body = one.body?.safeParse(request.body ?? {});
    if (body && !body.success) {
      const problems = body.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
      response.status(400).json({ code: "BODY_INVALID", message: problems.join("; ") });
      return;
    }
    const params = request.params as Record<string, string>;
    response.json(await one.handle(actions, { params, body: body?.data, query: request.query }));
  };
  return (request, response) => {
    run(request, response).catch((error: unknown) => answerError(response, error, logger));
  };
}

const statuses: Readonly<Record<string, number>> = {
  NOT_LEADING: 409,
  FENCED: 409,
  COPY_REFUSED: 409,
  MODULE_UNKNOWN: 404,
  RECONCILE_UNKNOWN: 404,
};

function answerError(response: Response, error: unknown, logger: Logger): void {
  if (response.headersSent) return void response.destroy();
  if (error instanceof AppError) {
    const { code, message, hint, retryable } = error;
    response.status(statuses[code] ?? (retryable ? 503 : 500)).json({ code, message, hint });
    return;
  }
  const status = (error as { status?: unknown }).status;
  if (typeof status === "number" && status < 500) {
    response.status(status).json({ code: "BODY_INVALID", message: "the request cannot be read" });
    return;
  }
  logger.error({ event: "adapter.request_failed", code: error instanceof Error ? error.name : "UNKNOWN" });
  response.status(500).json({ code: "INTERNAL", message: "an unforeseen failure", hint: "See the adapter's log." });
}
