/**
 * A source transaction that does not fit into memory. Its changes are paged, by their place in the transaction, into a
 * staging table of the service's database, and applied from there as ONE transaction: nobody ever sees half of it. A crash
 * loses the staged pages at worst; they are read again.
 *
 * It is applied whole or not at all: a row of it that fails holds the service (HUGE_TRANSACTION_FAILED) instead of parking
 * hundreds of thousands of keys, until a person corrects the row's cause.
 */

import { AppError } from "@banyan/kernel";
import type { TargetRow, TargetType, TargetValue } from "@banyan/service-kit/mapping";
import { changeTable, type FollowedTable, raw } from "../capture/change-reader.ts";
import { type CaptureInstance, rangesFor } from "../capture/capture-instance.ts";
import { decrement, type Lsn, type Position, positionOf } from "../capture/position.ts";
import { limits } from "../limits.ts";
import { type LegacyDatabase, parameter, type RawRow } from "../source/legacy-database.ts";
import { keyOf, largeBytes, legacyRow, type TablePlan } from "../table-plan.ts";
import type { Transaction } from "../target/service-database.ts";
import { describeRowFailure, targetTrouble } from "../target/target-errors.ts";
import { identifier, type TargetTable } from "../target/target-table.ts";
import { advance, type Advance } from "./cursor.ts";
import type { ApplyContext } from "./apply-window.ts";
import { netEffect } from "./net-effect.ts";
import { mapped, targetOf } from "./write-set.ts";

export type HugeTransaction = {
  readonly lsn: Lsn;
  readonly tables: readonly FollowedTable[];
  readonly instances: readonly CaptureInstance[];
};

/** @returns changes read. @throws AppError HUGE_TRANSACTION_FAILED, and as reading and applying do */
export async function applyHuge(
  source: LegacyDatabase,
  context: ApplyContext,
  huge: HugeTransaction,
  step: Omit<Advance, "changes">,
): Promise<number> {
  if (context.blocked.size > 0) throw blockedByParked();
  try {
    await context.database.query("clear the staging table", "TRUNCATE sync.staged_change");
    let changes = 0;
    for (const { plan } of huge.tables) changes += await stageTable(source, context, huge, plan);
    await context.database.fenced("apply a huge transaction", context.fence, async (tx) => {
      await tx.query(`SET LOCAL statement_timeout = ${limits.hugeStatementMsMax}`);
      await advance(tx, { ...step, changes });
      await applyStaged(tx, [...context.targets.values()], positionOf(context.era, huge.lsn));
    });
    return changes;
  } catch (error) {
    if (targetTrouble(error) !== "row" && !(error instanceof AppError && error.code === "MAPPING_FAILED")) throw error;
    throw hugeFailed(error);
  }
}

const pageOrder = ["[__$command_id]", "[__$seqval]", "[__$operation]"] as const;

/** Pages through the table's changes in the transaction. */
async function stageTable(
  source: LegacyDatabase,
  context: ApplyContext,
  huge: HugeTransaction,
  plan: TablePlan,
): Promise<number> {
  const wanted = plan.columns.map(({ name }) => name);
  const bounds = { after: decrement(huge.lsn), until: huge.lsn };
  const [range] = rangesFor(plan.legacyTable, wanted, huge.instances, bounds);
  if (!range) return 0;
  const [command, seqval, operation] = pageOrder;
  const text = `SELECT TOP (@rows) c.[__$start_lsn], c.${command}, c.${operation}, ${plan.selectList("c")}, c.${seqval}
FROM ${changeTable(range.instance)} c WHERE c.[__$start_lsn] = @lsn AND c.${operation} <> 3
  AND (c.${command} > @command OR (c.${command} = @command AND (c.${seqval} > @seqval OR (c.${seqval} = @seqval AND c.${operation} > @operation))))
ORDER BY ${pageOrder.map((column) => `c.${column}`).join(", ")}`;
  let [at, seq, staged] = [{ command: 0, seqval: Buffer.alloc(10) as Uint8Array, operation: 0 }, 0, 0];
  for (;;) {
    const page: RawRow[] = [];
    let bytes = 0;
    const parameters = {
      rows: parameter.int(limits.windowRowsMax),
      lsn: parameter.lsn(huge.lsn),
      command: parameter.int(at.command),
      seqval: parameter.lsn(at.seqval),
      operation: parameter.int(at.operation),
    };
    await source.read("read a page of a huge transaction", text, parameters, (row) => {
      page.push(row);
      bytes += plan.rowBytes + largeBytes(plan, row, raw.columns);
      return bytes < limits.windowBytesMax;
    });
    const last = page.at(-1);
    if (!last) return staged;
    await stagePage(context, plan, page, seq);
    seq += page.length;
    staged += page.length;
    at = {
      command: last[raw.command] as number,
      seqval: last[raw.columns + plan.columns.length] as Uint8Array,
      operation: last[raw.operation] as number,
    };
  }
}

