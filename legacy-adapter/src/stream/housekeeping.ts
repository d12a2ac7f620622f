/** Keeps the adapter's own tables in a service's database small: old windows, and tombstones no copy can need any more. */

import { limits } from "../limits.ts";
import type { ServiceDatabase } from "../target/service-database.ts";

/** Every this many heartbeats. */
const everyBeats = 120;

export async function pruneHistory(database: ServiceDatabase, fence: bigint, beat: number): Promise<void> {
  if (beat % everyBeats !== 0) return;
  await database.fenced("prune the sync's history", fence, async (tx) => {
    await tx.query(
      `DELETE FROM sync.applied_window WHERE id IN (SELECT id FROM sync.applied_window
         WHERE id <= (SELECT max(id) FROM sync.applied_window) - $1 ORDER BY id LIMIT $2)`,
      [limits.appliedWindowsKept, limits.purgeRowsMax],
    );
    // A copy or a repair reads with the newest LSN of its moment, which a tombstone of the cursor's past cannot exceed by now.
    await tx.query(
      `DELETE FROM sync.tombstone WHERE ctid = ANY (ARRAY(SELECT ctid FROM sync.tombstone
         WHERE NOT EXISTS (SELECT FROM sync.table_state WHERE state = 'copying')
           AND position < (SELECT after_position FROM sync.applied_window WHERE applied_at < clock_timestamp() - interval '10 minutes' ORDER BY id DESC LIMIT 1)
         LIMIT $1))`,
      [limits.purgeRowsMax],
    );
  });
}
