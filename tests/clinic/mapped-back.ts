/** Whether what a service holds of its own tables is, mapped back, what the legacy database holds. */

import type { LegacyRow, LegacyValue, TableMapping, TargetRow } from "@banyan/service-kit/mapping";
import { openServiceDatabase } from "@banyan/service-kit";
import type { Knex } from "knex";
import type sql from "mssql";
import { readLegacyRows } from "./legacy-rows.ts";
import type { Kept } from "./stand-in-sync.ts";

/** @returns differences by table, key and column, without values; empty when both sides say the same. */
export async function mappedBack(pool: sql.ConnectionPool, kept: Kept): Promise<string[]> {
  const found: string[] = [];
  // The service's own connection: it hands values out as the mapping takes them.
  const db = openServiceDatabase(kept.database.url, kept.mapping.service);
  try {
    for (const table of kept.mapping.tables.filter(({ ownership }) => ownership === "owned")) {
      found.push(...(await differencesOf(pool, db, table)));
    }
  } finally {
    await db.destroy();
  }
  return found;
}

async function differencesOf(pool: sql.ConnectionPool, db: Knex, table: TableMapping): Promise<string[]> {
  const { toLegacy, legacyTable } = table;
  if (!toLegacy) throw new Error(`${legacyTable} is owned and cannot be mapped back`);
  const rows: TargetRow[] = await db(table.target).select(Object.keys(table.targetColumns));
  const ours = byKey(table, rows.map(toLegacy));
  const theirs = byKey(table, await readLegacyRows(pool, table));
  const keys = new Set([...ours.keys(), ...theirs.keys()]);
  return [...keys].flatMap((key) => {
    const [our, their] = [ours.get(key), theirs.get(key)];
    if (!our || !their) return [`${legacyTable} ${key} is only in ${our ? "the service" : "legacy"}`];
    return Object.keys(table.legacyColumns)
      .filter((column) => text(our[column] ?? null) !== text(their[column] ?? null))
      .map((column) => `${legacyTable} ${key} ${column}`);
  });
}

function byKey(table: TableMapping, rows: readonly LegacyRow[]): Map<string, LegacyRow> {
  return new Map(rows.map((row) => [table.legacyKey.map((name) => text(row[name] ?? null)).join(" "), row]));
}

const text = (value: LegacyValue): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex") : JSON.stringify(value);
