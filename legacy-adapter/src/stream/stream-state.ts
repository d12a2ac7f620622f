/** What a service's stream is doing, for people and for the decisions that hang on it. */

import { AppError } from "@banyan/kernel";

export type Trouble = {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** ISO 8601. */
  readonly since: string;
};

export type StreamState =
  | { readonly kind: "starting" }
  | { readonly kind: "following" }
  /** Passes by itself; tried again with growing pauses for as long as it takes. */
  | ({ readonly kind: "retrying"; readonly failures: number } & Trouble)
  /** Needs a person; looked at again now and then. */
  | ({ readonly kind: "stopped" } & Trouble);

/** Failures that no retry cures. */
const needsPerson = new Set([
  "HISTORY_PURGED",
  "SOURCE_BEHIND",
  "PARKED_LIMIT",
  "HUGE_TRANSACTION_FAILED",
  "HUGE_TRANSACTION_WAITS",
  "CAPTURE_INSTANCE_MISSING",
  "TRACKING_EXPIRED",
]);

export function stateAfter(error: unknown, before: StreamState, failures: number, now: Date): StreamState {
  const { code, message, hint } = describe(error);
  const kept = "code" in before && before.code === code ? before.since : undefined;
  const trouble = { code, message, hint, since: kept ?? now.toISOString() };
  return needsPerson.has(code) ? { kind: "stopped", ...trouble } : { kind: "retrying", failures, ...trouble };
}

function describe(error: unknown): { code: string; message: string; hint: string } {
  if (error instanceof AppError) return error;
  // An error nobody foresaw may quote a row: its text stays out.
  return {
    code: "UNEXPECTED",
    message: `an unforeseen failure (${error instanceof Error ? error.name : typeof error})`,
    hint: "It is tried again. If it stays, it is a fault of the adapter: please report it with its code.",
  };
}
