/**
 * Compares one table with its source while both are being written:
 *
 *   1. every source row, chunk by chunk, mapped, against the row of its key             suspects: missing, different
 *   2. rows of the table that no source row has                                          suspects: extra
 *   3. a suspect is looked at again once the stream has passed what was read before: a row that did not change at the source
 *      meanwhile and still differs is a finding; one that went on changing is in flight
 *   4. findings are repaired from the source, at the position up to which the stream had applied when the row was read again
 *
 * Nothing is reported on the evidence of one look.
 */

import type { LegacyRow, TargetRow } from "@banyan/service-kit/mapping";
import { lanesOf } from "../apply/source-transaction.ts";
import { mapped, mapRow, write } from "../apply/write-set.ts";
import type { Position } from "../capture/position.ts";
import { limits } from "../limits.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import { keyOf, type TablePlan } from "../table-plan.ts";
import type { ServiceDatabase, Transaction } from "../target/service-database.ts";
import { identifier, rowSource, type TargetTable } from "../target/target-table.ts";
import { compareRows } from "./compare-rows.ts";
import { rowsByKey, tableKeys, tableRows } from "./source-rows.ts";

export type DifferenceKind = "in-flight" | "missing" | "extra" | "different";
export type Difference = {
  readonly kind: DifferenceKind;
  /** The service's key, in the order of its columns. */
  readonly key: readonly unknown[];
  readonly columns: readonly string[];
  readonly repair: "none" | "done" | "refused";
};

export type TableFindings = {
  readonly table: string;
  readonly sourceRows: number;
  readonly targetRows: number;
  /** Of all differences; at most `reconcileDifferencesMax` are listed. */
  readonly counts: Readonly<Record<DifferenceKind, number>>;
  readonly repaired: number;
  readonly refused: number;
  readonly differences: readonly Difference[];
};

export type ReconcileContext = {
  readonly source: LegacyDatabase;
  readonly database: ServiceDatabase;
  readonly fence: bigint;
  /** Resolves once everything committed at the source before the call is applied. @returns the position of what is applied. */
  readonly caughtUp: () => Promise<Position>;
  /** Lanes on which something is parked. */
  readonly blocked: () => ReadonlySet<string>;
  /** Keys of owned rows with changes that are not yet at the source, as `table` and JSON of the legacy key. */
  readonly pending: () => Promise<ReadonlySet<string>>;
  readonly repair: boolean;
};

/** `row` as last read at the source; undefined: it was not there. */
export type Suspect = { readonly key: LegacyRow; readonly row: LegacyRow | undefined };

export async function reconcileTable(
  context: ReconcileContext,
  plan: TablePlan,
  target: TargetTable,
): Promise<TableFindings> {
  const findings: Difference[] = [];
  const first = await firstLook(context, plan, target);
  await lookAgain(context, plan, target, first.suspects, findings);
  if (first.hasExtra) await findExtra(context, plan, target, findings);
  return summary(plan, first, findings);
}

type FirstLook = { sourceRows: number; targetRows: number; suspects: Suspect[]; hasExtra: boolean };

async function firstLook(context: ReconcileContext, plan: TablePlan, target: TargetTable): Promise<FirstLook> {
  const look: FirstLook = { sourceRows: 0, targetRows: 0, suspects: [], hasExtra: false };
  let found = 0;
  for await (const rows of tableRows(context.source, plan)) {
    const comparison = await context.database.session("compare rows", (client) =>
      compareRows(
        client,
        target,
        rows.map((row) => mapped(plan, () => plan.mapping.toService(row))),
      ),
    );
    look.sourceRows += rows.length;
    found += comparison.found;
    for (const { index } of comparison.mismatches) {
      const row = rows[index] as LegacyRow;
      look.suspects.push({ key: keyOf(plan, row), row });
    }
  }
  look.targetRows = await countTarget(context.database, target);
  look.hasExtra = look.targetRows > found;
  return look;
}

async function countTarget(database: ServiceDatabase, { name }: TargetTable): Promise<number> {
  const [row] = await database.query<{ n: string }>("count a table's rows", `SELECT count(*) AS n FROM ${name}`);
  return Number(row?.n ?? 0);
}

