/**
 * WebSockets through http-proxy-middleware's own upgrade path. The decision is made before; the middleware's router is told
 * the target. What it lacks is added here: both connections end together, an error answer that is not a bare hang-up, and
 * a refusal by the target whose framing fits what is written.
 */

import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "@banyan/kernel";
import { createProxyMiddleware } from "http-proxy-middleware";
import { events } from "../events.ts";
import { type Failure, failureOf } from "./failure.ts";

export type UpgradeJob = {
  readonly origin: string;
  /** Called when the target has agreed; gives back what to call when the connection has ended. */
  onOpen(close: () => void): () => void;
  /** Called once, when the target could not be reached; nothing has gone to the client. */
  onFailed(failure: Failure): void;
  /** Called once, whatever came of it. @param status of the target's answer, 101 when it agreed, 0 without an answer. */
  onEnded(status: number): void;
};

export type Upgrader = (request: IncomingMessage, socket: Duplex, head: Buffer, job: UpgradeJob) => void;

/** The middleware asks for a target even where its router names one. */
const nowhere = "http://127.0.0.1:9";
/** A close frame of RFC 6455, unmasked as servers send it: 1012, "service restart". */
const closeFrame = Buffer.from([0x88, 0x02, 0x03, 0xf4]);

export function createUpgrader(logger: Logger): Upgrader {
  const jobs = new WeakMap<IncomingMessage, UpgradeJob>();
  const middleware = createProxyMiddleware({
    target: nowhere,
    router: (request) => jobs.get(request)?.origin ?? nowhere,
    ejectPlugins: true,
    plugins: [
      (proxy) => {
        proxy.on("proxyReqWs", (outgoing, request, socket) => {
          const job = jobs.get(request);
          if (job) follow(outgoing, socket, job);
        });
        // Every outcome is told to the job; without a listener httpxy would reject into nowhere.
        proxy.on("error", (error) => logger.debug({ event: events.pathFailed, code: failureOf(error, "answering") }));
      },
    ],
  });
  return (request, socket, head, job) => {
    jobs.set(request, job);
    middleware.upgrade(request, socket as Socket, head);
  };
}

function follow(outgoing: ClientRequest, socket: Socket, job: UpgradeJob): void {
  let status = 0;
  let ended = false;
  let onClosed: (() => void) | undefined;
  const end = (): void => {
    if (ended) return;
    ended = true;
    onClosed?.();
    job.onEnded(status);
  };
  outgoing.prependListener("error", (error) => {
    if (status === 0 && !ended) job.onFailed(failureOf(error, "connecting"));
    end();
  });
  outgoing.prependListener("response", (answer: IncomingMessage) => {
    status = answer.statusCode ?? 0;
    // The body is written as decoded and the connection ends behind it.
    delete answer.headers["transfer-encoding"];
    answer.headers.connection = "close";
    answer.once("close", end);
  });
  outgoing.prependListener("upgrade", (answer: IncomingMessage, upstream: Socket) => {
    status = 101;
    for (const name of Object.keys(answer.headers)) if (name.startsWith("x-banyan-")) delete answer.headers[name];
    onClosed = job.onOpen(() => {
      socket.end(closeFrame);
      upstream.destroy();
    });
    socket.once("close", () => {
      upstream.destroy();
      end();
    });
    upstream.once("close", () => {
      socket.end();
      end();
    });
  });
  socket.once("close", () => {
    if (status === 0) outgoing.destroy();
    end();
  });
}
