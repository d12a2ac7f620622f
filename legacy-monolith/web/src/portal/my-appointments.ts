/** A patient's appointments, and the form that asks for another. */

import {
  type Answer,
  button,
  details,
  dropDown,
  grid,
  type Html,
  html,
  p,
  type Page,
  type PageContext,
  panel,
  redirect,
  SqlFailure,
  textBox,
  usDate,
  usTime,
  wallMidnight,
} from "../kit/index.ts";
import { providerHours, readAppointmentRequest, requestAppointment, slotAt } from "./appointment-request.ts";
import { type PortalPatient, whoseRecord, withPortalPatient } from "./portal-patient.ts";

const path = "/Portal/MyAppts.aspx";

export const myAppointmentsPage: Page = {
  path,
  module: "portal",
  kind: "html",
  access: "portal",
  get: (ctx) => withPortalPatient(ctx, (patient) => show(ctx, patient)),
  post: (ctx) => withPortalPatient(ctx, (patient) => post(ctx, patient)),
};

type ApptRow = {
  readonly ApptDt: Date;
  readonly ApptTm: string;
  readonly ProvNm: string;
  readonly LocNm: string | null;
  readonly LocCd: string;
  readonly StatCd: string;
  readonly RsnTx: string;
};

const statuses: Readonly<Record<string, string>> = {
  SC: "Scheduled",
  CF: "Confirmed",
  CI: "Checked in",
  RM: "In room",
  CO: "Completed",
  NS: "Missed",
  CX: "Cancelled",
};

async function show(ctx: PageContext, patient: PortalPatient, error?: string): Promise<Answer> {
  const today = wallMidnight(ctx.now());
  const rows = await ctx.db.query<ApptRow>(
    `SELECT TOP (100) a.ApptDt, a.ApptTm, a.ProvNm, l.LocNm, a.LocCd, a.StatCd, a.RsnTx FROM tblAppointment a
     LEFT JOIN CLINLOC l ON l.LocCd = a.LocCd
     WHERE a.PatNo = @pat AND a.DelYN <> 'Y' ORDER BY a.ApptDt DESC, a.ApptTm DESC`,
    { pat: p.int(patient.PatNo) },
  );
  const coming = rows.filter((row) => row.ApptDt >= today).toReversed();
  const past = rows.filter((row) => row.ApptDt < today);
  const body = html`${await whoseRecord(ctx, patient)}
${panel("Upcoming appointments", apptGrid("gvNext", coming))}
${panel("Request an appointment", await requestForm(ctx, patient))}
${panel("Past appointments", apptGrid("gvPast", past))}`;
  return ctx.page({ title: "My Appointments", body, ...(error === undefined ? {} : { error }) });
}

function apptGrid(id: string, rows: readonly ApptRow[]): Html {
  return grid({
    id,
    columns: [
      { header: "Date" },
      { header: "Time" },
      { header: "Provider" },
      { header: "Location" },
      { header: "Reason" },
      { header: "Status" },
    ],
    rows: rows.map((row) => [
      usDate(row.ApptDt),
      usTime(row.ApptTm),
      row.ProvNm,
      row.LocNm ?? row.LocCd,
      row.RsnTx,
      statuses[row.StatCd] ?? row.StatCd,
    ]),
    empty: "None.",
  });
}

async function requestForm(ctx: PageContext, patient: PortalPatient): Promise<Html> {
  const providers = await ctx.db.query<{ UsrID: string; UsrNm: string }>(
    `SELECT u.UsrID, u.UsrNm FROM USRMST u WHERE u.ProvYN = 'Y' AND u.ActvYN = 'Y'
       AND EXISTS (SELECT * FROM PROVSCHED s WHERE s.ProvID = u.UsrID AND s.TermDt >= @now) ORDER BY u.UsrNm`,
    { now: p.datetime(ctx.now()) },
  );
  const choices = providers.map((row) => ({ value: row.UsrID, text: row.UsrNm }));
  return ctx.form(
    html`${details([
      ["Provider", dropDown("ddlProv", choices, ctx.field("ddlProv") || patient.PCPID, "- choose -")],
      ["Date", textBox("txtDt", ctx.field("txtDt"), { size: 10, maxLength: 10 })],
      ["Time", textBox("txtTm", ctx.field("txtTm"), { size: 8, maxLength: 8 })],
      ["Reason", textBox("txtRsn", ctx.field("txtRsn"), { size: 60, maxLength: 100 })],
    ])}<div class="btns">${button("btnRequest", "Request appointment")}</div>`,
    { action: path },
  );
}

async function post(ctx: PageContext, patient: PortalPatient): Promise<Answer> {
  const read = readAppointmentRequest(ctx, ctx.now());
  if (!read.ok) return show(ctx, patient, read.error);
  const { request } = read;
  const slot = slotAt(await providerHours(ctx.db, request), request.time);
  if (!slot) return show(ctx, patient, "The provider does not see patients at that time.");
  try {
    await ctx.db.transaction((tx) => requestAppointment(tx, ctx, { patient, request, slot }));
  } catch (error) {
    if (!(error instanceof SqlFailure) || error.raised === undefined) throw error;
    return show(ctx, patient, "That time is no longer available. Please choose another.");
  }
  return redirect(`${path}?msg=REQUESTED`);
}
