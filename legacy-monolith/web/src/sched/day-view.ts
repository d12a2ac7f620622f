/** The day grid: a column a provider, a row every fifteen minutes, grey where nobody works, a link to book where it is free. */

import {
  addDays,
  type Answer,
  type Html,
  html,
  link,
  p,
  type PageContext,
  urlEncode,
  usDate,
  usTime,
  wallMidnight,
} from "../kit/index.ts";
import { type Appointment, appointmentColumns, queryDate } from "./appointment.ts";
import { type Hours, minuteOf, timeOf } from "./slots.ts";

const stepMinutes = 15;
/** The grid shows at least these hours; appointments outside stretch it. */
const opens = 8 * 60;
const closes = 17 * 60;

type Provider = { ProvID: string; ProvNm: string };
type ProviderHours = Hours & { readonly ProvID: string };

export async function dayView(ctx: PageContext): Promise<Answer> {
  const day = queryDate(ctx, "dt") ?? wallMidnight(ctx.now());
  const prov = ctx.query("prov").trim().slice(0, 8);
  const loc = (ctx.query("loc").trim() || ctx.session.LocCd).slice(0, 4);
  const appointments = await readDay(ctx, day, prov, loc);
  const hours = await readDayHours(ctx, day, prov, loc);
  const providers = await readProviders(ctx, appointments, hours);
  const chooser = await locationLinks(ctx, day, prov, loc);
  const move = (days: number, text: string): Html =>
    link(`/Sched/DayView.aspx?dt=${usDate(addDays(day, days))}&prov=${urlEncode(prov)}&loc=${urlEncode(loc)}`, text);
  const weekday = day.toLocaleDateString("en-US", { weekday: "long", timeZone: "UTC" });
  const feed =
    prov === ""
      ? ""
      : html` | <a href="/Handlers/ApptFeed.ashx?prov=${urlEncode(prov)}&amp;key=${ctx.server.feedKey(prov)}">Calendar feed</a>`;
  const body = html`<p>${move(-7, "<< Week")} ${move(-1, "< Prev")} <b id="ctl00_cph_lblDay">${weekday} ${usDate(day)}</b> ${move(1, "Next >")} ${move(7, "Week >>")}
 | <a href="/Sched/DayView.aspx">Today</a>${prov === "" ? "" : html` | ${link(`/Sched/DayView.aspx?dt=${usDate(day)}&loc=${urlEncode(loc)}`, "All providers")}`}${feed}</p>
<p>Site: ${chooser}</p>
${providers.length === 0 ? html`<p>No providers scheduled.</p>` : dayGrid(day, loc, providers, appointments, hours)}`;
  return ctx.page({ title: "Schedule", body });
}

function readDay(ctx: PageContext, day: Date, prov: string, loc: string): Promise<Appointment[]> {
  return ctx.db.query<Appointment>(
    `SELECT ${appointmentColumns} FROM tblAppointment
     WHERE ApptDt = @dt AND LocCd = @loc AND (@prov = '' OR ProvID = @prov) AND DelYN <> 'Y' AND StatCd <> 'CX'
     ORDER BY ProvID, ApptTm, ApptID`,
    { dt: p.datetime(day), loc: p.char(4, loc), prov: p.varchar(8, prov) },
  );
}

function readDayHours(ctx: PageContext, day: Date, prov: string, loc: string): Promise<ProviderHours[]> {
  return ctx.db.query<ProviderHours>(
    `SELECT ProvID, LocCd, DOW, StartTm, EndTm, SlotMin, ApTyLst, EffDt, TermDt FROM PROVSCHED
     WHERE LocCd = @loc AND DOW = @dow AND EffDt <= @dt AND TermDt >= @dt AND (@prov = '' OR ProvID = @prov)
     ORDER BY ProvID, StartTm`,
    { dt: p.datetime(day), dow: p.tinyint(day.getUTCDay() + 1), loc: p.char(4, loc), prov: p.varchar(8, prov) },
  );
}

