/** The day grid: a column a provider, a row every fifteen minutes, grey where nobody works, a link to book where it is free. */

import {
  addDays,
  type Answer,
  type Html,
  html,
  link,
  urlEncode,
  usDate,
  usTime,
  wallMidnight,
} from "@banyan/service-kit/legacy";
import { minuteOf as minuteOfTime, type WorkingHours } from "../domain/free-slots.ts";
import { appointmentsOfDay } from "../store/appointments.ts";
import { listProviders, listSites, type Provider } from "../store/directory.ts";
import { workingHoursOn } from "../store/working-hours.ts";
import type { ScheduleContext } from "./context.ts";
import { dayOf, type LegacyAppointment, legacyTerms, minuteOf, queryDate } from "./terms.ts";

const stepMinutes = 15;
/** The grid shows at least these hours; appointments outside stretch it. */
const opens = 8 * 60;
const closes = 17 * 60;

const weekdayName = new Intl.DateTimeFormat("en-US", { weekday: "long", timeZone: "UTC" });

/** @param feedKey key of a provider's calendar feed */
export function dayView(feedKey: (provider: string) => string): (ctx: ScheduleContext) => Promise<Answer> {
  return async (ctx) => {
    const day = queryDate(ctx, "dt") ?? wallMidnight(ctx.now());
    const prov = ctx.query("prov").trim().slice(0, 8);
    const loc = (ctx.query("loc").trim() || ctx.session.LocCd).slice(0, 4);
    await ctx.authorise({
      action: "schedule.view",
      site: loc,
      query: `day=${dayOf(day)}&site=${loc}&provider=${prov}`,
    });
    const where = { day: dayOf(day), site: loc, provider: prov };
    const appointments = (await appointmentsOfDay(ctx.store, where)).map(legacyTerms);
    const hours = await workingHoursOn(ctx.store, where);
    const providers = await providersOf(ctx, appointments, hours);
    const chooser = await siteLinks(ctx, day, prov, loc);
    const move = (days: number, text: string): Html =>
      link(`/Sched/DayView.aspx?dt=${usDate(addDays(day, days))}&prov=${urlEncode(prov)}&loc=${urlEncode(loc)}`, text);
    const feed =
      prov === ""
        ? ""
        : html` | <a href="/Handlers/ApptFeed.ashx?prov=${urlEncode(prov)}&amp;key=${feedKey(prov)}">Calendar feed</a>`;
    const body = html`<p>${move(-7, "<< Week")} ${move(-1, "< Prev")} <b id="ctl00_cph_lblDay">${weekdayName.format(day)} ${usDate(day)}</b> ${move(1, "Next >")} ${move(7, "Week >>")}
 | <a href="/Sched/DayView.aspx">Today</a>${prov === "" ? "" : html` | ${link(`/Sched/DayView.aspx?dt=${usDate(day)}&loc=${urlEncode(loc)}`, "All providers")}`}${feed}</p>
<p>Site: ${chooser}</p>
${providers.length === 0 ? html`<p>No providers scheduled.</p>` : dayGrid(day, loc, columnsOf(providers, appointments, hours))}`;
    return ctx.page({ title: "Schedule", body });
  };
}

/** Who works or is booked that day, by name. */
async function providersOf(
  ctx: ScheduleContext,
  appointments: readonly LegacyAppointment[],
  hours: readonly WorkingHours[],
): Promise<Provider[]> {
  const ids = new Set([...appointments.map((row) => row.ProvID), ...hours.map((row) => row.provider)]);
  const all = await listProviders(ctx.store, { activeOnly: false });
  return all.filter((provider) => ids.has(provider.id));
}

async function siteLinks(ctx: ScheduleContext, day: Date, prov: string, loc: string): Promise<Html> {
  const sites = await listSites(ctx.store);
  return html`${sites.map((site) =>
    site.code === loc
      ? html`<b>${site.name}</b> `
      : html`${link(`/Sched/DayView.aspx?dt=${usDate(day)}&prov=${urlEncode(prov)}&loc=${urlEncode(site.code)}`, site.name)} `,
  )}`;
}

