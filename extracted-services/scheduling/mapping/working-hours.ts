/**
 * PROVSCHED as working hours. Its key holds a time of day and a date that the domain may be unable to read, so the row is
 * named by the key's own text: `AREYES|MAIN|2|0800|2023-11-18`.
 */

import {
  type ColumnMapping,
  columns,
  defineTable,
  type LegacyRow,
  type MappedTable,
} from "@banyan/service-kit/mapping";

const { clockTime, day, int, keyText } = columns;
const midnight = " 00:00:00.000";

/** 1 = Sunday (DATEFIRST 7) as ISO 8601's 1 = Monday … 7 = Sunday; other numbers name no day. */
const weekday: ColumnMapping = {
  legacy: { type: "tinyint" },
  targets: { weekday: "smallint" },
  readInto: (row, value) => {
    const number = Number(value);
    row["weekday"] = number < 1 || number > 7 ? null : number === 1 ? 7 : number - 1;
  },
  write: ({ weekday: iso }) => (typeof iso === "number" ? (iso % 7) + 1 : 0),
};

/** `NEWP,FOLL` as a list, upper case as the old code compared them. */
const visitTypes: ColumnMapping = {
  legacy: { type: "varchar(40)" },
  targets: { visit_types: "text[]" },
  readInto: (row, value) => {
    row["visit_types"] = String(value)
      .toWellFormed()
      .replaceAll("\0", "\u{fffd}")
      .split(",")
      .map((type) => type.trim().toUpperCase())
      .filter((type) => type !== "");
  },
  write: ({ visit_types: types }) => (Array.isArray(types) ? types.join(",") : ""),
};

const timeOfDay = clockTime("end_time");

/** A day may end at `2400`, which PostgreSQL knows as 24:00. */
const endTime: ColumnMapping = {
  ...timeOfDay,
  readInto: (row, value) => {
    if (value === "2400") row["end_time"] = "24:00:00";
    else timeOfDay.readInto(row, value);
  },
};

const base = defineTable({
  legacyTable: "PROVSCHED",
  legacyKey: ["ProvID", "LocCd", "DOW", "StartTm", "EffDt"],
  target: "working_hours",
  ownership: "owned",
  lanes: (row) => [`provider:${String(row.ProvID).trimEnd().toUpperCase()}`],
  columns: {
    ProvID: keyText("provider_id", "char(8)"),
    LocCd: keyText("site_code", "char(4)"),
    DOW: weekday,
    StartTm: clockTime("start_time"),
    EndTm: endTime,
    SlotMin: int("slot_minutes", { type: "tinyint" }),
    ApTyLst: visitTypes,
    EffDt: day("valid_from", { absent: "start" }),
    TermDt: day("valid_to", { absent: "end" }),
  },
});

/** PostgreSQL text holds no U+0000; no other escaped form can look like one, since `%` is escaped too. */
const storable = (part: string): string => part.replaceAll("%", "%25").replaceAll("|", "%7C").replaceAll("\0", "%00");

function idOf(key: LegacyRow): string {
  const from = String(key.EffDt);
  return [key.ProvID, key.LocCd, key.DOW, key.StartTm, from.endsWith(midnight) ? from.slice(0, 10) : from]
    .map((part) => storable(String(part).replace(/ +$/, "")))
    .join("|");
}

export const workingHours: MappedTable = {
  ...base,
  targetKey: ["working_hours_id"],
  targetColumns: { working_hours_id: "text", ...base.targetColumns },
  toService: (row) => ({ working_hours_id: idOf(row), ...base.toService(row) }),
  keyToService: (key) => ({ working_hours_id: idOf(key) }),
};
