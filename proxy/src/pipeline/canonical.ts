/**
 * Step 2 of the request path: one spelling of a request's path, which is matched and forwarded alike. Whatever two servers
 * could read in two ways (dot segments, encoded slashes, back-slashes, names that Windows trims) is refused, not guessed.
 */

export type CanonicalTarget = {
  /** Absolute, unreserved characters decoded, other escapes upper case, no empty segment but a last one. */
  readonly path: string;
  /** With its `?`, as received; empty when there is none. */
  readonly search: string;
};

export type TargetRefusal =
  | "notOrigin"
  | "encodedSeparator"
  | "backslash"
  | "dotSegment"
  | "controlCharacter"
  | "badEscape"
  | "trimmedName"
  | "foreignHost";

/**
 * @param target the request target as received: origin-form, or absolute-form of this very host.
 * @param host the Host header.
 */
export function canonicalTarget(target: string, host: string): CanonicalTarget | TargetRefusal {
  const local = originForm(target, host);
  if (local === undefined) return target.includes("://") ? "foreignHost" : "notOrigin";
  if (/[^\x21-\x7e]/.test(local)) return "controlCharacter";
  const mark = local.indexOf("?");
  const rawPath = mark < 0 ? local : local.slice(0, mark);
  const search = mark < 0 ? "" : local.slice(mark);
  if (rawPath.includes("#") || search.includes("#")) return "notOrigin";
  if (rawPath.includes("\\")) return "backslash";
  const path = isPlain(rawPath) ? rawPath : unescapeOnce(rawPath);
  if (!path.startsWith("/")) return path as TargetRefusal;
  return refusalOf(path) ?? { path: path.includes("//") ? path.replace(/\/{2,}/g, "/") : path, search };
}

const plainPath = /^[A-Za-z0-9\-._~/!$&'()*+,;=@]*$/;
const isPlain = (path: string): boolean => plainPath.test(path);

function originForm(target: string, host: string): string | undefined {
  if (target.startsWith("/")) return target;
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
  if (!absolute || absolute[1]?.toLowerCase() !== host.toLowerCase()) return undefined;
  const rest = absolute[2] ?? "";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function unescapeOnce(path: string): string {
  let refusal: TargetRefusal | undefined;
  const decoded = path.replace(/%(.{0,2})/g, (_, hex: string) => {
    if (!/^[0-9A-Fa-f]{2}$/.test(hex)) {
      refusal ??= "badEscape";
      return "";
    }
    const code = Number.parseInt(hex, 16);
    if (code === 0x2f || code === 0x5c) refusal ??= "encodedSeparator";
    if (code < 0x20 || code === 0x7f) refusal ??= "controlCharacter";
    const character = String.fromCharCode(code);
    return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${hex.toUpperCase()}`;
  });
  return refusal ?? decoded;
}

function refusalOf(path: string): TargetRefusal | undefined {
  if (/(^|\/)\.{1,2}(\/|$)/.test(path)) return "dotSegment";
  // Windows opens "Page.aspx." and "Page.aspx " as "Page.aspx", and "Page.aspx::$DATA" as its source.
  if (/(\.|%20)(\/|$)|:/.test(path)) return "trimmedName";
  return undefined;
}
