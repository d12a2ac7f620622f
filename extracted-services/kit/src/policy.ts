/**
 * Who may do what: a table a reviewer can read, asked by one pure function. What no rule allows is denied; an action no rule
 * names is denied. Each answer carries the id of the rule (or of the reason for the denial) into the audit.
 *
 * A rule looks at who asks (role), what they want (action) and how the two are related: own site or another, a chart marked
 * restricted, break-glass for that one patient, a portal user's own record. A shadow's request is judged as that of the
 * person it repeats; whatever would change something is then allowed as a dry run only (`write.ts`).
 */

import { AppError } from "@banyan/kernel";
import type { Principal, StaffRole } from "./principal.ts";

/** create, read, update, delete, execute (a search, an export): the letters of FHIR's AuditEvent.action. */
export type Operation = "C" | "R" | "U" | "D" | "E";

export type Action = {
  readonly operation: Operation;
  /** FHIR RESTful interaction or the legacy word for it: `read`, `search`, `update`, `book`. Goes into the audit. */
  readonly subtype: string;
  /** Changes nothing and shows nothing of a person (a service description): allowed and denied alike leave no audit row. */
  readonly unaudited?: true;
};

/** Staff role codes, or one of the other kinds of callers. `anonymous` is a caller without any token. */
export type Who = StaffRole | "portal" | "interface" | "anonymous";

export type Rule = {
  /** Stable: it stands in audit rows for years. */
  readonly id: string;
  readonly who: readonly Who[];
  readonly may: readonly string[];
  /** Default `any`. `own`: the subject's site must be the caller's. */
  readonly site?: "any" | "own";
  /** Default `break-glass`: a restricted chart needs break-glass for that patient. `open`: it is treated as any other. */
  readonly restricted?: "break-glass" | "open" | "never";
  /** What is nobody's record (places, staff, open times): a portal user needs no relation to a patient for it. */
  readonly directory?: true;
  /** Why, for the reviewer. */
  readonly why: string;
};

export type Policy = {
  readonly actions: Readonly<Record<string, Action>>;
  readonly rules: readonly Rule[];
};

/** What is asked for. Ids only; what goes into the audit besides is in `query` and `object`. */
export type Access = {
  /** One of the policy's actions. */
  readonly action: string;
  /** The patient whose data it is; absent for what belongs to no single patient (a search, a day's schedule). */
  readonly patient?: { readonly id: number; readonly site?: string | undefined; readonly restricted?: boolean };
  /** Site of the object, when it is not the patient's. */
  readonly site?: string;
  readonly object?: { readonly type: string; readonly id: string | number; readonly version?: string | number };
  /** Normalised query of a search, without values that are not needed to know what was looked for. */
  readonly query?: string;
};

/** Why an access is denied; stands in the audit as `deny:<reason>`. */
export type Denial = "unmapped-action" | "anonymous" | "role" | "site" | "restricted" | "other-patient";

export type Decision =
  | { readonly allowed: true; readonly rule: string; readonly breakGlass: boolean }
  | { readonly allowed: false; readonly rule: `deny:${Denial}`; readonly reason: Denial };

/** Checks the table itself. @throws AppError POLICY_INVALID naming every fault: rule ids twice, rules for unknown actions. */
export function definePolicy(policy: Policy): Policy {
  const faults: string[] = [];
  const ids = new Set<string>();
  for (const rule of policy.rules) {
    if (ids.has(rule.id)) faults.push(`rule ${rule.id} is there twice`);
    ids.add(rule.id);
    for (const action of rule.may) {
      if (policy.actions[action] === undefined) faults.push(`rule ${rule.id} names the unknown action ${action}`);
    }
  }
  if (faults.length === 0) return policy;
  throw new AppError({
    code: "POLICY_INVALID",
    op: "read the policy",
    message: faults.join("; "),
    hint: "Correct the table: every rule has an id of its own and names actions of the table.",
  });
}

/** Pure. The first rule that allows wins; else the denial of the rule that came nearest. */
export function decide(policy: Policy, principal: Principal, access: Access): Decision {
  if (policy.actions[access.action] === undefined) return deny("unmapped-action");
  const who = principal.kind === "staff" ? principal.role : principal.kind;
  let nearest: Denial = principal.kind === "anonymous" ? "anonymous" : "role";
  for (const rule of policy.rules) {
    if (!rule.who.includes(who) || !rule.may.includes(access.action)) continue;
    const missing = unmet(rule, principal, access);
    if (missing === undefined) return { allowed: true, rule: rule.id, breakGlass: usesBreakGlass(rule, access) };
    nearest = missing;
  }
  return deny(nearest);
}

const deny = (reason: Denial): Decision => ({ allowed: false, rule: `deny:${reason}`, reason });

/** The relation a rule asks for and that is not there. A portal user is only ever related to their own records, and to none. */
function unmet(rule: Rule, principal: Principal, access: Access): Denial | undefined {
  const { patient } = access;
  if (principal.kind === "portal" && rule.directory && !patient) return undefined;
  if (principal.kind === "portal")
    return patient && (patient.id === principal.patient || patient.id === principal.proxyFor)
      ? undefined
      : "other-patient";
  if (rule.site === "own") {
    const site = patient?.site ?? access.site;
    if (principal.kind !== "staff" || site !== principal.site) return "site";
  }
  if (patient?.restricted && (rule.restricted ?? "break-glass") !== "open") {
    const opened = principal.kind === "staff" && principal.breakGlassPatient === patient.id;
    if (rule.restricted === "never" || !opened) return "restricted";
  }
  return undefined;
}

function usesBreakGlass(rule: Rule, access: Access): boolean {
  return access.patient?.restricted === true && (rule.restricted ?? "break-glass") === "break-glass";
}