/**
 * Rounds of waiting, comparing and reading again, until every suspect is cleared, found, or called in flight. A suspect that
 * differs from the row as read BEFORE the wait, while the row is still the same AFTER the comparison, differs for good.
 */
async function lookAgain(
  context: ReconcileContext,
  plan: TablePlan,
  target: TargetTable,
  suspects: readonly Suspect[],
  findings: Difference[],
): Promise<void> {
  let open: readonly Suspect[] = suspects.slice(0, limits.reconcileDifferencesMax * 10);
  for (let round = 1; open.length > 0; round += 1) {
    const position = await context.caughtUp();
    const differing = await differingNow(context, plan, target, open);
    const keys = differing.map(({ suspect }) => suspect.key);
    const rows = await rowsByKey(context.source, plan, keys);
    const now = new Map(rows.map((row) => [textOf(keyOf(plan, row)), row]));
    const found: Found[] = [];
    const moved: Suspect[] = [];
    for (const one of differing) {
      const { key, row } = one.suspect;
      const after = now.get(textOf(key));
      if (textOf(after) === textOf(row)) found.push(one);
      else moved.push({ key, row: after });
    }
    findings.push(...(await settle(context, plan, target, { found, position })));
    if (round >= limits.reconcileRechecks) {
      for (const { key } of moved)
        findings.push({ kind: "in-flight", key: targetKey(plan, target, key), columns: [], repair: "none" });
      return;
    }
    open = moved;
  }
}

type Found = {
  readonly suspect: Suspect;
  readonly kind: "missing" | "different" | "extra";
  readonly columns: readonly string[];
};

async function differingNow(
  context: ReconcileContext,
  plan: TablePlan,
  target: TargetTable,
  suspects: readonly Suspect[],
): Promise<Found[]> {
  const present = suspects.filter(({ row }) => row !== undefined);
  const gone = suspects.filter(({ row }) => row === undefined);
  const rows = present.map(({ row }) => mapped(plan, () => plan.mapping.toService(row as LegacyRow)));
  const keys = gone.map(({ key }) => mapped(plan, () => plan.mapping.keyToService(key)));
  return context.database.session("compare rows", async (client) => {
    const { mismatches } = await compareRows(client, target, rows);
    const left = await presentKeys(client, target, keys);
    return [
      ...mismatches.map(({ index, kind, columns }) => ({ suspect: present[index] as Suspect, kind, columns })),
      ...gone
        .filter((_, index) => left.has(index))
        .map((suspect) => ({ suspect, kind: "extra" as const, columns: [] })),
    ];
  });
}

/** Findings, repaired where that is asked for and allowed. */
async function settle(
  context: ReconcileContext,
  plan: TablePlan,
  target: TargetTable,
  { found, position }: { readonly found: readonly Found[]; readonly position: Position },
): Promise<Difference[]> {
  if (found.length === 0) return [];
  const pending = context.repair ? await context.pending() : new Set<string>();
  const refused = found.map(({ suspect }) => context.repair && isRefused(context, plan, suspect, pending));
  if (context.repair) {
    const mending = found.filter((_, index) => refused[index] === false).map(({ suspect }) => suspect);
    const upserts = mending.flatMap(({ row }) => (row ? [mapRow(plan, row, position)] : []));
    const deletes = mending.flatMap(({ key, row }) =>
      row ? [] : [{ row: mapped(plan, () => plan.mapping.keyToService(key)), position }],
    );
    await context.database.fenced("repair rows", context.fence, (tx) =>
      write(tx, [{ target, upserts, deletes }], "copied"),
    );
  }
  return found.map(({ suspect, kind, columns }, index) => ({
    kind,
    key: targetKey(plan, target, suspect.key),
    columns,
    repair: !context.repair ? "none" : refused[index] ? "refused" : "done",
  }));
}

/** A row whose lane is closed, or that has changes the source does not know yet, is not overwritten. */
function isRefused(
  context: ReconcileContext,
  plan: TablePlan,
  { row, key }: Suspect,
  pending: ReadonlySet<string>,
): boolean {
  if (pending.has(pendingKey(plan.legacyTable, key))) return true;
  if (!row) return false;
  const blocked = context.blocked();
  const change = { table: plan, lsn: new Uint8Array(), command: 0, operation: 2 as const, row };
  return lanesOf([change]).some((lane) => blocked.has(lane));
}

