/** Text as the record keeps it: upper case in Windows-1252, as the old screens forced it, and never cut to fit. */

import { asStored } from "@banyan/service-kit/legacy";

/** @returns null for nothing */
export function heldText(text: string | undefined): string | null {
  const held = (text ?? "").trim().toUpperCase();
  return held === "" ? null : held;
}

/** Why a column of this many characters cannot hold the text; undefined when it can. */
export function unheldText(text: string | undefined, lengthMax: number, what: string): string | undefined {
  const held = heldText(text) ?? "";
  if (held.length > lengthMax) return `the record holds ${what} of at most ${lengthMax} characters`;
  return asStored(held, lengthMax) === held ? undefined : `the record holds ${what} in Windows-1252 characters only`;
}

/** First of several reasons. */
export const firstOf = (...reasons: readonly (string | undefined)[]): string | undefined =>
  reasons.find((reason) => reason !== undefined);
