/** One request on its way: what each step of the pipeline found out and the next one needs. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { CanonicalTarget } from "../pipeline/canonical.ts";
import type { AnswerTap } from "../shadow/answer.ts";
import type { Failure } from "./failure.ts";

/** One attempt to have one target answer one request. */
export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: CanonicalTarget;
  /** Flat name-value list, ready to send. */
  readonly headers: readonly string[];
  readonly body: RequestBody;
  /** Rewrites one response header value, by lower-case name. */
  readonly rewrite: (name: string, value: string) => string;
  /** Longest wait for the head of the answer, and between two pieces of its body, in milliseconds. */
  readonly timeoutMs: number;
  /** A 5xx of the target counts as a failure of the attempt, because another side can be asked. */
  readonly refuses5xx: boolean;
  /** Set-Cookie values to add to the answer. */
  readonly setCookies: readonly string[];
  /**
   * Called with the target's own raw header section before anything goes to the client; what it resolves to are further
   * Set-Cookie values. Undefined: nothing to wait for. A rejection fails the attempt as `sessionNotKept`.
   */
  readonly beforeHead: ((rawHeaders: readonly string[]) => Promise<readonly string[]> | undefined) | undefined;
  /** Called once the answer turns out to be an event stream, with what ends it; gives back what to call when it has ended. */
  readonly onEventStream: (end: () => void) => () => void;
  /** Copies the answer where a shadow will stand against it. */
  readonly tap: AnswerTap | undefined;
};

export type RequestBody =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly bytes: Buffer }
  /** Can be sent once. `refused` is told when the body proves too large. */
  | { readonly kind: "flow"; open(refused: (failure: Failure) => void): Readable };

/** How sending to one target ended. */
export type Outcome =
  | { readonly kind: "answered"; readonly status: number; readonly bytes: number }
  /** Nothing has been sent to the client: another target may be tried, or an error answered. */
  | { readonly kind: "failed"; readonly failure: Failure }
  /** The answer was begun and broke off; the client's connection is cut so that it notices. */
  | { readonly kind: "cut"; readonly failure: Failure; readonly bytes: number };
