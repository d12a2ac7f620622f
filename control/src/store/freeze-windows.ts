/** Freeze windows: spans of time in which no module, or one module, is moved forward. Rollback and kill are never frozen. */

import type { Knex } from "knex";

export type FreezeWindow = {
  readonly id: number;
  /** Null = all modules. */
  readonly module: string | null;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly reason: string;
  readonly createdBy: string;
};

type Row = {
  id: number;
  module: string | null;
  starts_at: Date;
  ends_at: Date;
  reason: string;
  created_by: string;
};

/** Windows that have not ended and were not removed, by start. */
export async function openWindows(db: Knex, now: Date): Promise<FreezeWindow[]> {
  const rows: Row[] = await db("freeze_windows")
    .where("ends_at", ">", now)
    .whereNull("removed_at")
    .orderBy(["starts_at", "id"]);
  return rows.map((row) => ({
    id: row.id,
    module: row.module,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    reason: row.reason,
    createdBy: row.created_by,
  }));
}

export async function windowsOver(db: Knex, module: string, now: Date): Promise<FreezeWindow[]> {
  const windows = await openWindows(db, now);
  return windows.filter((window) => window.startsAt <= now && (window.module === null || window.module === module));
}

export async function addWindow(db: Knex, window: Omit<FreezeWindow, "id">, now: Date): Promise<number> {
  const [row]: { id: number }[] = await db("freeze_windows")
    .insert({
      module: window.module,
      starts_at: window.startsAt,
      ends_at: window.endsAt,
      reason: window.reason,
      created_by: window.createdBy,
      created_at: now,
    })
    .returning("id");
  return row?.id ?? 0;
}

export async function removeWindow(db: Knex, id: number, now: Date): Promise<boolean> {
  return (await db("freeze_windows").where({ id }).whereNull("removed_at").update({ removed_at: now })) === 1;
}