export const pendingKey = (table: string, key: LegacyRow): string => `${table} ${JSON.stringify(key)}`;

async function presentKeys(client: Transaction, target: TargetTable, keys: readonly TargetRow[]): Promise<Set<number>> {
  if (keys.length === 0) return new Set();
  const { mapping, name } = target;
  const source = rowSource(mapping, mapping.targetKey, " WITH ORDINALITY");
  const same = mapping.targetKey.map((column) => `t.${identifier(column)} = u.${identifier(column)}`).join(" AND ");
  const { rows } = await client.query<{ n: string }>(
    `SELECT u.n FROM ${source.from} JOIN ${name} t ON ${same}`,
    source.values(keys),
  );
  return new Set(rows.map(({ n }) => Number(n) - 1));
}

/**
 * Rows of the table without a source row: those in no scan of the source's keys, and again in no second scan that began after
 * they were seen, and still there once the stream has passed that.
 */
async function findExtra(
  context: ReconcileContext,
  plan: TablePlan,
  target: TargetTable,
  findings: Difference[],
): Promise<void> {
  await context.database.session("look for extra rows", async (client) => {
    const { mapping, name } = target;
    const keys = mapping.targetKey.map(identifier).join(", ");
    const same = mapping.targetKey.map((column) => `t.${identifier(column)} = s.${identifier(column)}`).join(" AND ");
    await client.query(`CREATE TEMP TABLE extra AS SELECT ${keys} FROM ${name} WITH NO DATA`);
    await client.query(`CREATE TEMP TABLE seen AS SELECT ${keys} FROM ${name} WITH NO DATA`);
    const scan = async (): Promise<void> => {
      await client.query("TRUNCATE seen");
      const source = rowSource(mapping, mapping.targetKey);
      for await (const chunk of tableKeys(context.source, plan)) {
        const rows = chunk.map((key) => mapped(plan, () => mapping.keyToService(key)));
        await client.query(`INSERT INTO seen SELECT * FROM ${source.from}`, source.values(rows));
      }
      await client.query("ANALYZE seen");
    };
    await scan();
    await client.query(
      `INSERT INTO extra SELECT ${keys} FROM ${name} t WHERE NOT EXISTS (SELECT FROM seen s WHERE ${same}) LIMIT ${limits.reconcileDifferencesMax * 10}`,
    );
    await context.caughtUp();
    await scan();
    const position = await context.caughtUp();
    const { rows } = await client.query<Record<string, unknown>>(
      `SELECT ${mapping.targetKey.map((column) => `t.${identifier(column)}`).join(", ")} FROM extra t
       WHERE NOT EXISTS (SELECT FROM seen s WHERE ${same}) AND EXISTS (SELECT FROM ${name} s WHERE ${same})`,
    );
    for (const row of rows) {
      const key = row as TargetRow;
      if (context.repair)
        await context.database.fenced("remove an extra row", context.fence, (tx) =>
          write(tx, [{ target, upserts: [], deletes: [{ row: key, position }] }]),
        );
      findings.push({
        kind: "extra",
        key: mapping.targetKey.map((column) => key[column] ?? null),
        columns: [],
        repair: context.repair ? "done" : "none",
      });
    }
  });
}

const targetKey = (plan: TablePlan, { mapping }: TargetTable, key: LegacyRow): readonly unknown[] => {
  const row = mapped(plan, () => mapping.keyToService(key));
  return mapping.targetKey.map((column) => row[column] ?? null);
};

const textOf = (row: LegacyRow | undefined): string => JSON.stringify(row ?? null);

function summary(plan: TablePlan, look: FirstLook, findings: readonly Difference[]): TableFindings {
  const count = (kind: DifferenceKind): number => findings.filter((one) => one.kind === kind).length;
  return {
    table: plan.legacyTable,
    sourceRows: look.sourceRows,
    targetRows: look.targetRows,
    counts: {
      "in-flight": count("in-flight"),
      missing: count("missing"),
      extra: count("extra"),
      different: count("different"),
    },
    repaired: findings.filter(({ repair }) => repair === "done").length,
    refused: findings.filter(({ repair }) => repair === "refused").length,
    differences: findings.slice(0, limits.reconcileDifferencesMax),
  };
}
