/** Whose time is taken: finds a free start for an appointment inside a provider's hours, and never lets two overlap. */

import type { Random } from "@banyan/kernel";
import { type Day, dayOfWeek, minutesOf } from "../wall-clock.ts";
import { shifts } from "./staff.ts";
import type { Provider } from "./world.ts";

type Slot = { readonly start: number; readonly end: number };

export type Calendar = {
  /** Free start in minutes after midnight, now taken; undefined when the provider is off or nothing was found. */
  book(provider: Provider, day: Day, minutes: number): number | undefined;
  /** Hours of the provider on a day, in minutes; empty when off. */
  hours(provider: Provider, day: Day): Slot[];
  /** Takes a time outside of the hours, such as a lunch break; for times nobody else is offered. */
  block(provider: Provider, day: Day, slot: Slot): void;
};

const slotMinutes = 15;
const triesMax = 8;

export function createCalendar(random: Random): Calendar {
  const taken = new Map<string, Slot[]>();
  const takenOf = (provider: Provider, day: Day): Slot[] => {
    const key = `${provider.id} ${day}`;
    const list = taken.get(key) ?? [];
    taken.set(key, list);
    return list;
  };
  const hours = (provider: Provider, day: Day): Slot[] => {
    const weekday = dayOfWeek(day);
    if (!provider.days.includes(weekday)) return [];
    const today = weekday === 1 || weekday === 7 ? shifts.weekend : shifts.weekday;
    return today.map(([from, to]) => ({ start: minutesOf(from), end: minutesOf(to) }));
  };
  const book = (provider: Provider, day: Day, minutes: number): number | undefined => {
    const shift = hours(provider, day);
    if (shift.length === 0) return undefined;
    const list = takenOf(provider, day);
    for (let tries = 0; tries < triesMax; tries += 1) {
      const { start, end } = random.pick(shift);
      const from = start + slotMinutes * random.int(0, (end - start) / slotMinutes - 1);
      const slot = { start: from, end: from + minutes };
      if (slot.end > end || list.some((other) => other.start < slot.end && slot.start < other.end)) continue;
      list.push(slot);
      return from;
    }
    return undefined;
  };
  return { book, hours, block: (provider, day, slot) => void takenOf(provider, day).push(slot) };
}
