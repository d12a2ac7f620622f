/**
 * The journal of flips in the database. Every step is a compare-and-set on (flip, runner term, step before): a control process
 * that lost its claim writes nothing, and two processes never run one flip. Times are the database's own, so that the clocks
 * of two control processes need not agree.
 */

import { type Stage, stageSchema } from "@banyan/routing-rules";
import type { Knex } from "knex";
import { limits } from "../limits.ts";

/** In the order of a flip that succeeds; `abort` may follow any step before `open`. */
const flipSteps = ["prepare", "fence", "drain", "seal", "catch-up", "commit", "open", "release"] as const;
export type FlipStep = (typeof flipSteps)[number] | "abort";

/** forward: legacy gives its ownership to the service. reverse: the service gives it back. */
export type FlipDirection = "forward" | "reverse";

export type Flip = {
  readonly id: string;
  readonly module: string;
  readonly service: string;
  readonly direction: FlipDirection;
  readonly kind: "stage" | "rollback" | "kill";
  readonly from: Stage;
  readonly to: Stage;
  /** Epoch of the old owner; the new one has the next. */
  readonly epoch: number;
  readonly who: string;
  readonly role: string;
  readonly via: string;
  readonly reason: string;
  readonly forced: boolean;
  readonly step: FlipStep;
  readonly startedAt: Date;
  readonly fencedAt: Date | null;
  readonly endedAt: Date | null;
  readonly outcome: "committed" | "aborted" | null;
  /** Why it was aborted, or what it waits for now. No patient data. */
  readonly why: string | null;
  readonly abortAsked: string | null;
  readonly revision: number | null;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly term: number;
  /** Milliseconds since the fence was asked for, by the database's clock; 0 before. */
  readonly fencedMs: number;
};

export type NewFlip = Pick<
  Flip,
  | "id"
  | "module"
  | "service"
  | "direction"
  | "kind"
  | "from"
  | "to"
  | "epoch"
  | "who"
  | "role"
  | "via"
  | "reason"
  | "forced"
>;

type Row = Record<string, unknown> & {
  from_stage: unknown;
  to_stage: unknown;
  facts: Record<string, unknown>;
  fenced_ms: string | number;
};

const columns = `flips.*, COALESCE(EXTRACT(EPOCH FROM clock_timestamp() - fenced_at) * 1000, 0) AS fenced_ms`;

export async function insertFlip(trx: Knex.Transaction, flip: NewFlip): Promise<boolean> {
  const written: { rowCount: number } = await trx.raw(
    `INSERT INTO flips (id, module, service, direction, kind, from_stage, to_stage, epoch, who, role, via, reason, forced, step)
     VALUES (:id, :module, :service, :direction, :kind, :from, :to, :epoch, :who, :role, :via, :reason, :forced, 'prepare')
     ON CONFLICT (module) WHERE ended_at IS NULL DO NOTHING`,
    { ...flip, from: JSON.stringify(flip.from), to: JSON.stringify(flip.to) },
  );
  if (written.rowCount !== 1) return false;
  await addStep(trx, { flip: flip.id, step: "prepare", term: 0, details: {} });
  return true;
}

/** Takes a flip over whose runner has not renewed its claim. @returns undefined when there is none. */
export async function claimFlip(db: Knex, runner: string, id?: string): Promise<Flip | undefined> {
  const found: { rows: Row[] } = await db.raw(
    `UPDATE flips SET runner = :runner, runner_term = runner_term + 1,
            runner_until = clock_timestamp() + make_interval(secs => :seconds)
     WHERE id = (SELECT id FROM flips
                 WHERE ended_at IS NULL AND (runner_until IS NULL OR runner_until < clock_timestamp())
                   AND (:id::uuid IS NULL OR id = :id::uuid)
                 ORDER BY (kind = 'stage'), started_at LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING ${columns}`,
    { runner, seconds: limits.flipClaimMs / 1_000, id: id ?? null },
  );
  return found.rows[0] && flipOf(found.rows[0]);
}

