/**
 * A patient's number as audit trails outside the clinical stores may hold it: an HMAC that only holders of the key can make
 * again from the number. Whoever asks "who saw patient 100001" computes it and looks for that.
 */

import { createHmac } from "node:crypto";

export type Pseudonym = (kind: "patient" | "portalUser", value: string) => string;

/** @param key at least 32 characters. @returns 32 hexadecimal digits (128 bits of HMAC-SHA-256) for a kind and a value. */
export function pseudonymWith(key: string): Pseudonym {
  return (kind, value) => createHmac("sha256", key).update(`${kind}\u0000${value.trim()}`).digest("hex").slice(0, 32);
}
