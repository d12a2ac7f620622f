/** Reads of working hours. */

import type { Knex } from "knex";
import { weekdayOf, type WorkingHours } from "../domain/free-slots.ts";
import { selectList } from "./select-list.ts";

const columns = {
  id: "working_hours_id",
  provider: "provider_id",
  site: "site_code",
  weekday: "weekday",
  start: "start_time",
  end: "end_time",
  slotMinutes: "slot_minutes",
  visitTypes: "visit_types",
  validFrom: "valid_from",
  validTo: "valid_to",
  version: "version",
} as const satisfies Record<keyof WorkingHours, string>;

/** `h.working_hours_id AS "id", …`: gives rows of type WorkingHours. The table must be called `h`. */
const workingHoursList: string = selectList(columns, "h");

const within = "(h.valid_from IS NULL OR h.valid_from <= ?) AND (h.valid_to IS NULL OR h.valid_to >= ?)";

/** A provider's hours that apply somewhere between two days. @param where.site "" for every site. */
export async function workingHoursOf(
  db: Knex,
  where: { readonly provider: string; readonly site: string; readonly from: string; readonly to: string },
): Promise<WorkingHours[]> {
  const atSite = where.site === "" ? "" : "AND h.site_code = ?";
  const result: { rows: WorkingHours[] } = await db.raw(
    `SELECT ${workingHoursList} FROM working_hours AS h
     WHERE h.provider_id = ? AND ${within} ${atSite} ORDER BY h.start_time, h.site_code`,
    [where.provider, where.to, where.from, ...(where.site === "" ? [] : [where.site])],
  );
  return result.rows;
}

/** Who works at a site on a day. @param where.provider "" for everybody. */
export async function workingHoursOn(
  db: Knex,
  where: { readonly day: string; readonly site: string; readonly provider: string },
): Promise<WorkingHours[]> {
  const one = where.provider === "" ? "" : "AND h.provider_id = ?";
  const result: { rows: WorkingHours[] } = await db.raw(
    `SELECT ${workingHoursList} FROM working_hours AS h
     WHERE h.site_code = ? AND h.weekday = ? AND ${within} ${one} ORDER BY h.provider_id, h.start_time`,
    [where.site, weekdayOf(where.day), where.day, where.day, ...(where.provider === "" ? [] : [where.provider])],
  );
  return result.rows;
}
