/**
 * FHIR's dates as stretches of time. `2024-03` is the whole of March, `2024-03-10T09:30` a minute; both elements and search values
 * are such stretches, and a prefix says how two of them must lie to each other. What states no zone is on the clinics' wall clock.
 * Source: FHIR R4 search.html, sections 3.1.1.4.6 (prefixes) and 3.1.1.4.7 (date).
 */

import { wallToInstant } from "../../mapping/wall-time.ts";

/** From `fromMs`, included, until `untilMs`, excluded; milliseconds since 1970, infinite at an open end of a period. */
export type Stretch = {
  readonly fromMs: number;
  readonly untilMs: number;
  /** The same as days `YYYY-MM-DD`, where no time of day was given. */
  readonly days?: { readonly from: string; readonly until: string };
};

export const prefixes = ["eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"] as const;
export type Prefix = (typeof prefixes)[number];

const form =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?)?)?$/;

/** @returns undefined when the text is no date, dateTime or instant, or names a day that does not exist. */
export function stretchOf(text: string): Stretch | undefined {
  const found = form.exec(text);
  if (!found) return undefined;
  const [, year = "", month, day, hour, minute, second, fraction, zone] = found;
  if (year === "0000" || (day !== undefined && !isDay(`${year}-${month}-${day}`))) return undefined;
  if (month !== undefined && (Number(month) < 1 || Number(month) > 12)) return undefined;
  if (hour === undefined) return wholeDays(Number(year), month, day);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 59) return undefined;
  const millis = (fraction ?? "").padEnd(3, "0").slice(0, 3);
  const wall = `${year}-${month}-${day} ${hour}:${minute}:${second ?? "00"}.${millis}`;
  const fromMs = zone === undefined ? wallMs(wall) : Date.parse(`${wall.replace(" ", "T")}${zone}`);
  return { fromMs, untilMs: fromMs + (second === undefined ? 60_000 : fraction === undefined ? 1_000 : 1) };
}

function wholeDays(year: number, month: string | undefined, day: string | undefined): Stretch {
  const first = Date.UTC(year, Number(month ?? 1) - 1, Number(day ?? 1));
  const next = new Date(first);
  if (day !== undefined) next.setUTCDate(next.getUTCDate() + 1);
  else if (month !== undefined) next.setUTCMonth(next.getUTCMonth() + 1);
  else next.setUTCFullYear(year + 1);
  const days = { from: dayText(new Date(first)), until: dayText(next) };
  return { fromMs: wallMs(`${days.from} 00:00:00.000`), untilMs: wallMs(`${days.until} 00:00:00.000`), days };
}

const dayText = (date: Date): string => (date.getUTCFullYear() > 9999 ? "9999-12-31" : date.toISOString().slice(0, 10));

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function wallMs(wall: string): number {
  const instant = wallToInstant(wall);
  return instant === undefined ? Number.POSITIVE_INFINITY : Date.parse(instant);
}

/** How an element's stretch must lie to the searched one. @param nowMs widens `ap` by a tenth of the distance to now, as FHIR suggests. */
export function lies(element: Stretch, prefix: Prefix, searched: Stretch, nowMs: number): boolean {
  const within = searched.fromMs <= element.fromMs && element.untilMs <= searched.untilMs;
  switch (prefix) {
    case "eq":
      return within;
    case "ne":
      return !within;
    case "gt":
      return element.untilMs > searched.untilMs;
    case "lt":
      return element.fromMs < searched.fromMs;
    case "ge":
      return within || element.untilMs > searched.untilMs;
    case "le":
      return within || element.fromMs < searched.fromMs;
    case "sa":
      return element.fromMs >= searched.untilMs;
    case "eb":
      return element.untilMs <= searched.fromMs;
    case "ap": {
      const wide = widened(searched, nowMs);
      return element.fromMs < wide.untilMs && element.untilMs > wide.fromMs;
    }
  }
}

/** The stretch `ap` accepts any overlap with. */
export function widened(searched: Stretch, nowMs: number): Stretch {
  const slackMs = Math.abs(nowMs - searched.fromMs) / 10;
  return { fromMs: searched.fromMs - slackMs, untilMs: searched.untilMs + slackMs };
}