type Shift = { readonly start: number; readonly end: number };
type Column = {
  readonly provider: Provider;
  readonly appointments: readonly LegacyAppointment[];
  readonly shifts: readonly Shift[];
};

function columnsOf(
  providers: readonly Provider[],
  appointments: readonly LegacyAppointment[],
  hours: readonly WorkingHours[],
): Column[] {
  return providers.map((provider) => ({
    provider,
    appointments: appointments.filter((row) => row.ProvID === provider.id),
    shifts: hours.filter((row) => row.provider === provider.id).flatMap(shiftOf),
  }));
}

const shiftOf = ({ start, end }: WorkingHours): Shift[] =>
  start === null || end === null ? [] : [{ start: minuteOfTime(start), end: minuteOfTime(end) }];

function dayGrid(day: Date, loc: string, columns: readonly Column[]): Html {
  const spans = columns.flatMap(({ appointments, shifts }) => [
    ...shifts,
    ...appointments.map((row) => ({ start: minuteOf(row.ApptTm), end: minuteOf(row.ApptTm) + row.DurMin })),
  ]);
  const first = Math.floor(Math.min(opens, ...spans.map(({ start }) => start)) / stepMinutes) * stepMinutes;
  const last = Math.min(Math.max(closes, ...spans.map(({ end }) => end)), 24 * 60);
  const lines: Html[] = [];
  for (let minute = first; minute < last; minute += stepMinutes) {
    const cells = columns.map((column) => cell(day, loc, column, minute));
    lines.push(html`<tr><td class="tm">${usTime(clockOf(minute))}</td>${cells}</tr>
`);
  }
  return html`<table class="day" cellspacing="0" id="ctl00_cph_tblDay"><tr><th>Time</th>${columns.map(
    ({ provider }) => html`<th>${provider.name}</th>`,
  )}</tr>
${lines}</table>`;
}

/** `HHMM` */
const clockOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}${String(minute % 60).padStart(2, "0")}`;

function cell(day: Date, loc: string, { provider, appointments, shifts }: Column, minute: number): Html {
  const here = appointments.filter((row) => {
    const start = minuteOf(row.ApptTm);
    return start < minute + stepMinutes && minute < start + row.DurMin;
  });
  if (here.length > 0) {
    const beginning = here.filter((row) => minuteOf(row.ApptTm) >= minute);
    return html`<td class="${cellClass(here)}">${beginning.map(entry)}</td>`;
  }
  if (!shifts.some((shift) => shift.start <= minute && minute < shift.end)) return html`<td class="off">&nbsp;</td>`;
  const url = `/Sched/ApptEdit.aspx?dt=${usDate(day)}&tm=${clockOf(minute)}&prov=${urlEncode(provider.id)}&loc=${urlEncode(loc)}`;
  return html`<td><a href="${url}" title="Book">+</a></td>`;
}

function cellClass(here: readonly LegacyAppointment[]): string {
  if (here.every((row) => row.PatNo === null)) return "blk";
  if (here.some((row) => ["CI", "RM", "CO"].includes(row.StatCd))) return "ci";
  return here.every((row) => row.StatCd === "NS") ? "ns" : "appt";
}

function entry(row: LegacyAppointment): Html {
  const what = row.PatNo === null ? row.RsnTx || "BLOCKED" : row.PatNm;
  return html`<div><a href="/Sched/ApptEdit.aspx?aid=${row.ApptID}">${usTime(row.ApptTm)} ${what}</a> ${row.PatNo === null ? "" : `${row.ApTypCd} [${row.StatCd}]`}${row.OvrBkYN === "Y" ? html` <b>OB</b>` : ""}</div>`;
}
