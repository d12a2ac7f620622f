/**
 * An answer as the comparison gets it: status, headers as a client would see them, and a bounded copy of the body. What could
 * not be had says why, from a closed list.
 */

import { limits } from "../limits.ts";

export type ShadowAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** Flat name-value list. */
      readonly headers: readonly string[];
      readonly body: Buffer;
      /** From sending the request to the end of the answer, in milliseconds. */
      readonly ms: number;
    }
  | { readonly kind: "failed"; readonly failed: AnswerFailure };

export type AnswerFailure = "timeout" | "refused" | "tooLarge" | "noSession";

export const failed = (why: AnswerFailure): ShadowAnswer => ({ kind: "failed", failed: why });

/** Copies the primary's answer while it goes to the client. Costs a reference a piece; what is too large is let go. */
export class AnswerTap {
  #status = 0;
  #headers: readonly string[] = [];
  #pieces: Buffer[] = [];
  #bytes = 0;
  readonly #startedMs: number;

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** The head of an answer; of two attempts the last counts. */
  head(status: number, headers: readonly string[]): void {
    this.#status = status;
    this.#headers = [...headers];
    this.#pieces = [];
    this.#bytes = 0;
  }

  piece(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > limits.shadowAnswerBytesMax) this.#pieces = [];
    else this.#pieces.push(chunk);
  }

  taken(nowMs: number): ShadowAnswer {
    if (this.#bytes > limits.shadowAnswerBytesMax) return failed("tooLarge");
    return {
      kind: "answered",
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#pieces),
      ms: nowMs - this.#startedMs,
    };
  }
}
