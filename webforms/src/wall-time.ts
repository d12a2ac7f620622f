/**
 * Local time of the legacy server. The database holds `datetime` without an offset, in America/New_York; this application
 * holds such a value as a **wall date**: a `Date` whose UTC fields (getUTCHours …) are the local clock's reading. The mssql
 * driver with `useUTC: true` sends and receives exactly these fields. A wall date is never an instant: `toWall` and
 * `wallToInstant` are the only ways across. In the repeated hour of autumn a wall date is taken as standard time, as
 * .NET 2.0's `TimeZone.ToUniversalTime` does.
 */

const zone = "America/New_York";
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const fields = new Intl.DateTimeFormat("en-US", {
  timeZone: zone,
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** The local clock's reading at an instant, with milliseconds. */
export function toWall(instant: Date): Date {
  const part: Record<string, number> = {};
  for (const { type, value } of fields.formatToParts(instant)) part[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second, instant.getUTCMilliseconds()));
}

/** The instant of a wall date. In the hour skipped in spring it is the instant the clock would have read, uncorrected. */
export function wallToInstant(wall: Date): Date {
  const standard = new Date(wall.getTime() + 5 * hourMs);
  if (toWall(standard).getTime() === wall.getTime()) return standard;
  const daylight = new Date(wall.getTime() + 4 * hourMs);
  return toWall(daylight).getTime() === wall.getTime() ? daylight : standard;
}

/** Midnight of the same local day. */
export function wallMidnight(wall: Date): Date {
  return new Date(Math.floor(wall.getTime() / dayMs) * dayMs);
}

/** Whole local days later (or earlier). */
export function addDays(wall: Date, days: number): Date {
  return new Date(wall.getTime() + days * dayMs);
}

/** Minutes later on the wall clock. */
export function addMinutes(wall: Date, minutes: number): Date {
  return new Date(wall.getTime() + minutes * 60_000);
}

/** `MM/DD/YYYY` (one-digit parts allowed) as wall midnight; undefined when it is no date between 1753 and 9999. */
export function parseUsDate(text: string): Date | undefined {
  const match = /^\s*(\d{1,2})\/(\d{1,2})\/(\d{4})\s*$/.exec(text);
  if (!match) return undefined;
  const [month, day, year] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1753 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date : undefined;
}

/** `HHMM` or `HH:MM` (24 h), or `h:mm AM`, as `HHMM`; undefined when it is no time of day. */
export function parseTime(text: string): string | undefined {
  const match = /^\s*(\d{1,2}):?(\d{2})\s*([AaPp][Mm])?\s*$/.exec(text);
  if (!match) return undefined;
  let hour = Number(match[1]);
  const minute = Number(match[2]);
  const half = match[3]?.toUpperCase();
  if (half && (hour < 1 || hour > 12)) return undefined;
  if (half) hour = (hour % 12) + (half === "PM" ? 12 : 0);
  return hour < 24 && minute < 60 ? `${pad2(hour)}${pad2(minute)}` : undefined;
}

/** A day and `HHMM` as one wall date. */
export function atTime(day: Date, hhmm: string): Date {
  return addMinutes(wallMidnight(day), Number(hhmm.slice(0, 2)) * 60 + Number(hhmm.slice(2, 4)));
}

const pad2 = (value: number): string => String(value).padStart(2, "0");

/** `MM/DD/YYYY`; empty for null and for the sentinels 1900-01-01 and 9999-12-31. */
export function usDate(wall: Date | null | undefined): string {
  if (!wall || isSentinel(wall)) return "";
  return `${pad2(wall.getUTCMonth() + 1)}/${pad2(wall.getUTCDate())}/${wall.getUTCFullYear()}`;
}

/** `MM/DD/YYYY hh:mm AM`; empty as `usDate`. */
export function usDateTime(wall: Date | null | undefined): string {
  return wall && !isSentinel(wall) ? `${usDate(wall)} ${usTime(hhmm(wall))}` : "";
}

/** `HHMM` of a wall date. */
export function hhmm(wall: Date): string {
  return `${pad2(wall.getUTCHours())}${pad2(wall.getUTCMinutes())}`;
}

/** `0915` as `9:15 AM`. */
export function usTime(time: string): string {
  const hour = Number(time.slice(0, 2));
  return `${hour % 12 === 0 ? 12 : hour % 12}:${time.slice(2, 4)} ${hour < 12 ? "AM" : "PM"}`;
}

/** `YYYYMMDD`. */
export function compactDate(wall: Date): string {
  return `${String(wall.getUTCFullYear()).padStart(4, "0")}${pad2(wall.getUTCMonth() + 1)}${pad2(wall.getUTCDate())}`;
}

/** Whether a date stands for "no date" in the upper-case tables: 1900-01-01 in start columns, 9999-12-31 in end columns. */
export function isSentinel(wall: Date): boolean {
  const year = wall.getUTCFullYear();
  return (
    (year === 1900 && wall.getUTCMonth() === 0 && wall.getUTCDate() === 1) ||
    (year === 9999 && wall.getUTCMonth() === 11 && wall.getUTCDate() === 31)
  );
}

/** "No date" of end columns (TermDt, EndDt, DischDt, DeathDt) of the upper-case tables. */
export const noEndDate = new Date(Date.UTC(9999, 11, 31));
/** "No date" of start columns (HIPAADt) of the upper-case tables. */
export const noStartDate = new Date(Date.UTC(1900, 0, 1));

/** Whole years between a birth date and a day. */
export function ageYears(birth: Date, on: Date): number {
  const years = on.getUTCFullYear() - birth.getUTCFullYear();
  const before =
    on.getUTCMonth() < birth.getUTCMonth() ||
    (on.getUTCMonth() === birth.getUTCMonth() && on.getUTCDate() < birth.getUTCDate());
  return before ? years - 1 : years;
}
