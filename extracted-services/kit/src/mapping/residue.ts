/**
 * The residue of a row: legacy values that the domain's columns do not give back, such as a flag that is a blank, a lower-case
 * code, a time of day in a column of dates. It is kept as JSON beside the row and speaks for a column only as long as the
 * domain's value is still the one it was read as; a service that changes the value need not know of it.
 */

import type { LegacyValue } from "./index.ts";

type Encoded = string | number | boolean | null | { readonly bytes: string } | { readonly utf16: string };

/** JSON of PostgreSQL holds neither U+0000 nor half a surrogate pair; such text is kept by its code units. */
export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

export function encodeResidue(residue: Readonly<Record<string, LegacyValue>>): string | null {
  const entries = Object.entries(residue);
  return entries.length === 0
    ? null
    : JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name, encode(value)])));
}

/** @param stored JSON text, or what a driver parsed from it. */
export function decodeResidue(stored: unknown): Readonly<Record<string, LegacyValue>> {
  if (stored === null || stored === undefined) return {};
  const parsed = (typeof stored === "string" ? JSON.parse(stored) : stored) as Record<string, Encoded>;
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, decode(value)]));
}

function encode(value: LegacyValue): Encoded {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (typeof value !== "string" || isStorableText(value)) return value;
  return { utf16: Buffer.from(value, "utf16le").toString("base64") };
}

function decode(value: Encoded): LegacyValue {
  if (value === null || typeof value !== "object") return value;
  return "bytes" in value ? Buffer.from(value.bytes, "base64") : Buffer.from(value.utf16, "base64").toString("utf16le");
}

/** Equality of legacy or target values; bytes by content. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.from(left).equals(Buffer.from(right));
  return Array.isArray(left) && Array.isArray(right) && JSON.stringify(left) === JSON.stringify(right);
}
