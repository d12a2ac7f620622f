/**
 * Slot: computed, never stored. Free time is what the working hours leave free; taken time is what appointments take; blocked time is
 * unavailable. A search names a stretch of days, because there is no end to computing them.
 */

import {
  FhirRefusal,
  parametersOf,
  type ResourceDefinition,
  type ResourceStore,
  selectInMemory,
  type StoreQuery,
  type Version,
} from "@banyan/service-kit/fhir";
import { instantToWall, wallToInstant } from "@banyan/service-kit/mapping";
import type { Slot } from "fhir/r4.js";
import type { Knex } from "knex";
import { daysBetween, freeSlots } from "../domain/free-slots.ts";
import { slotDaysMax, slotDaysUnasked, slotSchedulesDaysMax } from "../limits.ts";
import { workingHoursOf } from "../store/working-hours.ts";
import { scheduleId, type ScheduleKey, scheduleKey, slotId, slotKey } from "./schedule-id.ts";

export const slotResource: ResourceDefinition<Slot> = {
  type: "Slot",
  interactions: ["read", "search-type"],
  search: parametersOf("Slot", [], {
    schedule: { type: "reference", expression: "Slot.schedule", targets: ["Schedule"] },
    start: { type: "date", expression: "Slot.start" },
    status: { type: "token", expression: "Slot.status", system: "http://hl7.org/fhir/slotstatus" },
  }),
  sorts: ["_id"],
  includes: ["schedule"],
  documentation: `Computed for the days that start names, at most ${slotDaysMax}; without it, for the next ${slotDaysUnasked}.`,
  open: ({ db, clock }) => slotStore(db, () => clock.now()),
};

function slotStore(db: Knex, now: () => Date): ResourceStore<Slot> {
  const read = async (id: string): Promise<Version<Slot> | undefined> => {
    const asked = slotKey(id);
    const schedule = asked && scheduleKey(asked.schedule);
    if (!asked || !schedule || Number.isNaN(Date.parse(asked.day))) return undefined;
    return (await slotsOf(db, schedule, [asked.day])).find((slot) => slot.id === id);
  };
  return {
    read,
    readVersion: async (id, number) => {
      const slot = await read(id);
      return slot?.number === number ? slot : undefined;
    },
    history: async () => [],
    async search(query) {
      const ids = idsIn(query);
      if (ids)
        return selectInMemory(
          (await Promise.all(ids.map(read))).filter((slot) => slot !== undefined),
          query,
        );
      const days = daysIn(query, now());
      const schedules = schedulesIn(query) ?? (await everySchedule(db));
      if (schedules.length * days.length > slotSchedulesDaysMax)
        throw new FhirRefusal(
          "parameter",
          "the search would compute too many slots: name a schedule or fewer days in start",
        );
      const all: Version<Slot>[] = [];
      for (const schedule of schedules) all.push(...(await slotsOf(db, schedule, days)));
      return selectInMemory(all, query);
    },
  };
}

const valuesOf = (query: StoreQuery, name: string) =>
  query.all
    .filter((condition) => condition.kind === "values" && condition.modifier === "none")
    .flatMap((condition) =>
      condition.kind === "values" && condition.parameter.name === name ? [condition.values] : [],
    );

const idsIn = (query: StoreQuery): string[] | undefined =>
  valuesOf(query, "_id")[0]?.flatMap((value) => (value.kind === "token" && value.code ? [value.code] : []));

const schedulesIn = (query: StoreQuery): ScheduleKey[] | undefined =>
  valuesOf(query, "schedule")[0]?.flatMap((value) => (value.kind === "reference" ? (scheduleKey(value.id) ?? []) : []));

/** The days between the bounds `start` gives; what it leaves open begins today and ends soon. */
function daysIn(query: StoreQuery, now: Date): string[] {
  let [from, until] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const [value, ...others] of valuesOf(query, "start")) {
    if (value?.kind !== "date" || others.length > 0)
      throw new FhirRefusal("parameter", "start of a Slot takes one value at a time");
    const { prefix, stretch } = value;
    if (["eq", "ge", "gt", "sa", "ap"].includes(prefix)) from = Math.max(from, stretch.fromMs);
    if (["eq", "le", "lt", "eb", "ap"].includes(prefix)) until = Math.min(until, stretch.untilMs);
  }
  if (from === Number.NEGATIVE_INFINITY) from = until === Number.POSITIVE_INFINITY ? now.getTime() : until - unaskedMs;
  if (until === Number.POSITIVE_INFINITY) until = from + unaskedMs;
  const [first, last] = [dayOf(from), dayOf(until - 1)];
  const days = daysBetween(first, last, slotDaysMax + 1);
  if (days.length > slotDaysMax) throw new FhirRefusal("parameter", `start spans more than ${slotDaysMax} days`);
  return days;
}

