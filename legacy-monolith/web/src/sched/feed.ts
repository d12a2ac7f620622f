/**
 * A provider's appointments as iCalendar for a telephone's subscription: a key in the URL in place of a cookie, and floating
 * local times, as the old handler wrote them. Without the key the handler is closed like any other.
 */

import ical, { ICalCalendarMethod } from "ical-generator";
import {
  addDays,
  addMinutes,
  type Answer,
  atTime,
  p,
  type PageContext,
  redirect,
  sameSecret,
  urlEncode,
  wallMidnight,
  wallToInstant,
} from "../kit/index.ts";
import { slotDaysMax } from "../limits.ts";
import { queryDate } from "./appointment.ts";

/** Days the feed shows when `to` is not given. */
const daysAhead = 14;

type FeedRow = {
  ApptID: number;
  PatNo: number | null;
  PatNm: string;
  ApptDt: Date;
  ApptTm: string;
  DurMin: number;
  ApTypCd: string;
  RsnTx: string;
  LocNm: string | null;
  LocCd: string;
  ModDt: Date;
};

export async function appointmentFeed(ctx: PageContext): Promise<Answer> {
  const prov = ctx.query("prov").trim();
  if (prov === "" || !sameSecret(ctx.query("key").trim(), ctx.server.feedKey(prov))) {
    return redirect(`/Login.aspx?ReturnUrl=${urlEncode(ctx.self.path)}`);
  }
  const from = queryDate(ctx, "from") ?? wallMidnight(ctx.now());
  const wanted = queryDate(ctx, "to") ?? addDays(from, daysAhead);
  const to = new Date(Math.min(wanted.getTime(), addDays(from, slotDaysMax).getTime()));
  const rows = await ctx.db.query<FeedRow>(
    `SELECT a.ApptID, a.PatNo, a.PatNm, a.ApptDt, a.ApptTm, a.DurMin, a.ApTypCd, a.RsnTx, l.LocNm, a.LocCd, a.ModDt
     FROM tblAppointment AS a LEFT JOIN CLINLOC AS l ON l.LocCd = a.LocCd
     WHERE a.ProvID = @prov AND a.ApptDt >= @from AND a.ApptDt <= @to AND a.DelYN <> 'Y' AND a.StatCd NOT IN ('CX', 'NS')
     ORDER BY a.ApptDt, a.ApptTm, a.ApptID`,
    { prov: p.char(8, prov), from: p.datetime(from), to: p.datetime(to) },
  );
  return {
    status: 200,
    contentType: "text/calendar; charset=utf-8",
    body: calendarOf(prov.toUpperCase(), rows),
  };
}

/** The generator writes a Date's UTC fields, which for a wall date are the local time; `floating` leaves the zone out. */
function calendarOf(prov: string, rows: readonly FeedRow[]): string {
  const calendar = ical({
    name: `Schedule ${prov}`,
    method: ICalCalendarMethod.PUBLISH,
    prodId: { company: "EHR", product: "Clinical System 6.2" },
  });
  for (const row of rows) {
    const start = atTime(row.ApptDt, row.ApptTm);
    calendar.createEvent({
      id: `appt-${row.ApptID}@ehrprod`,
      start,
      end: addMinutes(start, row.DurMin),
      floating: true,
      stamp: wallToInstant(row.ModDt),
      summary: row.PatNo === null ? row.RsnTx || "BLOCKED" : `${row.ApTypCd} ${row.PatNm}`,
      description: row.RsnTx,
      location: row.LocNm ?? row.LocCd,
    });
  }
  return calendar.toString();
}