/** Who works or is booked that day, by name. */
async function readProviders(
  ctx: PageContext,
  appointments: readonly Appointment[],
  hours: readonly ProviderHours[],
): Promise<Provider[]> {
  const ids = new Set([...appointments.map((row) => row.ProvID), ...hours.map((row) => row.ProvID)]);
  const all = await ctx.db.query<{ UsrID: string; UsrNm: string }>(
    "SELECT UsrID, UsrNm FROM USRMST WHERE ProvYN = 'Y' ORDER BY UsrNm, UsrID",
  );
  return all.filter((row) => ids.has(row.UsrID)).map((row) => ({ ProvID: row.UsrID, ProvNm: row.UsrNm }));
}

async function locationLinks(ctx: PageContext, day: Date, prov: string, loc: string): Promise<Html> {
  const sites = await ctx.db.query<{ LocCd: string; LocNm: string }>(
    "SELECT LocCd, LocNm FROM CLINLOC WHERE ActvYN = 'Y' ORDER BY LocNm, LocCd",
  );
  return html`${sites.map((site) =>
    site.LocCd === loc
      ? html`<b>${site.LocNm}</b> `
      : html`${link(`/Sched/DayView.aspx?dt=${usDate(day)}&prov=${urlEncode(prov)}&loc=${urlEncode(site.LocCd)}`, site.LocNm)} `,
  )}`;
}

function dayGrid(
  day: Date,
  loc: string,
  providers: readonly Provider[],
  appointments: readonly Appointment[],
  hours: readonly ProviderHours[],
): Html {
  const starts = [
    opens,
    ...appointments.map((row) => minuteOf(row.ApptTm)),
    ...hours.map((row) => minuteOf(row.StartTm)),
  ];
  const ends = [
    closes,
    ...appointments.map((row) => minuteOf(row.ApptTm) + row.DurMin),
    ...hours.map((row) => minuteOf(row.EndTm)),
  ];
  const first = Math.floor(Math.min(...starts) / stepMinutes) * stepMinutes;
  const last = Math.min(Math.max(...ends), 24 * 60);
  const lines: Html[] = [];
  for (let minute = first; minute < last; minute += stepMinutes) {
    const cells = providers.map((provider) =>
      cell(
        day,
        loc,
        provider,
        minute,
        appointments.filter((row) => row.ProvID === provider.ProvID),
        hours.filter((row) => row.ProvID === provider.ProvID),
      ),
    );
    lines.push(html`<tr><td class="tm">${usTime(timeOf(minute))}</td>${cells}</tr>
`);
  }
  return html`<table class="day" cellspacing="0" id="ctl00_cph_tblDay"><tr><th>Time</th>${providers.map(
    (provider) => html`<th>${provider.ProvNm}</th>`,
  )}</tr>
${lines}</table>`;
}

function cell(
  day: Date,
  loc: string,
  provider: Provider,
  minute: number,
  appointments: readonly Appointment[],
  hours: readonly Hours[],
): Html {
  const here = appointments.filter((row) => {
    const start = minuteOf(row.ApptTm);
    return start < minute + stepMinutes && minute < start + row.DurMin;
  });
  if (here.length > 0) {
    const beginning = here.filter((row) => minuteOf(row.ApptTm) >= minute);
    return html`<td class="${cellClass(here)}">${beginning.map(entry)}</td>`;
  }
  const works = hours.some((row) => minuteOf(row.StartTm) <= minute && minute < minuteOf(row.EndTm));
  if (!works) return html`<td class="off">&nbsp;</td>`;
  const url = `/Sched/ApptEdit.aspx?dt=${usDate(day)}&tm=${timeOf(minute)}&prov=${urlEncode(provider.ProvID)}&loc=${urlEncode(loc)}`;
  return html`<td><a href="${url}" title="Book">+</a></td>`;
}

function cellClass(here: readonly Appointment[]): string {
  if (here.every((row) => row.PatNo === null)) return "blk";
  if (here.some((row) => ["CI", "RM", "CO"].includes(row.StatCd))) return "ci";
  return here.every((row) => row.StatCd === "NS") ? "ns" : "appt";
}

function entry(row: Appointment): Html {
  const what = row.PatNo === null ? row.RsnTx || "BLOCKED" : row.PatNm;
  return html`<div><a href="/Sched/ApptEdit.aspx?aid=${row.ApptID}">${usTime(row.ApptTm)} ${what}</a> ${row.PatNo === null ? "" : `${row.ApTypCd} [${row.StatCd}]`}${row.OvrBkYN === "Y" ? html` <b>OB</b>` : ""}</div>`;
}
