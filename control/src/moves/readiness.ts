/**
 * Whether a module may go forward, as a checklist a person reads: each gate with its value, its threshold, and pass, not
 * ready, or no data. What nobody has measured is not ready. A forced move passes them, with its reason in the audit trail;
 * what the flip protocol itself needs is asked again there and can never be forced.
 */

import type { ControlContext } from "../context.ts";
import type { SyncState } from "../flips/participants.ts";
import { limits } from "../limits.ts";
import { numbersOf } from "../shadow/shadow-store.ts";
import { rulesOf } from "./rules-of.ts";

export type GateState = "pass" | "not ready" | "no data";
export type Gate = {
  readonly gate: string;
  readonly state: GateState;
  /** What was measured, in words; null: nothing. */
  readonly value: string | null;
  readonly threshold: string;
  readonly why?: string;
};

/** @throws what the control store throws when it is away; a service or adapter that is away is a gate without data. */
export async function gatesOf(context: ControlContext, module: string): Promise<Gate[]> {
  const since = new Date(context.clock.now().getTime() - limits.readinessWindowMs);
  const [sync, health, shadow] = await Promise.all([
    askSync(context, module),
    healthGate(context, module),
    shadowGates(context, module, since),
  ]);
  return [...syncGates(context, module, sync), ...shadow, health];
}

export function isReady(gates: readonly Gate[]): boolean {
  return gates.every((gate) => gate.state === "pass");
}

function measured(gate: string, threshold: string, value: string | null, passes: boolean, why?: string): Gate {
  const state = value === null ? "no data" : passes ? "pass" : "not ready";
  return { gate, state, value, threshold, ...(why === undefined || state === "pass" ? {} : { why }) };
}

async function askSync(context: ControlContext, module: string): Promise<SyncState | undefined> {
  try {
    return await context.participants.adapter?.stateOf(module);
  } catch {
    // Why it did not answer is in its own log; here it means: no data.
    return undefined;
  }
}

function syncGates(context: ControlContext, module: string, sync: SyncState | undefined): Gate[] {
  const told = context.conditions.of(module);
  const bound = context.head.current.model.modules.get(module)?.watermarkAgeMsMax ?? 0;
  const ageMs = told?.watermarkAgeMs ?? sync?.watermarkAgeMs ?? null;
  const parked = sync?.parkedKeys ?? (told ? Number(told.hasParkedKey) : null);
  const reconciled = sync?.lastReconcile;
  const reconcileAgeMs = reconciled ? context.clock.now().getTime() - Date.parse(reconciled.at) : Infinity;
  const noAdapter = sync ? undefined : "the adapter has not told";
  return [
    measured(
      "sync lag",
      `at most ${bound} ms`,
      ageMs === null ? null : `${ageMs} ms`,
      (ageMs ?? 0) <= bound,
      noAdapter,
    ),
    measured("parked keys", "none", parked === null ? null : String(parked), parked === 0, "banyan parked list"),
    measured(
      "conflicts",
      "none open",
      sync ? String(sync.openConflicts) : null,
      sync?.openConflicts === 0,
      sync ? "banyan conflicts list" : noAdapter,
    ),
    measured(
      "reconcile",
      `clean, at most ${limits.reconcileAgeMsMax / 3_600_000} h old`,
      reconciled ? `${reconciled.clean ? "clean" : "differs"}, ${Math.round(reconcileAgeMs / 60_000)} min old` : null,
      reconciled?.clean === true && reconcileAgeMs <= limits.reconcileAgeMsMax,
      `banyan reconcile ${module}`,
    ),
  ];
}

async function shadowGates(context: ControlContext, module: string, since: Date): Promise<Gate[]> {
  const numbers = await numbersOf(context.db, module, since);
  const compared = numbers.eligible - numbers.incomparable - numbers["not-run"];
  const enough = compared >= limits.readinessComparedMin;
  const share = numbers.comparableShare;
  const confirmed: { count?: string | number } | undefined = await context
    .db("shadow_signatures")
    .where({ module })
    .where("last_confirmed", ">=", since)
    .count({ count: "*" })
    .first();
  const selfTest: { injected?: string | null; missed?: string | null } | undefined = await context
    .db("shadow_self_tests")
    .where({ module })
    .where("minute", ">=", since)
    .sum({ injected: "injected", missed: "missed" })
    .first();
  const injected = Number(selfTest?.injected ?? 0);
  const missed = Number(selfTest?.missed ?? 0);
  const differences = Number(confirmed?.count ?? 0);
  const ratio = numbers.latencyRatio;
  const few = `fewer than ${limits.readinessComparedMin} comparisons in 24 h say too little: put the module in shadow and wait`;
  return [
    measured(
      "comparable share",
      `at least ${percent(limits.comparableShareMin)} of at least ${limits.readinessComparedMin}`,
      share === null || !enough ? null : `${percent(share)} of ${numbers.eligible}`,
      (share ?? 0) >= limits.comparableShareMin,
      enough ? `banyan diffs ${module}` : few,
    ),
    measured(
      "confirmed differences",
      "none",
      enough ? String(differences) : null,
      differences === 0,
      enough ? `banyan diffs ${module}` : few,
    ),
    measured(
      "comparer's self-test",
      "no planted difference missed",
      injected === 0 ? null : `${missed} of ${injected} missed`,
      missed === 0,
    ),
    measured(
      "latency ratio",
      `at most ${limits.latencyRatioMax}`,
      ratio === null || !enough ? null : ratio.toFixed(2),
      (ratio ?? 0) <= limits.latencyRatioMax,
      enough ? undefined : few,
    ),
  ];
}

async function healthGate(context: ControlContext, module: string): Promise<Gate> {
  const service = rulesOf(context.head.current, module)?.service;
  const owner = service === undefined ? undefined : context.participants.owner(service);
  const gate = "service health";
  const threshold = "answers for this module";
  if (!owner) return { gate, state: "no data", value: null, threshold, why: "control has no address of the service" };
  try {
    const row = await owner.read();
    return measured(gate, threshold, `${row.module}, epoch ${row.epoch}, ${row.state}`, row.module === module);
  } catch {
    return { gate, state: "not ready", value: "does not answer", threshold, why: "look at the service's log" };
  }
}

const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;
