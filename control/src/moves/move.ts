/**
 * Moves a module: gathers the facts, has them checked, and makes the new revision; or, where the owner changes, begins a flip
 * and waits for its end.
 */

import { randomUUID } from "node:crypto";
import { ownerOf, type Stage } from "@banyan/routing-rules";
import type { Knex } from "knex";
import type { Caller } from "../access/caller.ts";
import { change, type ChangeOutcome, refuseStale } from "../change.ts";
import type { ControlContext } from "../context.ts";
import type { Head } from "../head-state.ts";
import { insertFlip, openFlipOf } from "../flips/flip-store.ts";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { openApprovals, useApprovals } from "../store/approvals.ts";
import { windowsOver } from "../store/freeze-windows.ts";
import { evictReplica, holdsUp, listReplicas, standingOf } from "../store/replicas.ts";
import { headNumber, insertRevision, type ModuleStates } from "../store/revisions.ts";
import {
  approvalsOf,
  changesOwner,
  type MoveFacts,
  type MoveKind,
  type ReplicaFact,
  refuseMove,
} from "./move-check.ts";
import { type Gate, gatesOf } from "./readiness.ts";
import { rulesOf } from "./rules-of.ts";

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
  /** Of a move that changed the owner. */
  readonly flip?: string;
};

/** A flip that goes on longer than the caller is kept waiting. */
export type MoveUnderWay = { readonly flip: string; readonly module: string; readonly step: string };

/** @throws Refusal whatever `refuseMove` refuses, REVISION_STALE and FLIP_ABORTED */
export async function move(context: ControlContext, request: MoveRequest): Promise<MoveResult | MoveUnderWay> {
  if (request.evict.length === 0) await untilAcknowledged(context, request.basedOn);
  // Asked before anything is locked: service and adapter answer in their own time.
  const gates = context.settings.requireReady && request.kind === "stage" ? await gatesOf(context, request.module) : [];
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
    (trx, now) => makeMove(context, { ...request, gates }, trx, now),
  );
  for (const id of request.evict) context.streams.cut(id);
  return "revision" in changed ? changed : finishFlip(context, request, changed.flip);
}

async function finishFlip(
  context: ControlContext,
  request: MoveRequest,
  id: string,
): Promise<MoveResult | MoveUnderWay> {
  context.flips.kick();
  const flip = await context.flips.ended(id, limits.flipAnswerMsMax);
  if (flip?.outcome === "committed" && flip.revision !== null) {
    await context.head.refresh();
    const replicas = await replicaFacts(context.db, flip.revision, context.clock.now());
    const current = replicas.filter((one) => one.standing === "current" || one.standing === "behind");
    return {
      revision: flip.revision,
      module: flip.module,
      from: flip.from,
      to: flip.to,
      replicas: current.map((one) => one.id),
      flip: id,
    };
  }
  if (flip && flip.outcome === null) return { flip: id, module: flip.module, step: flip.step };
  throw new Refusal({
    code: "FLIP_ABORTED",
    message: `moving ${request.module} to ${request.to.name} was given up, and its old owner goes on`,
    why: flip?.why ?? "the flip is not in the journal",
    hint: `Nothing was lost: writes held meanwhile were answered by the old owner. What happened: GET /api/v1/flips/${id}. Mend the cause and ask again.`,
    details: { flip: id },
  });
}

async function makeMove(
  context: ControlContext,
  request: MoveRequest & { readonly gates: readonly Gate[] },
  trx: Knex.Transaction,
  now: Date,
): Promise<ChangeOutcome<MoveResult | MoveUnderWay>> {
  const head = await headAt(context, request.basedOn);
  for (const id of request.evict) {
    const eviction = { id, who: request.caller.who, reason: request.reason, now };
    if (!(await evictReplica(trx, eviction))) throw unknownReplica(id);
  }
  const facts = await factsOf(context, trx, { ...request, who: request.caller.who, head, now });
  const refusal = refuseMove(facts);
  if (refusal) throw refusal;
  if (changesOwner(facts)) return beginFlip(trx, request, head, facts);
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
      ...(request.force ? overruled(facts) : {}),
    },
  };
}

async function beginFlip(trx: Knex.Transaction, request: MoveRequest, head: Head, facts: MoveFacts) {
  const id = randomUUID();
  const { module, caller } = request;
  const forward = ownerOf(request.to) === "service";
  await insertFlip(trx, {
    id,
    module,
    service: facts.rules?.service ?? "",
    direction: forward ? "forward" : "reverse",
    kind: request.kind,
    from: facts.from,
    to: request.to,
    epoch: head.revision.modules[module]?.epoch ?? 0,
    who: caller.who,
    role: caller.role,
    via: caller.via,
    reason: request.reason,
    forced: request.force,
  });
  const used = facts.approvalsNeeded > 0 && forward ? approvalsOf(facts) : [];
  await useApprovals(
    trx,
    used.map((approval) => approval.id),
    request.basedOn,
  );
  return {
    result: { flip: id, module, step: "prepare" } satisfies MoveUnderWay,
    details: {
      flip: id,
      from: facts.from,
      to: request.to,
      forced: request.force,
      evicted: request.evict,
      ...(request.force ? overruled(facts) : {}),
    },
  };
}

/** What a forced move went past, for the audit trail. */
function overruled(facts: MoveFacts): Readonly<Record<string, unknown>> {
  return {
    frozenBy: facts.windows.map((window) => window.id),
    notReady: facts.gates.filter((gate) => gate.state !== "pass").map((gate) => gate.gate),
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
  readonly gates: readonly Gate[];
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
    gates: request.gates,
    windows: await windowsOver(db, request.module, request.now),
    approvals: await openApprovals(db, request.now, request.module),
    approvalsNeeded: context.settings.approvalsNeeded,
    replicas: await replicaFacts(db, number, request.now),
    openFlip: (await openFlipOf(db, request.module))?.step,
    missingForFlip: missingForFlip(context, rulesOf(head, request.module)?.service),
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

function missingForFlip({ participants }: ControlContext, service: string | undefined): string[] {
  const missing: string[] = [];
  if (service !== undefined && !participants.owner(service)) missing.push(`service ${service}`);
  if (!participants.adapter) missing.push("the adapter");
  return missing;
}

export function stageOf(head: Head, module: string): Stage {
  return head.revision.modules[module]?.stage ?? { name: "legacy" };
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
    const acknowledged = context.acknowledgements.bell.next;
    const head = await headNumber(context.db);
    if (head !== basedOn) return;
    const holding = (await replicaFacts(context.db, head, context.clock.now())).filter((fact) =>
      holdsUp(fact.standing),
    );
    const leftMs = deadline - context.clock.monotonicMs();
    if (holding.length === 0 || leftMs <= 0 || holding.some((fact) => fact.standing !== "behind")) return;
    await context.acknowledgements.bell.within(leftMs, acknowledged);
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
