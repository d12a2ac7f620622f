/**
 * A face is one way to speak with a service: the legacy pages, FHIR, or a plain interface of its own. The shell has bounded,
 * identified and numbered a request before a face sees it; `requestContext(request)` gives what it knows. A face says how it
 * puts a refusal, because every protocol has its own form for that.
 */

import type { Request, RequestHandler, Response } from "express";
import { type Refusal, refusalHeader } from "./refusal.ts";
import type { ServiceContext } from "./service-context.ts";

export type Face = {
  /** Label in metrics: `legacy`, `fhir`. */
  readonly name: string;
  /** Start of the paths it answers, in small letters: `/fhir`. One face may do without: it answers the rest. */
  readonly prefix?: string;
  /** Default `limits.bodyBytesMax`. */
  readonly bodyBytesMax?: number;
  /** Called once at start. The handler calls `next()` for a path it does not know. */
  open(service: ServiceContext): RequestHandler | Promise<RequestHandler>;
  /** Sends the refusal in the face's own form. Status, Retry-After and `x-banyan-refusal` are set already. */
  refuse(refusal: Refusal, request: Request, response: Response): void;
};

/** For requests that no face answers, and for faces without a form of their own. */
export function refusePlainly(refusal: Refusal, response: Response): void {
  response.type("text/plain").send(`${refusal.text}\n`);
}

/** What every form of a refusal has in common. */
export function prepareRefusal(refusal: Refusal, response: Response): void {
  response.status(refusal.status).setHeader(refusalHeader, refusal.code);
  response.setHeader("cache-control", "no-store");
  if (refusal.retryAfterSeconds !== undefined) response.setHeader("retry-after", String(refusal.retryAfterSeconds));
}

/** The face of a path. @param faces those with a prefix before the one without */
export function faceOf<F extends Face>(faces: readonly F[], path: string): F | undefined {
  const folded = path.toLowerCase();
  return (
    faces.find(({ prefix }) => prefix !== undefined && (folded === prefix || folded.startsWith(`${prefix}/`))) ??
    faces.find(({ prefix }) => prefix === undefined)
  );
}
