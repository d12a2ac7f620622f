/** Moves a module: gathers the facts, has them checked, and makes the new revision. */

import type { ModuleStates } from "../store/revisions.ts";
import type { RuleFileConfig, Stage } from "@banyan/routing-rules";
import type { Knex } from "knex";
import type { Caller } from "../access/caller.ts";
import { change, refuseStale } from "../change.ts";
import type { ControlContext } from "../context.ts";
import type { Head } from "../head-state.ts";
import { Refusal } from "../refusal.ts";
import { openApprovals, useApprovals } from "../store/approvals.ts";
import { windowsOver } from "../store/freeze-windows.ts";
import { evictReplica, holdsUp, listReplicas, standingOf } from "../store/replicas.ts";
import { headNumber, insertRevision } from "../store/revisions.ts";
import { approvalsOf, type MoveFacts, type MoveKind, type ReplicaFact, refuseMove } from "./move-check.ts";

export type MoveRequest = {
  readonly caller: Caller;
  readonly basedOn: number;
  readonly kind: MoveKind;
  readonly module: string;
  readonly to: Stage;
  readonly reason: string;
  readonly force: boolean;
  /** Replicas to take out first, by name. */
  readonly evict: readonly string[];
};

export type MoveResult = {
  readonly revision: number;
  readonly module: string;
  readonly from: Stage;
  readonly to: Stage;
  /** Replicas that are to acknowledge the new revision. */
  readonly replicas: readonly string[];
};

/** @throws Refusal whatever `refuseMove` refuses, and REVISION_STALE */
export async function move(context: ControlContext, request: MoveRequest): Promise<MoveResult> {
  if (request.evict.length === 0) await untilAcknowledged(context, request.basedOn);
  const changed = await change(
    context,
    {
      caller: request.caller,
      basedOn: request.basedOn,
      action: request.kind,
      module: request.module,
      reason: request.reason,
      asked: { to: request.to, force: request.force, evict: request.evict },
    },
    (trx, now) => makeMove(context, request, trx, now),
  );
  for (const id of request.evict) context.streams.cut(id);
  return changed;
}

async function makeMove(context: ControlContext, request: MoveRequest, trx: Knex.Transaction, now: Date) {
  const head = await headAt(context, request.basedOn);
  for (const id of request.evict) {
    const eviction = { id, who: request.caller.who, reason: request.reason, now };
    if (!(await evictReplica(trx, eviction))) throw unknownReplica(id);
  }
  const facts = await factsOf(context, trx, { ...request, who: request.caller.who, head, now });
  const refusal = refuseMove(facts);
  if (refusal) throw refusal;
  const number = request.basedOn + 1;
  await insertRevision(trx, {
    number,
    basedOn: request.basedOn,
    files: head.revision.files,
    modules: movedStates(head.revision.modules, request),
    kind: request.kind,
    module: request.module,
    who: request.caller.who,
    role: request.caller.role,
    reason: request.reason,
    forced: request.force,
    at: now,
  });
  await keepModuleState(trx, request, number, now);
  const used = facts.approvalsNeeded > 0 ? approvalsOf(facts) : [];
  await useApprovals(
    trx,
    used.map((approval) => approval.id),
    number,
  );
  const replicas = facts.replicas.filter((replica) => replica.standing === "current").map((replica) => replica.id);
  const { from } = facts;
  return {
    revision: number,
    result: { revision: number, module: request.module, from, to: request.to, replicas },
    details: {
      from,
      to: request.to,
      forced: request.force,
      evicted: request.evict,
      approvedBy: used.map((approval) => approval.who),
      ...(request.force ? { frozenBy: facts.windows.map((window) => window.id) } : {}),
    },
  };
}

export type FactRequest = {
  readonly kind: MoveKind;
  readonly module: string;
  readonly to: Stage;
  readonly force: boolean;
  readonly who: string;
  readonly head: Head;
  readonly now: Date;
};

export async function factsOf(context: ControlContext, db: Knex, request: FactRequest): Promise<MoveFacts> {
  const { head } = request;
  const number = head.revision.number;
  return {
    kind: request.kind,
    module: request.module,
    from: stageOf(head, request.module),
    to: request.to,
    rules: rulesOf(head, request.module),
    knownModules: head.files.map((file) => file.module),
    head: number,
    who: request.who,
    forced: request.force,
    windows: await windowsOver(db, request.module, request.now),
    approvals: await openApprovals(db, request.now, request.module),
    approvalsNeeded: context.settings.approvalsNeeded,
    replicas: await replicaFacts(db, number, request.now),
  };
}

async function replicaFacts(db: Knex, head: number, now: Date): Promise<ReplicaFact[]> {
  const rows = await listReplicas(db);
  return rows.map((row) => ({
    id: row.id,
    standing: standingOf(row, head, now),
    acknowledged: row.acknowledged,
    refusedWhy: row.refused_why,
  }));
}

export function stageOf(head: Head, module: string): Stage {
  return head.revision.modules[module]?.stage ?? { name: "legacy" };
}

export function rulesOf(head: Head, module: string): RuleFileConfig | undefined {
  return head.files.find((file) => file.module === module);
}

/** The head may have been made by another control process a moment ago. */
export async function headAt(context: ControlContext, number: number): Promise<Head> {
  if (context.head.current.revision.number !== number) await context.head.refresh();
  const head = context.head.current;
  refuseStale(number, head.revision.number);
  return head;
}

export function unknownReplica(id: string): Refusal {
  return new Refusal({
    code: "NOT_FOUND",
    message: `replica ${id} was not evicted`,
    why: "no replica of this name is registered",
    hint: "GET /api/v1/replicas lists them.",
  });
}

/**
 * Two moves in a row are common, and a replica acknowledges within milliseconds: so a move waits for the replicas that are
 * merely behind, bounded, before the check may refuse it. Nothing is locked meanwhile.
 */
async function untilAcknowledged(context: ControlContext, basedOn: number): Promise<void> {
  const deadline = context.clock.monotonicMs() + context.settings.acknowledgeMsMax;
  for (;;) {
    const acknowledged = context.acknowledgements.next;
    const head = await headNumber(context.db);
    if (head !== basedOn) return;
    const holding = (await replicaFacts(context.db, head, context.clock.now())).filter((fact) =>
      holdsUp(fact.standing),
    );
    const leftMs = deadline - context.clock.monotonicMs();
    if (holding.length === 0 || leftMs <= 0 || holding.some((fact) => fact.standing !== "behind")) return;
    await Promise.race([acknowledged, new Promise((resolve) => setTimeout(resolve, leftMs).unref())]);
  }
}

function movedStates(modules: ModuleStates, request: MoveRequest): ModuleStates {
  const epoch = modules[request.module]?.epoch ?? 0;
  return { ...modules, [request.module]: { stage: request.to, epoch } };
}

async function keepModuleState(trx: Knex.Transaction, request: MoveRequest, revision: number, now: Date) {
  await trx("module_states")
    .insert({
      module: request.module,
      stage: JSON.stringify(request.to),
      revision,
      who: request.caller.who,
      reason: request.reason,
      since: now,
    })
    .onConflict("module")
    .merge();
}
