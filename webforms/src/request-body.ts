/** Reads a posted body within the bounds IIS 7 and ASP.NET had, and the form in it. */

import type { IncomingMessage } from "node:http";
import { announcedBodyBytesMax, bodyBytesMax, formFieldsMax } from "./limits.ts";

export type BodyRead =
  | { readonly kind: "body"; readonly body: Buffer }
  /** IIS refuses it unread: 404.13. */
  | { readonly kind: "refused-by-iis" }
  /** ASP.NET: "Maximum request length exceeded." */
  | { readonly kind: "too-long" }
  | { readonly kind: "client-gone" };

/**
 * Never throws: a broken or endless request is one of the kinds.
 * @param request one whose body a shell has read already carries it as `body`
 */
export function readBody(request: IncomingMessage & { readonly body?: unknown }): Promise<BodyRead> {
  if (Buffer.isBuffer(request.body)) {
    return Promise.resolve(
      request.body.length > bodyBytesMax ? { kind: "too-long" } : { kind: "body", body: request.body },
    );
  }
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > announcedBodyBytesMax) return Promise.resolve({ kind: "refused-by-iis" });
  if (announced > bodyBytesMax) return Promise.resolve({ kind: "too-long" });
  if (request.complete && request.readableEnded) return Promise.resolve({ kind: "body", body: Buffer.alloc(0) });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > bodyBytesMax) {
        chunks.length = 0;
        resolve({ kind: "too-long" });
      } else chunks.push(chunk);
    });
    request.on("end", () => resolve({ kind: "body", body: Buffer.concat(chunks) }));
    request.on("error", () => resolve({ kind: "client-gone" }));
    request.on("close", () => resolve({ kind: "client-gone" }));
  });
}

/** Fields of `application/x-www-form-urlencoded` in UTF-8, in order; undefined when there are more than a form may have. */
export function parseForm(body: Buffer): [string, string][] | undefined {
  return parsePairs(body.toString("latin1"));
}

/** Name–value pairs of a query or form. Broken escapes stay as they are, as in ASP.NET. */
export function parsePairs(text: string): [string, string][] | undefined {
  const parts = text === "" ? [] : text.split("&");
  if (parts.length > formFieldsMax) return undefined;
  return parts
    .filter((part) => part !== "")
    .map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? ["", urlDecode(part)] : [urlDecode(part.slice(0, at)), urlDecode(part.slice(at + 1))];
    });
}

/** `HttpUtility.UrlDecode`: `+` is a blank, `%uXXXX` is understood, an escape that is none stays. `text` holds bytes as latin1. */
export function urlDecode(text: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    const hex2 = text.slice(at + 1, at + 3);
    const hex4 = text.slice(at + 2, at + 6);
    if (char === "+") bytes.push(0x20);
    else if (char === "%" && /^[0-9A-Fa-f]{2}$/.test(hex2)) {
      bytes.push(Number.parseInt(hex2, 16));
      at += 2;
    } else if (char === "%" && /^[uU]$/.test(text.charAt(at + 1)) && /^[0-9A-Fa-f]{4}$/.test(hex4)) {
      bytes.push(...Buffer.from(String.fromCharCode(Number.parseInt(hex4, 16)), "utf8"));
      at += 5;
    } else bytes.push(text.charCodeAt(at) & 0xff);
  }
  return Buffer.from(bytes).toString("utf8");
}
