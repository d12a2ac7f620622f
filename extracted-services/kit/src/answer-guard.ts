/**
 * The last look at an answer before its head is sent: deny by default holds for the code of faces too. An answer that gives
 * something (status below 400) for which nobody asked the policy is not sent. A shadow's answer never changes a session.
 */

import { AppError } from "@banyan/kernel";
import type { ServerResponse } from "node:http";
import { events } from "./events.ts";
import { refusalHeader } from "./refusal.ts";
import type { RequestContext } from "./request-context.ts";

/** What a service asks of the legacy session, read by the proxy. */
export const sessionHeaders = [
  "x-banyan-current-patient",
  "x-banyan-current-encounter",
  "x-banyan-break-glass-patient",
] as const;

/** Checks when the head is written, by whatever way the face writes it; what is wrong is thrown to the writer. */
export function guardAnswer(response: ServerResponse, context: RequestContext): void {
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (status: number, ...rest: never[]) => {
    if (status < 400 && !context.decided) throw undecided(context);
    if (status >= 400 && context.refusedCode) response.setHeader(refusalHeader, context.refusedCode);
    if (context.purpose === "shadow") for (const name of sessionHeaders) response.removeHeader(name);
    return writeHead(status, ...rest);
  };
}

function undecided({ service, requestId }: RequestContext): AppError {
  service.logger.error({ event: events.undecided, requestId });
  return new AppError({
    code: "ANSWER_WITHOUT_DECISION",
    op: "answer a request",
    message: "the answer was made without asking the policy",
    hint: "Call authorise({ action, … }) or write(…) before answering, also for what everybody may see.",
  });
}
