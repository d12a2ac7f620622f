/**
 * A request's body: none, small enough to be read whole (it then leaves in one write and a read may be tried a second
 * time), or flowing. A flowing body goes through a stream of its own, so that a target that breaks off destroys that stream
 * and not the client's connection, over which the error answer has to go.
 */

import type { IncomingMessage } from "node:http";
import { Transform } from "node:stream";
import type { RequestBody } from "../forward/exchange.ts";
import type { Failure } from "../forward/failure.ts";
import { limits } from "../limits.ts";

export type TakenBody = RequestBody | { readonly kind: "failed"; readonly failure: Failure };

const none: RequestBody = { kind: "none" };

/** Whether the announced length alone is too large. */
export function announcesTooMuch(request: IncomingMessage, bytesMax: number): boolean {
  const length = request.headers["content-length"];
  return length !== undefined && Number(length) > bytesMax;
}

/** @param bytesMax largest body the rule allows. */
export function takeBody(request: IncomingMessage, bytesMax: number): TakenBody | Promise<TakenBody> {
  const chunked = request.headers["transfer-encoding"] !== undefined;
  const length = Number(request.headers["content-length"] ?? 0);
  if (!chunked && length === 0) return none;
  if (length > bytesMax) return { kind: "failed", failure: "bodyTooLarge" };
  if (!chunked && length <= limits.wholeBodyBytesMax) return readWhole(request);
  return { kind: "flow", open: (refused) => openFlow(request, bytesMax, refused) };
}

function readWhole(request: IncomingMessage): Promise<TakenBody> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const gone = (): void => resolve({ kind: "failed", failure: "clientGone" });
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.once("end", () => {
      const [first] = pieces;
      resolve({ kind: "whole", bytes: pieces.length === 1 && first ? first : Buffer.concat(pieces) });
    });
    request.once("error", gone);
    request.once("close", gone);
  });
}

function openFlow(request: IncomingMessage, bytesMax: number, refused: (failure: Failure) => void): Transform {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        refused("bodyTooLarge");
        done();
        return;
      }
      done(null, chunk);
    },
  });
  // A client that left half-way must not look like the end of a chunked body.
  request.once("error", (error) => counter.destroy(error));
  request.once("close", () => {
    if (!request.complete) counter.destroy(new Error("the client left"));
  });
  // The target has broken off: what the client still sends is read and dropped, so that it comes to read the answer.
  counter.once("close", () => {
    if (!request.readableEnded) request.resume();
  });
  return request.pipe(counter);
}
