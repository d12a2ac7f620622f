/** Legacy rows for reconcile: a table chunk by chunk in key order, chosen rows by their keys, or its keys alone. */

import type { LegacyRow } from "@banyan/service-kit/mapping";
import { limits } from "../limits.ts";
import { afterKey, anyKey, keyOrder } from "../source/key-paging.ts";
import { type LegacyDatabase, parameter } from "../source/legacy-database.ts";
import { quoted } from "../source/source-column.ts";
import { keyOf, largeBytes, legacyRow, type TablePlan } from "../table-plan.ts";

/** Rows fetched by key at a time: SQL Server takes 2,100 parameters. */
const keysAtOnce = 200;

export async function* tableRows(source: LegacyDatabase, plan: TablePlan): AsyncGenerator<readonly LegacyRow[]> {
  let after: LegacyRow | undefined;
  for (;;) {
    const behind = after && afterKey(plan, "p", after);
    const text = `SELECT TOP (@n) ${plan.selectList("p")} FROM dbo.${quoted(plan.legacyTable)} p${behind ? ` WHERE ${behind.sql}` : ""} ORDER BY ${keyOrder(plan, "p")}`;
    const parameters = { n: parameter.int(limits.reconcileChunkRows), ...behind?.parameters };
    const rows: LegacyRow[] = [];
    let bytes = 0;
    const ended = await source.read("read rows to compare", text, parameters, (row) => {
      rows.push(legacyRow(plan, row, 0));
      bytes += plan.rowBytes + largeBytes(plan, row, 0);
      return bytes < limits.windowBytesMax / 2;
    });
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    if (ended && rows.length < limits.reconcileChunkRows) return;
    after = keyOf(plan, last);
  }
}

export async function rowsByKey(
  source: LegacyDatabase,
  plan: TablePlan,
  keys: readonly LegacyRow[],
): Promise<readonly LegacyRow[]> {
  const rows: LegacyRow[] = [];
  for (let from = 0; from < keys.length; from += keysAtOnce) {
    const { sql, parameters } = anyKey(plan, "p", keys.slice(from, from + keysAtOnce));
    const text = `SELECT ${plan.selectList("p")} FROM dbo.${quoted(plan.legacyTable)} p WHERE ${sql}`;
    await source.read("read rows by key", text, parameters, (row) => void rows.push(legacyRow(plan, row, 0)));
  }
  return rows;
}

/** Keys only, in chunks. */
export async function* tableKeys(source: LegacyDatabase, plan: TablePlan): AsyncGenerator<readonly LegacyRow[]> {
  const columns = plan.keyIndexes.map((index) => plan.columns[index]).filter((column) => column !== undefined);
  const list = columns.map((column) => column.expression("p")).join(", ");
  let after: LegacyRow | undefined;
  for (;;) {
    const behind = after && afterKey(plan, "p", after);
    const text = `SELECT TOP (@n) ${list} FROM dbo.${quoted(plan.legacyTable)} p${behind ? ` WHERE ${behind.sql}` : ""} ORDER BY ${keyOrder(plan, "p")}`;
    const keys: LegacyRow[] = [];
    await source.read(
      "read keys",
      text,
      { n: parameter.int(limits.reconcileChunkRows), ...behind?.parameters },
      (row) => {
        keys.push(Object.fromEntries(columns.map((column, index) => [column.name, column.decode(row[index])])));
      },
    );
    const last = keys.at(-1);
    if (!last) return;
    yield keys;
    if (keys.length < limits.reconcileChunkRows) return;
    after = last;
  }
}
