/**
 * http-proxy-middleware with undici under it. The middleware stays the forwarding layer (its WebSocket path is used as it
 * is, see upgrade.ts); for plain requests a pass of our own is put before its last one and answers by itself: node's HTTP
 * client takes about a third of a proxied request's time, undici's pool a good deal less. The decision is made before: the
 * middleware's own router and path filter are not used.
 *
 * httpxy's passes are anonymous functions; `before("web", "", …)` finds the last of them, the one that streams. A test holds
 * that against the pinned versions.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createProxyMiddleware, type RequestHandler } from "http-proxy-middleware";
import type { Exchange, Outcome } from "./exchange.ts";
import { send } from "./send.ts";
import type { TargetState } from "./target.ts";

type Job = {
  readonly exchange: Exchange;
  readonly target: TargetState;
  done(outcome: Outcome | Promise<Outcome>): void;
};

export type Transport = {
  /** Sends through the middleware; the target's place must have been taken. */
  forward(exchange: Exchange, target: TargetState): Promise<Outcome>;
};

/** Kept on the request itself: a WeakMap whose values lead back to their keys costs the garbage collector a fifth of the time. */
const jobOf = Symbol("job");
type Decided = IncomingMessage & { [jobOf]?: Job };

export function createTransport(): Transport {
  const middleware: RequestHandler<IncomingMessage, ServerResponse> = createProxyMiddleware({
    // Never used: every request has been decided before it comes here.
    target: "http://127.0.0.1:9",
    ejectPlugins: true,
    plugins: [
      (proxy) => {
        proxy.before("web", "", (request) => {
          const job = (request as Decided)[jobOf];
          if (!job) throw new Error("a request reached the transport without having been decided");
          job.done(send(job.exchange, job.target));
          return true;
        });
      },
    ],
  });
  return {
    forward: (exchange, target) =>
      new Promise((resolve, reject) => {
        (exchange.request as Decided)[jobOf] = { exchange, target, done: resolve };
        void middleware(exchange.request, exchange.response, (error?: unknown) => {
          if (error) reject(error);
        });
      }),
  };
}
