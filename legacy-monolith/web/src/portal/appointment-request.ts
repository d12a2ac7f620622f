/** An appointment request, read, checked against the provider's schedule, and booked as source P with a message to the desk. */

import { randomUUID } from "node:crypto";
import { p, type PageContext, parseTime, parseUsDate, type Sql, usDate, usTime, wallMidnight } from "../kit/index.ts";
import { requestDaysAheadMax } from "../limits.ts";
import type { PortalPatient } from "./portal-patient.ts";

export type AppointmentRequest = {
  readonly provId: string;
  readonly day: Date;
  /** HHMM. */
  readonly time: string;
  readonly reason: string;
};

export type AppointmentRequestRead =
  | { readonly ok: true; readonly request: AppointmentRequest }
  | { readonly ok: false; readonly error: string };

export function readAppointmentRequest(ctx: Pick<PageContext, "field">, now: Date): AppointmentRequestRead {
  const refuse = (error: string): AppointmentRequestRead => ({ ok: false, error });
  const provId = ctx.field("ddlProv").trim().toUpperCase();
  if (provId === "" || provId.length > 8) return refuse("Please choose a provider.");
  const day = parseUsDate(ctx.field("txtDt"));
  if (!day) return refuse("Please enter the date as MM/DD/YYYY.");
  const time = parseTime(ctx.field("txtTm"));
  if (time === undefined) return refuse("Please enter a time, for example 9:30 AM.");
  const daysAhead = (day.getTime() - wallMidnight(now).getTime()) / 86_400_000;
  if (daysAhead < 1) return refuse("Please choose a day after today.");
  if (daysAhead > requestDaysAheadMax) return refuse("Appointments can be requested for the next six months only.");
  return { ok: true, request: { provId, day, time, reason: ctx.field("txtRsn").trim().slice(0, 100) } };
}

export type Hours = {
  readonly LocCd: string;
  readonly StartTm: string;
  readonly EndTm: string;
  readonly SlotMin: number;
};

/** The provider's hours of the request's week day. DOW 1 is Sunday. */
export function providerHours(sql: Sql, request: AppointmentRequest): Promise<Hours[]> {
  return sql.query<Hours>(
    `SELECT LocCd, StartTm, EndTm, SlotMin FROM PROVSCHED
     WHERE ProvID = @prov AND DOW = @dow AND EffDt <= @day AND TermDt >= @day ORDER BY StartTm`,
    {
      prov: p.char(8, request.provId),
      dow: p.tinyint(request.day.getUTCDay() + 1),
      day: p.datetime(request.day),
    },
  );
}

const minutes = (hhmm: string): number => Number(hhmm.slice(0, 2)) * 60 + Number(hhmm.slice(2, 4));

/** The hours that hold the wanted time as the start of a slot. */
export function slotAt(hours: readonly Hours[], time: string): Hours | undefined {
  return hours.find((one) => {
    const into = minutes(time) - minutes(one.StartTm);
    return into >= 0 && into % one.SlotMin === 0 && minutes(time) + one.SlotMin <= minutes(one.EndTm);
  });
}

/** Books and tells the desk. TR_APPT_IU refuses a taken slot with SLOT TAKEN. */
export async function requestAppointment(
  tx: Sql,
  ctx: PageContext,
  { patient, request, slot }: { patient: PortalPatient; request: AppointmentRequest; slot: Hours },
): Promise<void> {
  const now = ctx.now();
  const apptId = await tx.insertIdentity(
    `INSERT INTO tblAppointment (PatNo, ProvID, LocCd, ApptDt, ApptTm, DurMin, ApTypCd, StatCd, RsnTx, SrcCd, CrtUsr, CrtDt,
       ModUsr, ModDt)
     VALUES (@pat, @prov, @loc, @day, @tm, @dur, 'FOLL', 'SC', @rsn, 'P', 'PORTAL', @now, 'PORTAL', @now)`,
    {
      pat: p.int(patient.PatNo),
      prov: p.char(8, request.provId),
      loc: p.char(4, slot.LocCd),
      day: p.datetime(request.day),
      tm: p.char(4, request.time),
      dur: p.smallint(slot.SlotMin),
      rsn: p.varchar(100, request.reason),
      now: p.datetime(now),
    },
  );
  await tx.execute(
    `INSERT INTO PORTAL_MSG (ThreadId, PatNo, FromType, FromId, ToId, MsgType, Subject, Body, RefKey, SentOn)
     VALUES (@thread, @pat, 'P', @from, 'FRONTDESK', 'APRQ', @subject, @body, @key, @now)`,
    {
      thread: p.guid(randomUUID()),
      pat: p.int(patient.PatNo),
      from: p.varchar(20, String(ctx.portal.portalUserId)),
      subject: p.nvarchar(150, `Appointment request ${usDate(request.day)} ${usTime(request.time)}`),
      body: p.ntext(request.reason),
      key: p.varchar(20, String(apptId)),
      now: p.datetime(now),
    },
  );
}
