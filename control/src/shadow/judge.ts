/**
 * From what a comparison says to one of the seven verdicts. Pure. A pair is judged only where both sides can be expected to
 * know the same: otherwise it is incomparable, never a match and never a difference.
 *
 *   observation   failed answer -> not-run; unknown or old watermark, parked key -> incomparable
 *                 equal -> match or match-by-rule; different -> diff-unconfirmed, to be read again where it can be
 *   re-read       watermark not past the request -> again; legacy differs from itself -> incomparable (unstable)
 *                 equal now -> transient; still different -> diff-confirmed
 */

import type { PoolVerdict } from "@banyan/comparer";
import type { Observation, Received, Recheck } from "./frame.ts";

const verdictNames = [
  "match",
  "match-by-rule",
  "diff-unconfirmed",
  "diff-confirmed",
  "transient",
  "incomparable",
  "not-run",
] as const;
export type VerdictName = (typeof verdictNames)[number];

export type Judgement = {
  readonly verdict: VerdictName;
  /** Why it is incomparable or not run: a code, no data. */
  readonly why?: string;
};

/** What can be said before anything is compared; undefined: compare. */
export function judgeBefore(observation: Observation, watermarkAgeMsMax: number): Judgement | undefined {
  const failure = failureOf(observation.legacy) ?? failureOf(observation.service);
  if (failure !== undefined) return { verdict: "not-run", why: failure };
  const { watermarkAgeMs, parked, effect, sinceMs } = observation;
  if (parked) return { verdict: "incomparable", why: "parked-key" };
  if (watermarkAgeMs === null) return { verdict: "incomparable", why: "watermark-unknown" };
  if (watermarkAgeMs > watermarkAgeMsMax) return { verdict: "incomparable", why: "watermark-old" };
  // The service must try the write on what legacy had before it: once the sync has brought it over, it is tried twice.
  if (effect === "write" && watermarkAgeMs <= sinceMs) return { verdict: "incomparable", why: "sync-overtook" };
  return undefined;
}

export function judgeCompared(compared: PoolVerdict): Judgement {
  switch (compared.verdict) {
    case "match":
    case "match-by-rule":
      return { verdict: compared.verdict };
    case "incomparable":
    case "not-run":
      return { verdict: compared.verdict, why: compared.why };
    case "different":
      return { verdict: "diff-unconfirmed" };
  }
}

/** @returns undefined: not decided, read again later. */
export function judgeReread(
  recheck: Recheck,
  compared: { readonly itself: PoolVerdict; readonly sides: PoolVerdict } | undefined,
): Judgement | undefined {
  const failure = failureOf(recheck.before) ?? failureOf(recheck.service) ?? failureOf(recheck.after);
  if (failure !== undefined || !compared || !recheck.watermarkPassed) return undefined;
  if (compared.sides.verdict === "not-run" || compared.itself.verdict === "not-run") return undefined;
  if (isEqual(compared.sides)) return { verdict: "transient" };
  if (compared.itself.verdict === "different") return { verdict: "incomparable", why: "unstable-legacy" };
  if (compared.sides.verdict === "incomparable") return { verdict: "incomparable", why: compared.sides.why };
  return { verdict: "diff-confirmed" };
}

export function isEqual(verdict: PoolVerdict): boolean {
  return verdict.verdict === "match" || verdict.verdict === "match-by-rule";
}

function failureOf(answer: Received): string | undefined {
  return "failed" in answer ? answer.failed : undefined;
}
