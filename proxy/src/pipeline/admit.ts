/**
 * Step 1 of the request path: what is refused before anything else looks at it. Node's parser has read the message already
 * (and refuses bare line feeds, folded headers and most smuggling on its own); here stands what it lets pass but two servers
 * in a row could read differently.
 */

import type { IncomingMessage } from "node:http";
import { limits } from "../limits.ts";
import { type CanonicalTarget, canonicalTarget, type TargetRefusal } from "./canonical.ts";

export type AdmitRefusal =
  | TargetRefusal
  | "hostCount"
  | "badHost"
  | "lengthAndChunked"
  | "lengthCount"
  | "badLength"
  | "badTransferEncoding"
  | "badMethod"
  | "targetTooLong"
  | "badHttpVersion";

export type Admitted = { readonly kind: "admitted"; readonly target: CanonicalTarget; readonly host: string };
export type Admission = Admitted | { readonly kind: "refused"; readonly reason: AdmitRefusal };

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export function admit(request: Pick<IncomingMessage, "method" | "url" | "rawHeaders" | "httpVersion">): Admission {
  const refused = (reason: AdmitRefusal): Admission => ({ kind: "refused", reason });
  if (!methods.has(request.method ?? "")) return refused("badMethod");
  if (request.httpVersion !== "1.1" && request.httpVersion !== "1.0") return refused("badHttpVersion");
  const target = request.url ?? "";
  if (target.length > limits.targetCharsMax) return refused("targetTooLong");
  const framing = framingOf(request.rawHeaders);
  if (typeof framing === "string") return refused(framing);
  const canonical = canonicalTarget(target, framing.host);
  return typeof canonical === "string"
    ? refused(canonical)
    : { kind: "admitted", target: canonical, host: framing.host };
}

function framingOf(rawHeaders: readonly string[]): { host: string } | AdmitRefusal {
  const hosts: string[] = [];
  const lengths: string[] = [];
  const encodings: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    // Only these lengths can be the three names; a lower-case copy of every header would cost more than the check.
    if (name.length !== 4 && name.length !== 14 && name.length !== 17) continue;
    const value = rawHeaders[index + 1] as string;
    const lower = name.toLowerCase();
    if (lower === "host") hosts.push(value);
    else if (lower === "content-length") lengths.push(value);
    else if (lower === "transfer-encoding") encodings.push(value);
  }
  if (hosts.length !== 1) return "hostCount";
  const host = hosts[0] as string;
  if (!/^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(host)) return "badHost";
  if (lengths.length > 1) return "lengthCount";
  if (lengths[0] !== undefined && !/^\d{1,15}$/.test(lengths[0])) return "badLength";
  if (encodings.length > 0 && lengths.length > 0) return "lengthAndChunked";
  if (encodings.length > 1 || (encodings[0] !== undefined && encodings[0].toLowerCase() !== "chunked"))
    return "badTransferEncoding";
  return { host };
}
