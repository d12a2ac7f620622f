/**
 * The SQL of a search: conditions over columns and terms, keys to sort by, and pages that begin after a place rather than at a
 * number of rows, so that a page costs the same wherever it is and nothing is shown twice or missed when rows come and go.
 */

import type { Resource } from "fhir/r4.js";
import type { Knex } from "knex";
import { limits } from "../limits.ts";
import type { AnyOf, Condition } from "../search/condition.ts";
import type { StoreQuery } from "../store.ts";
import { type ColumnSearch, codeColumn, columnCondition, instantColumn } from "./columns.ts";
import { allOf, anyOf, everything, list, nothing, query, raw, type Sql, sql } from "./fragment.ts";
import type { RowSource, SqlStoreOptions } from "./row-source.ts";
import { termIds, termIdsPresent } from "./terms.ts";

/** One more than asked for, to tell whether there is more. */
export function findPage<R extends Resource>(
  options: SqlStoreOptions<R>,
  db: Knex,
  asked: StoreQuery,
): Promise<{ id: string; place: string[] }[]> {
  const keys = sortKeys(options, asked);
  const place = list(keys.map((_key, at) => raw(`m.k${at}::text`)));
  const order = list(keys.map((key, at) => raw(`m.k${at} ${key.descending ? "DESC" : "ASC"}`)));
  return query(
    db,
    sql`SELECT m.id, ARRAY[${place}] AS place FROM (${matchesOf(options, asked, keys)}) AS m
    WHERE ${afterPlace(asked, keys)} ORDER BY ${order} LIMIT ${asked.limit + 1}`,
  );
}

/** How many fit; undefined past `totalCountedMax`. */
export async function countUpTo<R extends Resource>(
  options: SqlStoreOptions<R>,
  db: Knex,
  asked: StoreQuery,
): Promise<number | undefined> {
  const matches = matchesOf(options, asked, sortKeys(options, asked));
  const counted = sql`SELECT count(*) AS n FROM (SELECT 1 FROM (${matches}) AS m LIMIT ${limits.totalCountedMax + 1}) AS c`;
  const n = Number((await query<{ n: string }>(db, counted))[0]?.n);
  return n > limits.totalCountedMax ? undefined : n;
}

type Key = { readonly row: string; readonly document: string; readonly type: string; readonly descending: boolean };

/** The keys asked for, and the id, which decides between equals. */
function sortKeys<R extends Resource>({ rows }: SqlStoreOptions<R>, { sort }: StoreQuery): Key[] {
  const byId =
    rows?.key.type === "int"
      ? { row: rows.key.column, document: "NULL::int", type: "int" }
      : { row: `(${rows?.id ?? "NULL"})::text COLLATE "C"`, document: "d.id", type: "text" };
  const keys = sort.map(({ name, descending }): Key => {
    const own = rows?.sorts?.[name];
    if (own) return { row: own.sql, document: `NULL::${own.type}`, type: own.type, descending };
    if (name === "_lastUpdated")
      return { row: "r.changed_at", document: "d.changed_at", type: "timestamptz", descending };
    return { ...byId, descending };
  });
  return [...keys, { ...byId, descending: keys.at(-1)?.descending ?? false }];
}

/** What comes after a place, key by key: the first that differs decides. */
function afterPlace({ after }: StoreQuery, keys: readonly Key[]): Sql {
  if (!after) return everything;
  const compared = keys.map((key, at) => {
    const value = sql`${after[at] ?? null}::${raw(key.type)}`;
    const equals = keys
      .slice(0, at)
      .map((before, index) => sql`m.k${raw(String(index))} = ${after[index] ?? null}::${raw(before.type)}`);
    return allOf([...equals, sql`m.k${raw(String(at))} ${raw(key.descending ? "<" : ">")} ${value}`]);
  });
  return anyOf(compared);
}

