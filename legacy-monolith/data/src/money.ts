/**
 * Amounts of SQL Server's `money`: four decimals, exact. Inside this package an amount is a whole number of ten-thousandths
 * (`Amount`); in a row it is text such as `-12.3400`. No amount is ever a fraction in a JavaScript number.
 */

/** Ten-thousandths of a dollar, a whole number. */
export type Amount = number;

export const cents = (value: number): Amount => value * 100;

/** @throws RangeError when the amount is not whole or past what a number holds exactly. */
export function moneyText(amount: Amount): string {
  if (!Number.isSafeInteger(amount)) throw new RangeError("an amount must be a whole number of ten-thousandths");
  const digits = String(Math.abs(amount)).padStart(5, "0");
  return `${amount < 0 ? "-" : ""}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

/**
 * `12`, `-0.5`, `77.49`; more than four decimals are rounded half away from zero, as SQL Server rounds text to money.
 * Undefined when it is no plain decimal number.
 */
export function parseAmount(text: string): Amount | undefined {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?\s*$/.exec(text);
  if (!match || `${match[2]}${match[3] ?? ""}` === "") return undefined;
  const fraction = (match[3] ?? "").padEnd(5, "0");
  const whole = Number(match[2]) * 10_000 + Number(fraction.slice(0, 4)) + (fraction.charAt(4) >= "5" ? 1 : 0);
  if (!Number.isSafeInteger(whole)) return undefined;
  return match[1] === "-" && whole !== 0 ? -whole : whole;
}

/** Of a row's text. @throws RangeError when the text is no amount. */
export function amountOf(text: string): Amount {
  const amount = parseAmount(text);
  if (amount === undefined) throw new RangeError("not an amount");
  return amount;
}

/** Share of an amount, rounded to whole cents. */
export const share = (amount: Amount, percent: number): Amount => Math.round((amount * percent) / 10_000) * 100;

/**
 * The number to give the driver for a money column. tedious 20 cuts `number * 10000` off instead of rounding it, so 4.35
 * could leave as 4.3499; the first of three candidates that arrives as the very amount is taken.
 */
export function driverMoney(amount: Amount): number {
  const candidates = [amount / 10_000, (amount + 0.25) / 10_000, (amount - 0.25) / 10_000];
  const exact = candidates.find((candidate) => asWritten(candidate) === amount);
  if (exact === undefined) throw new RangeError("no double stands for this amount");
  return exact;
}

/** What tedious puts on the wire (data-types/money): a high word, rounded down, and a low word, cut off. */
function asWritten(value: number): number {
  const scaled = value * 10_000;
  return Math.floor(scaled / 4294967296) * 4294967296 + ((scaled & -1) >>> 0);
}
