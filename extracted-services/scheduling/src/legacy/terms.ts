/**
 * The domain in the words of the old pages, which show codes, `HHMM` and wall dates: a `Date` whose UTC fields are the
 * clinic's clock. A legacy row's own oddities (a blank flag, a code in small letters) come through, as the old pages show them.
 */

import { FormatFailure, type PageContext, parseUsDate } from "@banyan/service-kit/legacy";
import { appointments, statusMeanings } from "../../mapping/appointments.ts";
import { type Appointment, type AppointmentStatus, settableFrom } from "../domain/appointment.ts";
import { appointmentRow } from "../store/appointments.ts";

export type LegacyAppointment = {
  readonly ApptID: number;
  /** Null: blocked time. */
  readonly PatNo: number | null;
  readonly PatNm: string;
  readonly MRN: string;
  readonly PatPhone: string;
  readonly ProvID: string;
  readonly LocCd: string;
  readonly ApptDt: Date;
  readonly ApptTm: string;
  readonly DurMin: number;
  readonly ApTypCd: string;
  readonly StatCd: string;
  readonly RsnTx: string;
  readonly OvrBkYN: string;
  readonly ChkInTm: Date | null;
  readonly EncNo: number | null;
};

export function legacyTerms(appointment: Appointment): LegacyAppointment {
  const row = appointmentRow(appointment);
  const text = (column: string): string => String(appointments.legacyValue(column, row));
  /** Without its padding, as the old code read `char` columns. */
  const char = (column: string): string => text(column).trimEnd();
  return {
    ApptID: appointment.id,
    PatNo: appointment.patientId,
    PatNm: text("PatNm"),
    MRN: char("MRN"),
    PatPhone: char("PatPhone"),
    ProvID: appointment.provider,
    LocCd: appointment.site,
    ApptDt: wallDate(text("ApptDt")),
    ApptTm: char("ApptTm"),
    DurMin: appointment.minutes,
    ApTypCd: char("ApTypCd"),
    StatCd: char("StatCd"),
    RsnTx: text("RsnTx"),
    OvrBkYN: char("OvrBkYN"),
    ChkInTm: appointment.checkedInAt === null ? null : wallDate(text("ChkInTm")),
    EncNo: appointment.encounterId,
  };
}

/** When it was last changed, on the clinic's clock. */
export function changedAt(appointment: Appointment): Date {
  return wallDate(String(appointments.legacyValue("ModDt", appointmentRow(appointment))));
}

const wallDate = (reading: string): Date => new Date(`${reading.replace(" ", "T")}Z`);

const meanings: Readonly<Record<string, AppointmentStatus>> = statusMeanings;
const codes = new Map(Object.entries(meanings).map(([code, status]) => [status, code]));

/** Codes a desk may set by hand where `code` stands now; a code that means nothing to us stays. */
export function settableCodes(code: string): readonly string[] {
  const status = meanings[code];
  return status === undefined ? [code] : settableFrom(status).map((one) => codes.get(one) ?? code);
}

/** What a code means. @param code one of `settableCodes` of a known one */
export const statusOf = (code: string): AppointmentStatus => meanings[code] ?? `local:${code}`;

/** `YYYY-MM-DD` of a wall date. */
export const dayOf = (wall: Date): string => wall.toISOString().slice(0, 10);

/** Wall midnight of `YYYY-MM-DD`. */
export const wallDay = (day: string): Date => new Date(`${day}T00:00:00Z`);

/** `HH:MM:SS` as `HHMM`, and back. */
export const hhmmOf = (time: string): string => `${time.slice(0, 2)}${time.slice(3, 5)}`;
export const timeOf = (hhmm: string): string => `${hhmm.slice(0, 2)}:${hhmm.slice(2, 4)}:00`;

/** Minutes since midnight of `HHMM`. */
export const minuteOf = (hhmm: string): number => Number(hhmm.slice(0, 2)) * 60 + Number(hhmm.slice(2, 4));

/** A date of the query as the old code read it: absent is undefined, anything else than a date crashes the page. @throws FormatFailure */
export function queryDate(ctx: PageContext, name: string): Date | undefined {
  const text = ctx.query(name);
  if (text === "") return undefined;
  const date = parseUsDate(text);
  if (!date) throw new FormatFailure(name);
  return date;
}
