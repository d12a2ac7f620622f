/**
 * Whether a module may be moved, from facts alone. A forward move goes to the next stage (or to a higher canary share) and
 * passes every gate; rollback and kill walk back any number of stages and pass neither freeze windows nor approvals. Nothing
 * here may skip a stage. A move that changes the owner is only let in here; the flip protocol makes it.
 */

import { checkMove, describeStage, ownerOf, type RuleFileConfig, type Stage, stageNames } from "@banyan/routing-rules";
import { Refusal } from "../refusal.ts";
import type { Gate } from "./readiness.ts";
import { type Approval, covers } from "../store/approvals.ts";
import type { FreezeWindow } from "../store/freeze-windows.ts";
import { holdsUp, type ReplicaStanding } from "../store/replicas.ts";

export type MoveKind = "stage" | "rollback" | "kill";

export type ReplicaFact = {
  readonly id: string;
  readonly standing: ReplicaStanding;
  readonly acknowledged: number;
  readonly refusedWhy: string | null;
};

export type MoveFacts = {
  readonly kind: MoveKind;
  readonly module: string;
  readonly from: Stage;
  readonly to: Stage;
  /** The module's rules; undefined when there is no such module. */
  readonly rules: RuleFileConfig | undefined;
  readonly knownModules: readonly string[];
  readonly head: number;
  readonly who: string;
  readonly forced: boolean;
  /** Freeze windows over the module at this moment. */
  readonly windows: readonly FreezeWindow[];
  readonly approvals: readonly Approval[];
  readonly approvalsNeeded: number;
  readonly replicas: readonly ReplicaFact[];
  /** The checklist; empty where no gate stands before the move. */
  readonly gates: readonly Gate[];
  /** Step of the module's flip that has not ended. */
  readonly openFlip: string | undefined;
  /** Who is missing for a flip of this module: `service patients`, `the adapter`. */
  readonly missingForFlip: readonly string[];
};

/** @returns why the move is refused, undefined when it may be made. */
export function refuseMove(facts: MoveFacts): Refusal | undefined {
  return (
    refuseModule(facts) ??
    refuseDuringFlip(facts) ??
    (facts.kind === "stage" ? refuseStep(facts) : refuseWalk(facts)) ??
    refuseReplicas(facts) ??
    (isForward(facts.from, facts.to)
      ? (refuseFrozen(facts) ?? refuseUnapproved(facts) ?? refuseUnready(facts))
      : undefined)
  );
}

export function isForward(from: Stage, to: Stage): boolean {
  if (from.name === "canary" && to.name === "canary") return to.percent > from.percent;
  return stageNames.indexOf(to.name) > stageNames.indexOf(from.name);
}

/** The approvals a move uses up: one a person, other people's only. */
export function approvalsOf(facts: Pick<MoveFacts, "approvals" | "to" | "who" | "module">): Approval[] {
  const fitting = facts.approvals.filter(
    (approval) => approval.module === facts.module && approval.who !== facts.who && covers(approval, facts.to),
  );
  return [...new Map(fitting.map((approval) => [approval.who, approval])).values()];
}

function what(facts: MoveFacts): string {
  const from = describeStage(facts.from);
  return `${facts.kind === "stage" ? "moving" : facts.kind} ${facts.module} from ${from} to ${describeStage(facts.to)} was refused`;
}

function refuseModule(facts: MoveFacts): Refusal | undefined {
  if (!facts.rules) {
    return new Refusal({
      code: "MODULE_UNKNOWN",
      message: what(facts),
      why: `revision ${facts.head} has no module "${facts.module}"`,
      hint: `Modules are: ${facts.knownModules.join(", ")}.`,
    });
  }
  if (facts.rules.routes.some((route) => route.serve === "stage")) return undefined;
  return new Refusal({
    code: "MODULE_FIXED",
    message: what(facts),
    why: "none of its rules follows the module's stage: each says which side serves it",
    hint: "A stage would change nothing. Give its rules `serve: stage` first, if it is to be moved.",
  });
}

function refuseStep(facts: MoveFacts): Refusal | undefined {
  const check = checkMove(facts.from, facts.to);
  switch (check.kind) {
    case "plain":
      return facts.from.name === "retired" || facts.to.name === "retired" ? retirement(facts) : undefined;
    case "unchanged":
      return unchanged(facts);
    case "fenced":
      return refuseFlip(facts);
    case "notAdjacent":
      return new Refusal({
        code: "STAGE_NOT_ADJACENT",
        message: what(facts),
        why: `a module moves one stage at a time, and ${check.via} lies between; force does not skip a stage either`,
        hint: `Move it to ${check.via} first: banyan stage ${facts.module} ${check.via} --reason "…".${
          isForward(facts.from, facts.to) ? "" : ` To go all the way back at once: banyan rollback ${facts.module}.`
        }`,
        details: { via: check.via },
      });
  }
}

/** Back over any number of stages at once. From live it is a flip straight to where it ends. */
function refuseWalk(facts: MoveFacts): Refusal | undefined {
  if (checkMove(facts.from, facts.to).kind === "unchanged") return unchanged(facts);
  if (isForward(facts.from, facts.to)) {
    return new Refusal({
      code: "STAGE_NOT_ADJACENT",
      message: what(facts),
      why: `a ${facts.kind} goes back, never forward`,
      hint: `Forward: banyan stage ${facts.module} ${facts.to.name} --reason "…".`,
    });
  }
  if (facts.from.name === "retired") return retirement(facts);
  return facts.from.name === "live" ? refuseFlip(facts) : undefined;
}

