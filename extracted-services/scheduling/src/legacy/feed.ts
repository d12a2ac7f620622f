/**
 * A provider's appointments as iCalendar, for calendar programs that send no cookie: a key in the address stands for the
 * log-in. Times are floating (no zone), as the old handler wrote them. Without the key the handler is closed like any other.
 */

import {
  addDays,
  addMinutes,
  type Answer,
  atTime,
  redirect,
  sameSecret,
  urlEncode,
  wallMidnight,
  wallToInstant,
} from "@banyan/service-kit/legacy";
import ical, { ICalCalendarMethod } from "ical-generator";
import { slotDaysMax } from "../limits.ts";
import { calendarOf } from "../store/appointments.ts";
import type { ScheduleContext } from "./context.ts";
import { changedAt, dayOf, legacyTerms, queryDate } from "./terms.ts";

/** Days the feed shows when `to` is not given. */
const daysAhead = 14;

type Entries = Awaited<ReturnType<typeof calendarOf>>;

/** @param feedKey key of a provider's feed */
export function appointmentFeed(feedKey: (provider: string) => string): (ctx: ScheduleContext) => Promise<Answer> {
  return async (ctx) => {
    const provider = ctx.query("prov").trim();
    if (provider === "" || !sameSecret(ctx.query("key").trim(), feedKey(provider))) {
      await ctx.authorise({ action: "schedule.feed-without-key" });
      return redirect(`/Login.aspx?ReturnUrl=${urlEncode(ctx.self.path)}`);
    }
    const from = queryDate(ctx, "from") ?? wallMidnight(ctx.now());
    const wanted = queryDate(ctx, "to") ?? addDays(from, daysAhead);
    const to = new Date(Math.min(wanted.getTime(), addDays(from, slotDaysMax).getTime()));
    const days = { provider: provider.slice(0, 8), from: dayOf(from), to: dayOf(to) };
    await ctx.authorise({
      action: "schedule.feed",
      query: `provider=${days.provider}&from=${days.from}&to=${days.to}`,
    });
    const entries = await calendarOf(ctx.store, days);
    return {
      status: 200,
      contentType: "text/calendar; charset=utf-8",
      body: calendar(provider.toUpperCase(), entries),
    };
  };
}

/** The generator writes a Date's UTC fields, which for a wall date are the local time; `floating` leaves the zone out. */
function calendar(provider: string, entries: Entries): string {
  const feed = ical({
    name: `Schedule ${provider}`,
    method: ICalCalendarMethod.PUBLISH,
    prodId: { company: "EHR", product: "Clinical System 6.2" },
  });
  for (const appointment of entries) {
    const row = legacyTerms(appointment);
    const start = atTime(row.ApptDt, row.ApptTm);
    feed.createEvent({
      id: `appt-${row.ApptID}@ehrprod`,
      start,
      end: addMinutes(start, row.DurMin),
      floating: true,
      stamp: wallToInstant(changedAt(appointment)),
      summary: row.PatNo === null ? row.RsnTx || "BLOCKED" : `${row.ApTypCd} ${row.PatNm}`,
      description: row.RsnTx,
      location: appointment.siteName ?? row.LocCd,
    });
  }
  return feed.toString();
}
