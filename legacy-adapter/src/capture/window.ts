/**
 * A window of the history: every transaction with a commit LSN in (after, until]. It ends on a commit boundary, so that a
 * transaction is never read in two halves.
 */

import { AppError } from "@banyan/kernel";
import { type LegacyDatabase, parameter } from "../source/legacy-database.ts";
import { isAfter, type Lsn, lsnText } from "./position.ts";

export type Window = {
  readonly after: Lsn;
  readonly until: Lsn;
  readonly transactions: number;
  /** More transactions are published behind it. */
  readonly hasMore: boolean;
};

/** Newest published LSN, idle placeholders included; undefined while nothing was ever captured. */
export async function publishedUntil(source: LegacyDatabase): Promise<Lsn | undefined> {
  const rows = await source.query<{ max_lsn: Buffer | null }>(
    "read the newest captured LSN",
    "SELECT sys.fn_cdc_get_max_lsn() AS max_lsn",
  );
  return rows[0]?.max_lsn ?? undefined;
}

const windowStatement = `SELECT MAX(w.start_lsn) AS hi, COUNT(*) AS n FROM (SELECT TOP (@n) start_lsn FROM cdc.lsn_time_mapping
  WHERE start_lsn > @cursor AND start_lsn <= @max AND tran_id <> 0x00 ORDER BY start_lsn) w`;

/** At most `count` transactions after `after`. @throws AppError SOURCE_BEHIND */
export async function nextWindow(
  source: LegacyDatabase,
  { after, published, count }: { readonly after: Lsn; readonly published: Lsn; readonly count: number },
): Promise<Window | undefined> {
  if (isAfter(after, published)) throw sourceBehind(after, published);
  if (!isAfter(published, after)) return undefined;
  const rows = await source.query<{ hi: Buffer | null; n: number }>("find the next transactions", windowStatement, {
    n: parameter.int(count),
    cursor: parameter.lsn(after),
    max: parameter.lsn(published),
  });
  const { hi, n } = rows[0] ?? { hi: null, n: 0 };
  const hasMore = n === count;
  return { after, until: hasMore && hi ? hi : published, transactions: n, hasMore };
}

/** The source's history ends before what is applied here: it was restored from a backup, or another database took its place. */
function sourceBehind(after: Lsn, published: Lsn): AppError {
  return new AppError({
    code: "SOURCE_BEHIND",
    op: "follow the legacy database",
    message: `the legacy database's newest captured change (${lsnText(published)}) is older than what was applied here (${lsnText(after)}): it was restored, or the address leads to another database`,
    hint: "Nothing was changed. See docs/OPERATIONS.md, 'The legacy database was restored'; afterwards `banyan sync copy MODULE --new-era`.",
  });
}