/** @returns the row as it is now, undefined when the claim is lost. */
export async function renewClaim(db: Knex, flip: Flip): Promise<Flip | undefined> {
  const found: { rows: Row[] } = await db.raw(
    `UPDATE flips SET runner_until = clock_timestamp() + make_interval(secs => :seconds)
     WHERE id = :id AND runner_term = :term AND ended_at IS NULL RETURNING ${columns}`,
    { id: flip.id, term: flip.term, seconds: limits.flipClaimMs / 1_000 },
  );
  return found.rows[0] && flipOf(found.rows[0]);
}

export type StepChange = {
  readonly to: FlipStep;
  readonly why?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly revision?: number;
};

/** Compare-and-set from the flip's step to the next. @returns the row after it, undefined when the claim or step is no longer ours. */
export async function advanceFlip(
  db: Knex,
  flip: Flip,
  { to, why, details = {}, revision }: StepChange,
): Promise<Flip | undefined> {
  return db.transaction(async (trx) => {
    const found: { rows: Row[] } = await trx.raw(
      `UPDATE flips SET step = :to, step_at = clock_timestamp(), why = :why,
              fenced_at = CASE WHEN :to = 'fence' THEN clock_timestamp() ELSE fenced_at END,
              revision = COALESCE(:revision, revision),
              facts = facts || :details::jsonb,
              runner_until = clock_timestamp() + make_interval(secs => :seconds)
       WHERE id = :id AND runner_term = :term AND step = :step AND ended_at IS NULL
       RETURNING ${columns}`,
      {
        id: flip.id,
        term: flip.term,
        step: flip.step,
        to,
        why: why ?? null,
        revision: revision ?? null,
        details: JSON.stringify(details),
        seconds: limits.flipClaimMs / 1_000,
      },
    );
    const row = found.rows[0];
    if (!row) return undefined;
    await addStep(trx, { flip: flip.id, step: to, term: flip.term, details: { ...details, ...(why ? { why } : {}) } });
    return flipOf(row);
  });
}

/** @returns false when the claim is lost. */
export async function endFlip(trx: Knex, flip: Flip, outcome: "committed" | "aborted"): Promise<boolean> {
  const written: { rowCount: number } = await trx.raw(
    `UPDATE flips SET ended_at = clock_timestamp(), outcome = :outcome,
            runner_until = NULL
     WHERE id = :id AND runner_term = :term AND ended_at IS NULL`,
    { id: flip.id, term: flip.term, outcome },
  );
  return written.rowCount === 1;
}

/** Leaves the claim at once, so that another process need not wait it out. */
export async function dropClaim(db: Knex, flip: Flip): Promise<void> {
  await db.raw("UPDATE flips SET runner_until = NULL WHERE id = ? AND runner_term = ? AND ended_at IS NULL", [
    flip.id,
    flip.term,
  ]);
}

/** What the flip waits for, for people who look at it. */
export async function noteFlip(db: Knex, flip: Flip, why: string): Promise<void> {
  await db.raw("UPDATE flips SET why = ? WHERE id = ? AND runner_term = ? AND ended_at IS NULL", [
    why,
    flip.id,
    flip.term,
  ]);
}

/** @returns false when the flip is not open, or is past the step that can be undone. */
export async function askAbort(db: Knex, id: string, reason: string): Promise<boolean> {
  const written: { rowCount: number } = await db.raw(
    `UPDATE flips SET abort_asked = COALESCE(abort_asked, ?)
     WHERE id = ? AND ended_at IS NULL AND step NOT IN ('open', 'release')`,
    [reason, id],
  );
  return written.rowCount === 1;
}