/** Everything that fits, with its id and sort keys. */
function matchesOf<R extends Resource>(options: SqlStoreOptions<R>, asked: StoreQuery, keys: readonly Key[]): Sql {
  const { type, rows, documents } = options;
  const named = (column: "row" | "document"): Sql => list(keys.map((key, at) => raw(`${key[column]} AS k${at}`)));
  const conditions = (hold: (condition: Condition) => Sql): Sql =>
    allOf([...asked.all.map(hold), ...asked.within.map((any) => someOf(any, hold))]);
  const parts = [
    ...(rows
      ? [
          sql`SELECT ${raw(rows.id)} AS id, ${named("row")} FROM ${raw(rows.table)} AS r
            WHERE ${raw(rows.served)} AND ${conditions((condition) => rowHolds(type, rows, condition, asked.nowMs))}`,
        ]
      : []),
    ...(documents
      ? [
          sql`SELECT d.id AS id, ${named("document")} FROM fhir.document AS d WHERE d.type = ${type}
            AND d.resource IS NOT NULL AND ${conditions((condition) => documentHolds(type, condition, asked.nowMs))}`,
        ]
      : []),
  ];
  return { text: parts.map((part) => part.text).join(" UNION ALL "), bindings: parts.flatMap((part) => part.bindings) };
}

const someOf = (any: AnyOf, hold: (condition: Condition) => Sql): Sql => anyOf(any.map((all) => allOf(all.map(hold))));

const negated = (condition: Condition): boolean => condition.kind === "values" && condition.modifier === "not";

/** By columns and by terms: a positive condition as a set of keys, so that both can use their index. */
function rowHolds<R extends Resource>(type: string, rows: RowSource<R>, condition: Condition, nowMs: number): Sql {
  const { name } = condition.parameter;
  const columns = commonOfRow(rows)[name] ?? rows.search[name];
  const byTerms = !(name in commonOfRow(rows)) && !rows.whole.includes(name);
  const own = columns
    ? condition.kind === "missing"
      ? columns.present
      : columnCondition(columns, condition, nowMs)
    : nothing;
  const holds = byTerms ? keyAmong(rows, own, termsFor(type, condition, nowMs)) : own;
  const positive = condition.kind === "missing" ? !condition.missing : !negated(condition);
  return positive ? holds : sql`(${holds}) IS NOT TRUE`;
}

function keyAmong<R extends Resource>(rows: RowSource<R>, own: Sql, terms: Sql): Sql {
  const { column, type } = rows.key;
  if (type === "int")
    return sql`${raw(column)} IN (SELECT ${raw(column)} FROM ${raw(rows.table)} AS r WHERE ${own} UNION ALL SELECT t.id::int FROM (${terms}) AS t)`;
  return sql`(${own} OR ${raw(rows.id)} IN (${terms}))`;
}

const termsFor = (type: string, condition: Condition, nowMs: number): Sql =>
  condition.kind === "missing" ? termIdsPresent(type, condition.parameter) : termIds(type, condition, nowMs);

function documentHolds(type: string, condition: Condition, nowMs: number): Sql {
  const columns = commonOfDocument[condition.parameter.name];
  const holds = columns
    ? condition.kind === "missing"
      ? columns.present
      : columnCondition(columns, condition, nowMs)
    : sql`d.id IN (${termsFor(type, condition, nowMs)})`;
  const positive = condition.kind === "missing" ? !condition.missing : !negated(condition);
  return positive ? holds : sql`(${holds}) IS NOT TRUE`;
}

/** `_id` and `_lastUpdated`, which no term holds. */
const commonOfDocument: Readonly<Record<string, ColumnSearch>> = {
  _id: codeColumn("d.id"),
  _lastUpdated: instantColumn("d.changed_at"),
};

const commonOfRow = <R extends Resource>(rows: RowSource<R>): Readonly<Record<string, ColumnSearch>> => ({
  _id: keySearch(rows.key),
  _lastUpdated: instantColumn("r.changed_at"),
});

const keySearch = <R extends Resource>(key: RowSource<R>["key"]): ColumnSearch => ({
  present: everything,
  match(value) {
    const wanted =
      value.kind === "token" && !value.system && value.code !== undefined ? key.fromId(value.code) : undefined;
    return wanted === undefined ? nothing : sql`${raw(key.column)} = ${wanted}`;
  },
});
