/**
 * Why a request is not answered as asked: a closed list, mapped to statuses in one table. A face turns a refusal into its own
 * form (yellow page, OperationOutcome); the text names no data. The proxy reads the code from `x-banyan-refusal`.
 */

import { AppError } from "@banyan/kernel";

/** Table: code → status, and text for a person. */
const table = {
  /** A token that expired, is for another service, was signed by somebody else, or is no token. */
  "identity-refused": [401, "The identity token is not accepted."],
  /** A write's token that was used for another write. */
  "token-replayed": [401, "The identity token was used before."],
  /** Nobody writes without an identity; a face may need one for reads too (FHIR). */
  "identity-missing": [401, "An identity is needed."],
  "keys-unavailable": [503, "The identity token cannot be checked now."],
  /** The request was sent under an epoch that is not the module's: it belongs to another owner. */
  "epoch-old": [503, "The module has a new owner since this request was sent."],
  /** This service does not take the module's writes now. */
  "owner-sealed": [503, "The module's writes are not taken here now."],
  /** One idempotency key, two different requests. */
  "idempotency-mismatch": [422, "The idempotency key belongs to another request."],
  /** The first request with the key is still running, or its answer was too long to be kept. */
  "idempotency-no-answer": [409, "The first request with this key has no answer to repeat."],
  "dry-run-invalid": [400, "A dry run is only taken from a shadow, and a shadow's write only as a dry run."],
  "dry-run-unproved": [501, "This service has not proved that its dry runs leave nothing."],
  "ids-exhausted": [503, "No identifier is left in the reserved block."],
  "audit-unavailable": [503, "The access cannot be audited now."],
  "database-away": [503, "The database does not answer."],
  overloaded: [503, "Too many requests at once."],
  stopping: [503, "The service is stopping."],
  "body-too-large": [413, "The request's body is too large."],
  "body-encoded": [415, "A compressed body is not taken."],
  "body-invalid": [400, "The request's body cannot be read."],
  "client-gone": [400, "The request was not sent whole."],
  "not-found": [404, "There is nothing here."],
  failed: [500, "The request failed."],
} as const satisfies Readonly<Record<string, readonly [status: number, text: string]>>;

export type RefusalCode = keyof typeof table;

export type Refusal = {
  readonly code: RefusalCode;
  readonly status: number;
  readonly text: string;
  /** Seconds after which the same request may succeed. */
  readonly retryAfterSeconds: number | undefined;
};

export const refusalHeader = "x-banyan-refusal";

export function refusal(code: RefusalCode): Refusal {
  const [status, text] = table[code];
  return { code, status, text, retryAfterSeconds: status === 503 ? 1 : undefined };
}

/** Thrown where a refusal ends a request from deep inside; the shell hands it to the face. */
export class RefusedError extends AppError {
  readonly refusal: Refusal;

  constructor(code: RefusalCode, cause?: unknown) {
    const { text, status } = refusal(code);
    super({
      code: code.toUpperCase().replaceAll("-", "_"),
      op: "answer a request",
      message: text,
      hint: status === 503 ? "Send the request again in a moment." : "Correct the request.",
      retryable: status === 503,
      cause,
    });
    this.name = "RefusedError";
    this.refusal = refusal(code);
  }
}
