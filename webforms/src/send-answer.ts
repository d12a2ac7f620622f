/** Writes an answer to the socket with the headers IIS 7 and ASP.NET 2.0 put on every one. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyBytesMax } from "./limits.ts";
import type { Answer } from "./page.ts";

/** Does nothing when the answer has begun or the client has gone. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  cookies: readonly string[],
): void {
  if (response.headersSent || response.destroyed) return;
  response.statusCode = answer.status;
  response.setHeader("Cache-Control", "private");
  if (answer.contentType !== undefined) response.setHeader("Content-Type", answer.contentType);
  response.setHeader("Server", "Microsoft-IIS/7.0");
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (cookies.length > 0) response.setHeader("Set-Cookie", cookies);
  response.setHeader("X-AspNet-Version", "2.0.50727");
  response.setHeader("X-Powered-By", "ASP.NET");
  const body = typeof answer.body === "string" ? Buffer.from(answer.body, "utf8") : answer.body;
  response.setHeader("Content-Length", body.length);
  if (request.method === "POST" && !request.complete && !(Number(request.headers["content-length"]) <= bodyBytesMax)) {
    // The client may still be sending what was refused: take it in without keeping it, so that it gets to read the answer.
    response.setHeader("Connection", "close");
    request.resume();
  }
  response.end(request.method === "HEAD" ? undefined : body);
}
