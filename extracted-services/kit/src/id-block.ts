/**
 * Identifiers of new records. URLs carry legacy integers, so a service issues only from the block that was reserved for it
 * below the legacy identity; when it is used up, inserts are refused rather than an id issued twice.
 */

import type { Knex } from "knex";
import { events } from "./events.ts";
import { limits } from "./limits.ts";
import { RefusedError } from "./refusal.ts";
import type { ServiceContext } from "./service-context.ts";

/** What a dry run calls a record where no block is reserved yet: no real id, and recognisable in a comparison. */
export const dryRunId = 2_000_000_000;

type Issued = { readonly id: string | null; readonly left_ids: string | null; readonly block_ids: string | null };

/** @throws RefusedError ids-exhausted */
export async function nextId(
  trx: Knex.Transaction,
  name: string,
  { service, dryRun }: { readonly service: ServiceContext; readonly dryRun: boolean },
): Promise<number> {
  const answer: { rows: Issued[] } = await trx.raw("SELECT * FROM kit.next_id(?)", [name]);
  const issued = answer.rows[0];
  if (!issued || issued.id === null) {
    if (dryRun) return dryRunId;
    throw new RefusedError("ids-exhausted");
  }
  const left = Number(issued.left_ids);
  service.metrics.idsLeft.set({ name }, left);
  if (left / Number(issued.block_ids) < limits.idsLeftShareMin)
    service.logger.warn({ event: events.idsLow, module: service.module, table: name, count: left });
  return Number(issued.id);
}
