/**
 * How rows of a service's database are read: the forms of `TargetValue`. A `date` is text, never a Date at the machine's
 * midnight; a `timestamptz` is ISO 8601 in UTC with milliseconds. To be given as `types` in the settings of every connection
 * to a service's database.
 */

import pg from "pg";

const { builtins } = pg.types;

/** PostgreSQL writes `2024-03-01 17:00:00.003+00`; its session's zone decides the offset. */
function timestamptz(value: string): string {
  const time = Date.parse(value.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
  return Number.isNaN(time) ? value : new Date(time).toISOString();
}

const readers = new Map<number, (value: string) => unknown>([
  [builtins.DATE, (value) => value],
  [builtins.TIMESTAMPTZ, timestamptz],
]);

export const targetTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    (format === "binary" ? undefined : readers.get(oid)) ?? (pg.types.getTypeParser(oid, format) as () => unknown),
};
