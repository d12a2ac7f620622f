/** Appointments of the past, of today and of the coming weeks, in every status, and the encounters they led to. */

import type { Random } from "@banyan/kernel";
import { generalCodes } from "../codes/general.ts";
import { patientName } from "../dataset.ts";
import { type Row, row } from "../schema.ts";
import { autumnChange, type Day, dayOfWeek, hhmm, plusMinutes, type WallTime, wallTime } from "../wall-clock.ts";
import { type Calendar, createCalendar } from "./calendar.ts";
import { visitReasons } from "./names.ts";
import { ageOn, officeTime, type Person, type Provider, shuffle, type World } from "./world.ts";

/** Days after today that hold appointments. */
const aheadDays = 42;

/** An appointment row with the person it is for (undefined: blocked time) and its provider. */
export type Booking = {
  readonly row: Row<"tblAppointment">;
  readonly person: Person | undefined;
  readonly provider: Provider;
};

type Plan = {
  readonly person: Person;
  readonly provider: Provider;
  readonly day: Day;
  readonly start: number;
  readonly minutes: number;
  readonly type: string;
  readonly status: string;
};

/** Fills tblAppointment, in the order of booking. `EncNo` of completed ones is set later. */
export function addAppointments(world: World, people: readonly Person[]): Booking[] {
  const random = world.random("appointments");
  const calendar = createCalendar(random);
  const bookings = [
    ...blockedTime(world, random, calendar),
    ...people
      .flatMap((person) => pastPlans(world, random, calendar, person))
      .map((plan) => bookingOf(world, random, plan)),
    ...todayPlans(world, random, calendar, people).map((plan) => bookingOf(world, random, plan)),
    ...people
      .flatMap((person) => futurePlans(world, random, calendar, person))
      .map((plan) => bookingOf(world, random, plan)),
  ];
  bookings.push(...overbooked(random, bookings));
  bookings.sort((a, b) => (a.row.CrtDt < b.row.CrtDt ? -1 : a.row.CrtDt > b.row.CrtDt ? 1 : 0));
  for (const [index, booking] of bookings.entries()) booking.row.ApptID = index + 1;
  world.tables.tblAppointment.push(...bookings.map((booking) => booking.row));
  return bookings;
}

function pastPlans(world: World, random: Random, calendar: Calendar, person: Person): Plan[] {
  const from = Math.max(world.since, person.firstDay);
  const to = Math.min(world.today - 1, person.deathDay ?? world.today - 1);
  const age = ageOn(person.birthDay, world.today);
  const wanted = age < 6 ? random.int(3, 7) : age < 50 ? random.int(1, 6) : random.int(3, 9);
  const isNew = person.firstDay >= world.since;
  const plans: Plan[] = [];
  if (to <= from) return plans;
  for (let index = 0; index < wanted; index += 1) {
    const first = isNew && index === 0;
    const type = first ? "NEWP" : pickType(random);
    const found = findTime(random, calendar, { person, type, from, to: first ? Math.min(from + 30, to) : to });
    if (found)
      plans.push({ ...found, person, type, status: random.chance(0.86) ? "CO" : random.chance(0.6) ? "CX" : "NS" });
  }
  return plans;
}

function futurePlans(world: World, random: Random, calendar: Calendar, person: Person): Plan[] {
  if (person.deathDay !== undefined) return [];
  const plans: Plan[] = [];
  for (let index = random.int(0, 2); index > 0; index -= 1) {
    const type = pickType(random);
    const found = findTime(random, calendar, { person, type, from: world.today + 1, to: world.today + aheadDays });
    const status = random.chance(0.6) ? "SC" : random.chance(0.85) ? "CF" : "CX";
    if (found) plans.push({ ...found, person, type, status });
  }
  return plans;
}

/** Every provider at work today has a day in full swing: some done, one in the room, one waiting, the rest to come. */
function todayPlans(world: World, random: Random, calendar: Calendar, people: readonly Person[]): Plan[] {
  const living = shuffle(
    random,
    people.filter(({ deathDay }) => deathDay === undefined),
  );
  const atWork = world.clinic.providers.filter((provider) => calendar.hours(provider, world.today).length > 0);
  return atWork.flatMap((provider) => {
    const plans: Plan[] = [];
    for (let wanted = random.int(6, 9); wanted > 0; wanted -= 1) {
      const person = living.pop();
      const start = calendar.book(provider, world.today, 15);
      if (!person || start === undefined) break;
      plans.push({ person, provider, day: world.today, start, minutes: 15, type: pickQuickType(random), status: "SC" });
    }
    plans.sort((a, b) => a.start - b.start);
    const progress = ["CO", "CO", "RM", "CI"];
    const statusOf = (index: number) => progress[index] ?? random.pick(["SC", "CF", "CF", "CX", "SC"]);
    return plans.map((plan, index) => withStatus(plan, statusOf(index)));
  });
}

