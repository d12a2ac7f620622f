/** Decimal numbers as they are written, without binary floating point: 0.1 is 0.1 and 1.50 remembers its zero. */

export type Decimal = {
  /** The number times 10^decimals. */
  readonly units: bigint;
  /** Digits after the point as written; negative never. */
  readonly decimals: number;
};

/** Longer numbers are identifiers or noise, and bigint arithmetic on them is not free. */
const digitsMax = 40;
const exponentMax = 40;

/** Reads `-12.50`, `1e2`, `$1,234.50`, `(20.00)`, `50%`; undefined for anything else. */
export function readDecimal(text: string): Decimal | undefined {
  const found = /^(\(?)([+-]?)[$]?((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,3}))?%?(\)?)$/.exec(
    text.trim(),
  );
  if (!found) return undefined;
  const [, open, sign, number = "", fraction = "", bareFraction = "", exponentText, close] = found;
  if ((open === "(") !== (close === ")")) return undefined;
  const digits = number.replaceAll(/[,.]/g, "");
  const exponent = exponentText === undefined ? 0 : Number(exponentText);
  if (digits.length > digitsMax || Math.abs(exponent) > exponentMax) return undefined;
  const decimals = (fraction || bareFraction).length - exponent;
  const negative = (sign === "-") !== (open === "(");
  const units = BigInt(digits) * (negative ? -1n : 1n);
  return decimals >= 0 ? { units, decimals } : { units: units * 10n ** BigInt(-decimals), decimals: 0 };
}

/** Both as units of the finer one's last digit. */
function aligned(a: Decimal, b: Decimal): readonly [bigint, bigint] {
  const decimals = Math.max(a.decimals, b.decimals);
  return [a.units * 10n ** BigInt(decimals - a.decimals), b.units * 10n ** BigInt(decimals - b.decimals)];
}

export function sameNumber(a: Decimal, b: Decimal): boolean {
  const [left, right] = aligned(a, b);
  return left === right;
}

/** What makes one of two unequal numbers out of the other, if it is only a loss of digits. */
export function lossOfDigits(a: Decimal, b: Decimal): "rounding" | "truncation" | undefined {
  const [left, right] = aligned(a, b);
  const distance = left > right ? left - right : right - left;
  if (a.decimals === b.decimals) return a.decimals > 0 && distance === 1n ? "rounding" : undefined;
  const lastDigit = 10n ** BigInt(Math.abs(a.decimals - b.decimals));
  if (distance * 2n <= lastDigit) return "rounding";
  const cutShort = a.decimals < b.decimals ? magnitude(left) < magnitude(right) : magnitude(right) < magnitude(left);
  return distance < lastDigit && cutShort ? "truncation" : undefined;
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
