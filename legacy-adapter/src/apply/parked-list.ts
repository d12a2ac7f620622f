/** Parked transactions as people see them: what failed and why, by lanes and tables; the rows themselves stay where they are. */

import type { ServiceDatabase } from "../target/service-database.ts";

export type ParkedView = {
  readonly id: string;
  readonly state: "failed" | "waiting";
  readonly lanes: readonly string[];
  readonly tables: readonly string[];
  readonly changes: number;
  readonly code: string | null;
  readonly message: string | null;
  readonly tries: number;
  readonly parkedAt: string;
  readonly triedAt: string | null;
};

export function listParked(database: ServiceDatabase, count: number): Promise<ParkedView[]> {
  return database.query<ParkedView>(
    "list parked transactions",
    `SELECT p.id, p.state, p.lanes[1:20] AS lanes, array_agg(DISTINCT c.legacy_table) AS tables, count(*)::int AS changes, p.code, p.message, p.tries,
       p.parked_at AS "parkedAt", p.tried_at AS "triedAt"
     FROM sync.parked_transaction p JOIN sync.parked_change c ON c.parked_id = p.id
     GROUP BY p.id ORDER BY p.position, p.id LIMIT $1`,
    [count],
  );
}
