/**
 * The Express application: health, metrics, the replica protocol, and the admin API made of the table of end points. For each:
 *
 *   1. who asks, and is the role enough          401, 403
 *   2. which revision is the change based on     428
 *   3. what is asked, checked by its schema      400, 413
 *   4. the work                                  404, 409, 412, 422
 */

import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import { identifyCaller } from "../access/caller.ts";
import { mayActAs } from "../access/role.ts";
import type { ControlContext } from "../context.ts";
import { limits } from "../limits.ts";
import { replicaProtocol } from "../push/replica-protocol.ts";
import { Refusal } from "../refusal.ts";
import { headNumber } from "../store/revisions.ts";
import { accessEndpoints } from "./access-endpoints.ts";
import { auditEndpoints } from "./audit-endpoints.ts";
import type { Endpoint } from "./endpoint.ts";
import { flipEndpoints } from "./flip-endpoints.ts";
import { moduleEndpoints } from "./module-endpoints.ts";
import { basedOnOf } from "./precondition.ts";
import { answerProblem, invalid } from "./problem.ts";
import { replicaEndpoints } from "./replica-endpoints.ts";
import { ruleEndpoints } from "./rule-endpoints.ts";
import { shadowEndpoints } from "./shadow-endpoints.ts";
import { statusEndpoints } from "./status-endpoints.ts";
import { syncEndpoints } from "./sync-endpoints.ts";

export const endpoints: readonly Endpoint[] = [
  ...statusEndpoints,
  ...moduleEndpoints,
  ...flipEndpoints,
  ...shadowEndpoints,
  ...ruleEndpoints,
  ...replicaEndpoints,
  ...accessEndpoints,
  ...auditEndpoints,
  ...syncEndpoints,
];

export function createApplication(context: ControlContext): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use((_request, response, next) => {
    response.set({ "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" });
    next();
  });
  health(app, context);
  const json = express.json({ limit: limits.bodyBytesMax, strict: true });
  app.use("/api/v1", replicaProtocol(context, json));
  for (const endpoint of endpoints) {
    const path = `/api/v1${endpoint.path}`;
    const name = `${endpoint.method.toUpperCase()} ${path}`;
    app[endpoint.method](path, (request: Request, response: Response) => answer(endpoint, name, request, response));
  }
  const answer = async (endpoint: Endpoint, name: string, request: Request, response: Response): Promise<void> => {
    try {
      await serve(endpoint, context, json, request, response);
    } catch (error) {
      answerProblem(response, error, context, name);
    }
    context.metrics.requests.inc({ endpoint: name, status: response.statusCode });
  };
  app.use((_request, response) => answerProblem(response, nothingHere(), context, "unknown"));
  app.use((error: unknown, _request: Request, response: Response, _next: () => void) =>
    answerProblem(response, error, context, "unknown"),
  );
  return app;
}

async function serve(
  endpoint: Endpoint,
  context: ControlContext,
  json: RequestHandler,
  request: Request,
  response: Response,
): Promise<void> {
  const { db, clock, oidc } = context;
  const { adminToken } = context.settings;
  const caller = await identifyCaller(request.headers.authorization, { db, clock, adminToken, oidc });
  if (!mayActAs(caller.role, endpoint.role)) throw forbidden(caller.role, endpoint);
  const basedOn = endpoint.changes ? basedOnOf(request.headers["if-match"]) : 0;
  if (endpoint.body) await readBody(json, request, response);
  const answer = await endpoint.handle({
    context,
    caller,
    basedOn,
    params: request.params as Record<string, string>,
    body: checked(endpoint.body, request.body, "body"),
    query: checked(endpoint.query, request.query, "query"),
  });
  response.set("ETag", `"${context.head.current.revision.number}"`);
  response.status(answer.status ?? 200).json(answer.body);
}

function readBody(json: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    json(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });
}

function checked(schema: Endpoint["body"], value: unknown, where: "body" | "query"): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(where === "body" ? (value ?? {}) : { ...(value as object) });
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues, where);
}

function health(app: Express, context: ControlContext): void {
  app.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  app.get("/readyz", async (_request, response) => {
    try {
      const revision = await headNumber(context.db);
      response.json({ status: "ready", revision });
    } catch (error) {
      answerProblem(response, error, context, "readyz");
    }
  });
  app.get("/metrics", async (_request, response) => {
    response.type(context.metrics.registry.contentType).send(await context.metrics.registry.metrics());
  });
}

function forbidden(role: string, endpoint: Endpoint): Refusal {
  return new Refusal({
    code: "FORBIDDEN",
    message: `${endpoint.method.toUpperCase()} ${endpoint.path} was refused`,
    why: `it needs the role ${endpoint.role}, and yours is ${role}`,
    hint: `Ask somebody who is ${endpoint.role}, or an admin for a token of that role.`,
  });
}

function nothingHere(): Refusal {
  return new Refusal({
    code: "NOT_FOUND",
    message: "there is no such end point",
    why: "path or method is not one of the admin API",
    hint: "control/README.md lists every end point. The console comes later, at /.",
  });
}