export async function openFlipOf(db: Knex, module: string): Promise<{ id: string; step: FlipStep } | undefined> {
  const found: { rows: { id: string; step: FlipStep }[] } = await db.raw(
    "SELECT id, step FROM flips WHERE module = ? AND ended_at IS NULL",
    [module],
  );
  return found.rows[0];
}

export type FlipsForReplicas = {
  /** Modules whose writes are to be held: their flip is past PREPARE and has not ended. */
  readonly fences: readonly string[];
  /** Next epochs that replicas are to acknowledge before a fence. */
  readonly preparing: Readonly<Record<string, number>>;
};

/** What replicas are to know of the open flips, read at once: fences and epochs of one moment. */
export async function flipsForReplicas(db: Knex): Promise<FlipsForReplicas> {
  const found: { rows: { module: string; epoch: number; step: FlipStep; fenced: boolean }[] } = await db.raw(
    "SELECT module, epoch, step, fenced_at IS NOT NULL AS fenced FROM flips WHERE ended_at IS NULL ORDER BY module",
  );
  return {
    fences: found.rows.filter((row) => row.fenced).map((row) => row.module),
    preparing: Object.fromEntries(
      found.rows.filter((row) => row.step !== "abort").map((row) => [row.module, row.epoch + 1]),
    ),
  };
}

export async function readFlip(db: Knex, id: string): Promise<Flip | undefined> {
  const found: { rows: Row[] } = await db.raw(`SELECT ${columns} FROM flips WHERE id = ?`, [id]);
  return found.rows[0] && flipOf(found.rows[0]);
}

/** Newest first. */
export async function listFlips(
  db: Knex,
  options: { readonly limit: number; readonly module?: string | undefined },
): Promise<Flip[]> {
  const found: { rows: Row[] } = await db.raw(
    `SELECT ${columns} FROM flips WHERE :module::text IS NULL OR module = :module ORDER BY started_at DESC LIMIT :limit`,
    { module: options.module ?? null, limit: options.limit },
  );
  return found.rows.map(flipOf);
}

export type FlipStepRow = {
  readonly step: FlipStep;
  readonly at: Date;
  readonly details: Readonly<Record<string, unknown>>;
};

export async function stepsOf(db: Knex, id: string): Promise<FlipStepRow[]> {
  const found: { rows: FlipStepRow[] } = await db.raw(
    "SELECT step, at, details FROM flip_steps WHERE flip = ? ORDER BY ordinal",
    [id],
  );
  return found.rows;
}

async function addStep(
  trx: Knex.Transaction,
  row: { flip: string; step: FlipStep; term: number; details: Readonly<Record<string, unknown>> },
): Promise<void> {
  await trx.raw(
    `INSERT INTO flip_steps (flip, ordinal, step, runner_term, details)
     SELECT :flip, COALESCE(MAX(ordinal), 0) + 1, :step, :term, :details FROM flip_steps WHERE flip = :flip`,
    { ...row, details: JSON.stringify(row.details) },
  );
}

function flipOf(row: Row): Flip {
  return {
    id: row["id"] as string,
    module: row["module"] as string,
    service: row["service"] as string,
    direction: row["direction"] as FlipDirection,
    kind: row["kind"] as Flip["kind"],
    from: stageSchema.parse(row.from_stage),
    to: stageSchema.parse(row.to_stage),
    epoch: row["epoch"] as number,
    who: row["who"] as string,
    role: row["role"] as string,
    via: row["via"] as string,
    reason: row["reason"] as string,
    forced: row["forced"] as boolean,
    step: row["step"] as FlipStep,
    startedAt: row["started_at"] as Date,
    fencedAt: row["fenced_at"] as Date | null,
    endedAt: row["ended_at"] as Date | null,
    outcome: row["outcome"] as Flip["outcome"],
    why: row["why"] as string | null,
    abortAsked: row["abort_asked"] as string | null,
    revision: row["revision"] as number | null,
    facts: row.facts,
    term: row["runner_term"] as number,
    fencedMs: Number(row.fenced_ms),
  };
}
