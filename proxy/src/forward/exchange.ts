/** One request on its way: what each step of the pipeline found out and the next one needs. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Decision } from "@banyan/routing-rules";
import type { CanonicalTarget } from "../pipeline/canonical.ts";
import type { Failure } from "./failure.ts";

export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: CanonicalTarget;
  readonly decision: Decision;
  /** Flat name-value list, ready to send. */
  readonly headers: readonly string[];
  readonly requestId: string;
  /** Rewrites one response header value, by lower-case name. */
  readonly rewrite: (name: string, value: string) => string;
  /** Longest wait for the head of the answer, and between two pieces of its body, in milliseconds. */
  readonly timeoutMs: number;
  readonly bodyBytesMax: number;
  /** A copy of the first bytes of both bodies, where a shadow wants them. */
  readonly copies: BodyCopies | undefined;
};

export type BodyCopies = { request(chunk: Buffer): void; response(chunk: Buffer): void };

/** How sending to one target ended. */
export type Outcome =
  | { readonly kind: "answered"; readonly status: number; readonly bytes: number }
  /** Nothing has been sent to the client: another target may be tried, or an error answered. */
  | { readonly kind: "failed"; readonly failure: Failure }
  /** The answer was begun and broke off; the client's connection is cut so that it notices. */
  | { readonly kind: "cut"; readonly failure: Failure; readonly bytes: number };
