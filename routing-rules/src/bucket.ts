/**
 * Canary cohorts: a key (verified user, else site) falls into one of 10,000 buckets by SHA-256, salted by module, so that
 * modules draw different cohorts. Raising a percentage only adds buckets: nobody is moved back.
 */

import { hash } from "node:crypto";

export const bucketCount = 10_000;

/** @returns 0 to 9,999 */
export function bucketOf(salt: string, key: string): number {
  return Number.parseInt(hash("sha256", `${salt}\u0000${key}`, "hex").slice(0, 8), 16) % bucketCount;
}

/** @param percent 0 to 100 */
export function isInCohort(bucket: number, percent: number): boolean {
  return bucket < Math.round((percent * bucketCount) / 100);
}
