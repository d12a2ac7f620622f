/**
 * Header sections on their way through: hop-by-hop headers end here (RFC 9110 section 7.6.1), names and order are kept as
 * received, forwarding headers are rebuilt from what this hop saw, identity headers from outside are dropped.
 */

/** Always hop-by-hop, whether Connection names them or not. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Only this proxy may say who the caller is. */
const identityHeaders =
  /^(x-banyan-|x-forwarded-|forwarded$|x-real-ip$|x-request-id$|x-remote-user$|remote-user$|x-user|x-auth|traceparent$|tracestate$)/;

export type Hop = {
  readonly clientAddress: string;
  readonly protocol: "http" | "https";
  readonly host: string;
  readonly requestId: string;
  readonly traceparent: string;
  /** What trusted hops in front said of the client, oldest first. */
  readonly forwardedFor: readonly string[];
};

/** Flat name-value list for the target. @param extra headers of ours, for services only. */
export function requestHeaders(rawHeaders: readonly string[], hop: Hop, extra: readonly string[] = []): string[] {
  const named = namedByConnection(rawHeaders);
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const lower = name.toLowerCase();
    if (
      hopByHop.has(lower) ||
      named?.has(lower) ||
      identityHeaders.test(lower) ||
      lower === "expect" ||
      lower === "host"
    )
      continue;
    kept.push(name, rawHeaders[index + 1] as string);
  }
  const chain = [...hop.forwardedFor, hop.clientAddress];
  kept.push(
    "host",
    hop.host,
    "x-forwarded-for",
    chain.join(", "),
    "x-forwarded-proto",
    hop.protocol,
    "x-forwarded-host",
    hop.host,
  );
  kept.push(
    "forwarded",
    `${chain.map((address) => `for=${quoted(address)}`).join(", ")};proto=${hop.protocol};host=${quoted(hop.host)}`,
  );
  kept.push("x-request-id", hop.requestId, "traceparent", hop.traceparent, ...extra);
  return kept;
}

/** Flat name-value list for the client, from the target's raw header section. */
export function responseHeaders(
  rawHeaders: readonly (string | Buffer)[],
  rewrite: (name: string, value: string) => string,
): string[] {
  const text = rawHeaders.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
  const named = namedByConnection(text);
  const kept: string[] = [];
  for (let index = 0; index < text.length; index += 2) {
    const name = text[index] as string;
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) && lower !== "trailer") continue;
    if (named?.has(lower) || lower.startsWith("x-banyan-")) continue;
    kept.push(name, rewrite(lower, text[index + 1] as string));
  }
  return kept;
}

/** Adds a Set-Cookie of ours to a flat list; an earlier one of that name and path goes, so that browsers need not choose. */
export function setCookie(headers: string[], cookie: string): void {
  const named = cookieKey(cookie);
  for (let index = headers.length - 2; index >= 0; index -= 2)
    if ((headers[index] as string).toLowerCase() === "set-cookie" && cookieKey(headers[index + 1] as string) === named)
      headers.splice(index, 2);
  headers.push("Set-Cookie", cookie);
}

function cookieKey(cookie: string): string {
  const path = /;\s*path=([^;]*)/i.exec(cookie)?.[1]?.trim() ?? "";
  return `${cookie.split("=", 1)[0]?.trim()} ${path}`;
}

function namedByConnection(rawHeaders: readonly string[]): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 10 || name.toLowerCase() !== "connection") continue;
    const value = (rawHeaders[index + 1] as string).toLowerCase();
    if (value === "keep-alive" || value === "close") continue;
    named ??= new Set();
    for (const token of value.split(",")) named.add(token.trim());
  }
  // Close and keep-alive are options of this hop, not names of headers; framing headers are never droppable by name.
  for (const never of ["close", "keep-alive", "content-length", "host", "content-type", "cookie", "authorization"])
    named?.delete(never);
  return named;
}

function quoted(value: string): string {
  return /^[\w.-]+$/.test(value)
    ? value
    : `"${value.includes(":") && !value.startsWith("[") && !/^[\w.-]+:\d+$/.test(value) ? `[${value}]` : value}"`;
}
