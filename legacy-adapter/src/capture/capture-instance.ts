/**
 * Which change table is read for which part of the history. A table has one capture instance, or two while its columns change:
 * the second is taken over at its start LSN, each commit once (v1 below, v2 from there on).
 */

import { AppError } from "@banyan/kernel";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import { compareBytes, decrement, isAfter, type Lsn, sameBytes, zeroLsn } from "./position.ts";

export type CaptureInstance = {
  readonly name: string;
  /** `PATMST`, without schema. */
  readonly table: string;
  readonly sourceObjectId: number;
  /** Undefined: capture has not reached the instance's enabling yet. */
  readonly startLsn: Lsn | undefined;
  readonly columns: ReadonlySet<string>;
};

/** A change table to be read for LSNs in (after, until]. */
export type InstanceRange = { readonly instance: CaptureInstance; readonly after: Lsn; readonly until: Lsn };

type InstanceRow = {
  capture_instance: string;
  source_object_id: number;
  start_lsn: Buffer | null;
  table_name: string | null;
  column_name: string;
};

/** Instances of schema dbo, oldest first. */
export async function readInstances(source: LegacyDatabase): Promise<readonly CaptureInstance[]> {
  const rows = await source.query<InstanceRow>(
    "read capture instances",
    `SELECT ct.capture_instance, ct.source_object_id, ct.start_lsn, OBJECT_NAME(ct.source_object_id) AS table_name, cc.column_name
     FROM cdc.change_tables ct JOIN cdc.captured_columns cc ON cc.object_id = ct.object_id
     ORDER BY ct.source_object_id, ct.create_date, ct.capture_instance, cc.column_ordinal`,
  );
  const found = new Map<string, CaptureInstance & { columns: Set<string> }>();
  for (const row of rows) {
    const known = found.get(row.capture_instance);
    if (known) known.columns.add(row.column_name);
    else
      found.set(row.capture_instance, {
        name: row.capture_instance,
        table: row.table_name ?? "",
        sourceObjectId: row.source_object_id,
        startLsn: row.start_lsn && !sameBytes(row.start_lsn, zeroLsn) ? row.start_lsn : undefined,
        columns: new Set([row.column_name]),
      });
  }
  return [...found.values()];
}

/**
 * The ranges that cover (after, until] for a table: the newest instance that holds every wanted column and had started by
 * `after`, then each one that starts later.
 * @throws AppError CAPTURE_INSTANCE_MISSING
 */
export function rangesFor(
  table: string,
  wanted: readonly string[],
  instances: readonly CaptureInstance[],
  { after, until }: { readonly after: Lsn; readonly until: Lsn },
): readonly InstanceRange[] {
  const usable = instances
    .filter((one) => one.table.toLowerCase() === table.toLowerCase() && one.startLsn !== undefined)
    .filter((one) => wanted.every((name) => one.columns.has(name)))
    .toSorted((a, b) => compareBytes(a.startLsn ?? zeroLsn, b.startLsn ?? zeroLsn));
  if (usable.length === 0) throw instanceMissing(table, instances, wanted);
  const ranges: InstanceRange[] = [];
  let end = until;
  for (const instance of usable.toReversed()) {
    const before = decrement(instance.startLsn ?? zeroLsn);
    const from = isAfter(before, after) ? before : after;
    if (isAfter(end, from)) ranges.unshift({ instance, after: from, until: end });
    if (!isAfter(from, after)) break;
    if (isAfter(end, from)) end = from;
  }
  // The oldest usable instance began later than `after`: it is read from there, and the check of its low end speaks up.
  const [first, ...rest] = ranges;
  return first ? [{ ...first, after }, ...rest] : [];
}

function instanceMissing(table: string, instances: readonly CaptureInstance[], wanted: readonly string[]): AppError {
  const own = instances.filter((one) => one.table.toLowerCase() === table.toLowerCase());
  const lacking = own.map((one) => `${one.name} lacks ${wanted.filter((name) => !one.columns.has(name)).join(", ")}`);
  return new AppError({
    code: "CAPTURE_INSTANCE_MISSING",
    op: `read changes of ${table}`,
    message:
      own.length === 0
        ? `change data capture is not enabled on dbo.${table}`
        : own.some((one) => one.startLsn === undefined)
          ? `the capture instance of dbo.${table} has not started`
          : `no capture instance of dbo.${table} holds every mapped column: ${lacking.join("; ")}`,
    hint: "`banyan sync enable` makes what is missing, `banyan sync enable --print` shows the T-SQL for a DBA. Then copy the table again: `banyan sync copy`.",
    retryable: true,
  });
}