/** Whether the move changes who owns the data. */
export function changesOwner(facts: Pick<MoveFacts, "from" | "to">): boolean {
  return ownerOf(facts.from) !== ownerOf(facts.to);
}

function refuseDuringFlip(facts: MoveFacts): Refusal | undefined {
  if (facts.openFlip === undefined) return undefined;
  return new Refusal({
    code: "FLIP_UNDER_WAY",
    message: what(facts),
    why: `the owner of ${facts.module} is being changed at this moment (step ${facts.openFlip})`,
    hint: "Wait for its end: GET /api/v1/flips. Before its commit it can be given up: POST /api/v1/flips/{id}/abort.",
    details: { step: facts.openFlip },
  });
}

function unchanged(facts: MoveFacts): Refusal {
  return new Refusal({
    code: "STAGE_UNCHANGED",
    message: what(facts),
    why: `${facts.module} is at ${describeStage(facts.from)} already`,
    hint: "Nothing is to be done. GET /api/v1/status shows every module's stage.",
  });
}

function refuseFlip(facts: MoveFacts): Refusal | undefined {
  if (facts.missingForFlip.length === 0) return undefined;
  return new Refusal({
    code: "FENCED_MOVE_UNAVAILABLE",
    message: what(facts),
    why: `the owner of the module's data changes between canary and live, which needs a fenced flip, and control does not know the address of ${facts.missingForFlip.join(" and ")}`,
    hint: "Nothing was changed. Set BANYAN_SERVICE_URLS and ADAPTER_URL for the control plane and start it again. force does not help: it never skips a step.",
    details: { missing: facts.missingForFlip },
  });
}

function retirement(facts: MoveFacts): Refusal {
  return new Refusal({
    code: "RETIREMENT_UNAVAILABLE",
    message: what(facts),
    why: "retiring needs proof that no other module uses the module's tables, and coming back needs a new snapshot and reconcile; this version has neither",
    hint: "Nothing was changed; the module may stay where it is.",
  });
}

function refuseReplicas(facts: MoveFacts): Refusal | undefined {
  const holding = facts.replicas.filter((replica) => holdsUp(replica.standing));
  if (holding.length === 0) return undefined;
  const names = holding.map((replica) => replica.id);
  return new Refusal({
    code: "REPLICAS_BEHIND",
    message: what(facts),
    why: `${names.length} of ${facts.replicas.length} replicas do not run revision ${facts.head}: ${holding.map(describeReplica).join("; ")}`,
    hint:
      facts.kind === "kill"
        ? `Kill and evict in one step: banyan kill ${facts.module} --reason "…" --evict ${names.join(",")}. An evicted replica is back once it acknowledges the newest revision.`
        : `Wait, or look at the replica's log; if it is beyond help, evict it by name: banyan evict ${names[0]} --reason "…".`,
    details: { replicas: holding },
  });
}

function describeReplica(replica: ReplicaFact): string {
  if (replica.standing === "refused") return `${replica.id} refuses it (${replica.refusedWhy ?? "no reason given"})`;
  if (replica.standing === "ahead")
    return `${replica.id} runs revision ${replica.acknowledged}, which is not known here; was the database restored?`;
  return `${replica.id} has ${replica.acknowledged === 0 ? "acknowledged none yet" : `revision ${replica.acknowledged}`}`;
}

function refuseFrozen(facts: MoveFacts): Refusal | undefined {
  const window = facts.windows[0];
  if (!window || facts.forced) return undefined;
  return new Refusal({
    code: "FROZEN",
    message: what(facts),
    why: `a freeze window of ${window.module ?? "all modules"} lasts until ${window.endsAt.toISOString()}: ${window.reason}`,
    hint: "Wait for its end, ask an admin to remove it, or force the move with a reason, which is audited. Rollback and kill are never frozen.",
    details: { freezeWindow: window },
  });
}

/** Into shadow nothing has been measured yet, and nothing can happen to anybody. */
function refuseUnready(facts: MoveFacts): Refusal | undefined {
  if (facts.to.name === "shadow" || facts.forced) return undefined;
  const open = facts.gates.filter((gate) => gate.state !== "pass");
  if (open.length === 0) return undefined;
  return new Refusal({
    code: "NOT_READY",
    message: what(facts),
    why: `${open.length} of ${facts.gates.length} gates are not passed: ${open.map((gate) => `${gate.gate} (${gate.value ?? "no data"})`).join(", ")}`,
    hint: `What each needs: banyan readiness ${facts.module}. force passes them, with your reason in the audit trail.`,
    details: { gates: open },
  });
}

function refuseUnapproved(facts: MoveFacts): Refusal | undefined {
  const given = approvalsOf(facts).length;
  if (given >= facts.approvalsNeeded) return undefined;
  return new Refusal({
    code: "APPROVAL_MISSING",
    message: what(facts),
    why: `a forward move needs ${facts.approvalsNeeded} approval${facts.approvalsNeeded === 1 ? "" : "s"} by other people, and has ${given}`,
    hint: "Ask another operator for one (POST /api/v1/approvals). Your own does not count, and force does not replace it.",
    details: { needed: facts.approvalsNeeded, given },
  });
}
