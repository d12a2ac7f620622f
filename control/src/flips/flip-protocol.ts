/**
 * The protocol by which the owner of a module's data changes. Each step may be repeated: a process that takes over a flip
 * begins with the step that stands in the journal.
 *
 *   1 prepare    both stores agree, nothing is parked or in conflict; id blocks; every replica knows the next epoch
 *   2 fence      replicas hold the module's writes
 *   3 drain      no write of the old epoch is under way on any replica
 *   4 seal       the old owner's store refuses writes; a marker is committed behind its last write
 *   5 catch-up   the marker is committed in the new owner's store; keys changed since 1 are equal
 *   6 commit     one compare-and-set: new revision, next epoch. From here only forward
 *   7 open       the new owner's store takes writes of the next epoch
 *   8 release    the revision goes to the replicas, then the fence ends: held writes go to the new owner
 *
 *   abort        before 6, from any step: the old owner's store is opened again, the fence ends
 *
 * The legacy database cannot be sealed: what writes to it without passing the proxies is a foreign write, captured like any.
 */

import { AppError } from "@banyan/kernel";
import type { ControlContext } from "../context.ts";
import { limits } from "../limits.ts";
import { appendAudit } from "../store/audit.ts";
import { listReplicas } from "../store/replicas.ts";
import { insertRevision, lockHead, readRevision } from "../store/revisions.ts";
import { ClaimLost, FlipAborted, type FlipRun } from "./flip-run.ts";
import { advanceFlip, endFlip, type Flip, type FlipStep } from "./flip-store.ts";
import type { AdapterPort, OwnerPort } from "./participants.ts";
import { type Barrier, drained, fenced, prepared } from "./replica-barrier.ts";

type Step = (context: ControlContext, run: FlipRun) => Promise<void>;

/** Runs the flip to its end. @throws ClaimLost, and whatever the control store throws when it is away */
export async function runFlip(context: ControlContext, run: FlipRun): Promise<void> {
  while (run.flip.endedAt === null) {
    const { step } = run.flip;
    try {
      await steps[step](context, run);
    } catch (error) {
      if (!(error instanceof FlipAborted)) throw error;
      await run.advance({ to: "abort", why: error.message });
    }
    await context.flips.publish();
    if (step === "release" || step === "abort") return;
  }
}

