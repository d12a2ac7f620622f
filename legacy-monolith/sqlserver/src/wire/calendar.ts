/**
 * Dates as TDS counts them (days since a base, fractions of a second since midnight) and as PostgreSQL writes them
 * (`2026-11-22 01:30:00.003`). Whole numbers only; the proleptic Gregorian calendar on both sides.
 */

import { SqlError } from "../contract.ts";

/** Days from 0001-01-01 to 1900-01-01, the base of datetime and smalldatetime. */
export const daysTo1900 = 693_595;
/** Days from 0001-01-01 to 1753-01-01, the first day of datetime. */
export const daysTo1753 = 639_905;
/** Days from 0001-01-01 to 9999-12-31. */
export const lastDay = 3_652_058;
export const ticksPerDay = 864_000_000_000;

/** A time of day counts in 100 ns ticks, the finest unit of SQL Server. */
export type Moment = { readonly day: number; readonly ticks: number };

/** @returns days since 0001-01-01. Algorithm: Howard Hinnant, "days_from_civil". */
export function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 306;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** `2026-11-22` of days since 0001-01-01; the inverse of {@link dayNumber}. */
export function dayText(days: number): string {
  const z = days + 306;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return `${pad(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** `01:30:00.003`, with as many digits of the second as `digits` says (0 to 7). */
export function timeText(ticks: number, digits: number): string {
  const seconds = Math.floor(ticks / 10_000_000);
  const clock = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  if (digits === 0) return clock;
  return `${clock}.${pad(ticks % 10_000_000, 7).slice(0, digits)}`;
}

function cannotSend(what: string): SqlError {
  // The value itself stays out of the message: it may be a patient's.
  return new SqlError(241, 16, `Conversion failed when converting date and/or time from character string (${what}).`);
}

/** Two digits at `at`; NaN poisons the sum and is caught at the end. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** @param text `YYYY-MM-DD` at the start. @throws SqlError 241 for another form, or a year beyond 1 to 9999 */
export function parseDay(text: string): number {
  const year = two(text, 0) * 100 + two(text, 2);
  const day = dayNumber(year, two(text, 5), two(text, 8));
  if (!(day >= 0 && day <= lastDay) || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45 || text.endsWith("BC")) {
    throw cannotSend("date out of range");
  }
  return day;
}

/** @param at where `HH:MM:SS[.fffffff]` starts. @returns 100 ns ticks since midnight. @throws SqlError 241 */
export function parseTicks(text: string, at: number): number {
  const hours = two(text, at);
  const minutes = two(text, at + 3);
  const seconds = two(text, at + 6);
  let ticks = ((hours * 60 + minutes) * 60 + seconds) * 10_000_000;
  let index = at + 8;
  if (text.charCodeAt(index) === 46) {
    let unit = 1_000_000;
    for (index++; index < text.length && unit >= 1; index++, unit /= 10) {
      const digit = text.charCodeAt(index) - 48;
      if (digit < 0 || digit > 9) throw cannotSend("fraction of a second");
      ticks += digit * unit;
    }
  }
  if (!(ticks >= 0 && ticks < ticksPerDay) || index !== text.length) throw cannotSend("time of day");
  return ticks;
}

/** `YYYY-MM-DD[ HH:MM:SS[.fffffff]]`. @throws SqlError 241 */
export function parseMoment(text: string): Moment {
  return { day: parseDay(text), ticks: text.length > 10 ? parseTicks(text, 11) : 0 };
}
