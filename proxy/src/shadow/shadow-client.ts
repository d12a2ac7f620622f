/**
 * Sends what only the comparison wants to see: shadows and re-reads. Its connections, time-outs and bounds are its own; it
 * never fails, and nothing it does reaches a client.
 */

import type { Clock } from "@banyan/kernel";
import { Pool } from "undici";
import { responseHeaders } from "../forward/headers.ts";
import { limits } from "../limits.ts";
import { type AnswerFailure, failed, type ShadowAnswer } from "./answer.ts";

/** Marks a shadow request; one that carries it is never shadowed again. */
export const shadowHeader = "x-banyan-shadow";

export type ShadowRequest = {
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer | undefined;
  /** Flat name-value list. */
  readonly headers: readonly string[];
  readonly rewrite: (name: string, value: string) => string;
};

export class ShadowClient {
  readonly #pools = new Map<string, Pool>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async send(request: ShadowRequest): Promise<ShadowAnswer> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const answer = await this.#poolOf(request.origin).request({
        method: request.method,
        path: request.path,
        headers: [...identityEncoding(request.headers), shadowHeader, "1"],
        body: request.body ?? null,
        signal: AbortSignal.timeout(limits.shadowMsMax),
        responseHeaders: "raw",
      });
      const pieces: Buffer[] = [];
      let bytes = 0;
      for await (const piece of answer.body as AsyncIterable<Buffer>) {
        bytes += piece.length;
        if (bytes > limits.shadowAnswerBytesMax) {
          answer.body.destroy();
          return failed("tooLarge");
        }
        pieces.push(piece);
      }
      return {
        kind: "answered",
        status: answer.statusCode,
        headers: responseHeaders(answer.headers as unknown as (string | Buffer)[], request.rewrite),
        body: Buffer.concat(pieces),
        ms: this.#clock.monotonicMs() - startedMs,
      };
    } catch (error) {
      // Counted by whoever asked; the error of this client may quote the request.
      return failed(failureOf(error));
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #poolOf(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (!pool) {
      pool = new Pool(origin, {
        connections: limits.shadowConcurrencyMax,
        connect: { timeout: limits.connectMsMax },
        headersTimeout: limits.shadowMsMax,
        bodyTimeout: limits.shadowMsMax,
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }
}

function failureOf(error: unknown): AnswerFailure {
  const name = error instanceof Error ? `${error.name} ${(error as { code?: string }).code ?? ""}` : "";
  return /timeout/i.test(name) ? "timeout" : "refused";
}

/** Bodies are compared as they are: no compression, no part of a page, no "not modified". */
function identityEncoding(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] as string).toLowerCase();
    if (name === "accept-encoding" || name === "range" || name.startsWith("if-") || name === "content-length") continue;
    kept.push(headers[index] as string, headers[index + 1] as string);
  }
  kept.push("accept-encoding", "identity");
  return kept;
}
