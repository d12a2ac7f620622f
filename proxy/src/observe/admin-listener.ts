/**
 * The proxy's own address for operations, apart from the clinicians' one, so that no legacy URL is shadowed by ours:
 * /healthz (the process lives), /readyz (it has rules and is not stopping), /metrics, /.well-known/jwks.json.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { type Listening, listen } from "@banyan/kernel";

export type AdminOptions = {
  readonly host: string;
  readonly port: number;
  readonly contentType: string;
  metrics(): Promise<string>;
  readonly keys: object;
  /** Why it is not ready; undefined when it is. */
  notReady(): string | undefined;
};

/** @throws AppError PORT_TAKEN, LISTEN_FAILED */
export function startAdminListener(options: AdminOptions): Promise<Listening> {
  const { host, port } = options;
  return listen((request, response) => void answer(options, request, response), {
    host,
    port,
    name: "proxy administration",
    portVariable: "BANYAN_PROXY_ADMIN_PORT",
  });
}

async function answer(options: AdminOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, type: string, body: string): void => {
    response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
  };
  if (request.method !== "GET" && request.method !== "HEAD") return send(405, "text/plain", "GET only\n");
  switch (request.url?.split("?", 1)[0]) {
    case "/healthz":
      return send(200, "text/plain", "ok\n");
    case "/readyz": {
      const why = options.notReady();
      return why === undefined ? send(200, "text/plain", "ready\n") : send(503, "text/plain", `${why}\n`);
    }
    case "/metrics":
      return send(200, options.contentType, await options.metrics());
    case "/.well-known/jwks.json":
      return send(200, "application/json", JSON.stringify(options.keys));
    default:
      return send(404, "text/plain", "healthz, readyz, metrics, .well-known/jwks.json\n");
  }
}
