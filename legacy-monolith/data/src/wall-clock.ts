/**
 * The legacy server's clock: America/New_York without an offset, text `YYYY-MM-DD HH:MM:SS` that sorts in time order. Days
 * are counted as whole numbers since 1970-01-01, so that nothing here depends on the time zone of the machine.
 */

/** `YYYY-MM-DD HH:MM:SS` as the clinic's clock shows it; in the repeated hour of autumn it names two instants. */
export type WallTime = string;
/** Days since 1970-01-01. */
export type Day = number;

const dayMs = 86_400_000;

export function wallTime(day: Day, minutes = 0, seconds = 0): WallTime {
  return fromUtcFields(day * dayMs + (minutes * 60 + seconds) * 1000);
}

export const fromUtcFields = (ms: number): WallTime => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

/** The wall clock's reading as if it were UTC, in milliseconds: only for differences and for the driver's `useUTC`. */
export const utcFields = (time: WallTime): number => Date.parse(`${time.replace(" ", "T")}Z`);

export const dayOf = (time: WallTime): Day => Math.floor(utcFields(time) / dayMs);
export const midnight = (time: WallTime): WallTime => `${time.slice(0, 10)} 00:00:00`;
export const plusMinutes = (time: WallTime, minutes: number): WallTime =>
  fromUtcFields(utcFields(time) + minutes * 60_000);

/** `YYYY-MM-DD`; undefined when it is no date of the calendar. */
export function parseDay(text: string): Day | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return undefined;
  const ms = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return new Date(ms).toISOString().slice(0, 10) === text ? ms / dayMs : undefined;
}

export const dayText = (day: Day): string => new Date(day * dayMs).toISOString().slice(0, 10);
/** `YYMMDD`, as in order numbers. */
export const shortDay = (day: Day): string => dayText(day).slice(2).replaceAll("-", "");
/** 1 = Sunday … 7 = Saturday, as SQL Server counts under DATEFIRST 7. 1970-01-01 was a Thursday. */
export const dayOfWeek = (day: Day): number => ((((day + 4) % 7) + 7) % 7) + 1;
/** Minutes after midnight as `HHMM`. */
export const hhmm = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}${String(minutes % 60).padStart(2, "0")}`;
export const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(2, 4));

/** Day on which clocks go back in the United States since 2007: first Sunday of November. */
export function autumnChange(year: number): Day {
  const first = Date.UTC(year, 10, 1) / dayMs;
  return first + ((8 - dayOfWeek(first)) % 7);
}

const newYork = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** What the clinic's clock showed at an instant (milliseconds since 1970 UTC). Fractions of a second are dropped. */
export function newYorkTime(instantMs: number): WallTime {
  const part: Record<string, string> = {};
  for (const { type, value } of newYork.formatToParts(instantMs)) part[type] = value;
  return `${(part.year ?? "").padStart(4, "0")}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}`;
}
