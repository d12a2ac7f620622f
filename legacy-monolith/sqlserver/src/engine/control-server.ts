/**
 * The fault control port: the same faults as `sp_sim_fault`, for tests that have no SQL connection, or have just had it
 * dropped. `POST /faults` with a JSON object sets one, `GET /faults` lists those waiting, `DELETE /faults` forgets them.
 */

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type Listening, listen } from "@banyan/kernel";
import { SqlError } from "../contract.ts";
import { engineLimits } from "../limits.ts";
import type { SimulatedServer } from "./server.ts";
import { applyFault } from "./simulator-procedures.ts";

export function startControlServer(
  server: SimulatedServer,
  options: { readonly host: string; readonly port: number },
): Promise<Listening> {
  return listen(handler(server), {
    ...options,
    name: "fault control of the simulated SQL Server",
    portVariable: "LEGACY_SQL_CONTROL_PORT",
  });
}

function handler(server: SimulatedServer): RequestListener {
  return (request, response) => {
    answer(server, request).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => {
        const known = error instanceof SqlError;
        send(response, known ? 400 : 500, { error: known ? error.message : "the simulator failed" });
      },
    );
  };
}

async function answer(server: SimulatedServer, request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
  if (request.url !== "/faults") return { status: 404, body: { error: "only /faults is here" } };
  switch (request.method) {
    case "GET":
      return { status: 200, body: server.faults.list() };
    case "DELETE":
      server.faults.reset();
      return { status: 204 };
    case "POST":
      // A web page can send other types of content across origins without asking.
      if (!request.headers["content-type"]?.startsWith("application/json")) {
        return { status: 415, body: { error: "send application/json" } };
      }
      await applyFault(server, parseInput(await readBody(request)));
      return { status: 201, body: server.faults.list() };
    default:
      return { status: 405, body: { error: "GET, POST or DELETE" } };
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > engineLimits.controlBodyBytesMax) throw new SqlError(40000, 16, "the request is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** @throws SqlError 40000 when it is not an object of texts and numbers */
function parseInput(body: string): Map<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new SqlError(40000, 16, "the request is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new SqlError(40000, 16, "the request is not a JSON object");
  }
  return new Map(
    Object.entries(parsed).map(([name, value]: [string, unknown]) => {
      if (typeof value !== "string" && typeof value !== "number") {
        throw new SqlError(40000, 16, `${name} is neither text nor a number`);
      }
      return [name, String(value)];
    }),
  );
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