const withStatus = (plan: Plan, status: string): Plan => ({ ...plan, status });
const pickType = (random: Random) => random.pick(["FOLL", "FOLL", "FOLL", "PHYS", "URGT", "URGT", "TELE", "PROC"]);
const pickQuickType = (random: Random) => random.pick(["FOLL", "URGT", "TELE"]);
const lengthOf = (type: string) => generalCodes.APTYPE?.find(({ val }) => val === type)?.num ?? 15;

function findTime(
  random: Random,
  calendar: Calendar,
  wish: { person: Person; type: string; from: Day; to: Day },
): Pick<Plan, "provider" | "day" | "start" | "minutes"> | undefined {
  const minutes = lengthOf(wish.type);
  for (let tries = 0; tries < 10; tries += 1) {
    const day = random.int(wish.from, wish.to);
    const start = calendar.book(wish.person.provider, day, minutes);
    if (start !== undefined) return { provider: wish.person.provider, day, start, minutes };
  }
  return undefined;
}

function bookingOf(world: World, random: Random, plan: Plan): Booking {
  const { person, provider, day, start, minutes, type, status } = plan;
  const { patient } = person;
  const aheadOf = type === "URGT" ? random.int(0, 1) : random.int(3, 60);
  const bookedDay = Math.max(Math.min(day, world.today) - aheadOf, Math.min(person.firstDay, day));
  const booked = bookedDay >= day ? wallTime(day, 7 * 60 + 40) : officeTime(random, bookedDay);
  const portal = patient.Email !== "" && type === "FOLL" && random.chance(0.15);
  const by = portal ? "PORTAL" : random.pick(world.clinic.desk);
  const begins = wallTime(day, start);
  const arrived = ["CI", "RM", "CO"].includes(status);
  return {
    person,
    provider,
    row: row("tblAppointment", {
      ApptID: 0,
      PatNo: patient.PatNo,
      PatNm: patientName(patient),
      MRN: patient.MRN,
      PatPhone: patient.HmPhone === "" ? patient.CellPh : patient.HmPhone,
      ProvID: provider.id,
      ProvNm: provider.name,
      LocCd: siteOn(provider, day),
      ApptDt: wallTime(day),
      ApptTm: hhmm(start),
      DurMin: minutes,
      ApptEnd: plusMinutes(begins, minutes),
      ApTypCd: type,
      StatCd: status,
      RsnTx: random.pick(visitReasons[type] ?? ["Follow-up"]),
      CxRsnCd: status === "CX" ? random.pick((generalCodes.CXRSN ?? []).map(({ val }) => val)) : "",
      ChkInTm: arrived ? plusMinutes(begins, -random.int(2, 20)) : null,
      RmndYN: random.chance(0.5) ? "Y" : random.chance(0.2) ? " " : "N",
      SrcCd: portal ? "P" : random.chance(0.03) ? "I" : "F",
      CrtUsr: by,
      CrtDt: booked,
      ModUsr: arrived ? random.pick(world.clinic.desk) : by,
      ModDt: arrived ? begins : booked,
    }),
  };
}

/** At weekends everybody sees patients at the main clinic. */
function siteOn(provider: Provider, day: Day): string {
  const weekday = dayOfWeek(day);
  return weekday === 1 || weekday === 7 ? "MAIN" : provider.site;
}

/** Staff meetings and days out, as rows without a patient. */
function blockedTime(world: World, random: Random, calendar: Calendar): Booking[] {
  const bookings: Booking[] = [];
  for (let day = world.since; day <= world.today + aheadDays; day += 1) {
    for (const provider of world.clinic.providers) {
      if (calendar.hours(provider, day).length < 2) continue;
      const meeting = dayOfWeek(day) === 4 && day > world.today - 14;
      const out = random.chance(0.004);
      if (!meeting && !out) continue;
      const slot = out ? { start: 8 * 60, end: 17 * 60 } : { start: 12 * 60, end: 13 * 60 };
      calendar.block(provider, day, slot);
      bookings.push({
        person: undefined,
        provider,
        row: blockRow(provider, day, slot, out ? "OUT OF OFFICE" : "STAFF MEETING"),
      });
    }
  }
  return bookings;
}

