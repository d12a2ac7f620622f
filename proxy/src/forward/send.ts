/**
 * Sends one request to one target through undici and streams the answer to the client. Header names, their case and their
 * order stay as received. A small answer of known length leaves in one write; a large one or one of unknown length flows
 * with backpressure. This is the hot path: no object a header, no promise a chunk.
 *
 * Trailers of an answer pass. Trailers of a request do not: undici has no way to send them, and no legacy page reads any.
 */

import type { ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { limits } from "../limits.ts";
import type { Exchange, Outcome } from "./exchange.ts";
import { type Failure, failureOf } from "./failure.ts";
import { responseHeaders, setCookie } from "./headers.ts";
import type { TargetState } from "./target.ts";

/** Answers up to this size of known length are sent in one piece. */
const onePieceBytesMax = 65_536;

/** Bodies up to this size are joined with the head. */
const joinedBytesMax = 16_384;

/** Never rejects; see `Outcome`. The target's place must have been taken; it is given back here. */
export function send(exchange: Exchange, target: TargetState): Promise<Outcome> {
  return new Promise((resolve) => {
    const answer = new AnswerHandler(exchange, target, resolve);
    const { request, body } = exchange;
    const streams = request.headers.accept?.includes("text/event-stream") === true;
    try {
      target.pool.dispatch(
        {
          path: exchange.target.path + exchange.target.search,
          method: request.method as Dispatcher.HttpMethod,
          headers: exchange.headers as string[],
          body:
            body.kind === "none"
              ? null
              : body.kind === "whole"
                ? body.bytes
                : body.open((failure) => answer.abort(failure)),
          headersTimeout: exchange.timeoutMs,
          bodyTimeout: streams ? 0 : exchange.timeoutMs,
        },
        answer,
      );
      answer.dispatched();
    } catch {
      // undici refuses a header section or a path it cannot send; nothing of it has left.
      answer.abort("badRequest");
    }
  });
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #target: TargetState;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #onClose: () => void;
  /** Ends a request that waits in the pool's queue for longer than its own time-out. */
  #queueTimer: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Failure | undefined;
  #status = 0;
  #statusMessage = "";
  #headers: string[] = [];
  /** Pieces of an answer that is to leave in one write; undefined when it flows. */
  #pieces: Buffer[] | undefined;
  #bytes = 0;
  #sent = false;
  #ended = false;
  #streamEnded: (() => void) | undefined;

  constructor(exchange: Exchange, target: TargetState, resolve: (outcome: Outcome) => void) {
    this.#exchange = exchange;
    this.#target = target;
    this.#resolve = resolve;
    // By way of a variable: V8 puts a function literal that is assigned to a property into the old generation, and with it
    // everything of the request would outlive every minor collection (measured: 9 MB each, 17 % of the CPU; 2 % without).
    const onClose = (): void => {
      if (!exchange.response.writableFinished) this.abort("clientGone");
    };
    this.#onClose = onClose;
    exchange.response.once("close", onClose);
  }

  /** Most requests find a free connection and have started by now; only one that waits needs a timer. */
  dispatched(): void {
    if (this.#controller || this.#ended) return;
    const msMax = this.#exchange.timeoutMs + limits.connectMsMax;
    this.#queueTimer = setTimeout(() => this.abort("answerTimeout"), msMax);
  }

  /** Gives the attempt up. One that still waits for a connection ends here and now, and is dropped when its turn comes. */
  abort(failure: Failure): void {
    if (this.#ended || this.#aborted) return;
    this.#aborted = failure;
    if (this.#controller) this.#controller.abort(new Error(failure));
    else this.#end(verdictOf(failure), { kind: "failed", failure });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    clearTimeout(this.#queueTimer);
    if (this.#aborted) controller.abort(new Error(this.#aborted));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, unknown>,
    statusMessage?: string,
  ): void {
    const exchange = this.#exchange;
    if (status < 200) {
      if (status === 103 && headers["link"] !== undefined && exchange.request.httpVersion !== "1.0")
        exchange.response.writeEarlyHints({ link: headers["link"] as string | string[] });
      return;
    }
    if (status >= 500 && exchange.refuses5xx) {
      this.abort("answerFailed");
      return;
    }
    this.#status = status;
    this.#statusMessage = statusMessage ?? "";
    const raw = (controller.rawHeaders ?? []) as (string | Buffer)[];
    const text = raw.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
    this.#headers = responseHeaders(text, exchange.rewrite);
    exchange.tap?.head(status, this.#headers);
    for (const cookie of exchange.setCookies) setCookie(this.#headers, cookie);
    const waits = exchange.beforeHead?.(text);
    if (!waits) {
      this.#begin(headers);
      return;
    }
    controller.pause();
    void this.#beginAfter(waits, headers, controller);
  }

  async #beginAfter(
    waits: Promise<readonly string[]>,
    headers: Record<string, unknown>,
    controller: Dispatcher.DispatchController,
  ): Promise<void> {
    try {
      const cookies = await waits;
      if (this.#ended || this.#aborted) return;
      for (const cookie of cookies) setCookie(this.#headers, cookie);
      this.#begin(headers);
      controller.resume();
    } catch {
      // Why the session could not be changed is counted where it was tried.
      this.abort("sessionNotKept");
    }
  }

  #begin(headers: Record<string, unknown>): void {
    const { request, response } = this.#exchange;
    const length = headers["content-length"];
    const small = typeof length === "string" && Number(length) <= onePieceBytesMax;
    const bodiless = request.method === "HEAD" || this.#status === 204 || this.#status === 304;
    if (small || bodiless) {
      this.#pieces = [];
      return;
    }
    const type = headers["content-type"];
    if (typeof type === "string" && type.startsWith("text/event-stream"))
      this.#streamEnded = this.#exchange.onEventStream(() => this.#endStream());
    this.#writeHead();
    response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    const { response, tap } = this.#exchange;
    tap?.piece(chunk);
    if (this.#pieces) {
      this.#pieces.push(chunk);
      return;
    }
    if (response.write(chunk)) return;
    controller.pause();
    response.once("drain", () => controller.resume());
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: Record<string, unknown>): void {
    const { response } = this.#exchange;
    if (this.#pieces) {
      this.#writeHead();
      endInOnePiece(response, this.#pieces);
    } else {
      if (Object.keys(trailers).length > 0) response.addTrailers(trailers as Record<string, string>);
      response.end();
    }
    // A page of the application's own failure (500) says nothing of the server under it; 502 to 504 do.
    this.#end(this.#status >= 502 ? "failure" : "success", {
      kind: "answered",
      status: this.#status,
      bytes: this.#bytes,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const failure = this.#aborted ?? failureOf(error, this.#controller ? "answering" : "connecting");
    if (!this.#sent) {
      this.#end(verdictOf(failure), { kind: "failed", failure });
      return;
    }
    this.#exchange.response.destroy();
    this.#end(verdictOf(failure), { kind: "cut", failure, bytes: this.#bytes });
  }

  /** An event stream that is to move to another target: a clean end, after which browsers connect again by themselves. */
  #endStream(): void {
    if (this.#ended) return;
    this.#exchange.response.end();
    this.#end("neutral", { kind: "answered", status: this.#status, bytes: this.#bytes });
    this.#aborted = "clientGone";
    this.#controller?.abort(new Error("moved"));
  }

  #writeHead(): void {
    this.#sent = true;
    this.#exchange.response.writeHead(this.#status, this.#statusMessage, this.#headers);
  }

  #end(verdict: "success" | "failure" | "neutral", outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#queueTimer);
    this.#streamEnded?.();
    this.#exchange.response.off("close", this.#onClose);
    this.#target.ended(verdict);
    this.#resolve(outcome);
  }
}

/**
 * Ends an answer whose body is all there. Node joins a head and a body that is a string into one write, a head and a buffer
 * into a vector of two, which costs twice as much; latin1 takes every byte as it is.
 */
function endInOnePiece(response: ServerResponse, pieces: readonly Buffer[]): void {
  const body = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  if (body.length === 0) response.end();
  else if (body.length <= joinedBytesMax) response.end(body.toString("latin1"), "latin1");
  else response.end(body);
}

/** What a failed attempt says of the target: nothing where the client or this proxy was the cause. */
function verdictOf(failure: Failure): "failure" | "neutral" {
  return failure === "clientGone" ||
    failure === "bodyTooLarge" ||
    failure === "badRequest" ||
    failure === "sessionNotKept"
    ? "neutral"
    : "failure";
}
