/**
 * The one way anything is changed:
 *
 *   1. the head is locked; whoever looked at an older revision is refused (If-Match)
 *   2. the work is done, and may refuse
 *   3. the audit entry is written in the same transaction
 *   4. after the commit the new revision goes to the replicas
 *
 * A refused change leaves an audit entry too.
 */

import type { Knex } from "knex";
import type { Caller } from "./access/caller.ts";
import type { ControlContext } from "./context.ts";
import { Refusal } from "./refusal.ts";
import { appendAudit, type AuditEntry } from "./store/audit.ts";
import { lockHead } from "./store/revisions.ts";

export type ChangeRequest = {
  readonly caller: Caller;
  /** The revision the caller looked at. */
  readonly basedOn: number;
  /** For the audit trail: `stage`, `freeze.add`. */
  readonly action: string;
  readonly module?: string | undefined;
  readonly reason?: string | undefined;
  /** What was asked for, for the entry of a refused change. Holds no secret. */
  readonly asked?: Readonly<Record<string, unknown>>;
};

export type ChangeOutcome<T> = {
  readonly result: T;
  /** Number of the revision that was made, where one was. */
  readonly revision?: number;
  readonly details?: Readonly<Record<string, unknown>>;
};

/** @throws Refusal REVISION_STALE and whatever `work` refuses */
export async function change<T>(
  context: ControlContext,
  request: ChangeRequest,
  work: (trx: Knex.Transaction, now: Date) => Promise<ChangeOutcome<T>>,
): Promise<T> {
  // Outside the transaction: whoever holds the head's lock must not wait for a second connection.
  if (context.head.current.revision.number !== request.basedOn) await context.head.refresh();
  try {
    const outcome = await context.db.transaction(async (trx) => {
      const head = await lockHead(trx);
      refuseStale(request.basedOn, head);
      const now = context.clock.now();
      const outcome = await work(trx, now);
      await appendAudit(trx, {
        ...entryOf(request, now),
        outcome: "done",
        revision: outcome.revision ?? head,
        details: outcome.details ?? {},
      });
      return outcome;
    });
    if (outcome.revision !== undefined) await context.head.refresh();
    return outcome.result;
  } catch (error) {
    if (error instanceof Refusal && error.status < 500) await auditRefusal(context, request, error);
    throw error;
  }
}

export function refuseStale(basedOn: number, head: number): void {
  if (basedOn === head) return;
  throw new Refusal({
    code: "REVISION_STALE",
    message: "the change was not made",
    why: `it was based on revision ${basedOn}, but the newest is ${head}: somebody changed something meanwhile`,
    hint: "Look at what changed (GET /api/v1/status), then ask again with If-Match set to the newest revision.",
    details: { basedOn, newest: head },
  });
}

async function auditRefusal(context: ControlContext, request: ChangeRequest, refusal: Refusal): Promise<void> {
  await context.db.transaction((trx) =>
    appendAudit(trx, {
      ...entryOf(request, context.clock.now()),
      outcome: "refused",
      revision: request.basedOn,
      details: { ...request.asked, code: refusal.code, why: refusal.why },
    }),
  );
}

function entryOf(request: ChangeRequest, at: Date): Omit<AuditEntry, "outcome" | "revision" | "details"> {
  return {
    at,
    who: request.caller.who,
    role: request.caller.role,
    via: request.caller.via,
    action: request.action,
    module: request.module ?? null,
    reason: request.reason ?? null,
  };
}