function blockRow(provider: Provider, day: Day, slot: { start: number; end: number }, reason: string) {
  const made = wallTime(day - 30, 16 * 60);
  return row("tblAppointment", {
    ApptID: 0,
    PatNm: reason,
    ProvID: provider.id,
    ProvNm: provider.name,
    LocCd: provider.site,
    ApptDt: wallTime(day),
    ApptTm: hhmm(slot.start),
    DurMin: slot.end - slot.start,
    ApptEnd: wallTime(day, slot.end),
    ApTypCd: "BLCK",
    RsnTx: reason,
    CrtUsr: "ADMIN",
    CrtDt: made,
    ModUsr: "ADMIN",
    ModDt: made,
  });
}

/** One in sixty booked appointments has a second patient squeezed in at the same time, as the front desk allows. */
function overbooked(random: Random, bookings: readonly Booking[]): Booking[] {
  const open = bookings.filter(({ person, row: { StatCd } }) => person && (StatCd === "SC" || StatCd === "CF"));
  return open.flatMap((booking, index) => {
    const other = open[(index * 7 + 3) % open.length];
    if (!random.chance(1 / 20) || !other?.person || other.person === booking.person) return [];
    const { PatNo, PatNm, MRN, PatPhone } = other.row;
    return [
      {
        ...booking,
        person: other.person,
        row: { ...booking.row, PatNo, PatNm, MRN, PatPhone, OvrBkYN: "Y", RsnTx: "Squeeze in" },
      },
    ];
  });
}

/** What an encounter is made of before it has a number. */
export type Arrival = {
  readonly person: Person;
  readonly provider: Provider;
  readonly booking: Booking | undefined;
  readonly type: "AMB" | "TELE" | "EMER" | "IMP";
  readonly begins: WallTime;
  readonly ends: WallTime | undefined;
  readonly reason: string;
};

/** Everybody who came: by appointment, through the emergency room, into the hospital. Sorted by time. */
export function arrivals(world: World, bookings: readonly Booking[], people: readonly Person[]): Arrival[] {
  const random = world.random("arrivals");
  const list = bookings.flatMap((booking) => {
    const { person, provider, row: appointment } = booking;
    if (!person || !["CI", "RM", "CO"].includes(appointment.StatCd)) return [];
    const begins = appointment.ChkInTm ?? appointment.ApptDt;
    const type = appointment.ApTypCd === "TELE" ? ("TELE" as const) : ("AMB" as const);
    return [{ person, provider, booking, type, begins, ends: undefined, reason: appointment.RsnTx }];
  });
  return [...list, ...unplanned(world, random, people)].sort((a, b) =>
    a.begins < b.begins ? -1 : a.begins > b.begins ? 1 : 0,
  );
}

/** Among them one an autumn at 01:30 of the night the clocks go back: an hour that came twice. */
function unplanned(world: World, random: Random, people: readonly Person[]): Arrival[] {
  const list: Arrival[] = [];
  const adults = people.filter(({ deathDay, firstDay }) => deathDay === undefined && firstDay < world.since);
  const provider = random.pick(world.clinic.providers.filter(({ specialty }) => specialty === "INTM"));
  const emergency = (person: Person, begins: WallTime) =>
    list.push({
      person,
      provider,
      booking: undefined,
      type: "EMER",
      begins,
      ends: plusMinutes(begins, 185),
      reason: "Chest pain",
    });
  for (const year of new Set([world.since, world.today].flatMap((day) => [yearOf(day) - 1, yearOf(day)]))) {
    const night = autumnChange(year);
    if (night > world.since && night < world.today && adults.length > 0)
      emergency(random.pick(adults), wallTime(night, 90));
  }
  for (const person of adults) {
    if (random.chance(0.05)) emergency(person, wallTime(random.int(world.since, world.today - 5), random.int(0, 1439)));
    if (!random.chance(0.03)) continue;
    const begins = wallTime(random.int(world.since, world.today - 12), random.int(0, 1439));
    const ends = plusMinutes(begins, random.int(2, 6) * 1440);
    list.push({ person, provider, booking: undefined, type: "IMP", begins, ends, reason: "Admitted: pneumonia" });
  }
  return list;
}

const yearOf = (day: Day): number => Number(wallTime(day).slice(0, 4));
