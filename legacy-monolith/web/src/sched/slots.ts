/**
 * Free time of a provider: the hours of PROVSCHED less what is booked or blocked in tblAppointment. A slot begins on the
 * schedule's own step and is as long as the appointment type takes. Pure but for the two reads at the end.
 */

import { addDays, p, type Sql } from "../kit/index.ts";

export type Hours = {
  readonly LocCd: string;
  /** 1 = Sunday. */
  readonly DOW: number;
  readonly StartTm: string;
  readonly EndTm: string;
  readonly SlotMin: number;
  /** `NEWP,FOLL`; empty allows every type. */
  readonly ApTyLst: string;
  readonly EffDt: Date;
  readonly TermDt: Date;
};

export type Busy = { readonly ApptDt: Date; readonly ApptTm: string; readonly DurMin: number };

export type Slot = {
  readonly LocCd: string;
  readonly Dt: Date;
  /** HHMM */
  readonly Tm: string;
  readonly DurMin: number;
};

export const minuteOf = (hhmm: string): number => Number(hhmm.slice(0, 2)) * 60 + Number(hhmm.slice(2, 4));
export const timeOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}${String(minute % 60).padStart(2, "0")}`;

/** Hours that apply on a day. */
function hoursOn(day: Date, hours: readonly Hours[]): Hours[] {
  return hours.filter(
    (row) =>
      row.DOW === day.getUTCDay() + 1 && row.EffDt.getTime() <= day.getTime() && row.TermDt.getTime() >= day.getTime(),
  );
}

/** Free slots of one day, in order of time. @param minutes how long the appointment takes; 0 takes the schedule's own step. */
export function freeSlots(
  day: Date,
  type: string,
  minutes: number,
  hours: readonly Hours[],
  busy: readonly Busy[],
): Slot[] {
  const taken = busy
    .filter((row) => row.ApptDt.getTime() === day.getTime())
    .map((row) => ({ start: minuteOf(row.ApptTm), end: minuteOf(row.ApptTm) + row.DurMin }));
  const slots: Slot[] = [];
  for (const row of hoursOn(day, hours)) {
    if (!allows(row, type)) continue;
    const length = minutes > 0 ? minutes : row.SlotMin;
    const end = minuteOf(row.EndTm);
    const step = Math.max(row.SlotMin, 1);
    for (let start = minuteOf(row.StartTm); start + length <= end; start += step) {
      if (taken.some((one) => start < one.end && one.start < start + length)) continue;
      slots.push({ LocCd: row.LocCd, Dt: day, Tm: timeOf(start), DurMin: length });
    }
  }
  return slots.sort((a, b) => (a.Tm < b.Tm ? -1 : a.Tm > b.Tm ? 1 : 0));
}

function allows(hours: Hours, type: string): boolean {
  const types = hours.ApTyLst.split(",").map((one) => one.trim().toUpperCase());
  return type === "" || hours.ApTyLst.trim() === "" || types.includes(type.toUpperCase());
}

/** @param where.loc "" for every site. */
export function readHours(sql: Sql, where: { prov: string; loc: string; from: Date; to: Date }): Promise<Hours[]> {
  return sql.query<Hours>(
    `SELECT LocCd, DOW, StartTm, EndTm, SlotMin, ApTyLst, EffDt, TermDt FROM PROVSCHED
     WHERE ProvID = @prov AND (@loc = '' OR LocCd = @loc) AND EffDt <= @to AND TermDt >= @from ORDER BY DOW, StartTm, LocCd`,
    {
      prov: p.char(8, where.prov),
      loc: p.varchar(4, where.loc),
      from: p.datetime(where.from),
      to: p.datetime(where.to),
    },
  );
}

/** What takes a provider's time, at whatever site. */
export function readBusy(sql: Sql, where: { prov: string; from: Date; to: Date }): Promise<Busy[]> {
  return sql.query<Busy>(
    `SELECT ApptDt, ApptTm, DurMin FROM tblAppointment
     WHERE ProvID = @prov AND ApptDt >= @from AND ApptDt <= @to AND DelYN <> 'Y' AND StatCd NOT IN ('CX', 'NS')`,
    { prov: p.char(8, where.prov), from: p.datetime(where.from), to: p.datetime(where.to) },
  );
}

/** Days from `from` to `to`, both included, at most `daysMax`. */
export function daysBetween(from: Date, to: Date, daysMax: number): Date[] {
  const days: Date[] = [];
  for (let day = from; day.getTime() <= to.getTime() && days.length < daysMax; day = addDays(day, 1)) days.push(day);
  return days;
}
