/** `banyan sync enable`: prepares the legacy database, or says exactly what a DBA has to run. */

import type { ServiceMapping } from "@banyan/service-kit/mapping";
import { type CaptureInstance, readInstances } from "../capture/capture-instance.ts";
import type { LegacyDatabase } from "../source/legacy-database.ts";
import { sqlErrorNumber } from "../source/source-errors.ts";
import {
  type Batch,
  capturedTables,
  enableDatabase,
  enableTable,
  grants,
  ownCaptured,
  ownObjects,
} from "./source-script.ts";

export type Preparation = {
  /** What was run, in order. */
  readonly done: readonly string[];
  /** What stopped it, and what is left for somebody with more rights. */
  readonly refused: { readonly why: string; readonly errorNumber: number | undefined } | undefined;
  readonly left: readonly Batch[];
  /** Tables that have two capture instances already, neither with every mapped column. */
  readonly stuck: readonly string[];
};

/** Runs every batch that is not done yet; stops at the first that is refused. @throws AppError SOURCE_AWAY */
export async function prepareSource(source: LegacyDatabase, mappings: readonly ServiceMapping[]): Promise<Preparation> {
  const done: string[] = [];
  const runAll = async (
    batches: readonly Batch[],
  ): Promise<(Preparation["refused"] & { left: readonly Batch[] }) | undefined> => {
    for (const [index, batch] of batches.entries()) {
      try {
        await source.batch(batch.why, batch.sql);
        done.push(batch.why);
      } catch (error) {
        const errorNumber = sqlErrorNumber((error as Error).cause);
        if (errorNumber === undefined) throw error;
        return { why: batch.why, errorNumber, left: batches.slice(index) };
      }
    }
    return undefined;
  };
  const stuck: string[] = [];
  const first = await runAll([...ownObjects, enableDatabase]);
  const tables = first ? [] : await tableBatches(source, mappings, stuck);
  const refused = first ?? (await runAll(tables));
  if (!refused) return { done, refused: undefined, left: [], stuck };
  const rest = first ? await tableBatches(undefined, mappings, stuck) : [];
  return {
    done,
    refused: { why: refused.why, errorNumber: refused.errorNumber },
    left: [...refused.left, ...rest],
    stuck,
  };
}

async function tableBatches(
  source: LegacyDatabase | undefined,
  mappings: readonly ServiceMapping[],
  stuck: string[],
): Promise<readonly Batch[]> {
  const instances = source ? await readInstances(source) : [];
  return [...ownCaptured, ...capturedTables(mappings)].flatMap((table) => {
    const batch = enableTable(table, instances);
    if (batch === "two-instances") stuck.push(table.table);
    return typeof batch === "string" ? [] : [batch];
  });
}

/** The whole script for a DBA: preparation and, for a log-in, its grants. */
export function printedScript(
  mappings: readonly ServiceMapping[],
  options: { readonly database: string; readonly login: string; readonly instances: readonly CaptureInstance[] },
): string {
  const tables = capturedTables(mappings);
  const enabling = [...ownCaptured, ...tables].flatMap((table) => {
    const batch = enableTable(table, options.instances);
    return typeof batch === "string" ? [] : [batch];
  });
  const existing = options.instances.map(({ name }) => name);
  const made = [...ownCaptured, ...tables]
    .map(({ table }) => `dbo_${table}`)
    .filter((name) => !existing.includes(name));
  const batches = [
    ...ownObjects,
    enableDatabase,
    ...enabling,
    ...grants(options.login, tables, [...existing, ...made]),
  ];
  const lines = batches.map(({ why, sql }) => `-- ${why}\n${sql};\nGO\n`);
  return `-- Prepares ${options.database} for Banyan. Every batch can be run again.\nUSE [${options.database.replaceAll("]", "]]")}];\nGO\n${lines.join("")}`;
}
