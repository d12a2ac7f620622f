/**
 * tblAppointment as appointments. Who has the last word when both sides changed a column:
 *
 * - legacy: what other modules know better. Arrival, visit and completion are set by check-in and the clinical pages, which
 *   stay in the monolith; a patient who was seen was not cancelled. A merge of patients moves PatNo.
 * - legacy, derived: names, MRN and phone are copied by TR_APPT_IU and TR_PATMST_U at every write of either side, ModDt is set
 *   by the former. ApptEnd is derived by it too and shown by no page, so it is not read at all; the service has its own end.
 * - newer: what a desk may correct at any time.
 * - manual: when and where. Two desks moved one patient to two places; nobody but a person can say which was meant.
 */

import { columns, defineTable, type MappedTable, type TargetRow, wallToInstant } from "@banyan/service-kit/mapping";

const { clockTime, code, day, flag, instant, int, keyText, text } = columns;
const legacy = { conflict: "legacy" } as const;
const newer = { conflict: "newer" } as const;
const service = { conflict: "service" } as const;

/** Codes of the set APSTAT by what they mean. */
export const statusMeanings = {
  SC: "scheduled",
  CF: "confirmed",
  CI: "arrived",
  RM: "roomed",
  CO: "completed",
  NS: "no-show",
  CX: "cancelled",
} as const;

const base = defineTable({
  legacyTable: "tblAppointment",
  legacyKey: ["ApptID"],
  target: "appointments",
  ownership: "owned",
  lanes: (row) => [`appointment:${String(row.ApptID)}`],
  columns: {
    ApptID: int("appointment_id", { issued: true }),
    PatNo: int("patient_id", { nullable: true, ...legacy }),
    PatNm: text("patient_name", "varchar(60)", legacy),
    MRN: text("patient_mrn", "char(10)", legacy),
    PatPhone: text("patient_phone", "char(10)", legacy),
    ProvID: keyText("provider_id", "char(8)"),
    ProvNm: text("provider_name", "varchar(40)", legacy),
    LocCd: keyText("site_code", "char(4)"),
    ApptDt: day("local_date"),
    ApptTm: clockTime("local_time"),
    DurMin: int("duration_minutes", { type: "smallint" }),
    ApTypCd: text("visit_type", "char(4)", newer),
    StatCd: code("status", "char(2)", statusMeanings, legacy),
    RsnTx: text("reason", "varchar(100)", newer),
    OvrBkYN: flag("overbooked", newer),
    CxRsnCd: text("cancel_reason", "char(2)", service),
    ChkInTm: instant("checked_in_at", { absent: "null", ...legacy }),
    EncNo: int("encounter_id", { nullable: true, ...legacy }),
    RmndYN: flag("reminder_sent", legacy),
    SrcCd: code("booked_through", "char(1)", { F: "desk", P: "portal", I: "interface" }),
    CrtUsr: text("created_by", "char(8)"),
    CrtDt: instant("created_at"),
    ModUsr: text("modified_by", "char(8)", newer),
    ModDt: instant("modified_at", legacy),
    DelYN: flag("deleted"),
  },
});

/** The last instant ISO 8601 writes with a year of four digits. */
const endOfTime = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export type Period = { readonly starts_at: string | null; readonly ends_at: string | null };

/**
 * What a day and time on the clinic's clock mean as instants. In the hour that autumn repeats the later one is taken, as the
 * old application does. The end is as many minutes of real time later. @param minutes how long it takes.
 */
export function periodOf(localDate: unknown, localTime: unknown, minutes: unknown): Period {
  const starts =
    typeof localDate === "string" && typeof localTime === "string"
      ? wallToInstant(`${localDate} ${localTime}.000`)
      : undefined;
  if (starts === undefined) return { starts_at: null, ends_at: null };
  const ends = Date.parse(starts) + Number(minutes) * 60_000;
  return { starts_at: starts, ends_at: ends > endOfTime ? null : new Date(ends).toISOString() };
}

const withPeriod = (row: TargetRow): TargetRow => ({
  ...row,
  ...periodOf(row.local_date, row.local_time, row.duration_minutes),
});

export const appointments: MappedTable = {
  ...base,
  targetColumns: { ...base.targetColumns, starts_at: "timestamptz", ends_at: "timestamptz" },
  toService: (row) => withPeriod(base.toService(row)),
};
