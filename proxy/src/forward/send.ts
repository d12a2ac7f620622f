/**
 * Sends one request to one target through undici and streams the answer to the client. Header names, their case and their
 * order stay as received. A small answer of known length leaves in one write; a large one or one of unknown length flows
 * with backpressure. This is the hot path: no object a header, no promise a chunk.
 */

import { type Readable, Transform } from "node:stream";
import type { Dispatcher } from "undici";
import type { Exchange, Outcome } from "./exchange.ts";
import { type Failure, failureOf } from "./failure.ts";
import { responseHeaders } from "./headers.ts";
import type { TargetState } from "./target.ts";

/** Answers up to this size of known length are sent in one piece. */
const onePieceBytesMax = 65_536;

/** Never rejects; see `Outcome`. The target's place must have been taken; it is given back here. */
export function send(exchange: Exchange, target: TargetState): Promise<Outcome> {
  return new Promise((resolve) => {
    const answer = new AnswerHandler(exchange, target, resolve);
    const body = requestBody(exchange, (failure) => answer.abort(failure));
    const { request } = exchange;
    const streams = request.headers.accept?.includes("text/event-stream") === true;
    target.pool.dispatch(
      {
        path: exchange.target.path + exchange.target.search,
        method: request.method as Dispatcher.HttpMethod,
        headers: exchange.headers as string[],
        body,
        headersTimeout: exchange.timeoutMs,
        bodyTimeout: streams ? 0 : exchange.timeoutMs,
      },
      answer,
    );
  });
}

/** The body as a stream, counted where its length is not announced; null where the request has none. */
function requestBody(exchange: Exchange, refuse: (failure: Failure) => void): Readable | null {
  const { request, bodyBytesMax, copies } = exchange;
  const chunked = request.headers["transfer-encoding"] !== undefined;
  const length = Number(request.headers["content-length"] ?? 0);
  if (!chunked && length === 0) return null;
  if (!chunked && !copies) return request;
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) {
        refuse("bodyTooLarge");
        done();
        return;
      }
      copies?.request(chunk);
      done(null, chunk);
    },
  });
  request.on("error", (error) => counter.destroy(error));
  return request.pipe(counter);
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #target: TargetState;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #onClose: () => void;
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

  constructor(exchange: Exchange, target: TargetState, resolve: (outcome: Outcome) => void) {
    this.#exchange = exchange;
    this.#target = target;
    this.#resolve = resolve;
    this.#onClose = () => {
      if (!exchange.response.writableFinished) this.abort("clientGone");
    };
    exchange.response.once("close", this.#onClose);
  }

  abort(failure: Failure): void {
    if (this.#ended || this.#aborted) return;
    this.#aborted = failure;
    this.#controller?.abort(new Error(failure));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(new Error(this.#aborted));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, unknown>,
    statusMessage?: string,
  ): void {
    const { response, request, rewrite } = this.#exchange;
    if (status < 200) {
      if (status === 103 && headers["link"] !== undefined)
        response.writeEarlyHints({ link: headers["link"] as string | string[] });
      return;
    }
    this.#status = status;
    this.#statusMessage = statusMessage ?? "";
    this.#headers = responseHeaders((controller.rawHeaders ?? []) as (string | Buffer)[], rewrite);
    const length = headers["content-length"];
    const small = typeof length === "string" && Number(length) <= onePieceBytesMax;
    const bodiless = request.method === "HEAD" || status === 204 || status === 304;
    if (small || bodiless) {
      this.#pieces = [];
      return;
    }
    this.#writeHead();
    response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    const { response, copies } = this.#exchange;
    copies?.response(chunk);
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
      const [first] = this.#pieces;
      response.end(this.#pieces.length <= 1 ? first : Buffer.concat(this.#pieces));
    } else {
      if (Object.keys(trailers).length > 0) response.addTrailers(trailers as Record<string, string>);
      response.end();
    }
    this.#end(this.#status >= 500 && this.#status !== 500 ? "failure" : "success", {
      kind: "answered",
      status: this.#status,
      bytes: this.#bytes,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const failure =
      this.#aborted ?? failureOf(error, this.#status === 0 && !this.#controller ? "connecting" : "answering");
    const verdict =
      failure === "clientGone" || failure === "bodyTooLarge" || failure === "badRequest" ? "neutral" : "failure";
    if (!this.#sent) {
      this.#end(verdict, { kind: "failed", failure });
      return;
    }
    this.#exchange.response.destroy();
    this.#end(verdict, { kind: "cut", failure, bytes: this.#bytes });
  }

  #writeHead(): void {
    this.#sent = true;
    this.#exchange.response.writeHead(this.#status, this.#statusMessage, this.#headers);
  }

  #end(verdict: "success" | "failure" | "neutral", outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#exchange.response.off("close", this.#onClose);
    this.#target.ended(verdict);
    this.#resolve(outcome);
  }
}
