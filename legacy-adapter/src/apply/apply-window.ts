/**
 * Applies one window to a service's database: rows, cursor, markers and what must be parked commit in ONE transaction.
 *
 * The quick way writes the net effect of the whole window, one statement a table. When a row of it fails, or something is
 * parked already and lanes must be looked at, the window is read again with the images before updates and taken the careful
 * way, transaction by transaction where need be.
 */

import { AppError } from "@banyan/kernel";
import type { TooBig, WindowContent } from "../capture/change-reader.ts";
import type { Window } from "../capture/window.ts";
import { limits } from "../limits.ts";
import type { ServiceDatabase } from "../target/service-database.ts";
import { MappingFailure, targetTrouble } from "../target/target-errors.ts";
import { applyCarefully } from "./careful.ts";
import { advance, type Advance } from "./cursor.ts";
import { netEffect } from "./net-effect.ts";
import { countParked } from "./parked-store.ts";
import { sourceTransactions } from "./source-transaction.ts";
import { type Targets, write, writesOf } from "./write-set.ts";

export type ApplyContext = {
  readonly database: ServiceDatabase;
  readonly targets: Targets;
  readonly fence: bigint;
  readonly era: number;
  /** Lanes on which something is parked; replaced by what is true after the commit. */
  blocked: Set<string>;
};

export type Applied = {
  readonly changes: number;
  readonly rows: number;
  readonly failed: number;
  readonly waiting: number;
};

/** @param readAgain reads the window with images before updates. @returns undefined when that no longer fits into memory */
export async function applyWindow(
  context: ApplyContext,
  window: Window,
  content: WindowContent,
  readAgain: () => Promise<WindowContent | TooBig>,
): Promise<Applied | TooBig> {
  if (context.blocked.size === 0) {
    try {
      return await applyQuickly(context, window, content);
    } catch (error) {
      if (!(error instanceof MappingFailure) && targetTrouble(error) !== "row") throw error;
    }
  }
  if (countOf(content) === 0) return applyQuickly(context, window, content);
  const whole = await readAgain();
  if (whole.kind === "too-big") return whole;
  return applyRest(context, window, whole);
}

const countOf = (content: WindowContent): number => content.changes.reduce((sum, { rows }) => sum + rows.length, 0);

function stepOf(context: ApplyContext, window: Window, content: WindowContent): Advance {
  return {
    era: context.era,
    after: window.after,
    until: window.until,
    fence: context.fence,
    transactions: window.transactions,
    changes: countOf(content),
    heartbeat: content.heartbeat,
    flipMarkers: content.flipMarkers,
  };
}

async function applyQuickly(context: ApplyContext, window: Window, content: WindowContent): Promise<Applied> {
  const effects = content.changes.map(({ table, rows }) => netEffect(table, rows));
  const writes = writesOf(effects, context.targets, context.era);
  const step = stepOf(context, window, content);
  const rows = await context.database.fenced("apply a window", context.fence, async (tx) => {
    await advance(tx, step);
    return write(tx, writes);
  });
  return { changes: step.changes, rows, failed: 0, waiting: 0 };
}

async function applyRest(context: ApplyContext, window: Window, content: WindowContent): Promise<Applied> {
  await refuseOverflow(context.database);
  const transactions = sourceTransactions(content.changes, context.era);
  // A copy: what a rolled back transaction closed must not stay closed.
  const blocked = new Set(context.blocked);
  const step = stepOf(context, window, content);
  const outcome = await context.database.fenced("apply a window", context.fence, async (tx) => {
    const id = await advance(tx, step);
    const done = await applyCarefully(tx, transactions, { targets: context.targets, blocked, how: "captured" });
    const parked = done.failed + done.waiting;
    if (parked > 0) await tx.query("UPDATE sync.applied_window SET parked = $2 WHERE id = $1", [id, parked]);
    return done;
  });
  context.blocked = blocked;
  return { changes: step.changes, rows: step.changes, failed: outcome.failed, waiting: outcome.waiting };
}

/** @throws AppError PARKED_LIMIT */
async function refuseOverflow(database: ServiceDatabase): Promise<void> {
  const { transactions, changes } = await countParked(database);
  if (transactions < limits.parkedTransactionsMax && changes < limits.parkedChangesMax) return;
  throw new AppError({
    code: "PARKED_LIMIT",
    op: "park a transaction",
    message: `${transactions} transactions with ${changes} changes are parked, which is the limit`,
    hint: "So many failures have one cause: `banyan parked list` names it. The sync of this service waits until parked transactions are applied or discarded; nothing is lost.",
    retryable: true,
  });
}
