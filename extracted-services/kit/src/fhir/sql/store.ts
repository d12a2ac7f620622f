/**
 * A store over PostgreSQL: rows of a service's own table, documents, or both side by side. Reading, history and search are here;
 * what a write means is the service's word (rows) or `documents.ts`.
 */

import type { Resource } from "fhir/r4.js";
import type { Knex } from "knex";
import type { Hit, ResourceStore, StoreQuery, Version } from "../store.ts";
import { allOf, anyOf, query, raw, type Sql, sql } from "./fragment.ts";
import type { Image, Reading, RowSource, SqlStoreOptions } from "./row-source.ts";
import { countUpTo, findPage } from "./search.ts";

type Reads<R extends Resource> = Pick<ResourceStore<R>, "read" | "readVersion" | "history" | "search" | "serialise">;

export function createSqlStore<R extends Resource>(options: SqlStoreOptions<R>): Reads<R> {
  const { db } = options;
  return {
    read: async (id) => (await currentVersion(options, db, id)) ?? (await versions(options, id, { limit: 1 }))[0],
    async readVersion(id, number) {
      const current = await currentVersion(options, db, id);
      if (current?.number === number) return current;
      const [old] = await versions(options, id, { limit: 1, number });
      // Who may see an old version is decided by whose it is now, and by what restricts that chart now.
      return old && current?.subject ? { ...old, subject: current.subject } : old;
    },
    async history(id, limit, below) {
      const current = await currentVersion(options, db, id);
      const older = await versions(options, id, { limit, ...(below === undefined ? {} : { below }) });
      const newest = current && (below === undefined || current.number < below) ? [current] : [];
      return [...newest, ...older].slice(0, limit);
    },
    search: (asked, tx) => search(options, tx?.db ?? db, asked),
    serialise: async (tx, criteria) => {
      await tx.db.raw("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", [criteria]);
    },
  };
}

type VersionRow = {
  id: string;
  version: string | number;
  changed_at: string;
  image: Image | null;
  changed_by?: string | null;
};

/** @param db the transaction of a write, to see what it has done */
export async function currentVersion<R extends Resource>(
  options: SqlStoreOptions<R>,
  db: Knex,
  id: string,
): Promise<Version<R> | undefined> {
  return (await load(options, db, [id])).get(id);
}

async function load<R extends Resource>(
  { type, rows, documents }: SqlStoreOptions<R>,
  db: Knex,
  ids: readonly string[],
): Promise<Map<string, Version<R>>> {
  const found = new Map<string, Version<R>>();
  if (rows) {
    const keys = ids.map((id) => rows.key.fromId(id)).filter((key) => key !== undefined) as readonly string[];
    const statement = sql`SELECT ${raw(rows.id)} AS id, r.version, r.changed_at, ${imageOf(rows)} AS image
      FROM ${raw(rows.table)} AS r WHERE ${raw(rows.key.column)} = ANY(${keys}::${raw(rows.key.type)}[]) AND ${raw(rows.of ?? "TRUE")}`;
    for (const row of keys.length === 0 ? [] : await query<VersionRow>(db, statement))
      found.set(row.id, fromRow(rows, row));
  }
  if (documents) {
    const statement = sql`SELECT d.id, d.version, d.changed_at, d.changed_by, d.resource AS image
      FROM fhir.document AS d WHERE d.type = ${type} AND d.id = ANY(${ids})`;
    for (const row of await query<VersionRow>(db, statement)) found.set(row.id, fromDocument(row));
  }
  return found;
}

const imageOf = <R extends Resource>(rows: RowSource<R>): Sql => sql`to_jsonb(r) - ${rows.leftOut}::text[]`;

function fromRow<R extends Resource>(rows: RowSource<R>, row: VersionRow): Version<R> {
  const reading: Reading<R> = row.image ? rows.read(row.image) : { resource: undefined };
  return { id: row.id, number: Number(row.version), changedAt: isoText(row.changed_at), ...reading };
}

const fromDocument = <R extends Resource>(row: VersionRow): Version<R> => ({
  id: row.id,
  number: Number(row.version),
  changedAt: isoText(row.changed_at),
  resource: (row.image ?? undefined) as unknown as R | undefined,
  ...(row.changed_by === null || row.changed_by === undefined ? {} : { changedBy: row.changed_by }),
});

const isoText = (at: string): string => new Date(at).toISOString();

type Which = { readonly limit: number; readonly number?: number; readonly below?: number };

/** Earlier versions, newest first; of a row that is gone, the deletion is the newest. */
async function versions<R extends Resource>(
  { type, rows, documents, db }: SqlStoreOptions<R>,
  id: string,
  which: Which,
): Promise<Version<R>[]> {
  const ofRows = rows && historyOf(rows, id);
  const sources = [
    ...(ofRows ? [sql`(h.source = ${ofRows.source} AND h.id = ${ofRows.key})`] : []),
    ...(documents ? [sql`(h.source = 'fhir.document' AND h.id = ${`${type}/${id}`})`] : []),
  ];
  const range = [
    ...(which.number === undefined ? [] : [sql`h.version = ${which.number}`]),
    ...(which.below === undefined ? [] : [sql`h.version < ${which.below}`]),
  ];
  const statement = sql`SELECT h.source, h.version, h.changed_at, h.image FROM fhir.history AS h
    WHERE ${anyOf(sources)} AND ${allOf(range)} ORDER BY h.version DESC LIMIT ${which.limit}`;
  const found = await query<VersionRow & { source: string }>(db, statement);
  return found.map((row) => {
    if (rows && row.source === ofRows?.source) return fromRow(rows, { ...row, id });
    const image = row.image as { resource?: Image; changed_by?: string } | null;
    return fromDocument({ ...row, id, image: image?.resource ?? null, changed_by: image?.changed_by ?? null });
  });
}

function historyOf<R extends Resource>(rows: RowSource<R>, id: string): { source: string; key: string } | undefined {
  const key = rows.key.fromId(id);
  if (rows.history === null || key === undefined) return undefined;
  return rows.history
    ? { source: rows.history.source, key: rows.history.keyOf(id) }
    : { source: rows.table, key: String(key) };
}

async function search<R extends Resource>(options: SqlStoreOptions<R>, db: Knex, asked: StoreQuery) {
  const found = asked.limit === 0 ? [] : await findPage(options, db, asked);
  const total = asked.withTotal ? await countUpTo(options, db, asked) : undefined;
  const shown = found.slice(0, asked.limit);
  const loaded = await load(
    options,
    db,
    shown.map(({ id }) => id),
  );
  const hits = shown.flatMap(({ id, place }): Hit<R>[] => {
    const version = loaded.get(id);
    // Gone between the two statements.
    return version?.resource ? [{ version, place }] : [];
  });
  return { hits, more: found.length > asked.limit, total };
}
