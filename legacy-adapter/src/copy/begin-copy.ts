/**
 * Begins copies of tables that are followed already: after purged history, after a stopped table, or because a person wants
 * it. The stream goes on meanwhile; what is parked of these tables alone is older than what will be read and is set aside.
 */

import { AppError } from "@banyan/kernel";
import { beginCopies, placeCursor, readCursor } from "../apply/cursor.ts";
import { discardParked } from "../apply/parked-store.ts";
import { isAfter, positionOf } from "../capture/position.ts";
import { publishedUntil } from "../capture/window.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import type { ServiceDatabase } from "../target/service-database.ts";

export type CopyRequest = {
  readonly tables: readonly string[];
  /** All tables of the mapping: decides whether the cursor may be moved. */
  readonly allTables: readonly string[];
  /** The source was restored, or the capture mode changed: positions start a new era. Copies every table. */
  readonly newEra: boolean;
  readonly who: string;
  readonly reason: string;
};

/** @throws AppError COPY_REFUSED, SOURCE_AWAY, TARGET_AWAY, FENCED */
export async function beginCopy(
  source: LegacyDatabase,
  database: ServiceDatabase,
  fence: bigint,
  request: CopyRequest,
): Promise<void> {
  const published = await publishedUntil(source);
  const cursor = await readCursor(database);
  if (!published || !cursor)
    throw refused(
      "the sync has not begun yet: the first copy begins by itself",
      "See `banyan sync` for what it waits for.",
    );
  if (isAfter(cursor.lsn, published) && !request.newEra)
    throw refused(
      "the legacy database is behind what was applied here: it was restored",
      "Read docs/OPERATIONS.md, 'The legacy database was restored', then use --new-era.",
    );
  const whole = request.newEra || request.allTables.every((table) => request.tables.includes(table));
  const tables = whole ? request.allTables : request.tables;
  const era = cursor.era + (request.newEra ? 1 : 0);
  const floor = positionOf(era, published);
  await database.fenced("begin a copy", fence, async (tx) => {
    await beginCopies(tx, tables, floor);
    await discardParked(
      tx,
      { tables, until: floor },
      { who: request.who, reason: `superseded by a copy: ${request.reason}` },
    );
    if (whole) await placeCursor(tx, cursor.mode, floor);
  });
}

const refused = (message: string, hint: string): AppError =>
  new AppError({ code: "COPY_REFUSED", op: "begin a copy", message, hint });
