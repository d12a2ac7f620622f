/**
 * The legacy server's clock and ours. SQL Server's `datetime` holds the wall clock of America/New_York without an offset; the
 * services hold instants. These functions are the only way across.
 *
 * A reading of the hour that autumn repeats names two instants; the later one, in standard time, is taken, as the legacy
 * application's .NET 2.0 does (`TimeZone.ToUniversalTime`). A reading in the hour that spring skips is taken in standard time
 * too and does not read back the same: the residue of the row keeps it.
 */

const zone = "America/New_York";
const dayMs = 86_400_000;
/** More days than any clinic's history has; the map is emptied when it is reached. */
const cachedDaysMax = 60_000;

/** Wall readings are `YYYY-MM-DD HH:MM:SS.mmm` (style 121 of SQL Server). */
const wallPattern = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/;

/** Instant of a wall reading, ISO 8601 in UTC with milliseconds; undefined when it is none, or past the year 9999. */
export function wallToInstant(wall: string): string | undefined {
  const local = wallPattern.test(wall) ? Date.parse(`${wall.replace(" ", "T")}Z`) : Number.NaN;
  if (Number.isNaN(local)) return undefined;
  // The offsets in force a day before and a day after; the most western one gives the latest instant.
  const offsets = [offsetAt(local - dayMs), offsetAt(local + dayMs)].toSorted((left, right) => left - right);
  const valid = offsets.find((offset) => offsetAt(local - offset) === offset);
  const instant = new Date(local - (valid ?? offsets[0] ?? 0));
  return instant.getUTCFullYear() > 9999 ? undefined : instant.toISOString();
}

/** Wall reading of an instant, rounded to what `datetime` can hold. @param instant ISO 8601 text. */
export function instantToWall(instant: string): string {
  const ms = Date.parse(instant);
  return new Date(roundToDatetime(ms + offsetAt(ms))).toISOString().slice(0, 23).replace("T", " ");
}

/**
 * `datetime` counts in 1/300 s and shows .000, .003 or .007; a service rounds an instant so before it stores it, or the legacy
 * copy of the row would differ from its own. @param ms since 1970.
 */
export function roundToDatetime(ms: number): number {
  const second = Math.floor(ms / 1000) * 1000;
  return second + Math.round((Math.round((ms - second) * 0.3) * 10) / 3);
}

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

/** Offset at the start of a UTC day by its number; NaN for the days on which it changes. */
const offsetOfDay = new Map<number, number>();

/** Milliseconds to add to an instant to get the wall clock's reading; negative in New York. */
function offsetAt(instantMs: number): number {
  const day = Math.floor(instantMs / dayMs);
  let offset = offsetOfDay.get(day);
  if (offset === undefined) {
    const start = computeOffset(day * dayMs);
    offset = start === computeOffset((day + 1) * dayMs) ? start : Number.NaN;
    if (offsetOfDay.size >= cachedDaysMax) offsetOfDay.clear();
    offsetOfDay.set(day, offset);
  }
  return Number.isNaN(offset) ? computeOffset(instantMs) : offset;
}

function computeOffset(instantMs: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of fields.formatToParts(instantMs)) part[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instantMs / 1000) * 1000;
}