const unaskedMs = slotDaysUnasked * 86_400_000;
const dayOf = (ms: number): string =>
  instantToWall(new Date(Math.max(-2_000_000_000_000, Math.min(ms, 250_000_000_000_000))).toISOString()).slice(0, 10);

async function everySchedule(db: Knex): Promise<ScheduleKey[]> {
  const found: { rows: ScheduleKey[] } = await db.raw(
    `SELECT DISTINCT provider_id AS "provider", site_code AS "site" FROM working_hours WHERE valid_to IS NULL OR valid_to >= current_date`,
  );
  return found.rows;
}

type Taken = {
  readonly day: string | null;
  readonly time: string | null;
  readonly minutes: number;
  readonly site: string;
  readonly blocked: boolean;
  readonly overbooked: boolean;
  readonly changedAt: string;
  readonly version: string;
};

type Status = "free" | "busy" | "busy-unavailable";

/** Slots of one schedule, in order of time. An overbooked appointment beside another shares its slot. */
async function slotsOf(db: Knex, schedule: ScheduleKey, days: readonly string[]): Promise<Version<Slot>[]> {
  const [from = "", to = ""] = [days[0], days.at(-1)];
  const hours = await workingHoursOf(db, { ...schedule, from, to });
  const taken: { rows: Taken[] } = await db.raw(
    `SELECT a.local_date AS "day", a.local_time AS "time", a.duration_minutes AS "minutes", a.site_code AS "site",
       a.patient_id IS NULL AS "blocked", a.overbooked AS "overbooked", a.changed_at AS "changedAt", a.version AS "version"
     FROM appointments AS a
     WHERE a.provider_id = ? AND a.local_date BETWEEN ? AND ? AND NOT a.deleted
       AND a.status IS DISTINCT FROM 'cancelled' AND a.status IS DISTINCT FROM 'no-show'
     ORDER BY a.overbooked, a.appointment_id`,
    [schedule.provider, from, to],
  );
  const id = scheduleId(schedule.provider, schedule.site);
  const found = new Map<string, Version<Slot>>();
  const add = (slot: Version<Slot> | undefined): void => {
    if (slot && !found.has(slot.id)) found.set(slot.id, slot);
  };
  for (const { day, time, minutes, site, blocked, overbooked, changedAt, version } of taken.rows)
    if (day !== null && time !== null && site.toUpperCase() === schedule.site.toUpperCase())
      add(
        versionOf(id, {
          day,
          time,
          minutes,
          status: blocked ? "busy-unavailable" : "busy",
          overbooked,
          changedAt,
          version,
        }),
      );
  for (const { day, time, minutes } of freeSlots(days, { visitType: "", minutes: 0 }, hours, taken.rows))
    add(versionOf(id, { day, time, minutes, status: "free", overbooked: false, changedAt: epoch, version: "0" }));
  return [...found.values()];
}

/** Free time has no history: it was free from the beginning. */
const epoch = "1970-01-01T00:00:00.000Z";

type Computed = {
  readonly day: string;
  readonly time: string;
  readonly minutes: number;
  readonly status: Status;
  readonly overbooked: boolean;
  readonly changedAt: string;
  readonly version: string;
};

function versionOf(
  schedule: string,
  { day, time, minutes, status, overbooked, changedAt, version }: Computed,
): Version<Slot> | undefined {
  const start = wallToInstant(`${day} ${time}.000`);
  if (start === undefined) return undefined;
  return {
    id: slotId(schedule, day, time),
    number: Number(version) + 1,
    changedAt: new Date(changedAt).toISOString(),
    resource: {
      resourceType: "Slot",
      schedule: { reference: `Schedule/${schedule}` },
      status,
      start,
      end: new Date(Date.parse(start) + minutes * 60_000).toISOString(),
      ...(overbooked ? { overbooked } : {}),
    },
  };
}
