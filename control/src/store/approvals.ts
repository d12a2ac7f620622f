/** Approvals: another person's consent to one forward move of one module, good for some hours and for one use. */

import { type Stage, stageSchema } from "@banyan/routing-rules";
import type { Knex } from "knex";

export type Approval = {
  readonly id: number;
  readonly module: string;
  readonly stage: Stage;
  readonly who: string;
  readonly reason: string;
  readonly at: Date;
  readonly expiresAt: Date;
};

type Row = {
  id: number;
  module: string;
  stage: unknown;
  who: string;
  reason: string;
  created_at: Date;
  expires_at: Date;
};

/** Those that are neither used, withdrawn nor expired. */
export async function openApprovals(db: Knex, now: Date, module?: string): Promise<Approval[]> {
  const query = db("approvals")
    .where("expires_at", ">", now)
    .whereNull("withdrawn_at")
    .whereNull("used_by_revision")
    .orderBy("id");
  if (module !== undefined) query.where({ module });
  return ((await query) as Row[]).map((row) => ({
    id: row.id,
    module: row.module,
    stage: stageSchema.parse(row.stage),
    who: row.who,
    reason: row.reason,
    at: row.created_at,
    expiresAt: row.expires_at,
  }));
}

/** An approval of canary 50% covers 50% and less. */
export function covers(approval: Approval, to: Stage): boolean {
  if (approval.stage.name !== to.name) return false;
  return approval.stage.name !== "canary" || to.name !== "canary" || to.percent <= approval.stage.percent;
}

export async function addApproval(
  db: Knex,
  approval: Omit<Approval, "id"> & { readonly role: string },
): Promise<number> {
  const [row]: { id: number }[] = await db("approvals")
    .insert({
      module: approval.module,
      stage: JSON.stringify(approval.stage),
      who: approval.who,
      role: approval.role,
      reason: approval.reason,
      created_at: approval.at,
      expires_at: approval.expiresAt,
    })
    .returning("id");
  return row?.id ?? 0;
}

export async function withdrawApproval(db: Knex, id: number, now: Date): Promise<boolean> {
  const count = await db("approvals")
    .where({ id })
    .whereNull("withdrawn_at")
    .whereNull("used_by_revision")
    .update({ withdrawn_at: now });
  return count === 1;
}

export async function useApprovals(trx: Knex.Transaction, ids: readonly number[], revision: number): Promise<void> {
  if (ids.length > 0)
    await trx("approvals")
      .whereIn("id", [...ids])
      .update({ used_by_revision: revision });
}
