/** What holds now: the newest revision, every module's stage, and which replicas run it. */

import { describeStage, ownerOf, type Stage } from "@banyan/routing-rules";
import type { Knex } from "knex";
import type { ControlContext } from "../context.ts";
import type { Head } from "../head-state.ts";
import { stageOf } from "../moves/move.ts";
import { openWindows } from "../store/freeze-windows.ts";
import { holdsUp, listReplicas, type ReplicaRow, standingOf } from "../store/replicas.ts";
import { endpoint } from "./endpoint.ts";
import { revisionView } from "./revision-view.ts";

export const statusEndpoints = [
  endpoint({
    method: "get",
    path: "/status",
    role: "viewer",
    handle: async ({ context }) => ({ body: await statusOf(context) }),
  }),
  endpoint({
    method: "get",
    path: "/whoami",
    role: "viewer",
    handle: ({ caller }) => ({ body: caller }),
  }),
  endpoint({
    method: "get",
    path: "/replicas",
    role: "viewer",
    handle: async ({ context }) => ({ body: { replicas: await replicaViews(context, context.head.current) } }),
  }),
];

async function statusOf(context: ControlContext) {
  await context.head.refresh();
  const head = context.head.current;
  const replicas = await replicaViews(context, head);
  const counted = replicas.filter(({ standing }) => standing === "current" || holdsUp(standing));
  const waiting = counted.filter(({ standing }) => holdsUp(standing));
  return {
    ...revisionView(head.revision),
    acknowledged: {
      by: counted.length - waiting.length,
      of: counted.length,
      waitingFor: waiting.map(({ id }) => id),
    },
    modules: await moduleViews(context.db, context, head),
    replicas,
    freezeWindows: await openWindows(context.db, context.clock.now()),
  };
}

type StateRow = { module: string; revision: number; who: string; reason: string; since: Date };

export async function moduleViews(db: Knex, context: ControlContext, head: Head) {
  const states = new Map((await db<StateRow>("module_states")).map((state) => [state.module, state]));
  return head.files.map((file) => {
    const stage = stageOf(head, file.module);
    const state = states.get(file.module);
    return {
      module: file.module,
      service: file.service,
      stage,
      stageText: describeStage(stage),
      owner: ownerOf(stage),
      epoch: head.revision.modules[file.module]?.epoch ?? 0,
      movable: file.routes.some((route) => route.serve === "stage"),
      rules: file.routes.length,
      fenced: context.conditions.isFenced(file.module),
      condition: context.conditions.of(file.module) ?? null,
      next: file.routes.some((route) => route.serve === "stage") ? nextMoves(stage) : [],
      lastMove: state ? { revision: state.revision, who: state.who, reason: state.reason, since: state.since } : null,
    };
  });
}

/** The neighbours of a stage; those that need more than a new revision are named with what they need. */
function nextMoves(stage: Stage): { to: string; available: boolean; needs?: string }[] {
  const flip = (to: string) => ({ to, available: true, needs: "a fenced flip: the owner of the data changes" });
  const retirement = (to: string) => ({ to, available: false, needs: "proof and reconcile, which this version lacks" });
  switch (stage.name) {
    case "legacy":
      return [{ to: "shadow", available: true }];
    case "shadow":
      return [
        { to: "legacy", available: true },
        { to: "canary", available: true },
      ];
    case "canary":
      return [{ to: "shadow", available: true }, { to: "canary", available: true }, flip("live")];
    case "live":
      return [flip("canary"), retirement("retired")];
    case "retired":
      return [retirement("live")];
  }
}

async function replicaViews(context: ControlContext, head: Head) {
  const now = context.clock.now();
  const rows = await listReplicas(context.db);
  return rows.map((row) => replicaView(row, head.revision.number, now, context.streams.isConnected(row.id)));
}

function replicaView(row: ReplicaRow, head: number, now: Date, isConnected: boolean) {
  return {
    id: row.id,
    standing: standingOf(row, head, now),
    connected: isConnected,
    acknowledged: row.acknowledged,
    acknowledgedAt: row.acknowledged_at,
    refused: row.refused_revision === null ? null : { revision: row.refused_revision, why: row.refused_why },
    build: row.build,
    registeredAt: row.registered_at,
    startedAt: row.started_at,
    adminUrl: row.admin_url,
    heartbeatAt: row.heartbeat_at,
    leaseUntil: row.lease_until,
    fences: row.fences,
    inFlight: row.in_flight,
    held: row.held,
    evicted: row.evicted_at ? { at: row.evicted_at, by: row.evicted_by, reason: row.evicted_reason } : null,
  };
}
