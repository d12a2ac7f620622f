/** Reads and writes of one appointment that several pages share, and what a full slot looks like to them. */

import {
  type Answer,
  html,
  p,
  type PageContext,
  FormatFailure,
  parseUsDate,
  type Sql,
  SqlFailure,
  usDate,
} from "../kit/index.ts";

export type Appointment = {
  readonly ApptID: number;
  /** Null: blocked time. */
  readonly PatNo: number | null;
  readonly PatNm: string;
  readonly MRN: string;
  readonly PatPhone: string;
  readonly ProvID: string;
  readonly ProvNm: string;
  readonly LocCd: string;
  readonly ApptDt: Date;
  readonly ApptTm: string;
  readonly DurMin: number;
  readonly ApTypCd: string;
  readonly StatCd: string;
  readonly RsnTx: string;
  readonly OvrBkYN: string;
  readonly CxRsnCd: string;
  readonly ChkInTm: Date | null;
  readonly EncNo: number | null;
};

export const appointmentColumns =
  "ApptID, PatNo, PatNm, MRN, PatPhone, ProvID, ProvNm, LocCd, ApptDt, ApptTm, DurMin, ApTypCd, StatCd, RsnTx, OvrBkYN, CxRsnCd, ChkInTm, EncNo";

/** An appointment that is not deleted. @param options.lock keeps others from changing it until the transaction ends. */
export function findAppointment(
  sql: Sql,
  apptId: number,
  options: { lock?: boolean } = {},
): Promise<Appointment | undefined> {
  return sql.first<Appointment>(
    `SELECT ${appointmentColumns} FROM tblAppointment${options.lock ? " WITH (UPDLOCK, ROWLOCK)" : ""}
     WHERE ApptID = @aid AND DelYN <> 'Y'`,
    { aid: p.int(apptId) },
  );
}

/** Whether TR_APPT_IU refused a write because the provider is booked at that time. */
export function isSlotTaken(error: unknown): boolean {
  return error instanceof SqlFailure && error.raised?.startsWith("SLOT TAKEN") === true;
}

/** Statuses from which an appointment may still be moved, cancelled or checked in. */
export const isOpen = (appointment: Appointment): boolean => ["SC", "CF"].includes(appointment.StatCd);

/** The day grid of an appointment's day and provider; parameters in this order. */
export function dayViewUrl(where: { ApptDt: Date; ProvID: string; LocCd: string }): string {
  return `/Sched/DayView.aspx?dt=${usDate(where.ApptDt)}&prov=${where.ProvID}&loc=${where.LocCd}`;
}

/** Minutes a type takes by default (CODETBL APTYPE.NumVal), 15 when it does not say. */
export async function typeMinutes(sql: Sql, apTypCd: string): Promise<number> {
  const row = await sql.first<{ NumVal: number | null }>(
    "SELECT NumVal FROM CODETBL WHERE CodeTyp = 'APTYPE' AND CodeVal = @val",
    { val: p.char(18, apTypCd) },
  );
  return row?.NumVal ?? 15;
}

/** A date of the query as the old code read it: absent is undefined, anything else than a date crashes the page. @throws FormatFailure */
export function queryDate(ctx: PageContext, name: string): Date | undefined {
  const text = ctx.query(name);
  if (text === "") return undefined;
  const date = parseUsDate(text);
  if (!date) throw new FormatFailure(name);
  return date;
}

export function notFound(ctx: PageContext): Promise<Answer> {
  return ctx.page({
    title: "Appointment",
    error: "Appointment not found.",
    body: html`<p><a href="/Sched/DayView.aspx">Schedule</a></p>`,
  });
}
