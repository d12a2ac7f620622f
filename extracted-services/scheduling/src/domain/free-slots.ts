/**
 * Free time of a provider: working hours less what is booked or blocked. A slot begins on the schedule's own step and is as
 * long as the visit takes. All on the clinic's clock, so that the day on which clocks change looks like any other.
 */

export type WorkingHours = {
  readonly id: string;
  readonly provider: string;
  readonly site: string;
  /** ISO 8601: 1 = Monday … 7 = Sunday. Null in a legacy row that names no weekday: it never applies. */
  readonly weekday: number | null;
  /** `HH:MM:SS`; end also `24:00:00`. */
  readonly start: string | null;
  readonly end: string | null;
  readonly slotMinutes: number;
  /** Codes in upper case; none allows every type of visit. */
  readonly visitTypes: readonly string[];
  /** `YYYY-MM-DD`, both included; null is without bound. */
  readonly validFrom: string | null;
  readonly validTo: string | null;
  readonly version: number;
};

/** Time that is taken; `day` and `time` as in `Appointment`. */
export type TakenTime = { readonly day: string | null; readonly time: string | null; readonly minutes: number };

export type Slot = {
  readonly provider: string;
  readonly site: string;
  readonly day: string;
  /** `HH:MM:SS` */
  readonly time: string;
  readonly minutes: number;
};

/** Minutes since midnight of `HH:MM:SS`. */
export const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

const pad2 = (value: number): string => String(value).padStart(2, "0");
const timeOf = (minute: number): string => `${pad2(Math.floor(minute / 60))}:${pad2(minute % 60)}:00`;

const dayMs = 86_400_000;

/** ISO weekday of `YYYY-MM-DD`. */
export const weekdayOf = (day: string): number => ((((Date.parse(day) / dayMs + 3) % 7) + 7) % 7) + 1;

/** Days from `from` to `to`, both included, at most `daysMax`. */
export function daysBetween(from: string, to: string, daysMax: number): string[] {
  const days: string[] = [];
  const last = Date.parse(to);
  for (let at = Date.parse(from); at <= last && days.length < daysMax; at += dayMs)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

type Wish = {
  /** Code; empty for any. */
  readonly visitType: string;
  /** How long the visit takes; 0 takes the schedule's own step. */
  readonly minutes: number;
};

/** Free slots of the days, in order of time. */
export function freeSlots(
  days: readonly string[],
  wish: Wish,
  hours: readonly WorkingHours[],
  taken: readonly TakenTime[],
): Slot[] {
  const takenOn = Map.groupBy(taken, ({ day }) => day);
  return days.flatMap((day) => {
    const working = hours.filter((one) => appliesOn(one, day) && allows(one, wish.visitType));
    if (working.length === 0) return [];
    const busy = (takenOn.get(day) ?? []).flatMap(({ time, minutes }) => {
      if (time === null) return [];
      const start = minuteOf(time);
      return [{ start, end: start + minutes }];
    });
    const slots = working.flatMap((one) => slotsOf(one, day, wish.minutes, busy));
    return slots.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  });
}

function slotsOf(
  hours: WorkingHours,
  day: string,
  minutes: number,
  busy: readonly { readonly start: number; readonly end: number }[],
): Slot[] {
  if (hours.start === null || hours.end === null) return [];
  const { provider, site } = hours;
  const length = minutes > 0 ? minutes : hours.slotMinutes;
  const step = Math.max(hours.slotMinutes, 1);
  const end = minuteOf(hours.end);
  const slots: Slot[] = [];
  for (let start = minuteOf(hours.start); start + length <= end; start += step) {
    if (busy.some((one) => start < one.end && one.start < start + length)) continue;
    slots.push({ provider, site, day, time: timeOf(start), minutes: length });
  }
  return slots;
}

/** ISO dates compare as text. */
function appliesOn(hours: WorkingHours, day: string): boolean {
  return (
    hours.weekday === weekdayOf(day) &&
    (hours.validFrom === null || hours.validFrom <= day) &&
    (hours.validTo === null || hours.validTo >= day)
  );
}

function allows(hours: WorkingHours, visitType: string): boolean {
  return visitType === "" || hours.visitTypes.length === 0 || hours.visitTypes.includes(visitType.toUpperCase());
}
