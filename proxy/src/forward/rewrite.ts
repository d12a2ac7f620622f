/**
 * What a target says of itself in its answer is put in the clinicians' address: an absolute Location, a cookie's Domain. A
 * relative Location is left exactly as it is, because its form is part of what the legacy system promised.
 */

export type RewriteContext = {
  /** Host and port of the target as it knows itself: `127.0.0.1:8090`. */
  readonly targetHosts: readonly string[];
  /** What the client called this proxy: protocol and Host. */
  readonly protocol: "http" | "https";
  readonly host: string;
};

/** A rewriter of response header values, by lower-case name. */
export function headerRewriter(context: RewriteContext): (name: string, value: string) => string {
  return (name, value) => {
    if (name === "location" || name === "content-location") return rewriteLocation(value, context);
    if (name === "set-cookie") return rewriteCookie(value, context);
    return value;
  };
}

function rewriteLocation(value: string, context: RewriteContext): string {
  const absolute = /^https?:\/\/([^/?#]+)(.*)$/i.exec(value) ?? /^\/\/([^/?#]+)(.*)$/.exec(value);
  if (!absolute || !context.targetHosts.includes((absolute[1] ?? "").toLowerCase())) return value;
  return `${context.protocol}://${context.host}${absolute[2]}`;
}

/** Only the Domain attribute of the target's own host goes: the cookie then belongs to the host the client asked. */
function rewriteCookie(value: string, context: RewriteContext): string {
  if (!/;\s*domain=/i.test(value)) return value;
  const hostNames = new Set(context.targetHosts.map((host) => host.replace(/:\d+$/, "")));
  return value.replace(/;\s*domain=\.?([^;]*)/gi, (attribute, domain: string) =>
    hostNames.has(domain.trim().toLowerCase()) ? "" : attribute,
  );
}
