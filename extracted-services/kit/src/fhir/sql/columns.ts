/**
 * Search parameters over columns of a table: what a condition means for a row. Every builder says the same as `condition.ts` says of
 * the resource made of that row; a service's tests hold the two together.
 */

import type { Condition, Modifier, SearchValue } from "../search/condition.ts";
import { type Stretch, widened } from "../search/dates.ts";
import type { DateValue } from "../search/values.ts";
import { allOf, anyOf, nothing, partPattern, prefixPattern, raw, type Sql, sql } from "./fragment.ts";

export type ColumnSearch = {
  /** Whether the row has a value at all. */
  readonly present: Sql;
  match(value: SearchValue, modifier: Modifier, nowMs: number): Sql;
};

/** A row that fulfils a condition, by its columns alone. Negations are the caller's. */
export const columnCondition = (
  search: ColumnSearch,
  condition: Extract<Condition, { kind: "values" }>,
  nowMs: number,
): Sql => anyOf(condition.values.map((value) => search.match(value, condition.modifier, nowMs)));

/** Names, addresses: any of the columns, folded. @param columns SQL expressions of type text */
export function textColumns(...columns: readonly string[]): ColumnSearch {
  return {
    present: anyOf(columns.map((column) => raw(`COALESCE(${column}, '') <> ''`))),
    match(value, modifier) {
      if (value.kind !== "string") return nothing;
      return anyOf(
        columns.map((column) => {
          if (modifier === "exact") return sql`${raw(column)} COLLATE "C" = ${value.exact}`;
          const pattern = modifier === "contains" ? partPattern(value.folded) : prefixPattern(value.folded);
          return sql`fhir.fold(${raw(column)}) COLLATE "C" LIKE ${pattern}`;
        }),
      );
    },
  };
}

/**
 * A code in a column, or one worked out of it. @param codes FHIR code by the column's value; absent: the value is the code.
 * @param system undefined where codes have none
 */
export function codeColumn(
  column: string,
  { system = "", codes }: { readonly system?: string; readonly codes?: Readonly<Record<string, string>> } = {},
): ColumnSearch {
  return {
    present: raw(`${column} IS NOT NULL`),
    match(value) {
      if (value.kind !== "token" || (value.system !== undefined && value.system !== system)) return nothing;
      if (value.code === undefined) return raw(`${column} IS NOT NULL`);
      const { code } = value;
      const stored = codes ? Object.keys(codes).filter((key) => codes[key] === code) : [code];
      return anyOf(stored.map((one) => sql`${raw(column)} = ${one}`));
    },
  };
}

/** A reference held as another row's key. @param keyOf what a FHIR id is in the column; undefined: no such row */
export function referenceColumn(
  column: string,
  type: string,
  keyOf: (id: string) => string | number | undefined,
): ColumnSearch {
  return {
    present: raw(`${column} IS NOT NULL`),
    match(value) {
      if (value.kind !== "reference" || value.url !== undefined) return nothing;
      const key = value.type === undefined || value.type === type ? keyOf(value.id) : undefined;
      return key === undefined ? nothing : sql`${raw(column)} = ${key}`;
    },
  };
}

/** A whole number in an id; undefined for what is none, or no `int` of PostgreSQL. */
export const intKey = (id: string): number | undefined =>
  /^[1-9]\d{0,9}$/.test(id) && Number(id) <= 2_147_483_647 ? Number(id) : undefined;

/** A day without a time. Searches by a time of day must have been refused (`daysOnly`). */
export function dayColumn(column: string): ColumnSearch {
  return {
    present: raw(`${column} IS NOT NULL`),
    match(value, _modifier, nowMs) {
      if (value.kind !== "date") return nothing;
      const { prefix, stretch } = value;
      if (prefix === "ap") return overlapsDays(column, widened(stretch, nowMs));
      if (!stretch.days) return nothing;
      const [from, until] = [sql`${stretch.days.from}::date`, sql`${stretch.days.until}::date`];
      const day = raw(column);
      switch (prefix) {
        case "eq":
          return sql`(${day} >= ${from} AND ${day} < ${until})`;
        case "ne":
          return sql`(${day} < ${from} OR ${day} >= ${until})`;
        case "gt":
        case "sa":
          return sql`${day} >= ${until}`;
        case "lt":
        case "eb":
          return sql`${day} < ${from}`;
        case "ge":
          return sql`${day} >= ${from}`;
        case "le":
          return sql`${day} < ${until}`;
      }
    },
  };
}

const overlapsDays = (column: string, { fromMs, untilMs }: Stretch): Sql =>
  sql`(${raw(column)} < ${isoOf(untilMs)}::timestamptz AND ${raw(column)} + 1 > ${isoOf(fromMs)}::timestamptz)`;

/** PostgreSQL reads no year past 294276; a widened stretch may leave JavaScript's own range. */
function isoOf(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return "infinity";
  if (ms === Number.NEGATIVE_INFINITY || ms < -62_135_596_800_000) return "-infinity";
  return ms > 8_640_000_000_000 ? "infinity" : new Date(ms).toISOString();
}

/** An instant to the millisecond, or the time between two. @param until expression of the end; absent: one millisecond later */
export function instantColumn(from: string, until?: string): ColumnSearch {
  const end = until ?? `(${from} + interval '1 millisecond')`;
  return {
    present: raw(`${from} IS NOT NULL`),
    match: (value, _modifier, nowMs) =>
      value.kind === "date" ? stretchCondition(raw(from), raw(end), value, nowMs) : nothing,
  };
}

/** `lies` of dates.ts, in SQL. */
function stretchCondition(from: Sql, until: Sql, { prefix, stretch }: DateValue, nowMs: number): Sql {
  const searched = prefix === "ap" ? widened(stretch, nowMs) : stretch;
  const start = sql`${isoOf(searched.fromMs)}::timestamptz`;
  const end = sql`${isoOf(searched.untilMs)}::timestamptz`;
  const within = allOf([sql`${from} >= ${start}`, sql`${until} <= ${end}`]);
  switch (prefix) {
    case "eq":
      return within;
    case "ne":
      return sql`NOT ${within}`;
    case "gt":
      return sql`${until} > ${end}`;
    case "lt":
      return sql`${from} < ${start}`;
    case "ge":
      return anyOf([within, sql`${until} > ${end}`]);
    case "le":
      return anyOf([within, sql`${from} < ${start}`]);
    case "sa":
      return sql`${from} >= ${end}`;
    case "eb":
      return sql`${until} <= ${start}`;
    case "ap":
      return allOf([sql`${from} < ${end}`, sql`${until} > ${start}`]);
  }
}
