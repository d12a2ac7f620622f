/** How refusals and failures are answered: RFC 9457 problem documents with code, message, why and hint. */

import type { Response } from "express";
import type { z } from "zod";
import type { ControlContext } from "../context.ts";
import { events } from "../events.ts";
import { Refusal } from "../refusal.ts";
import { isDatabaseAway } from "../store/database.ts";

export function answerProblem(response: Response, error: unknown, context: ControlContext, endpoint: string): void {
  const refusal = refusalOf(error);
  context.metrics.refusals.inc({ code: refusal.code });
  if (refusal.code === "INTERNAL") {
    // The error's own text may quote a statement with its values, so only its class and code are logged.
    const { name, code } = error as { name?: string; code?: string };
    context.logger.error({ event: events.requestFailed, route: endpoint, code: code ?? name ?? "unknown" });
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (refusal.status === 401) response.set("WWW-Authenticate", 'Bearer realm="banyan-control"');
  if (refusal.status === 503) response.set("Retry-After", "1");
  response
    .status(refusal.status)
    .type("application/problem+json")
    .send(
      JSON.stringify({
        ...refusal.details,
        status: refusal.status,
        code: refusal.code,
        message: refusal.message,
        why: refusal.why,
        hint: refusal.hint,
      }),
    );
}

export function invalid(issues: readonly z.core.$ZodIssue[], where: "body" | "query"): Refusal {
  const problems = issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
  return new Refusal({
    code: "BODY_INVALID",
    message: `the ${where === "body" ? "request body" : "query string"} does not fit`,
    why: problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; "),
    hint: "control/README.md describes every end point.",
    details: { problems },
  });
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (isDatabaseAway(error)) {
    return new Refusal({
      code: "DATABASE_AWAY",
      message: "the control plane cannot answer now",
      why: "its database cannot be reached",
      hint: "Traffic is not concerned: every proxy replica serves on with the last revision it has. Bring the database of DATABASE_URL back and ask again.",
    });
  }
  const type = (error as { type?: unknown } | null)?.type;
  if (type === "entity.too.large") {
    return new Refusal({
      code: "BODY_TOO_LARGE",
      message: "the request body was not read",
      why: "it is larger than any rule set should be",
      hint: "Send rule files only.",
    });
  }
  if (typeof type === "string" && /^(entity|encoding|charset|request)\./.test(type)) {
    return new Refusal({
      code: "BODY_INVALID",
      message: "the request body does not fit",
      why: "it is not JSON in UTF-8, or it ended early",
      hint: "Send Content-Type: application/json and a JSON object.",
    });
  }
  return new Refusal({
    code: "INTERNAL",
    message: "the control plane failed",
    why: "something happened that nobody expected; nothing was changed, or the change is whole",
    hint: "GET /api/v1/status shows what holds. The log has an entry; please report it.",
    cause: error,
  });
}
