/**
 * Compares mapped rows with the service's table, inside PostgreSQL, so that both sides are in the same types: checksums of a
 * whole chunk first, and where they differ halves of it, down to a few rows that are compared column by column.
 */

import type { TableMapping, TargetRow } from "@banyan/service-kit/mapping";
import { limits } from "../limits.ts";
import type { Transaction } from "../target/service-database.ts";
import { identifier, rowSource, type TargetTable } from "../target/target-table.ts";

export type Mismatch = {
  /** Index of the row in what was compared. */
  readonly index: number;
  readonly kind: "missing" | "different";
  /** Columns that differ; empty for a missing row. */
  readonly columns: readonly string[];
};

export type Comparison = {
  /** Rows of the table that have the key of a compared row. */
  readonly found: number;
  readonly mismatches: readonly Mismatch[];
};

export async function compareRows(
  client: Transaction,
  target: TargetTable,
  rows: readonly TargetRow[],
): Promise<Comparison> {
  if (rows.length === 0) return { found: 0, mismatches: [] };
  const text = checksumStatement(target);
  const source = rowSource(target.mapping, target.columns);
  const answer = await client.query<{ found: string; same: boolean }>(text, source.values(rows));
  const { found, same } = answer.rows[0] ?? { found: "0", same: false };
  if (same) return { found: Number(found), mismatches: [] };
  return { found: Number(found), mismatches: await bisect(client, target, rows, 0) };
}

async function bisect(
  client: Transaction,
  target: TargetTable,
  rows: readonly TargetRow[],
  offset: number,
): Promise<Mismatch[]> {
  if (rows.length <= limits.reconcileLeafRows) return compareEach(client, target, rows, offset);
  const source = rowSource(target.mapping, target.columns);
  const mismatches: Mismatch[] = [];
  const middle = Math.ceil(rows.length / 2);
  for (const [from, until] of [
    [0, middle],
    [middle, rows.length],
  ] as const) {
    const half = rows.slice(from, until);
    const answer = await client.query<{ same: boolean }>(checksumStatement(target), source.values(half));
    if (answer.rows[0]?.same !== true) mismatches.push(...(await bisect(client, target, half, offset + from)));
  }
  return mismatches;
}

async function compareEach(
  client: Transaction,
  target: TargetTable,
  rows: readonly TargetRow[],
  offset: number,
): Promise<Mismatch[]> {
  const { mapping, columns, name } = target;
  const source = rowSource(mapping, columns, " WITH ORDINALITY");
  const differing = columns.map(
    (column) =>
      `CASE WHEN ${exact(mapping, column, `t.${identifier(column)}`)} IS DISTINCT FROM ${exact(mapping, column, source.column(column))} THEN '${column}' END`,
  );
  const answer = await client.query<{ n: string; missing: boolean; columns: string[] }>(
    `SELECT u.n, t.tableoid IS NULL AS missing, array_remove(ARRAY[${differing.join(", ")}]::text[], NULL) AS columns
     FROM ${source.from} LEFT JOIN ${name} t ON ${sameKey(target)} ORDER BY u.n`,
    source.values(rows),
  );
  return answer.rows
    .filter(({ missing, columns: different }) => missing || different.length > 0)
    .map(({ n, missing, columns: different }) => ({
      index: offset + Number(n) - 1,
      kind: missing ? ("missing" as const) : ("different" as const),
      columns: missing ? [] : different,
    }));
}

const sameKey = ({ mapping }: TargetTable): string =>
  mapping.targetKey.map((column) => `t.${identifier(column)} = u.${identifier(column)}`).join(" AND ");

/** Text byte by byte, whatever collation the column has. */
const exact = (mapping: TableMapping, column: string, expression: string): string =>
  mapping.targetColumns[column] === "text" ? `${expression} COLLATE "C"` : expression;

/** Sum of the rows' hashes on both sides; hashes are of values, so that 12.5 and 12.5000 are the same number. */
function checksumStatement({ mapping, columns, name }: TargetTable): string {
  const source = rowSource(mapping, columns);
  const hash = (expression: (column: string) => string): string =>
    `coalesce(sum(hash_record_extended(ROW(${columns.map((column) => exact(mapping, column, expression(column))).join(", ")}), 0)::numeric), 0)`;
  return `WITH u AS MATERIALIZED (SELECT ${columns.map((column) => `${source.column(column)} AS ${identifier(column)}`).join(", ")} FROM ${source.from}),
  s AS (SELECT count(*) AS rows, ${hash((column) => `u.${identifier(column)}`)} AS sum FROM u),
  d AS (SELECT count(*) AS rows, ${hash((column) => `t.${identifier(column)}`)} AS sum FROM ${name} t JOIN u ON ${sameKey({ mapping } as TargetTable)})
SELECT d.rows AS found, s.rows = d.rows AND s.sum = d.sum AS same FROM s, d`;
}
