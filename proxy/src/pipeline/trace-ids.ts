/** X-Request-Id and traceparent (W3C Trace Context, version 00): one random number serves as both trace id and request id. */

import { randomFillSync } from "node:crypto";

const pool = Buffer.allocUnsafe(6_144);
let offset = pool.length;

export type TraceIds = { readonly requestId: string; readonly traceparent: string };

export function newTraceIds(): TraceIds {
  if (offset + 24 > pool.length) {
    randomFillSync(pool);
    offset = 0;
  }
  const requestId = pool.toString("hex", offset, offset + 16);
  const parent = pool.toString("hex", offset + 16, offset + 24);
  offset += 24;
  return { requestId, traceparent: `00-${requestId}-${parent}-01` };
}