const steps: Readonly<Record<FlipStep, Step>> = {
  prepare: async (context, run) => {
    const { flip } = run;
    const { adapter } = participantsOf(context, flip);
    const startMs = context.clock.monotonicMs();
    await run.until({ what: "prepare", msMax: limits.flipPrepareMsMax }, () => storesDiffer(context, adapter, flip));
    const blocks = await once(run, () => adapter.prepare(flip.id, { module: flip.module, to: ownerAfter(flip) }));
    await context.flips.publish();
    await run.until({ what: "prepare", msMax: limits.flipPrepareMsMax }, async () =>
      waitingFor(
        prepared(await listReplicas(context.db), {
          module: flip.module,
          epoch: flip.epoch + 1,
          head: context.head.current.revision.number,
          now: context.clock.now(),
        }),
        "has not acknowledged the next epoch",
      ),
    );
    await run.advance({ to: "fence", details: { ...blocks, prepareMs: since(context, startMs) } });
  },

  fence: async (context, run) => {
    await run.until({ what: "fence", msMax: limits.flipHoldMsMax }, async () =>
      waitingFor(
        fenced(await listReplicas(context.db), run.flip.module, context.clock.now()),
        "does not hold writes yet",
      ),
    );
    await run.advance({ to: "drain", details: { fenceMs: Math.round(run.heldMs) } });
  },

  drain: async (context, run) => {
    const { module, epoch } = run.flip;
    const writeMsMax = longestWriteMs(context, module);
    await run.until({ what: "drain", msMax: limits.flipHoldMsMax }, async () =>
      waitingFor(
        drained(await listReplicas(context.db), { module, epoch, now: context.clock.now(), writeMsMax }),
        "still has, or may have, a write under way",
      ),
    );
    await run.advance({ to: "seal", details: { drainMs: Math.round(run.heldMs) } });
  },

  seal: async (context, run) => {
    const { flip } = run;
    const { owner, adapter } = participantsOf(context, flip);
    await once(run, async () => {
      if (flip.direction === "forward") {
        await adapter.putMarker(flip.id, flip.module);
        return;
      }
      await owner.set({ flip: flip.id, step: "seal", epoch: flip.epoch, state: "sealed" });
      await owner.putMarker(flip.id);
    });
    await run.advance({ to: "catch-up", details: { sealMs: Math.round(run.heldMs) } });
  },

  "catch-up": async (context, run) => {
    const { flip } = run;
    const { owner, adapter } = participantsOf(context, flip);
    const target = flip.direction === "forward" ? owner : adapter;
    await run.until({ what: "catch-up", msMax: limits.flipHoldMsMax }, async () =>
      (await target.hasMarker(flip.id)) ? undefined : "the marker is not in the new owner's store yet",
    );
    const caughtUpMs = Math.round(run.heldMs);
    const result = await once(run, () => adapter.reconcile(flip.id, flip.module));
    if (!result.clean)
      throw new FlipAborted(
        `${result.different} of ${result.keysChecked} keys changed since prepare differ between the stores`,
      );
    await run.advance({ to: "commit", details: { caughtUpMs, keysReconciled: result.keysChecked } });
  },

  commit: async (context, run) => {
    await commit(context, run);
    await context.head.refresh();
  },

  open: async (context, run) => {
    const { flip } = run;
    const { owner } = participantsOf(context, flip);
    // The service's row carries the epoch in both directions, so that a late write of the old epoch is refused by number.
    const state = flip.direction === "forward" ? "open" : "sealed";
    await run.until({ what: "open", msMax: undefined }, async () => {
      await owner.set({ flip: flip.id, step: "open", epoch: flip.epoch + 1, state });
      return undefined;
    });
    await run.advance({ to: "release", details: { openMs: Math.round(run.heldMs) } });
  },

  release: async (context, run) => {
    // The new revision has to be on its way before the fence ends; a stream never reorders the two.
    await context.head.refresh();
    await end(context, run, "committed");
  },

  abort: async (context, run) => {
    const { flip } = run;
    if (flip.direction === "reverse") {
      const { owner } = participantsOf(context, flip);
      await run.until({ what: "abort", msMax: undefined }, async () => {
        await owner.set({ flip: flip.id, step: "reopen", epoch: flip.epoch, state: "open" });
        return undefined;
      });
    }
    await end(context, run, "aborted");
  },
};

/** One compare-and-set: the journal, the new revision and the audit entry together or not at all. */
async function commit(context: ControlContext, run: FlipRun): Promise<void> {
  const { flip } = run;
  const committed = await context.db.transaction(async (trx) => {
    const number = await lockHead(trx);
    const head = await readRevision(trx, number);
    const present = head?.modules[flip.module] ?? { stage: { name: "legacy" as const }, epoch: 0 };
    if (!head || present.epoch !== flip.epoch) throw new FlipAborted("the module's epoch is not the one it began with");
    const next = await advanceFlip(trx, flip, {
      to: "open",
      revision: number + 1,
      details: { commitMs: Math.round(run.heldMs) },
    });
    if (!next) throw new ClaimLost();
    const now = context.clock.now();
    await insertRevision(trx, {
      ...head,
      number: number + 1,
      basedOn: number,
      modules: { ...head.modules, [flip.module]: { stage: flip.to, epoch: flip.epoch + 1 } },
      kind: flip.kind,
      module: flip.module,
      who: flip.who,
      role: flip.role,
      reason: flip.reason,
      forced: flip.forced,
      at: now,
    });
    await trx("module_states")
      .insert({
        module: flip.module,
        stage: JSON.stringify(flip.to),
        epoch: flip.epoch + 1,
        revision: number + 1,
        who: flip.who,
        reason: flip.reason,
        since: now,
      })
      .onConflict("module")
      .merge();
    await appendAudit(trx, entryOf(flip, now, { outcome: "done", revision: number + 1, step: "commit" }));
    return next;
  });
  run.take(committed);
}