/** Net effect of the page, deletions before upserts, as the whole is applied. */
async function stagePage(context: ApplyContext, plan: TablePlan, page: readonly RawRow[], seq: number): Promise<void> {
  const target = targetOf(context.targets, plan);
  const { upserts, deletes } = netEffect(plan, page);
  const keyed = (row: TargetRow): string =>
    JSON.stringify(
      target.mapping.targetKey.map((column) => jsonOf(row[column] ?? null, target.mapping.targetColumns[column])),
    );
  const rows = [
    ...deletes.map((change) => {
      const key = keyOf(plan, legacyRow(plan, change, raw.columns));
      return { key: keyed(mapped(plan, () => plan.mapping.keyToService(key))), row: null };
    }),
    ...upserts.map((change) => {
      const row = mapped(plan, () => plan.mapping.toService(legacyRow(plan, change, raw.columns)));
      return { key: keyed(row), row: JSON.stringify(jsonRow(row, target.mapping.targetColumns)) };
    }),
  ];
  await context.database.query(
    "stage a page of a huge transaction",
    `INSERT INTO sync.staged_change (target, seq, key, new_row) SELECT $1, $2 + u.n, u.key, u.new_row
     FROM unnest($3::jsonb[], $4::jsonb[]) WITH ORDINALITY u(key, new_row, n)`,
    [target.mapping.target, seq, rows.map(({ key }) => key), rows.map(({ row }) => row)],
  );
}

function jsonOf(value: TargetValue, type: TargetType | undefined): unknown {
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  if (type === "jsonb" && typeof value === "string") return JSON.parse(value) as unknown;
  return value;
}

const jsonRow = (row: TargetRow, types: Readonly<Record<string, TargetType>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(types).map(([column, type]) => [column, jsonOf(row[column] ?? null, type)]));

async function applyStaged(tx: Transaction, targets: readonly TargetTable[], position: Position): Promise<void> {
  for (const target of targets.toReversed()) await tx.query(deleteStaged(target), [target.mapping.target, position]);
  for (const target of targets) await tx.query(upsertStaged(target), [target.mapping.target, position]);
  await tx.query("DELETE FROM sync.staged_change");
}

/** The last change of each key. */
const lastStaged =
  "SELECT DISTINCT ON (key) key, new_row FROM sync.staged_change WHERE target = $1 ORDER BY key, seq DESC";

function deleteStaged({ mapping, name }: TargetTable): string {
  const parts = mapping.targetKey.map(
    (column, index) => `(g.key ->> ${index})::${mapping.targetColumns[column] ?? "text"}`,
  );
  const same = mapping.targetKey.map((column, index) => `t.${identifier(column)} = ${parts[index]}`).join(" AND ");
  const key = `jsonb_build_array(${parts.join(", ")})`;
  return `WITH g AS MATERIALIZED (SELECT key FROM (${lastStaged}) l WHERE new_row IS NULL), marked AS (
  INSERT INTO sync.tombstone AS s (target, key, position) SELECT $1, ${key}, $2::bytea FROM g
  ON CONFLICT (target, key) DO UPDATE SET position = EXCLUDED.position WHERE s.position < EXCLUDED.position)
DELETE FROM ${name} t USING g WHERE ${same} AND (t.source_position IS NULL OR t.source_position < $2::bytea)`;
}

function upsertStaged({ mapping, name, columns }: TargetTable): string {
  const all = [...columns, "source_position"].map(identifier);
  const record = columns.map((column) => `${identifier(column)} ${mapping.targetColumns[column] ?? "text"}`).join(", ");
  return `INSERT INTO ${name} AS t (${all.join(", ")})
SELECT ${columns.map((column) => `r.${identifier(column)}`).join(", ")}, $2::bytea
FROM (${lastStaged}) l CROSS JOIN LATERAL jsonb_to_record(l.new_row) AS r(${record}) WHERE l.new_row IS NOT NULL
ON CONFLICT (${mapping.targetKey.map(identifier).join(", ")}) DO UPDATE SET ${all.map((column) => `${column} = EXCLUDED.${column}`).join(", ")}
WHERE t.source_position IS NULL OR t.source_position < EXCLUDED.source_position`;
}

const blockedByParked = (): AppError =>
  new AppError({
    code: "HUGE_TRANSACTION_WAITS",
    op: "apply a huge transaction",
    message: "a source transaction too big for memory waits until nothing is parked, because it may touch a parked key",
    hint: "`banyan parked list` shows what is parked; retry or discard it. Nothing is lost meanwhile.",
    retryable: true,
  });

function hugeFailed(cause: unknown): AppError {
  const { code, message } = describeRowFailure(cause);
  return new AppError({
    code: "HUGE_TRANSACTION_FAILED",
    op: "apply a huge transaction",
    message: `a source transaction too big to be parked cannot be applied: ${message} [${code}]`,
    hint: "Correct what refuses the row (mapping or constraint); it is tried again by itself. Or copy the table anew: `banyan sync copy MODULE --table TABLE`.",
    retryable: true,
    cause,
  });
}
