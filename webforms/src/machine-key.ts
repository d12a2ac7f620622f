/** Keys derived from the machine key, one a purpose, so that a ticket can never pass as a view state. Processes with one machine key agree. */

import { createHmac, timingSafeEqual } from "node:crypto";

/** 32 bytes for a purpose. */
export function deriveKey(machineKey: string, purpose: string): Buffer {
  return createHmac("sha256", machineKey).update(`banyan legacy web ${purpose}`).digest();
}

/** Whether two texts are the same, in time that does not depend on where they differ. */
export function sameSecret(given: string, expected: string): boolean {
  const fold = (text: string): Buffer => createHmac("sha256", "compare").update(text).digest();
  return timingSafeEqual(fold(given), fold(expected));
}

/** Key of a provider's appointment feed (`key=` of ApptFeed.ashx): 32 hex digits, the same on every side with one machine key. */
export function feedKeys(machineKey: string): (provId: string) => string {
  const secret = deriveKey(machineKey, "appointment feed");
  return (provId) => createHmac("sha256", secret).update(provId.trim().toUpperCase()).digest("hex").slice(0, 32);
}