async function end(context: ControlContext, run: FlipRun, outcome: "committed" | "aborted"): Promise<void> {
  const { flip } = run;
  const heldMs = Math.round(run.heldMs);
  const ended = await context.db.transaction(async (trx) => {
    if (!(await endFlip(trx, flip, outcome))) return false;
    if (outcome === "aborted") {
      const refused = { outcome: "refused" as const, revision: flip.revision, step: "abort", why: flip.why };
      await appendAudit(trx, entryOf(flip, context.clock.now(), refused));
    }
    return true;
  });
  if (!ended) throw new ClaimLost();
  context.metrics.flips.inc({ outcome, direction: flip.direction });
  if (flip.fencedAt !== null) context.metrics.flipHold.observe(heldMs / 1_000);
}

/** PREPARE's view of the stores: what keeps the module from changing its owner now. */
async function storesDiffer(context: ControlContext, adapter: AdapterPort, flip: Flip): Promise<string | undefined> {
  const state = await adapter.stateOf(flip.module);
  if (state.parkedKeys > 0) throw new FlipAborted(`${state.parkedKeys} keys are parked`);
  if (state.openConflicts > 0) throw new FlipAborted(`${state.openConflicts} conflicts are open`);
  const { lastReconcile } = state;
  if (!lastReconcile) throw new FlipAborted("the stores were never reconciled");
  if (!lastReconcile.clean) throw new FlipAborted("the last reconcile found differences");
  const ageMs = context.clock.now().getTime() - Date.parse(lastReconcile.at);
  if (ageMs > limits.reconcileAgeMsMax)
    throw new FlipAborted(
      `the last reconcile is ${Math.round(ageMs / 60_000)} minutes old, the bound is ${limits.reconcileAgeMsMax / 60_000}`,
    );
  if (state.watermarkAgeMs === null) return "how far the sync is, is not known";
  return state.watermarkAgeMs > limits.flipWatermarkMsMax ? `the sync is ${state.watermarkAgeMs} ms behind` : undefined;
}

/** Repeats a command that may be repeated, until it is answered. */
async function once<T>(run: FlipRun, command: () => Promise<T>): Promise<T> {
  let answer: { value: T } | undefined;
  await run.until({ what: run.flip.step, msMax: limits.flipHoldMsMax }, async () => {
    answer = { value: await command() };
    return undefined;
  });
  if (!answer) throw new RangeError("until ends only after an answer");
  return answer.value;
}

function participantsOf(context: ControlContext, flip: Flip): { owner: OwnerPort; adapter: AdapterPort } {
  const owner = context.participants.owner(flip.service);
  const { adapter } = context.participants;
  if (owner && adapter) return { owner, adapter };
  throw new AppError({
    code: "FLIP_PARTICIPANT",
    op: "run a flip",
    message: `this control process has no address of ${owner ? "the adapter" : `service ${flip.service}`}`,
    hint: "Set BANYAN_SERVICE_URLS and ADAPTER_URL as on the process that began the flip; it goes on by itself then.",
    retryable: true,
  });
}

function waitingFor(barrier: Barrier, what: string): string | undefined {
  return barrier.kind === "passed" ? undefined : `${barrier.replicas.join(", ")} ${what}`;
}

function longestWriteMs(context: ControlContext, module: string): number {
  const rules = context.head.current.files.find((file) => file.module === module);
  const writes = rules?.routes.filter((route) => route.effect === "write") ?? [];
  return Math.max(0, ...writes.map((route) => route.timeoutMs ?? rules?.defaults.timeoutMs ?? 0));
}

const ownerAfter = (flip: Flip): "live" | "canary" => (flip.direction === "forward" ? "live" : "canary");
const since = (context: ControlContext, startMs: number): number => Math.round(context.clock.monotonicMs() - startMs);

function entryOf(
  flip: Flip,
  at: Date,
  more: { outcome: "done" | "refused"; revision: number | null; step: string; why?: string | null },
) {
  return {
    at,
    who: flip.who,
    role: flip.role,
    via: flip.via,
    action: `flip.${more.step}`,
    outcome: more.outcome,
    module: flip.module,
    revision: more.revision,
    reason: flip.reason,
    details: {
      flip: flip.id,
      from: flip.from,
      to: flip.to,
      epoch: flip.epoch + 1,
      ...(more.why ? { why: more.why } : {}),
    },
  };
}
