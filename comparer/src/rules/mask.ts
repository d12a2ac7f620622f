/** Texts that are equal but for what a mask matches: captions with a clock in them. */

import { readMoment } from "../transform/moment.ts";

export type Mask = {
  /** With the g flag. */
  readonly mask: RegExp;
  /** Masked moments may be so far apart, in seconds; undefined: they may be anything the mask takes. */
  readonly skewSecondsMax: number | undefined;
};

export function maskedAlike({ mask, skewSecondsMax }: Mask, left: string, right: string): boolean {
  const [gone, others] = [left.match(mask) ?? [], right.match(mask) ?? []];
  if (gone.length === 0 || gone.length !== others.length) return false;
  if (left.replaceAll(mask, "\u0000") !== right.replaceAll(mask, "\u0000")) return false;
  return skewSecondsMax === undefined || gone.every((one, index) => isNear(one, others[index] ?? "", skewSecondsMax));
}

/** A masked text that is no moment has no distance and is not near. */
function isNear(left: string, right: string, secondsMax: number): boolean {
  const [a, b] = [readMoment(left), readMoment(right)];
  return a !== undefined && b !== undefined && Math.abs(a.wallMs - b.wallMs) <= secondsMax * 1_000;
}
