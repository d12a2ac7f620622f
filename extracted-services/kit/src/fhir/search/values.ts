/**
 * Search values: what stands behind the `=`, parsed by the parameter's type. Escapes (`\,` `\|` `\$` `\\`) are FHIR's. Every parser
 * throws a FhirRefusal that names the parameter and never the value.
 */

import { FhirRefusal } from "../refusal.ts";
import { type Prefix, prefixes, type Stretch, stretchOf } from "./dates.ts";
import { fold } from "./fold.ts";

export type TokenValue = {
  /** undefined: any system. Empty: none. */
  readonly system: string | undefined;
  /** undefined: any code of the system. */
  readonly code: string | undefined;
};
export type StringValue = { readonly folded: string; readonly exact: string };
export type DateValue = { readonly prefix: Prefix; readonly stretch: Stretch };
export type ReferenceValue = {
  /** undefined: any type the parameter may refer to. */
  readonly type: string | undefined;
  readonly id: string;
  /** A resource on another server: its whole URL; `type` and `id` then say nothing. */
  readonly url?: string;
};

/** Splits at `separator` where it is not escaped; escapes stay. */
export function splitUnescaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\") {
      part += char + text.charAt(at + 1);
      at += 1;
    } else if (char === separator) {
      parts.push(part);
      part = "";
    } else part += char;
  }
  return [...parts, part];
}

/** @throws FhirRefusal parameter for a backslash that escapes nothing FHIR knows */
function unescape(text: string, name: string): string {
  if (/\\(?![,|$\\])/.test(text.replaceAll("\\\\", ""))) throw refused(name, "has a backslash that escapes nothing");
  return text.replaceAll(/\\([,|$\\])/g, "$1");
}

export function parseToken(text: string, name: string): TokenValue {
  const parts = splitUnescaped(text, "|");
  if (parts.length > 2) throw refused(name, "takes one value of the form system|code");
  const [first = "", second] = parts.map((part) => unescape(part, name));
  if (second === undefined) return { system: undefined, code: first };
  if (first === "" && second === "") throw refused(name, "names neither a system nor a code");
  return { system: first, code: second === "" ? undefined : second };
}

export function parseString(text: string, name: string): StringValue {
  const exact = unescape(text, name);
  const folded = fold(exact);
  if (folded === "") throw refused(name, "holds nothing to compare");
  return { folded, exact };
}

export function parseDate(text: string, name: string): DateValue {
  const found = prefixes.find((prefix) => text.startsWith(prefix));
  // A plus sign in a query is a blank once decoded, and clients forget to encode it.
  const stretch = stretchOf(text.slice(found?.length ?? 0).replace(/(T[\d:.]+) (\d\d:\d\d)$/, "$1+$2"));
  if (!stretch) throw refused(name, "is not a date of the form YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz");
  return { prefix: found ?? "eq", stretch };
}

const reference = /^(?:([A-Z][A-Za-z]{1,63})\/)?([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;

/** @param base FHIR address of this server: a URL below it is a local reference. */
export function parseReference(text: string, name: string, base: string): ReferenceValue {
  const value = unescape(text, name);
  const local = value.startsWith(`${base}/`) ? value.slice(base.length + 1) : value;
  const found = reference.exec(local);
  if (found) return { type: found[1], id: String(found[2]) };
  if (/^(https?:\/\/|urn:)\S+$/.test(value)) return { type: undefined, id: "", url: value };
  throw refused(name, "is not a reference of the form Type/id, id or a URL");
}

export const refused = (name: string, what: string): FhirRefusal =>
  new FhirRefusal("parameter", [{ text: `search parameter ${name} ${what}` }]);
