/** The owner row of the module: whether this service takes its writes, and under which epoch. */

import type { Knex } from "knex";
import type { RefusalCode } from "./refusal.ts";

type OwnerRow = { readonly epoch: string; readonly state: "open" | "sealed" };

export type OwnerVerdict =
  | { readonly kind: "owner"; readonly epoch: number }
  | { readonly kind: "refused"; readonly code: Extract<RefusalCode, "owner-sealed" | "epoch-old"> };

/**
 * Locks the row for share until the transaction ends, so that a change of owner waits for it.
 * @param epoch what the request was sent under; undefined when it names none, which no open module takes
 */
export async function checkOwner(
  trx: Knex.Transaction,
  module: string,
  epoch: number | undefined,
): Promise<OwnerVerdict> {
  const answer: { rows: Partial<OwnerRow>[] } = await trx.raw("SELECT epoch, state FROM kit.share_owner(?)", [module]);
  const row = answer.rows[0];
  if (row?.state !== "open") return { kind: "refused", code: "owner-sealed" };
  const owner = Number(row.epoch);
  return owner === epoch ? { kind: "owner", epoch: owner } : { kind: "refused", code: "epoch-old" };
}
